import { gzipSync } from "node:zlib";

/** An entry of a tar archive; a directory has no bytes and a name that ends with a slash. */
export type PackEntry = { readonly name: string; readonly bytes?: Uint8Array | string; readonly type?: string };

/** Packs entries as `tar czf` does. */
export function packArchive(entries: readonly PackEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, bytes = "", type = name.endsWith("/") ? "5" : "0" }) => {
    const content = Buffer.from(bytes);
    return [header(name, content.length, type), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write("0000644\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A chart as `loadChart` takes it: files by their paths, `Chart.yaml` with a name and a version when there is none. */
export function chartFiles(files: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  const all = { "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", ...files };
  return new Map(Object.entries(all).map(([path, text]) => [path, Buffer.from(text)]));
}
