import { deepEqual, type KubeObject, textAt } from "../../apimachinery/index.ts";
import type { Log } from "../../lib/index.ts";

/** Notes in the log each change of an application's sync, health or operation; what failed as a warning with its reason. */
export function logChange(log: Log, before: KubeObject | undefined, after: KubeObject | undefined): void {
  if (after === undefined) {
    if (before !== undefined) log.info("Application is gone", { application: before.metadata.name });
    return;
  }
  const facts = factsOf(after);
  if (facts.sync === "" || (before !== undefined && deepEqual(factsOf(before), facts))) return;
  const { problem, ...state } = facts;
  if (problem === "") log.info("Application changed", { application: after.metadata.name, ...state });
  else log.warn("Application has a problem", { application: after.metadata.name, ...state, problem });
}

function factsOf(application: KubeObject) {
  const phase = textAt(application, "status", "operationState", "phase");
  const failed =
    phase === "Failed" || phase === "Error" ? textAt(application, "status", "operationState", "message") : "";
  return {
    sync: textAt(application, "status", "sync", "status"),
    health: textAt(application, "status", "health", "status"),
    operation: phase,
    problem: conditionOf(application) ?? failed,
  };
}

function conditionOf({ status }: KubeObject): string | undefined {
  if (typeof status !== "object" || status === null || !("conditions" in status) || !Array.isArray(status.conditions))
    return undefined;
  const conditions: { type?: unknown; message?: unknown }[] = status.conditions;
  const error = conditions.find(({ type }) => typeof type === "string" && type.endsWith("Error"));
  return error === undefined ? undefined : `${error.type}: ${error.message}`;
}
