import {
  deepEqual,
  type Fields,
  isStatusError,
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
} from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Controller, createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";
import { findResources, groupOf, readScale, type Scale } from "../scale-target.ts";
import { type Pod, pods as podResource, timestamp } from "../workloads/kinds.ts";
import { type Autoscaler, type AutoscalerStatus, autoscalers } from "./kinds.ts";
import { type ConditionChange, type History, limitReplicas, noHistory, recordScaling } from "./limits.ts";
import { type Measured, MetricError, measureMetric } from "./measure.ts";
import { openMetricsApi } from "./metrics-api.ts";
import { wordsOf } from "./words.ts";

/** How often an autoscaler measures; `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager. */
const resyncMs = 15_000;
/** How often a scale is written anew when its target changes meanwhile; client-go's default. */
const scaleAttemptsMax = 5;

/** Sets the replica counts of what HorizontalPodAutoscalers point at. */
export function startAutoscalerController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const owners = informers.of<Autoscaler>(autoscalers);
  const pods = informers.of<Pod>(podResource);
  const record = createEventRecorder(client, "horizontal-pod-autoscaler", log, now);
  const api = openMetricsApi(client);
  const histories = new Map<string, History>();
  const selectors = new Map<string, LabelSelector>();

  /** What one look at an autoscaler makes of its status. */
  const look = async (autoscaler: Autoscaler, key: string): Promise<AutoscalerStatus> => {
    const draft = createDraft(autoscaler, now());
    const warn = (reason: string, message: string) => record(autoscaler, "Warning", reason, message);
    const target = await readTarget(autoscaler).catch((error: unknown) => {
      warn("FailedGetScale", wordsOf(error));
      const why = `the HPA controller was unable to get the target's current scale: ${wordsOf(error)}`;
      draft.set({ type: "AbleToScale", status: "False", reason: "FailedGetScale", message: why });
      return undefined;
    });
    if (target === undefined) return draft.status();
    const got = "the HPA controller was able to get the target's current scale";
    draft.set({ type: "AbleToScale", status: "True", reason: "SucceededGetScale", message: got });
    const current = target.scale.spec?.replicas ?? 0;
    const recommendations = [{ replicas: current, atMs: now().getTime() }];
    const history = histories.get(key) ?? { ...noHistory, recommendations };
    histories.set(key, history);

    const bound = boundOf(autoscaler, current);
    if (bound?.desired === undefined && bound !== undefined) {
      draft.set(bound.condition);
      return draft.status({ current, desired: current });
    }
    const wanted = bound ?? (await measure(autoscaler, target.scale, current, history, draft, key));
    if (wanted === undefined) return draft.status({ current });
    if (wanted.desired === current) return draft.status({ current, desired: current });
    try {
      await writeScale(target, wanted.desired);
    } catch (error) {
      warn("FailedRescale", `New size: ${wanted.desired}; reason: ${wanted.reason}; error: ${wordsOf(error)}`);
      const why = `the HPA controller was unable to update the target scale: ${wordsOf(error)}`;
      draft.set({ type: "AbleToScale", status: "False", reason: "FailedUpdateScale", message: why });
      return draft.status({ current });
    }
    const done = `the HPA controller was able to update the target scale to ${wanted.desired}`;
    draft.set({ type: "AbleToScale", status: "True", reason: "SucceededRescale", message: done });
    record(autoscaler, "Normal", "SuccessfulRescale", `New size: ${wanted.desired}; reason: ${wanted.reason}`);
    const scaled = { from: current, to: wanted.desired };
    histories.set(key, recordScaling(autoscaler, scaled, histories.get(key) ?? history, now()));
    return draft.status({ current, desired: wanted.desired, isScaled: true });
  };

  const readTarget = async ({ spec, metadata }: Autoscaler): Promise<Target> => {
    const { kind, name } = spec.scaleTargetRef;
    const found = await findResources(client, { group: groupOf(spec.scaleTargetRef), kind });
    let first: unknown;
    for (const resource of found) {
      try {
        if (!resource.hasScale) throw new Error("the server could not find the requested resource");
        return { resource, scale: await readScale(client, resource, metadata.namespace ?? "", name) };
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  };

  const writeScale = async ({ resource, scale }: Target, replicas: number): Promise<void> => {
    const { namespace = "", name = "" } = scale.metadata;
    let latest = scale;
    for (let attempt = 1; ; attempt++) {
      try {
        await client.update<Scale>(
          resource,
          { ...latest, spec: { ...latest.spec, replicas } },
          { subresource: "scale" },
        );
        return;
      } catch (error) {
        if (!isStatusError(error, "Conflict") || attempt >= scaleAttemptsMax) throw error;
        latest = await readScale(client, resource, namespace, name);
      }
    }
  };

  /** @returns `undefined` when too little can be measured to change anything */
  const measure = async (
    autoscaler: Autoscaler,
    scale: Scale,
    current: number,
    history: History,
    draft: Draft,
    key: string,
  ): Promise<{ desired: number; reason: string } | undefined> => {
    const warn = (reason: string, message: string) => record(autoscaler, "Warning", reason, message);
    const inactive = (reason: string, message: string, told = message) => {
      draft.set({ type: "ScalingActive", status: "False", reason, message });
      warn("FailedComputeMetricsReplicas", told);
      return undefined;
    };
    const text = scale.status?.selector ?? "";
    if (text === "") {
      warn("SelectorRequired", "selector is required");
      return inactive("InvalidSelector", "the HPA target's scale is missing a selector", "selector is required");
    }
    const selector = parseLabelSelector(text);
    selectors.set(key, selector);
    const namespace = autoscaler.metadata.namespace ?? "";
    const selected = pods.inNamespace(namespace).filter(({ metadata }) => matchesLabels(selector, metadata.labels));
    const rivals = controlling(namespace, selected);
    if (rivals.length > 1) {
      const message = `pods by selector ${text} are controlled by multiple HPAs: [${rivals.join(" ")}]`;
      warn("AmbiguousSelector", message);
      return inactive("AmbiguousSelector", message);
    }
    const subject = {
      namespace,
      selector,
      pods: selected,
      specReplicas: current,
      statusReplicas: scale.status?.replicas ?? 0,
      now: now(),
    };
    const { metrics = [] } = autoscaler.spec;
    const failures: MetricError[] = [];
    const statuses: Fields[] = [];
    let best: Measured | undefined;
    for (const metric of metrics) {
      try {
        const measured = await measureMetric(api, metric, subject);
        statuses.push(measured.status);
        if (best === undefined || measured.replicas > best.replicas) best = measured;
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        warn(error.reason, error.message);
        failures.push(error);
        statuses.push({ type: "" });
      }
    }
    draft.metrics(statuses);
    const [failure] = failures;
    if (failure !== undefined && (best === undefined || best.replicas < current)) {
      const all = `invalid metrics (${failures.length} invalid out of ${metrics.length})`;
      const message = `the HPA was unable to compute the replica count: ${failure.message}`;
      return inactive(failure.reason, message, `${all}, first error is: ${failure.detail}`);
    }
    const { replicas: desired = 0, name = "" } = best ?? {};
    const valid = `the HPA was able to successfully calculate a replica count from ${name}`;
    draft.set({ type: "ScalingActive", status: "True", reason: "ValidMetricFound", message: valid });
    const limited = limitReplicas(autoscaler, { current, desired }, history, now());
    histories.set(key, limited.history);
    for (const condition of limited.conditions) draft.set(condition);
    return {
      desired: limited.replicas,
      reason: desired > current ? `${name} above target` : "All metrics below target",
    };
  };

  /** The autoscalers whose targets select any of these pods. */
  const controlling = (namespace: string, selected: readonly Pod[]): string[] =>
    owners
      .inNamespace(namespace)
      .map(({ metadata }) => `${namespace}/${metadata.name}`)
      .filter((key) => {
        const selector = selectors.get(key);
        return selector !== undefined && selected.some(({ metadata }) => matchesLabels(selector, metadata.labels));
      });

  const controller = startController({
    name: "horizontal-pod-autoscaler",
    log,
    async reconcile(key): Promise<Result> {
      await Promise.all([owners.synced(), pods.synced()]);
      const [namespace = "", name = ""] = key.split("/");
      const autoscaler = owners.get(namespace, name);
      if (autoscaler === undefined) {
        histories.delete(key);
        selectors.delete(key);
        return { state: "done" };
      }
      const status = await look(autoscaler, key);
      if (!deepEqual(normal(status), normal(autoscaler.status))) {
        const changed = { ...autoscaler, status };
        const written = await client.update<Autoscaler>(autoscalers, changed, { subresource: "status" });
        await owners.reached(written.metadata.resourceVersion);
      }
      return { state: "again", afterMs: resyncMs };
    },
  });
  const wake = ({ metadata }: Autoscaler) => controller.enqueue(`${metadata.namespace}/${metadata.name}`);
  const listening = owners.listen({
    onChange: (autoscaler, previous) => {
      if (previous === undefined || !deepEqual(previous.spec, autoscaler.spec)) wake(autoscaler);
    },
    onDelete: wake,
  });
  return {
    ...controller,
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

type Target = { resource: Resource; scale: Scale };

/** The replica counts that need no measuring. */
function boundOf(
  { spec }: Autoscaler,
  current: number,
): { desired: number; reason: string } | { desired?: undefined; condition: ConditionChange } | undefined {
  const { minReplicas = 1, maxReplicas } = spec;
  if (current === 0 && minReplicas !== 0) {
    const message = "scaling is disabled since the replica count of the target is zero";
    return { condition: { type: "ScalingActive", status: "False", reason: "ScalingDisabled", message } };
  }
  if (current > maxReplicas)
    return { desired: maxReplicas, reason: "Current number of replicas above Spec.MaxReplicas" };
  if (current < minReplicas)
    return { desired: minReplicas, reason: "Current number of replicas below Spec.MinReplicas" };
  return undefined;
}

/** A status in the making. */
type Draft = {
  set(condition: ConditionChange): void;
  metrics(statuses: Fields[]): void;
  /** @param replicas absent when the target could not be read; without `desired` that stays as it was */
  status(replicas?: { current: number; desired?: number; isScaled?: boolean }): AutoscalerStatus;
};

function createDraft({ status }: Autoscaler, now: Date): Draft {
  let conditions = status?.conditions ?? [];
  let currentMetrics: Fields[] | null = null;
  return {
    set(change) {
      const before = conditions.find(({ type }) => type === change.type);
      const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : timestamp(now);
      const condition = { ...change, ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
      conditions =
        before === undefined ? [...conditions, condition] : conditions.map((one) => (one === before ? condition : one));
    },
    metrics(statuses) {
      currentMetrics = statuses;
    },
    status(replicas) {
      const { desiredReplicas, ...before }: AutoscalerStatus = status ?? { desiredReplicas: 0 };
      if (replicas === undefined) return { ...before, desiredReplicas, conditions };
      const { current, desired = desiredReplicas, isScaled } = replicas;
      const lastScaleTime = isScaled === true ? timestamp(now) : before.lastScaleTime;
      return {
        ...(current > 0 && { currentReplicas: current }),
        desiredReplicas: desired,
        ...(lastScaleTime !== undefined && { lastScaleTime }),
        currentMetrics,
        conditions,
      };
    },
  };
}

/** Whether a list is absent, null or empty makes no difference. */
function normal(status: AutoscalerStatus | undefined): object {
  const { currentMetrics, ...rest } = status ?? { desiredReplicas: 0 };
  return currentMetrics === null || currentMetrics === undefined ? rest : { ...rest, currentMetrics };
}
