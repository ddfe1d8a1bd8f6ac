import { isFields, type KubeObject, numberAt, textAt, valueAt } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";
import { type Admission, type Attempt, refused } from "./admit.ts";
import { objectAt, objectsOf } from "./lookup.ts";

const classes = "priorityclasses.scheduling.k8s.io";

/** Gives pods the priority that their class names, and sees to it that there is one default class at most. */
export const priority: Admission = {
  mutate(server, attempt) {
    const { operation, resource, subresource, object, live } = attempt;
    if (resource.storageName !== "pods" || subresource !== "" || object === undefined) return;
    const spec = object["spec"];
    if (!isFields(spec)) return;
    if (operation === "CREATE") resolve(server, attempt, spec);
    // The values of a pod stay, whatever has become of its class; a client may leave them out.
    else for (const field of ["priority", "preemptionPolicy"]) spec[field] ??= valueAt(live, "spec", field);
  },
  validate(server, attempt) {
    const { resource, operation, subresource, object } = attempt;
    if (resource.storageName !== classes || subresource !== "" || operation === "DELETE") return;
    if (valueAt(object, "globalDefault") !== true) return;
    const other = globalDefault(server)?.metadata.name;
    if (other === undefined || (operation === "UPDATE" && other === object?.metadata.name)) return;
    throw refused(attempt, `PriorityClass ${other} is already marked as default. Only one default can exist`);
  },
};

function resolve(server: Server, attempt: Attempt, spec: { [field: string]: unknown }): void {
  const named = textAt(spec, "priorityClassName");
  const found = named === "" ? globalDefault(server) : objectAt(server, classes, { name: named });
  if (named !== "" && found === undefined) throw refused(attempt, `no PriorityClass with name ${named} was found`);
  const value = numberAt(found, ["value"]);
  if (found !== undefined) spec["priorityClassName"] = found.metadata.name;
  if (spec["priority"] !== undefined && spec["priority"] !== value) {
    const why = `priority admission controller computed ${value} from the given PriorityClass name`;
    throw refused(
      attempt,
      `the integer value of priority (${spec["priority"]}) must not be provided in pod spec; ${why}`,
    );
  }
  spec["priority"] = value;
  const policy = found === undefined ? "PreemptLowerPriority" : textAt(found, "preemptionPolicy");
  if (policy === "") return;
  if (spec["preemptionPolicy"] !== undefined && spec["preemptionPolicy"] !== policy) {
    const why = `priority admission controller computed ${policy} from the given PriorityClass name`;
    const what = `the string value of PreemptionPolicy (${spec["preemptionPolicy"]})`;
    throw refused(attempt, `${what} must not be provided in pod spec; ${why}`);
  }
  spec["preemptionPolicy"] = policy;
}

/** The default class; of several, which only a race can make, the lowest. */
function globalDefault(server: Server): Readonly<KubeObject> | undefined {
  const defaults = objectsOf(server, classes).filter((found) => found["globalDefault"] === true);
  return defaults.sort((a, b) => numberAt(a, ["value"]) - numberAt(b, ["value"]))[0];
}
