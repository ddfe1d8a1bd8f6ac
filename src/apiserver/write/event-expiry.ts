import { errorText } from "../../lib/index.ts";
import { CompareError, type Entry } from "../../storage/index.ts";
import type { Server } from "../server.ts";

/** How long events are kept after their last change; kube-apiserver's default (`--event-ttl`). */
const keptMs = 3_600_000;
/** Events that end within this time go together. */
const slackMs = 60_000;

/** Removes events that have grown old. Without events there is no timer. */
export function startEventExpiry(server: Server): Disposable {
  const prefix = server.keys.prefix("events", "");
  // In the order in which they were written, which is that in which they end.
  const expiries = new Map<string, { revision: number; atMs: number }>();
  let timer: NodeJS.Timeout | undefined;

  const expect = (entry: Entry, atMs: number) => {
    expiries.delete(entry.key);
    expiries.set(entry.key, { revision: entry.modRevision, atMs });
  };
  const plan = () => {
    const [first] = expiries.values();
    if (first === undefined || timer !== undefined) return;
    const waitMs = Math.max(0, first.atMs - server.now().getTime()) + slackMs;
    timer = setTimeout(() => {
      timer = undefined;
      sweep();
      plan();
    }, waitMs).unref();
  };
  const sweep = () => {
    const nowMs = server.now().getTime();
    for (const [key, { revision, atMs }] of expiries) {
      if (atMs > nowMs) break;
      expiries.delete(key);
      server.writer.delete(key, revision).catch((error: unknown) => {
        // Changed in the meantime, so it lives on.
        if (!(error instanceof CompareError))
          server.log.warn("Cannot remove an old event", { key, why: errorText(error) });
      });
    }
  };

  const stored = server.store.range(prefix).entries.map((entry) => {
    const created = Date.parse(server.parsed(entry.value).metadata.creationTimestamp ?? "");
    return { entry, atMs: (Number.isNaN(created) ? server.now().getTime() : created) + keptMs };
  });
  for (const { entry, atMs } of stored.sort((a, b) => a.atMs - b.atMs)) expect(entry, atMs);
  plan();
  const watch = server.store.watch(prefix, server.store.revision, (events) => {
    for (const event of events) {
      if (event.type === "put") expect(event.entry, server.now().getTime() + keptMs);
      else expiries.delete(event.key);
    }
    plan();
  });
  return {
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      clearTimeout(timer);
    },
  };
}
