import { numberAt, valueAt } from "../../../apimachinery/index.ts";
import type { Pod } from "../../workloads/kinds.ts";
import type { FailurePolicyRule, Job, JobSpec } from "../kinds.ts";
import { countCommon, countIndexes, type Indexes, parseIndexes } from "./indexes.ts";
import { hasFailed } from "./pods.ts";

/** What the pod failure policy makes of a failed pod: the first rule that matches decides, and none means that it counts. */
export type Verdict = { action?: string; counted: boolean; message?: string };

/** @param pod that has failed */
export function judgeFailure(policy: JobSpec["podFailurePolicy"], pod: Pod): Verdict {
  for (const [at, rule] of (policy?.rules ?? []).entries()) {
    const what = matchRule(rule, pod);
    if (what === undefined) continue;
    const { action } = rule;
    switch (action) {
      case "Ignore":
        return { action, counted: false };
      case "FailIndex":
      case "Count":
        return { action, counted: true };
      case "FailJob":
        return { action, counted: true, message: `${what} matching ${action} rule at index ${at}` };
    }
  }
  return { counted: true };
}

/** Why the job has to fail at once; `undefined` when no pod says so. */
export function failJobMessage(job: Job, pods: readonly Pod[]): string | undefined {
  const policy = job.spec.podFailurePolicy;
  if (policy === undefined) return undefined;
  for (const pod of pods) {
    const message = hasFailed(pod, job) ? judgeFailure(policy, pod).message : undefined;
    if (message !== undefined) return message;
  }
  return undefined;
}

/** @returns what has matched, in words */
function matchRule({ onExitCodes, onPodConditions }: FailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata;
  if (onExitCodes !== undefined) {
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const status of statuses) {
      const code = exitCode(status);
      if (code === undefined || code === 0) continue;
      if (onExitCodes.containerName !== undefined && onExitCodes.containerName !== status.name) continue;
      const listed = onExitCodes.values?.includes(code) ?? false;
      if (onExitCodes.operator === "In" ? listed : onExitCodes.operator === "NotIn" && !listed)
        return `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${code}`;
    }
    return undefined;
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && pattern.status === status),
  );
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`;
}

function exitCode(containerStatus: unknown): number | undefined {
  if (valueAt(containerStatus, "state", "terminated") === undefined) return undefined;
  return numberAt(containerStatus, ["state", "terminated", "exitCode"]);
}

/** Which rule of the success policy is met, as the condition says it; `undefined` while none is. */
export function successMessage({ successPolicy, completions = 0 }: JobSpec, succeeded: Indexes): string | undefined {
  if (succeeded.length === 0) return undefined;
  const at = (successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined)
      return succeededCount !== undefined && countIndexes(succeeded) >= succeededCount;
    const wanted = parseIndexes(succeededIndexes, completions);
    if (wanted.length === 0) return false;
    const common = countCommon(wanted, succeeded);
    return common === countIndexes(wanted) || (succeededCount !== undefined && common >= succeededCount);
  });
  return at < 0 ? undefined : `Matched rules at index ${at}`;
}
