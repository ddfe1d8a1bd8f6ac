import { deepEqual, isStatusError, matchesLabels, quoteGo, selectorFromObject } from "../../apimachinery/index.ts";
import { type Controller, createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import type { ControllerContext } from "../context.ts";
import { type Pod, pods as podResource } from "../workloads/kinds.ts";
import { failedStatus, formatSelector, judgeBudget, needsScale } from "./budget-status.ts";
import { createScaleFinder } from "./expected-scale.ts";
import { type Budget, type BudgetStatus, budgets } from "./kinds.ts";
import { startStaleDisruptionController } from "./stale-disruptions.ts";

/** Says in the status of PodDisruptionBudgets how many of their pods may be disrupted now. */
export function startDisruptionController(context: ControllerContext): Controller {
  const { client, informers, log, now } = context;
  const pods = informers.of<Pod>(podResource);
  const owners = informers.of<Budget>(budgets);
  const record = createEventRecorder(client, "controllermanager", log, now);
  const finder = createScaleFinder(context);

  const judge = async (budget: Budget): Promise<number | undefined> => {
    const selector = selectorFromObject(budget.spec.selector);
    const selected = pods
      .inNamespace(budget.metadata.namespace ?? "")
      .filter(({ metadata }) => matchesLabels(selector, metadata.labels));
    if (selected.length === 0) record(budget, "Normal", "NoPods", "No matching pods found");
    const { status, notDeleted, afterMs } = judgeBudget(budget, selected, await scaleFor(budget, selected), now());
    const { namespace } = budget.metadata;
    // The budget's name is where its namespace is once more, as in Kubernetes.
    const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
    for (const pod of notDeleted) record(pod, "Warning", "NotDeleted", message);
    await write(budget, status);
    return afterMs;
  };

  const scaleFor = async (budget: Budget, selected: readonly Pod[]): Promise<number> => {
    if (!needsScale(budget)) return 0;
    try {
      const { scale, unmanaged } = await finder.expectedScale(selected);
      if (unmanaged.length > 0) record(budget, "Warning", "UnmanagedPods", unmanagedText(budget));
      return scale;
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${errorText(error)}`;
      record(budget, "Warning", "CalculateExpectedPodCountFailed", message);
      throw error;
    }
  };

  const write = async (budget: Budget, status: BudgetStatus): Promise<void> => {
    if (deepEqual(status, budget.status)) return;
    const written = await client.update<Budget>(budgets, { ...budget, status }, { subresource: "status" });
    await owners.reached(written.metadata.resourceVersion);
  };

  const controller = startController({
    name: "disruption",
    log,
    async reconcile(key): Promise<Result> {
      await Promise.all([pods.synced(), owners.synced(), finder.synced()]);
      const [namespace = "", name = ""] = key.split("/");
      const budget = owners.get(namespace, name);
      if (budget === undefined) return { state: "done" };
      try {
        const afterMs = await judge(budget);
        return afterMs === undefined ? { state: "done" } : { state: "again", afterMs };
      } catch (error) {
        if (isStatusError(error, "Conflict")) return { state: "retry", reason: errorText(error) };
        await write(budget, failedStatus(budget, errorText(error), now()));
        return { state: "done" };
      }
    },
  });
  const wakeBudgets = (pod: Pod, isGone = false) => {
    const { namespace = "", name, labels } = pod.metadata;
    const matching = owners.inNamespace(namespace).filter((budget) => selects(budget, labels));
    for (const budget of matching) controller.enqueue(`${namespace}/${budget.metadata.name}`);
    const [first, second] = matching;
    if (isGone || first === undefined || second === undefined) return;
    const both = `Pod ${quoteGo(namespace)}/${quoteGo(name ?? "")} matches multiple PodDisruptionBudgets.`;
    const message = `${both}  Chose ${quoteGo(first.metadata.name ?? "")} arbitrarily.`;
    record(pod, "Warning", "MultiplePodDisruptionBudgets", message);
  };
  const wake = ({ metadata }: Budget) => controller.enqueue(`${metadata.namespace}/${metadata.name}`);
  const listening = [
    owners.listen({ onChange: wake }),
    pods.listen({
      onChange: (pod, previous) => {
        wakeBudgets(pod);
        if (previous !== undefined && !deepEqual(previous.metadata.labels, pod.metadata.labels))
          wakeBudgets(previous, true);
      },
      onDelete: (pod) => wakeBudgets(pod, true),
    }),
  ];
  const stale = startStaleDisruptionController(context);
  return {
    enqueue: controller.enqueue,
    async idle() {
      await controller.idle();
      await stale.idle();
    },
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await Promise.all([controller[Symbol.asyncDispose](), stale[Symbol.asyncDispose]()]);
    },
  };
}

function selects({ spec }: Budget, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return matchesLabels(selectorFromObject(spec.selector), labels);
  } catch {
    // A selector that cannot be read selects nothing.
    return false;
  }
}

function unmanagedText({ spec }: Budget): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${formatSelector(spec.selector)}) were found to be unmanaged. ` +
    "As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. " +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}
