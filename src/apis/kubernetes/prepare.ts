import {
  cloneJson,
  deepEqual,
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  type KubeObject,
  listAt,
  numberAt,
  textAt,
  validateLabelValue,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { dropDisabled } from "./disabled.ts";
import { isEmpty, makeFields } from "./fields.ts";
import { mergeLabelKeys } from "./label-keys.ts";
import { qosClass } from "./qos.ts";
import type { BuiltinResource } from "./resources.ts";
import { carryService } from "./service.ts";
import { kindKey, strategyOf } from "./strategy.ts";
import { emptyBuiltin } from "./zero-values.ts";

/**
 * Makes of a new object what Kubernetes stores, in place: what users may not set goes away, what the server sets comes in.
 * Expects defaults to be in, and `metadata.uid` to be set, which the labels of a Job's pods are made of.
 *
 * @param user who asks; a CertificateSigningRequest carries it
 */
export function prepareForCreate(resource: BuiltinResource, object: KubeObject, user?: User): void {
  const { metadata } = object;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  // Manifests often carry one; what belongs to no namespace just loses it.
  if (!resource.namespaced) delete metadata.namespace;
  // Kinds that do not count their changes keep what was sent.
  if (strategyOf(resource).generation === "from the start") metadata.generation = 1;
  // A kubelet registers its node with status; every other kind starts without.
  if (resource.hasStatus && resource.kind !== "Node")
    object["status"] = { ...newStatus(resource), ...firstStatus[kindKey(resource)] };
  normalize(resource, object);
  creators[kindKey(resource)]?.(object, user);
}

/**
 * Makes of a changed object what Kubernetes stores, in place: each endpoint changes its own part, the rest stays as it was.
 *
 * @param old what is stored; not changed
 * @param subresource the endpoint written to; absent for the object's own
 */
export function prepareForUpdate(
  resource: BuiltinResource,
  object: KubeObject,
  old: KubeObject,
  subresource?: string,
): void {
  if (subresource === undefined) {
    if (resource.hasStatus) copyField(object, old, "status");
    normalize(resource, object);
    updaters[kindKey(resource)]?.(object, old);
  } else {
    keepAllBut(subresource, resource, object, old);
  }
  countGeneration(resource, object, old, subresource);
}

/** What the status of a new object says from the start, beside what Kubernetes' JSON never leaves out. */
const firstStatus: Readonly<Record<string, { phase: string }>> = {
  Namespace: { phase: "Active" },
  PersistentVolume: { phase: "Pending" },
  PersistentVolumeClaim: { phase: "Pending" },
};

function newStatus(resource: BuiltinResource): Record<string, unknown> {
  const { status } = emptyBuiltin(resource);
  return isFields(status) ? status : {};
}

const creators: Record<string, (object: KubeObject, user?: User) => void> = {
  Namespace: (namespace) => {
    const spec = makeFields(namespace, "spec");
    const finalizers = listAt(spec, "finalizers");
    spec["finalizers"] = finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"];
  },
  Node: (node) => {
    delete fieldsAt(node, "spec")["configSource"];
  },
  Pod: (pod) => {
    pod["status"] = { phase: "Pending", qosClass: qosClass(pod) };
    if (listAt(pod, "spec", "schedulingGates").length > 0) {
      const condition = {
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: "Scheduling is blocked due to non-empty scheduling gates",
      };
      makeFields(pod, "status")["conditions"] = [condition];
    }
    mergeLabelKeys(pod);
  },
  PersistentVolume: (volume) => {
    makeFields(volume, "status")["lastPhaseTransitionTime"] = `${new Date().toISOString().slice(0, 19)}Z`;
  },
  "apiextensions.k8s.io/CustomResourceDefinition": addStoredVersions,
  "apps/DaemonSet": (set) => setTemplateGeneration(set, Math.max(1, templateGeneration(set))),
  "batch/Job": labelJob,
  "certificates.k8s.io/CertificateSigningRequest": (request, user) => {
    const spec = makeFields(request, "spec");
    for (const field of ["username", "uid", "groups", "extra"]) delete spec[field];
    if (user === undefined) return;
    spec["username"] = user.name;
    if (user.groups.length > 0) spec["groups"] = [...user.groups];
    if (user.uid !== undefined) spec["uid"] = user.uid;
    if (user.extra !== undefined) spec["extra"] = cloneJson(user.extra);
  },
};

const updaters: Record<string, (object: KubeObject, old: KubeObject) => void> = {
  Namespace: (namespace, old) => {
    const finalizers = fieldsAt(old, "spec")["finalizers"];
    const spec = makeFields(namespace, "spec");
    if (finalizers === undefined) delete spec["finalizers"];
    else spec["finalizers"] = finalizers;
  },
  Node: (node, old) => {
    if (!isFields(fieldsAt(old, "spec")["configSource"])) delete fieldsAt(node, "spec")["configSource"];
  },
  Service: carryService,
  "apiextensions.k8s.io/CustomResourceDefinition": addStoredVersions,
  "apps/DaemonSet": (set, old) => {
    const same = deepEqual(fieldsAt(set, "spec", "template"), fieldsAt(old, "spec", "template"));
    setTemplateGeneration(set, templateGeneration(old) + (same ? 0 : 1));
  },
  "certificates.k8s.io/CertificateSigningRequest": (request, old) => copyField(request, old, "spec"),
};

/** Counts the templates that a DaemonSet has had: a field of extensions/v1beta1, of which apps/v1 keeps an annotation. */
const generationAnnotation = "deprecated.daemonset.template.generation";

function templateGeneration({ metadata }: KubeObject): number {
  const text = metadata.annotations?.[generationAnnotation] ?? "";
  return /^[-+]?\d+$/.test(text) ? Number(text) : 0;
}

function setTemplateGeneration({ metadata }: KubeObject, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [generationAnnotation]: String(generation) };
}

