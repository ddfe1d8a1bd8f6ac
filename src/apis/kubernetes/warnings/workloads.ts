import {
  deepEqual,
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  numberAt,
  textAt,
  validateLabel,
} from "../../../apimachinery/index.ts";
import { warnOfAddress } from "./addresses.ts";
import { warnOfPod } from "./pod.ts";
import { warnOfClaimSpec } from "./storage.ts";

const surprising = "which can result in surprising behavior; a DNS label is recommended";

/** Names that are good for the object and not for its pods. @param use `Pod names and hostnames` */
function warnOfName(object: Fields, use: string): string[] {
  const problems = validateLabel(textAt(object, "metadata", "name"));
  return problems.length === 0 ? [] : [`metadata.name: this is used in ${use}, ${surprising}: [${problems.join(" ")}]`];
}

function isChanged(object: Fields, old: Fields): boolean {
  return fieldsAt(object, "metadata")["generation"] !== fieldsAt(old, "metadata")["generation"];
}

const template = (object: Fields): Fields => fieldsAt(object, "spec", "template");
const inNames = "Pod names and hostnames";

/** Nobody writes pods by hand often enough to be warned of a change. */
export function warnOfNewPod(pod: Fields, old: Fields | undefined): string[] {
  if (old !== undefined) return [];
  return [...warnOfName(pod, "the Pod's hostname"), ...warnOfPod("", pod)];
}

export function warnOfPodStatus(pod: Fields): string[] {
  return ["podIPs", "hostIPs"].flatMap((field) =>
    itemsAt(pod, "status", field).flatMap(({ ip }, index) => warnOfAddress(`status.${field}[${index}].ip`, ip)),
  );
}

/** Deployments and ReplicaSets. */
export function warnOfReplicas(object: Fields, old: Fields | undefined): string[] {
  if (old !== undefined) return isChanged(object, old) ? warnOfPod("spec.template", template(object)) : [];
  return [...warnOfName(object, inNames), ...warnOfPod("spec.template", template(object))];
}

/** Kubernetes looks at the old template when it changes. */
export function warnOfReplicationController(object: Fields, old: Fields | undefined): string[] {
  if (old !== undefined) return isChanged(object, old) ? warnOfPod("spec.template", template(old)) : [];
  return [...warnOfName(object, inNames), ...warnOfPod("spec.template", template(object))];
}

export function warnOfDaemonSet(object: Fields, old: Fields | undefined): string[] {
  const isSame = old !== undefined && deepEqual(template(object), template(old));
  return isSame ? [] : warnOfPod("spec.template", template(object));
}

export function warnOfPodTemplate(object: Fields, old: Fields | undefined): string[] {
  if (old !== undefined && !isChanged(object, old)) return [];
  return warnOfPod("template", fieldsAt(object, "template"));
}

export function warnOfStatefulSet(object: Fields, old: Fields | undefined): string[] {
  const spec = fieldsAt(object, "spec");
  const pods = old === undefined || isChanged(object, old) ? warnOfPod("spec.template", template(object)) : [];
  const claims = itemsAt(spec, "volumeClaimTemplates").flatMap((claim, index) => {
    const path = `spec.volumeClaimTemplates[${index}]${old === undefined ? "" : ".Spec"}`;
    return warnOfClaimSpec(path, fieldsAt(claim, "spec"));
  });
  const keepsAll = numberAt(spec, ["revisionHistoryLimit"]) < 0;
  const history =
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
  return [...pods, ...claims, ...(keepsAll ? [history] : [])];
}

export function warnOfJob(object: Fields, old: Fields | undefined): string[] {
  if (old !== undefined) return isChanged(object, old) ? warnOfJobSpec("spec", fieldsAt(object, "spec")) : [];
  return [...warnOfName(object, inNames), ...warnOfJobSpec("spec", fieldsAt(object, "spec"))];
}

export function warnOfCronJob(object: Fields, old: Fields | undefined): string[] {
  const path = "spec.jobTemplate.spec";
  const spec = fieldsAt(object, "spec", "jobTemplate", "spec");
  if (old === undefined) return [...warnOfName(object, inNames), ...warnOfJobSpec(path, spec)];
  const hasZone = textAt(object, "spec", "schedule").includes("TZ");
  const zone =
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
  return [...(isChanged(object, old) ? warnOfJobSpec(path, spec) : []), ...(hasZone ? [zone] : [])];
}

/** How large an indexed Job may be so that its indexes can be followed whatever fails. */
const completionsMax = 100_000;
const parallelismMax = 10_000;

function warnOfJobSpec(path: string, spec: Fields): string[] {
  const isLarge =
    spec["completionMode"] === "Indexed" &&
    numberAt(spec, ["completions"]) > completionsMax &&
    numberAt(spec, ["parallelism"]) > parallelismMax;
  const large = `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  const pods = isFields(spec["template"]) ? warnOfPod(`${path}.template`, fieldsAt(spec, "template")) : [];
  return [...(isLarge ? [large] : []), ...pods];
}
