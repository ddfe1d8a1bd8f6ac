import { rolloutBounds } from "./daemon-bounds.ts";
import type { DaemonView } from "./daemon-plan.ts";
import { isCurrent, nodeVerdict } from "./daemon-pod.ts";
import type { Pod } from "./kinds.ts";
import { isAvailable, isTerminating } from "./pods.ts";

/** The pods of one node in a rollout; `undefined` when there are two of a kind, which is sorted out first. */
type Pair = { fresh: Pod | undefined; old: Pod | undefined } | undefined;
export type Rollout = { create: string[]; remove: Pod[] };

/** Says which pods of an older template go next, or which nodes get a second pod first. */
export function rolloutOf(view: DaemonView, byNode: ReadonlyMap<string, readonly Pod[]>): Rollout {
  const wanted = view.nodes
    .filter((node) => nodeVerdict(view.set, node).run)
    .map(({ metadata }) => metadata.name ?? "");
  const nodes = [...new Set([...byNode.keys(), ...wanted])];
  const pairs = nodes.map((node) => ({ node, pair: pairOf(view, byNode.get(node) ?? []) }));
  const { surge, unavailable } = rolloutBounds(view.set, wanted.length);
  return surge === 0 ? replace(view, pairs, unavailable) : addFirst(view, pairs, surge, new Set(wanted));
}

function pairOf({ set, hash }: DaemonView, pods: readonly Pod[]): Pair {
  const alive = pods.filter((pod) => !isTerminating(pod));
  const fresh = alive.filter((pod) => isCurrent(set, pod, hash));
  const old = alive.filter((pod) => !isCurrent(set, pod, hash));
  return fresh.length > 1 || old.length > 1 ? undefined : { fresh: fresh[0], old: old[0] };
}

function available({ set, now }: DaemonView, pod: Pod): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
}

/** Ends old pods that serve nobody, and of the others as many as may be missing. */
function replace(view: DaemonView, pairs: readonly { pair: Pair }[], unavailableMax: number): Rollout {
  const broken: Pod[] = [];
  const serving: Pod[] = [];
  let unavailable = 0;
  for (const { pair } of pairs) {
    const { fresh, old } = pair ?? {};
    if (old !== undefined && fresh === undefined && available(view, old)) serving.push(old);
    else if (old !== undefined && fresh === undefined) {
      broken.push(old);
      unavailable++;
    } else if (fresh === undefined || old !== undefined || !available(view, fresh)) unavailable++;
  }
  return { create: [], remove: [...broken, ...serving.slice(0, Math.max(0, unavailableMax - unavailable))] };
}

/** Gives nodes a second pod, and ends the first when the second is available. */
function addFirst(
  view: DaemonView,
  pairs: readonly { node: string; pair: Pair }[],
  surgeMax: number,
  wanted: ReadonlySet<string>,
): Rollout {
  const remove: Pod[] = [];
  const leaving: Pod[] = [];
  const atOnce: string[] = [];
  const inTurn: string[] = [];
  let surge = 0;
  let serving = 0;
  for (const { node, pair } of pairs) {
    if (pair === undefined) {
      surge++;
      continue;
    }
    const { fresh, old } = pair;
    const judged = old ?? fresh;
    if (judged !== undefined && available(view, judged)) serving++;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (available(view, fresh)) remove.push(old);
      else surge++;
    } else if (!wanted.has(node)) {
      (available(view, old) ? leaving : remove).push(old);
    } else {
      (available(view, old) ? inTurn : atOnce).push(node);
    }
  }
  return {
    create: [...atOnce, ...inTurn.slice(0, Math.max(0, surgeMax - surge))],
    remove: [...remove, ...leaving.slice(0, Math.max(0, serving - wanted.size))],
  };
}
