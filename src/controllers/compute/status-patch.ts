import { deepEqual, type Fields } from "../../apimachinery/index.ts";
import type { Pod, PodCondition, PodStatus } from "./pod.ts";

/** Fields that go away again, which a patch has to say. */
const passing = [
  "reason",
  "message",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
] as const;

/**
 * The strategic merge patch from the status of a pod to another. Conditions that the new status does not have belong to
 * others and stay.
 *
 * @returns `undefined` when nothing changes
 */
export function statusPatch(pod: Pod, wanted: PodStatus): Fields | undefined {
  const before = pod.status ?? {};
  const { conditions = [], podIPs, hostIPs, ...rest } = wanted;
  const live: Fields = before;
  const patch: Fields = {};
  for (const [field, value] of Object.entries(rest)) if (!deepEqual(live[field], value)) patch[field] = value;
  for (const field of passing) if (before[field] !== undefined && wanted[field] === undefined) patch[field] = null;
  for (const [field, addresses] of Object.entries({ podIPs, hostIPs })) {
    const known = live[field];
    if (addresses !== undefined && !deepEqual(known, addresses)) patch[field] = addressPatch(known, addresses);
  }
  const changed = conditions.flatMap((condition) => conditionPatch(condition, before.conditions));
  if (changed.length > 0) {
    patch["conditions"] = changed;
    const types = conditions.map(({ type }) => type);
    const known = (before.conditions ?? []).map(({ type }) => type);
    // What is new goes to the end; a list that has all of them stays in its order.
    if (types.some((type) => !known.includes(type))) {
      const others = known.filter((type) => !types.includes(type));
      patch["$setElementOrder/conditions"] = [...types, ...others].map((type) => ({ type }));
    }
  }
  return Object.keys(patch).length === 0 ? undefined : { metadata: { uid: pod.metadata.uid }, status: patch };
}

type Address = { ip: string };

/** Addresses are merged by themselves, so those of before have to be taken out. */
function addressPatch(before: unknown, addresses: readonly Address[]): Fields[] {
  const known = Array.isArray(before) ? (before as readonly Address[]) : [];
  const gone = known.filter(({ ip }) => !addresses.some((address) => address.ip === ip));
  return [...gone.map(({ ip }) => ({ ip, $patch: "delete" })), ...addresses];
}

function conditionPatch(condition: PodCondition, before: readonly PodCondition[] = []): Fields[] {
  const live = before.find(({ type }) => type === condition.type);
  if (live === undefined) return [condition];
  if (deepEqual({ lastProbeTime: null, ...live }, condition)) return [];
  const removed = Object.keys(live).filter((field) => !Object.hasOwn(condition, field));
  return [{ ...condition, ...Object.fromEntries(removed.map((field) => [field, null])) }];
}