/** What has two ways to be written and one to be stored. */
function normalize(resource: BuiltinResource, object: KubeObject): void {
  dropDisabled(resource, object);
  const spec = fieldsAt(object, "spec");
  if (kindKey(resource) === "PersistentVolumeClaim") mirrorDataSource(spec);
  // What a negative time always meant; templates of pods keep it.
  if (kindKey(resource) === "Pod" && numberAt(spec, ["terminationGracePeriodSeconds"]) < 0)
    spec["terminationGracePeriodSeconds"] = 1;
}

/** `dataSource` is the older field; both say the same unless the newer one names another namespace. */
function mirrorDataSource(spec: Fields): void {
  const { dataSource, dataSourceRef } = spec;
  if (isFields(dataSource) && !isFields(dataSourceRef)) {
    const group = textAt(dataSource, "apiGroup");
    const kind = textAt(dataSource, "kind");
    const isKnown =
      (group === "" && kind === "PersistentVolumeClaim") ||
      (group === "snapshot.storage.k8s.io" && kind === "VolumeSnapshot");
    // The older field knows two kinds; whatever else it says goes away.
    if (isKnown) spec["dataSourceRef"] = { ...dataSource };
    else delete spec["dataSource"];
  }
  if (isFields(dataSourceRef) && !isFields(dataSource) && isEmpty(dataSourceRef["namespace"]))
    spec["dataSource"] = { ...dataSourceRef };
}

/**
 * A Job finds its pods by its own uid, unless its writer takes care of that. What the writer has set stays, for validation to
 * judge. A Job with no labels has those of its pods, as Kubernetes gives them to it when it is read again.
 */
function labelJob(job: KubeObject): void {
  const spec = makeFields(job, "spec");
  if (spec["manualSelector"] !== true) {
    const labels = makeFields(makeFields(makeFields(spec, "template"), "metadata"), "labels");
    const { uid = "", name = "" } = job.metadata;
    for (const [key, value] of Object.entries({ "job-name": name, "controller-uid": uid })) {
      labels[key] ??= value;
      labels[`batch.kubernetes.io/${key}`] ??= value;
    }
    makeFields(makeFields(spec, "selector"), "matchLabels")["batch.kubernetes.io/controller-uid"] ??= uid;
  }
  const labels = fieldsAt(spec, "template", "metadata", "labels");
  // A name that is no label is the fault of the template's alone.
  const areRight = Object.values(labels).every((label) => validateLabelValue(String(label)).length === 0);
  if (areRight && isEmpty(job.metadata.labels) && !isEmpty(labels))
    makeFields(job, "metadata")["labels"] = { ...labels };
}

/** A version that objects have ever been stored in stays in the list until somebody migrates them. */
function addStoredVersions(definition: KubeObject): void {
  const status = makeFields(definition, "status");
  const stored = listAt(status, "storedVersions");
  const storage = itemsAt(definition, "spec", "versions").find((version) => version["storage"] === true)?.["name"];
  status["storedVersions"] = storage === undefined || stored.includes(storage) ? stored : [...stored, storage];
}

