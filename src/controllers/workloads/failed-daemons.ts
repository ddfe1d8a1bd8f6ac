/** First and longest wait between two replacements of a failed daemon pod on a node; those of kube-controller-manager. */
const firstMs = 1000;
const maxMs = 15 * 60_000;

/** Remembers when failed pods were replaced, so that a daemon that always fails does not do so all the time. */
export type FailedDaemons = {
  /** Milliseconds until a failed pod of the set on the node may be replaced. */
  waitMs(set: string, node: string, now: Date): number;
  replaced(set: string, node: string, now: Date): void;
  /** Drops what is known of a set. */
  forget(set: string): void;
};

export function createFailedDaemons(): FailedDaemons {
  const sets = new Map<string, Map<string, { waitMs: number; atMs: number }>>();
  return {
    waitMs(set, node, now) {
      const last = sets.get(set)?.get(node);
      return last === undefined ? 0 : Math.max(0, last.atMs + last.waitMs - now.getTime());
    },
    replaced(set, node, now) {
      const nodes = sets.get(set) ?? new Map<string, { waitMs: number; atMs: number }>();
      sets.set(set, nodes);
      // What has not failed for long starts anew, and nodes that are no more are forgotten.
      for (const [name, { atMs }] of nodes) if (now.getTime() - atMs > 2 * maxMs) nodes.delete(name);
      const last = nodes.get(node);
      const waitMs = last === undefined ? firstMs : Math.min(maxMs, last.waitMs * 2);
      nodes.set(node, { waitMs, atMs: now.getTime() });
    },
    forget(set) {
      sets.delete(set);
    },
  };
}
