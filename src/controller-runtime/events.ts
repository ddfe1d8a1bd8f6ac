import type { KubeObject } from "../apimachinery/index.ts";
import type { Client, Resource } from "../client/index.ts";
import { errorText, type Log } from "../lib/index.ts";
import { createEventCorrelator, Recent } from "./event-correlator.ts";

const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };

/** Tells users about an object, as `kubectl describe` and `kubectl get events` show it. */
export type EventRecorder = (object: KubeObject, type: "Normal" | "Warning", reason: string, message: string) => void;

/** One Event that was written, and may count up. */
type Known = { name: string; count: number; first: string; busy: Promise<void> };

/**
 * Records core/v1 Events in the background: a failure is logged and nothing waits for it. As with client-go's recorder, the same
 * event about the same object counts up in place, many similar ones become one, and too many about one object are left out.
 *
 * @param component the controller that speaks, as in `deployment-controller`
 */
export function createEventRecorder(client: Client, component: string, log: Log, now: () => Date): EventRecorder {
  const correlator = createEventCorrelator();
  const written = new Recent<Known>();

  return (object, type, reason, message) => {
    const { name = "", namespace = "default" } = object.metadata;
    const time = now();
    const at = `${time.toISOString().slice(0, 19)}Z`;
    const about = [object.apiVersion, object.kind, namespace, name, object.metadata.uid].join("\0");
    const told = correlator.correlate({ about, type, reason, message }, time.getTime());
    if (told === undefined) return;
    const known = written.get(told.key);
    const count = (known?.count ?? 0) + 1;
    const eventName = known?.name ?? `${name}.${uniqueSuffix(time)}`;
    const first = known?.first ?? at;
    const write = async () => {
      const changed = { count, lastTimestamp: at, message: told.message };
      if (count > 1 && (await isCounted(client, { namespace, name: eventName }, changed))) return;
      await client.create(events, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: eventName, namespace },
        involvedObject: involved(object),
        type,
        reason,
        source: { component },
        reportingComponent: component,
        reportingInstance: "",
        firstTimestamp: first,
        ...changed,
      });
    };
    const busy = (known?.busy ?? Promise.resolve()).then(write).catch((error: unknown) => {
      log.debug("Cannot record an event", { reason, object: name, why: errorText(error) });
    });
    written.set(told.key, { name: eventName, count, first, busy });
  };
}

/** @returns whether the event was still there */
async function isCounted(client: Client, at: { namespace: string; name: string }, changed: object): Promise<boolean> {
  const patched = await client.patch(events, at, "merge", changed).catch(() => undefined);
  return patched !== undefined;
}

function involved({ apiVersion, kind, metadata }: KubeObject): object {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

let made = 0;

/** Like client-go's: the time in nanoseconds, in hexadecimal; here with a counter in place of what a clock does not give. */
function uniqueSuffix(date: Date): string {
  made = (made + 1) % 1_000_000;
  return (BigInt(date.getTime()) * 1_000_000n + BigInt(made)).toString(16);
}
