import type { StoreEvent } from "../../storage/index.ts";
import type { ApiResource } from "../resource.ts";
import { createLabelCache } from "../stored.ts";
import type { Change } from "./present.ts";

/** The watches that are open. They end when what they watch is no longer served, and when the server closes. */
export type Watches = {
  /** @returns what to call when the watch has ended by itself */
  add(resource: ApiResource, end: () => void): () => void;
  /** Ends the watches of resources that are not `served` any more. */
  endUnless(served: (resource: ApiResource) => boolean): void;
  /** The labels of a stored value, which all watchers with a selector look at. */
  readonly labelsOf: (value: Uint8Array) => Readonly<Record<string, string>>;
  /** What an event is to those who see it as it is: one change for all of them, however many wait for it. */
  changeOf(event: StoreEvent): Change;
  readonly size: number;
  /** The resource of each open watch. */
  resources(): Iterable<ApiResource>;
};

export function createWatches(): Watches {
  const open = new Map<() => void, ApiResource>();
  const changes = new WeakMap<StoreEvent, Change>();
  return {
    labelsOf: createLabelCache(),
    changeOf(event) {
      const known = changes.get(event);
      if (known !== undefined) return known;
      const change = asItIs(event);
      changes.set(event, change);
      return change;
    },
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

function asItIs(event: StoreEvent): Change {
  if (event.type === "delete") {
    return { type: "DELETED", entry: event.previous, revision: event.revision, source: event };
  }
  const { entry, previous } = event;
  const type = previous === undefined ? "ADDED" : "MODIFIED";
  return { type, entry, revision: entry.modRevision, source: event };
}
