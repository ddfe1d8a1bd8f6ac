import {
  cloneJson,
  deepEqual,
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  type KubeObject,
} from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";
import { type Admission, type Attempt, refused } from "./admit.ts";
import { objectAt } from "./lookup.ts";

const otherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const unfoundedOverhead = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";

/** Gives pods what their RuntimeClass says of overhead, nodes and tolerations. */
export const runtimeClass: Admission = {
  mutate(server, attempt) {
    const spec = podSpec(attempt);
    const found = spec === undefined ? undefined : classOf(server, attempt, spec);
    if (spec === undefined || found === undefined) return;
    const overhead = fieldsAt(found, "overhead", "podFixed");
    if (isFields(found["overhead"])) {
      const own = fieldsAt(spec, "overhead");
      if (Object.keys(own).length > 0 && !deepEqual(own, overhead)) throw refused(attempt, otherOverhead);
      spec["overhead"] = cloneJson(overhead);
    }
    if (isFields(found["scheduling"])) schedule(attempt, spec, found["scheduling"]);
  },
  validate(server, attempt) {
    const spec = podSpec(attempt);
    if (spec === undefined || (spec["overhead"] === undefined && spec["runtimeClassName"] === undefined)) return;
    const found = classOf(server, attempt, spec);
    if (found !== undefined && isFields(found["overhead"])) {
      if (!deepEqual(fieldsAt(spec, "overhead"), fieldsAt(found, "overhead", "podFixed")))
        throw refused(attempt, otherOverhead);
      return;
    }
    if (spec["overhead"] !== undefined) throw refused(attempt, unfoundedOverhead);
  },
};

function podSpec({ operation, resource, subresource, object }: Attempt): Fields | undefined {
  if (operation !== "CREATE" || resource.storageName !== "pods" || subresource !== "") return undefined;
  const spec = object?.["spec"];
  return isFields(spec) ? spec : undefined;
}

function classOf(server: Server, attempt: Attempt, { runtimeClassName: name }: Fields): KubeObject | undefined {
  if (typeof name !== "string") return undefined;
  const found = objectAt(server, "runtimeclasses.node.k8s.io", { name });
  if (found === undefined) throw refused(attempt, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function schedule(attempt: Attempt, spec: Fields, scheduling: Fields): void {
  const selector = fieldsAt(scheduling, "nodeSelector");
  const own = fieldsAt(spec, "nodeSelector");
  for (const [key, value] of Object.entries(selector)) {
    if (own[key] === undefined || own[key] === value) continue;
    const theirs = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
    throw refused(attempt, `conflict: ${theirs}; pod.spec.nodeSelector[${key}] = ${own[key]}`);
  }
  const nodeSelector = { ...own, ...selector };
  if (Object.keys(nodeSelector).length > 0) spec["nodeSelector"] = nodeSelector;
  const tolerations = mergeTolerations([
    ...itemsAt(spec, "tolerations"),
    ...cloneJson(itemsAt(scheduling, "tolerations")),
  ]);
  if (tolerations.length > 0) spec["tolerations"] = tolerations;
}

/** Leaves out what another one tolerates as well. */
function mergeTolerations(all: readonly Fields[]): Fields[] {
  const merged: Fields[] = [];
  for (const [index, toleration] of all.entries()) {
    if (merged.some((kept) => covers(kept, toleration))) continue;
    const later = all.slice(index + 1);
    if (later.some((other) => !deepEqual(other, toleration) && covers(other, toleration))) continue;
    merged.push(toleration);
  }
  return merged;
}

function covers(wide: Fields, narrow: Fields): boolean {
  if (deepEqual(wide, narrow)) return true;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const everyKey = text(wide["key"]) === "" && wide["operator"] === "Exists";
  if (text(wide["key"]) !== text(narrow["key"]) && !everyKey) return false;
  if (text(wide["effect"]) !== "" && text(wide["effect"]) !== text(narrow["effect"])) return false;
  const { tolerationSeconds: longest } = wide;
  if (wide["effect"] === "NoExecute" && typeof longest === "number") {
    const { tolerationSeconds: seconds } = narrow;
    if (typeof seconds !== "number" || seconds > longest) return false;
  }
  if (wide["operator"] === "Exists") return true;
  return narrow["operator"] === "Equal" && text(wide["value"]) === text(narrow["value"]);
}
