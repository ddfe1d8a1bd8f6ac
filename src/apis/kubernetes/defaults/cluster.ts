import { type Fields, fieldsAt, isFields, itemsAt, setField, textAt } from "../../../apimachinery/index.ts";
import { fill, fillEmpty, isEmpty, makeFields } from "../fields.ts";
import { defaultVolumeSource } from "./pod.ts";

export function defaultNamespace(namespace: Fields): void {
  const metadata = makeFields(namespace, "metadata");
  const name = textAt(metadata, "name");
  if (name !== "") makeFields(metadata, "labels")["kubernetes.io/metadata.name"] = name;
  fillEmpty(makeFields(namespace, "status"), "phase", "Active");
}

export function defaultNode(node: Fields): void {
  const status = makeFields(node, "status");
  if (isFields(status["capacity"])) fill(status, "allocatable", { ...status["capacity"] });
}

export function defaultVolume(volume: Fields): void {
  const spec = makeFields(volume, "spec");
  fillEmpty(spec, "persistentVolumeReclaimPolicy", "Retain");
  fill(spec, "volumeMode", "Filesystem");
  defaultVolumeSource(spec);
  fillEmpty(makeFields(volume, "status"), "phase", "Pending");
}

export function defaultLimitRange(range: Fields): void {
  for (const item of itemsAt(range, "spec", "limits")) {
    if (item["type"] !== "Container") continue;
    const limits = { ...fieldsAt(item, "max"), ...fieldsAt(item, "default") };
    const requests = { ...fieldsAt(item, "min"), ...limits, ...fieldsAt(item, "defaultRequest") };
    if (!isEmpty(limits)) item["default"] = limits;
    if (!isEmpty(requests)) item["defaultRequest"] = requests;
  }
}

export function defaultStorageClass(storageClass: Fields): void {
  fill(storageClass, "reclaimPolicy", "Delete");
  fill(storageClass, "volumeBindingMode", "Immediate");
}

export function defaultStorageDriver(driver: Fields): void {
  const spec = makeFields(driver, "spec");
  fill(spec, "attachRequired", true);
  fill(spec, "podInfoOnMount", false);
  fill(spec, "storageCapacity", false);
  fill(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
  if (isEmpty(spec["volumeLifecycleModes"])) spec["volumeLifecycleModes"] = ["Persistent"];
  fill(spec, "requiresRepublish", false);
  fill(spec, "seLinuxMount", false);
}

const rbacGroup = "rbac.authorization.k8s.io";

export function defaultRoleBinding(binding: Fields): void {
  const role = makeFields(binding, "roleRef");
  fillEmpty(role, "apiGroup", rbacGroup);
  for (const subject of itemsAt(binding, "subjects"))
    if (subject["kind"] === "User" || subject["kind"] === "Group") fillEmpty(subject, "apiGroup", rbacGroup);
}

export function defaultPriorityClass(priorityClass: Fields): void {
  fill(priorityClass, "preemptionPolicy", "PreemptLowerPriority");
}

export function defaultFlowSchema(schema: Fields): void {
  fillEmpty(makeFields(schema, "spec"), "matchingPrecedence", 1000);
}

export function defaultPriorityLevel(level: Fields): void {
  const { limited, exempt } = makeFields(level, "spec");
  if (isFields(limited)) {
    fill(limited, "nominalConcurrencyShares", 30);
    fill(limited, "lendablePercent", 0);
    const queuing = fieldsAt(limited, "limitResponse")["queuing"];
    if (isFields(queuing)) {
      fillEmpty(queuing, "queues", 64);
      fillEmpty(queuing, "handSize", 8);
      fillEmpty(queuing, "queueLengthLimit", 50);
    }
  }
  if (isFields(exempt)) {
    fill(exempt, "nominalConcurrencyShares", 0);
    fill(exempt, "lendablePercent", 0);
  }
}

export function defaultTokenRequest(request: Fields): void {
  fill(makeFields(request, "spec"), "expirationSeconds", 3600);
}

/** The requests of a resource claim, or of the template of one. */
export function defaultClaimSpec(spec: Fields): void {
  for (const request of itemsAt(spec, "devices", "requests"))
    for (const wanted of [fieldsAt(request, "exactly"), ...itemsAt(request, "firstAvailable")]) {
      if (isEmpty(wanted)) continue;
      fillEmpty(wanted, "allocationMode", "ExactCount");
      if (wanted["allocationMode"] === "ExactCount") fillEmpty(wanted, "count", 1);
      for (const toleration of itemsAt(wanted, "tolerations")) fillEmpty(toleration, "operator", "Equal");
    }
}

/** `stringData` is another way to write `data`, and is never stored. */
export function defaultSecret(secret: Fields): void {
  fillEmpty(secret, "type", "Opaque");
  const texts = secret["stringData"];
  delete secret["stringData"];
  if (isEmpty(texts) || !isFields(texts)) return;
  const data = makeFields(secret, "data");
  for (const [key, text] of Object.entries(texts))
    if (typeof text === "string") setField(data, key, Buffer.from(text).toString("base64"));
}
