import type { Autoscaler, AutoscalerCondition, ScalingRules } from "./kinds.ts";

/** Without rules, at most twice as many pods at once, but four are always allowed; as in kube-controller-manager. */
const scaleUpFactor = 2;
const scaleUpMinimum = 4;
/** How long fewer pods must be enough; `--horizontal-pod-autoscaler-downscale-stabilization`. */
const downscaleStabilizationSeconds = 300;

/** What an autoscaler remembers between looks: what the metrics asked for, and how it has scaled. */
export type History = {
  recommendations: readonly { replicas: number; atMs: number }[];
  ups: readonly ScaleEvent[];
  downs: readonly ScaleEvent[];
};
/** `change` is never negative. */
type ScaleEvent = { change: number; atMs: number };

export const noHistory: History = { recommendations: [], ups: [], downs: [] };

/** A condition without the time of its last change. */
export type ConditionChange = Omit<AutoscalerCondition, "lastTransitionTime">;
export type Limited = { replicas: number; conditions: ConditionChange[]; history: History };

/** Keeps what the metrics ask for within bounds, and from going up and down with every measurement. */
export function limitReplicas(
  { spec }: Autoscaler,
  { current, desired }: { current: number; desired: number },
  history: History,
  now: Date,
): Limited {
  const bounds = { min: spec.minReplicas ?? 1, max: spec.maxReplicas };
  const { behavior } = spec;
  const stable =
    behavior === undefined
      ? stabilize(desired, history, now)
      : stabilizeByRules(behavior, { current, desired }, history, now);
  const limit =
    behavior === undefined
      ? limitPlainly(current, stable.replicas, bounds)
      : limitByRules(behavior, { current, desired: stable.replicas }, bounds, history, now);
  const able =
    stable.replicas === desired
      ? { reason: "ReadyForNewScale", message: "recommended size matches current size" }
      : { reason: stable.reason, message: stable.message };
  return {
    replicas: limit.replicas,
    conditions: [
      { type: "AbleToScale", status: "True", ...able },
      {
        type: "ScalingLimited",
        status: limit.replicas === stable.replicas ? "False" : "True",
        reason: limit.reason,
        message: limit.message,
      },
    ],
    history: { ...history, recommendations: stable.recommendations },
  };
}

/** Remembers a change of the replica count, as long as a rule asks for it. */
export function recordScaling(
  { spec }: Autoscaler,
  { from, to }: { from: number; to: number },
  history: History,
  now: Date,
): History {
  if (spec.behavior === undefined) return history;
  const atMs = now.getTime();
  const kept = (events: readonly ScaleEvent[], rules: ScalingRules | undefined) => {
    const longest = Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds));
    return events.filter((event) => event.atMs >= atMs - longest * 1000);
  };
  const { scaleUp, scaleDown } = spec.behavior;
  if (to > from) return { ...history, ups: [...kept(history.ups, scaleUp), { change: to - from, atMs }] };
  return { ...history, downs: [...kept(history.downs, scaleDown), { change: from - to, atMs }] };
}

type Stable = { replicas: number; reason: string; message: string; recommendations: History["recommendations"] };

const downStabilized = {
  reason: "ScaleDownStabilized",
  message: "recent recommendations were higher than current one, applying the highest recent recommendation",
};
const upStabilized = {
  reason: "ScaleUpStabilized",
  message: "recent recommendations were lower than current one, applying the lowest recent recommendation",
};

function stabilize(desired: number, history: History, now: Date): Stable {
  const cutoff = now.getTime() - downscaleStabilizationSeconds * 1000;
  const recent = history.recommendations.filter(({ atMs }) => atMs >= cutoff);
  const replicas = Math.max(desired, ...recent.map((one) => one.replicas));
  const recommendations = [...recent, { replicas: desired, atMs: now.getTime() }];
  return { replicas, ...downStabilized, recommendations };
}

type Behavior = NonNullable<Autoscaler["spec"]["behavior"]>;

