import type { KubeObject } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";
import { errorText, type Log } from "../lib/index.ts";

const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };

/** How many different events are remembered so that a repeated one counts up; client-go's cache holds as many. */
const rememberedMax = 4096;

/** Tells users about an object, as `kubectl describe` and `kubectl get events` show it. */
export type EventRecorder = (object: KubeObject, type: "Normal" | "Warning", reason: string, message: string) => void;

/**
 * Records core/v1 Events in the background: a failure is logged and nothing waits for it. The same event about the same
 * object counts up in place, as client-go's recorder does.
 *
 * @param component the controller that speaks, as in `deployment-controller`
 */
export function createEventRecorder(client: Client, component: string, log: Log, now: () => Date): EventRecorder {
  const remembered = new Map<string, { name: string; count: number; first: string; busy: Promise<void> }>();

  return (object, type, reason, message) => {
    const { name = "", namespace = "default", uid = "", resourceVersion = "" } = object.metadata;
    const at = `${now().toISOString().slice(0, 19)}Z`;
    const key = [object.kind, namespace, name, uid, type, reason, message].join("\0");
    const known = remembered.get(key);
    const previous = known?.busy ?? Promise.resolve();
    const count = (known?.count ?? 0) + 1;
    const eventName = known?.name ?? `${name}.${uniqueSuffix(now())}`;
    const first = known?.first ?? at;
    const write = async () => {
      const changed = { count, lastTimestamp: at };
      if (count > 1) {
        const patched = await client
          .patch(events, { namespace, name: eventName }, "merge", changed)
          .catch(() => undefined);
        if (patched !== undefined) return;
      }
      await client.create(events, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: eventName, namespace },
        involvedObject: {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name,
          namespace: object.metadata.namespace ?? "",
          uid,
          resourceVersion,
        },
        type,
        reason,
        message,
        source: { component },
        reportingComponent: component,
        reportingInstance: "",
        firstTimestamp: first,
        ...changed,
      });
    };
    const busy = previous.then(write).catch((error: unknown) => {
      log.debug("Cannot record an event", { reason, object: name, why: errorText(error) });
    });
    remembered.delete(key);
    remembered.set(key, { name: eventName, count, first, busy });
    const oldest = remembered.size > rememberedMax ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
  };
}

let made = 0;

/** Like client-go's: the time in nanoseconds, in hexadecimal; here with a counter in place of what a clock does not give. */
function uniqueSuffix(date: Date): string {
  made = (made + 1) % 1_000_000;
  return (BigInt(date.getTime()) * 1_000_000n + BigInt(made)).toString(16);
}
