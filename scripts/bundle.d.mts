export declare function mainModule(root: string): Promise<string>;
export declare function makeBundle(root: string, outdir: string): Promise<void>;