function stabilizeByRules(
  { scaleUp, scaleDown }: Behavior,
  { current, desired }: { current: number; desired: number },
  history: History,
  now: Date,
): Stable {
  const within = (seconds: number) =>
    history.recommendations.filter(({ atMs }) => atMs > now.getTime() - seconds * 1000);
  const up = within(scaleUp?.stabilizationWindowSeconds ?? 0);
  const down = within(scaleDown?.stabilizationWindowSeconds ?? downscaleStabilizationSeconds);
  const lowest = Math.min(desired, ...up.map(({ replicas }) => replicas));
  const highest = Math.max(desired, ...down.map(({ replicas }) => replicas));
  const longer = up.length > down.length ? up : down;
  return {
    replicas: Math.min(Math.max(current, lowest), highest),
    ...(desired >= current ? upStabilized : downStabilized),
    recommendations: [...longer, { replicas: desired, atMs: now.getTime() }],
  };
}

type Limit = { replicas: number; reason: string; message: string };
type Bounds = { min: number; max: number };

const withinRange = {
  reason: "DesiredWithinRange",
  message: "the desired count is within the acceptable range",
};
const tooMany = {
  reason: "TooManyReplicas",
  message: "the desired replica count is more than the maximum replica count",
};
const tooFew = {
  reason: "TooFewReplicas",
  message: "the desired replica count is less than the minimum replica count",
};
const tooFast = {
  reason: "ScaleUpLimit",
  message: "the desired replica count is increasing faster than the maximum scale rate",
};
const tooFastDown = {
  reason: "ScaleDownLimit",
  message: "the desired replica count is decreasing faster than the maximum scale rate",
};

function limitPlainly(current: number, desired: number, { min, max }: Bounds): Limit {
  const fastest = Math.max(Math.trunc(scaleUpFactor * current), scaleUpMinimum);
  if (desired < min) return { replicas: min, ...tooFew };
  if (desired > Math.min(max, fastest))
    return max > fastest ? { replicas: fastest, ...tooFast } : { replicas: max, ...tooMany };
  return { replicas: desired, ...withinRange };
}

function limitByRules(
  { scaleUp, scaleDown }: Behavior,
  { current, desired }: { current: number; desired: number },
  { min, max }: Bounds,
  history: History,
  now: Date,
): Limit {
  if (desired > current) {
    const fastest = Math.max(current, upLimit(current, scaleUp, history, now));
    if (desired > Math.min(max, fastest))
      return max > fastest ? { replicas: fastest, ...tooFast } : { replicas: max, ...tooMany };
  } else if (desired < current) {
    const slowest = Math.min(current, downLimit(current, scaleDown, history, now));
    if (desired < Math.max(min, slowest))
      return min < slowest ? { replicas: slowest, ...tooFastDown } : { replicas: min, ...tooFew };
  }
  return { replicas: desired, ...withinRange };
}

function upLimit(current: number, rules: ScalingRules = {}, history: History, now: Date): number {
  const { selectPolicy, policies = [] } = rules;
  if (selectPolicy === "Disabled") return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = replicasBefore(current, periodSeconds, history, now);
    return type === "Pods" ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return selectPolicy === "Min" ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, rules: ScalingRules = {}, history: History, now: Date): number {
  const { selectPolicy, policies = [] } = rules;
  if (selectPolicy === "Disabled") return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = replicasBefore(current, periodSeconds, history, now);
    return type === "Pods" ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return selectPolicy === "Min" ? Math.max(...limits) : Math.min(...limits);
}

/** How many replicas there were at the beginning of a period. */
function replicasBefore(current: number, periodSeconds: number, { ups, downs }: History, now: Date): number {
  const cutoff = now.getTime() - periodSeconds * 1000;
  const changed = (events: readonly ScaleEvent[]) =>
    events.filter(({ atMs }) => atMs > cutoff).reduce((sum, { change }) => sum + change, 0);
  return current - changed(ups) + changed(downs);
}