/** Kinds whose metadata the status endpoint leaves alone. */
const metadataKept = new Set([
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "apiregistration.k8s.io/APIService",
  "flowcontrol.apiserver.k8s.io/FlowSchema",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
  "networking.k8s.io/ServiceCIDR",
  "resource.k8s.io/ResourceClaim",
  "storage.k8s.io/VolumeAttachment",
]);

/** Endpoints through which labels, annotations and finalizers may change, too. */
const changesMetadata = new Set(["approval", "finalize", "status"]);

function keepAllBut(subresource: string, resource: BuiltinResource, object: KubeObject, old: KubeObject): void {
  const wanted = cloneJson(object);
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)]))
    if (!["apiVersion", "kind", "metadata"].includes(field)) copyField(object, old, field);
  const key = kindKey(resource);
  if (metadataKept.has(key) || !changesMetadata.has(subresource)) keepMetadata(object, old);
  if (key === "apps/Deployment") copyField(object.metadata, old.metadata, "labels");
  if (key === "Pod") copyField(object.metadata, old.metadata, "ownerReferences");
  const status = makeFields(object, "status");
  const spec = makeFields(object, "spec");
  const wantedSpec = fieldsAt(wanted, "spec");
  switch (subresource) {
    case "status":
      object["status"] = wanted["status"] ?? {};
      if (key === "Pod" && isEmpty(fieldsAt(object, "status")["qosClass"]))
        makeFields(object, "status")["qosClass"] = status["qosClass"];
      if (key === "certificates.k8s.io/CertificateSigningRequest")
        keepApproval(itemsAt(object, "status", "conditions"), itemsAt(old, "status", "conditions"));
      break;
    case "approval":
      object["status"] = { ...status, conditions: listAt(wanted, "status", "conditions") };
      break;
    case "finalize":
      object["spec"] = { ...spec, finalizers: listAt(wantedSpec, "finalizers") };
      break;
    case "ephemeralcontainers":
      spec["ephemeralContainers"] = listAt(wantedSpec, "ephemeralContainers");
      break;
    case "resize":
      for (const list of ["containers", "initContainers"]) resizeContainers(spec, wantedSpec, list);
  }
}

function keepMetadata(object: KubeObject, old: KubeObject): void {
  const { managedFields, resourceVersion } = object.metadata;
  object.metadata = {
    ...cloneJson(old.metadata),
    ...(managedFields && { managedFields }),
    ...(resourceVersion && { resourceVersion }),
  };
}

/** What was approved or denied stays as it was said; whether it is still there is judged later. */
function keepApproval(conditions: Fields[], before: readonly Fields[]): void {
  for (const type of ["Approved", "Denied"]) {
    const [now, then] = [conditions, before].map((list) => list.filter((condition) => condition["type"] === type));
    if (now === undefined || then === undefined || now.length !== then.length) continue;
    for (const [index, condition] of now.entries()) {
      conditions[conditions.indexOf(condition)] = Object.assign(condition, cloneJson(then[index] ?? {}));
    }
  }
}

/** Takes over what a resize may change. Containers that do not match stay as they were sent: they are refused later. */
function resizeContainers(spec: Fields, wantedSpec: Fields, list: string): void {
  const wanted = itemsAt(wantedSpec, list);
  const containers = itemsAt(spec, list);
  if (wanted.length !== containers.length || wanted.some(({ name }, index) => containers[index]?.["name"] !== name)) {
    spec[list] = wanted;
    return;
  }
  for (const [index, container] of containers.entries())
    for (const field of ["resources", "resizePolicy"]) copyField(container, wanted[index] ?? {}, field);
}

/** Whatever is neither status nor metadata is what is desired; a Deployment's annotations count as well. */
function countGeneration(
  resource: BuiltinResource,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): void {
  if (strategyOf(resource).generation === "never") return;
  const { apiVersion: _1, kind: _2, metadata, status: _3, ...desired } = object;
  const { apiVersion: _4, kind: _5, metadata: oldMetadata, status: _6, ...before } = old;
  // Annotations of a deployment go on to its sets; those that its controller writes with the status do not count.
  const annotationsCount = resource.kind === "Deployment" && subresource !== "status";
  const same =
    deepEqual(desired, before) &&
    (!annotationsCount || deepEqual(metadata.annotations ?? {}, oldMetadata.annotations ?? {}));
  // The value of a priority class never changes, so its generation does not either.
  const fixed = resource.kind === "PriorityClass";
  metadata.generation = (oldMetadata.generation ?? 0) + (same || fixed ? 0 : 1);
}

function copyField(object: Fields, old: Fields, field: string): void {
  if (old[field] === undefined) delete object[field];
  else object[field] = cloneJson(old[field]);
}
