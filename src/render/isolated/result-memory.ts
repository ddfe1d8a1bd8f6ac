import { createHash } from "node:crypto";
import { serialize } from "node:v8";
import type { HelmInput, HelmResult } from "./serve-helm.ts";

/** Results of charts that give the same for the same values, which most do. */
export type ResultMemory = {
  get(key: string): HelmResult | undefined;
  add(key: string, result: HelmResult): void;
  clear(): void;
};

/** What a result depends on: all but the time, which a chart whose result is remembered has not asked for. */
export function resultKey({ digest, options }: HelmInput): string {
  return createHash("sha256").update(digest).update(serialize(options)).digest("base64");
}

/** @param bytesMax of all results together; those used last stay */
export function createResultMemory(bytesMax: number): ResultMemory {
  const results = new Map<string, HelmResult>();
  let bytesUsed = 0;
  return {
    get(key) {
      const result = results.get(key);
      if (result !== undefined) {
        results.delete(key);
        results.set(key, result);
      }
      return result;
    },
    add(key, result) {
      if (!result.isConstant || results.has(key)) return;
      results.set(key, result);
      bytesUsed += sizeOf(result);
      for (const [oldest, gone] of results) {
        if (bytesUsed <= bytesMax) break;
        results.delete(oldest);
        bytesUsed -= sizeOf(gone);
      }
    },
    clear() {
      results.clear();
      bytesUsed = 0;
    },
  };
}

function sizeOf({ manifest, manifests, crds, notes, hooks }: HelmResult): number {
  const texts = [manifest, notes, ...crds.map(({ text }) => text), ...hooks.flatMap(({ text }) => [text, text])];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return 2 * characters + (manifests instanceof Uint8Array ? manifests.length : 0);
}
