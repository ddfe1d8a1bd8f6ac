import { conditionOf, type Pod } from "../compute/pod.ts";
import type { Service } from "./kinds.ts";

/** Remembers what each service's endpoints were last made of, to tell what the next change is due to. */
export type TriggerTimes = {
  /** When what changed since the last call did so, RFC 3339; `undefined` when nothing has. */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined;
  forget(key: string): void;
};

export function createTriggerTimes(): TriggerTimes {
  const known = new Map<string, Map<string, string>>();
  return {
    next(key, service, pods) {
      const before = known.get(key);
      const now = new Map<string, string>();
      let first: string | undefined;
      for (const pod of pods) {
        const at = conditionOf(pod, "Ready")?.lastTransitionTime;
        const { name = "" } = pod.metadata;
        if (at === undefined || at === null) continue;
        now.set(name, at);
        if (at > (before?.get(name) ?? "") && (first === undefined || at < first)) first = at;
      }
      known.set(key, now);
      return before === undefined ? (service.metadata.creationTimestamp ?? undefined) : first;
    },
    forget: (key) => void known.delete(key),
  };
}
