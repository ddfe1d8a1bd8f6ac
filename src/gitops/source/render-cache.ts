import type { Manifest, SourceType } from "../../render/index.ts";
import type { Reads } from "./reads.ts";

/** What came of rendering one source. */
export type Outcome =
  | { ok: true; sourceType: SourceType; manifests: readonly Manifest[] }
  | { ok: false; sourceType: SourceType | undefined; error: Error };

/** A render, and everything it has looked at. */
export type Render = {
  readonly outcome: Outcome;
  readonly reads: Reads;
  readonly sizeBytes: number;
  /** After this time it is done again though nothing that we can see has changed. */
  readonly untilMs: number;
  /** The state of the inputs in which it was last found to hold. */
  heldAt: string;
};

/** How things are now that a render may have looked at. */
export type Inputs = {
  /** The same text means that all reads but the volatile ones are what they were. */
  readonly state: string;
  /** Reads that must be compared though the state is the same. */
  isVolatile(read: string): boolean;
  /** @returns `undefined` for what cannot change, or is not looked at again before its time */
  valueOf(read: string): Promise<string | undefined>;
};

/** Renders of all applications, so that going back to an earlier commit, or forgetting an application, renders nothing twice. */
export type RenderCache = {
  /** The last render under a key whose reads are all what they were; `own` are looked at first. */
  find(key: string, inputs: Inputs, own: readonly Render[]): Promise<Render | undefined>;
  put(key: string, render: Render): void;
};

/** Renders that are kept under one key: that of the newest commit, of an operation behind it, and one to go back to. */
const variantsMax = 4;
/** Manifests of some ten thousand small applications, or of a hundred large charts, in JSON. */
const bytesMaxByDefault = 128 * 2 ** 20;

export function createRenderCache(options: { now: () => Date; bytesMax?: number }): RenderCache {
  const { now, bytesMax = bytesMaxByDefault } = options;
  /** In the order of their last use. */
  const entries = new Map<string, Render[]>();
  let sizeBytes = 0;

  const drop = (renders: readonly Render[]) => {
    for (const render of renders) sizeBytes -= render.sizeBytes;
  };
  return {
    async find(key, inputs, own) {
      const nowMs = now().getTime();
      const known = entries.get(key) ?? [];
      for (const render of new Set([...own, ...known])) {
        if (render.untilMs <= nowMs || !(await holds(render, inputs))) continue;
        if (entries.delete(key)) entries.set(key, known);
        return render;
      }
      return undefined;
    },
    put(key, render) {
      const renders = [render, ...(entries.get(key) ?? [])];
      drop(renders.splice(variantsMax));
      sizeBytes += render.sizeBytes;
      entries.delete(key);
      entries.set(key, renders);
      for (const [oldest, old] of entries) {
        if (sizeBytes <= bytesMax) break;
        entries.delete(oldest);
        drop(old);
      }
    },
  };
}

async function holds(render: Render, inputs: Inputs): Promise<boolean> {
  const isSameState = render.heldAt === inputs.state;
  for (const [read, before] of render.reads) {
    if (isSameState && !inputs.isVolatile(read)) continue;
    const value = await inputs.valueOf(read);
    if (value !== undefined && value !== before) return false;
  }
  render.heldAt = inputs.state;
  return true;
}
