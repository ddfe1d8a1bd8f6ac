import type { ApiResource } from "../resource.ts";

/** The watches that are open. They end when what they watch is no longer served, and when the server closes. */
export type Watches = {
  /** @returns what to call when the watch has ended by itself */
  add(resource: ApiResource, end: () => void): () => void;
  /** Ends the watches of resources that are not `served` any more. */
  endUnless(served: (resource: ApiResource) => boolean): void;
  readonly size: number;
  /** The resource of each open watch. */
  resources(): Iterable<ApiResource>;
};

export function createWatches(): Watches {
  const open = new Map<() => void, ApiResource>();
  return {
    add(resource, end) {
      // The same function may not stand for two watches.
      const mine = () => end();
      open.set(mine, resource);
      return () => void open.delete(mine);
    },
    endUnless(served) {
      for (const [end, resource] of [...open]) if (!served(resource)) end();
    },
    resources: () => open.values(),
    get size() {
      return open.size;
    },
  };
}
