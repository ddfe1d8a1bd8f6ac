import {
  type Fields,
  fieldsAt,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  textAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import {
  ageOf,
  conditionOf,
  humanDuration,
  isDeleting,
  nameOf,
  none,
  selectorText,
  since,
  unknown,
  unset,
  type View,
} from "./text.ts";

const size = (value: unknown): number =>
  Array.isArray(value) ? value.length : isFields(value) ? Object.keys(value).length : 0;
const webhooks: View = {
  columns: "Name|#Webhooks|Age",
  row: (object, now) => [nameOf(object), size(object["webhooks"]), ageOf(object, now)],
};
const created: View = {
  columns: "Name|@Created At",
  row: (object) => [nameOf(object), textAt(object, "metadata", "creationTimestamp")],
};
const aged: View = { columns: "Name|Age", row: (object, now) => [nameOf(object), ageOf(object, now)] };
const bindings: View = {
  columns: "Name|Role|Age|Users*|Groups*|ServiceAccounts*",
  row: (object, now) => {
    const subjects = itemsAt(object, "subjects");
    const named = (kind: string) => subjects.filter((subject) => subject["kind"] === kind);
    const names = (kind: string) =>
      named(kind)
        .map((subject) => textAt(subject, "name"))
        .join(", ");
    const accounts = named("ServiceAccount").map((one) => `${textAt(one, "namespace")}/${textAt(one, "name")}`);
    const role = `${textAt(object, "roleRef", "kind")}/${textAt(object, "roleRef", "name")}`;
    return [nameOf(object), role, ageOf(object, now), names("User"), names("Group"), accounts.join(", ")];
  },
};

/** What belongs to the cluster, its configuration and its storage, by kind. */
export const clusterViews: Record<string, View> = {
  ComponentStatus: {
    columns: "Name|Status|Message|Error",
    row: (object) => {
      const health = itemsAt(object, "conditions").find(({ type }) => type === "Healthy");
      const status = health === undefined ? "Unknown" : health["status"] === "True" ? "Healthy" : "Unhealthy";
      return [nameOf(object), status, textAt(health, "message"), textAt(health, "error")];
    },
  },
  ConfigMap: {
    columns: "Name|Data|Age",
    row: (object, now) => [nameOf(object), size(object["data"]) + size(object["binaryData"]), ageOf(object, now)],
  },
  Event: {
    columns: "Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|#Count*|Name*",
    row: eventRow,
  },
  LimitRange: created,
  Namespace: {
    columns: "Name|Status|Age",
    row: (object, now) => [nameOf(object), textAt(object, "status", "phase"), ageOf(object, now)],
  },
  Node: {
    columns: "Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*",
    row: nodeRow,
  },
  PersistentVolume: {
    columns:
      "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|VolumeMode*",
    row: (object, now) => {
      const claim = valueAt(object, "spec", "claimRef");
      return [
        nameOf(object),
        textAt(object, "spec", "capacity", "storage") || "0",
        accessModes(listAt(object, "spec", "accessModes")),
        textAt(object, "spec", "persistentVolumeReclaimPolicy"),
        isDeleting(object) ? "Terminating" : textAt(object, "status", "phase"),
        isFields(claim) ? `${textAt(claim, "namespace")}/${textAt(claim, "name")}` : "",
        storageClassOf(object),
        textAt(object, "spec", "volumeAttributesClassName") || unset,
        textAt(object, "status", "reason"),
        ageOf(object, now),
        textAt(object, "spec", "volumeMode") || unset,
      ];
    },
  },
  PersistentVolumeClaim: {
    columns: "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*",
    row: (object, now) => {
      const volume = textAt(object, "spec", "volumeName");
      return [
        nameOf(object),
        isDeleting(object) ? "Terminating" : textAt(object, "status", "phase"),
        volume,
        volume === "" ? "" : textAt(object, "status", "capacity", "storage") || "0",
        volume === "" ? "" : accessModes(listAt(object, "status", "accessModes")),
        storageClassOf(object),
        textAt(object, "spec", "volumeAttributesClassName") || unset,
        ageOf(object, now),
        textAt(object, "spec", "volumeMode") || unset,
      ];
    },
  },
  ResourceQuota: {
    columns: "Name|Request|Limit|Age",
    row: (object, now) => {
      const { hard, used } = fieldsAt(object, "status");
      const names = Object.keys(isFields(hard) ? hard : {}).sort();
      const text = (name: string) => `${name}: ${textAt(used, name) || "0"}/${textAt(hard, name)}`;
      const isLimit = (name: string) => name.startsWith("limits.");
      const requests = names.filter((name) => !isLimit(name)).map(text);
      return [nameOf(object), requests.join(", "), names.filter(isLimit).map(text).join(", "), ageOf(object, now)];
    },
  },
  Secret: {
    columns: "Name|Type|Data|Age",
    row: (object, now) => [nameOf(object), textAt(object, "type"), size(object["data"]), ageOf(object, now)],
  },
  ServiceAccount: {
    columns: "Name|Secrets|Age",
    row: (object, now) => [nameOf(object), size(object["secrets"]), ageOf(object, now)],
  },
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": webhooks,
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": {
    columns: "Name|#Validations|ParamKind|Age",
    row: (object, now) => {
      const kind = valueAt(object, "spec", "paramKind");
      const text = isFields(kind) ? `${textAt(kind, "apiVersion")}/${textAt(kind, "kind")}` : unset;
      return [nameOf(object), listAt(object, "spec", "validations").length, text, ageOf(object, now)];
    },
  },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": {
    columns: "Name|PolicyName|ParamRef|Age",
    row: (object, now) => {
      const reference = fieldsAt(object, "spec", "paramRef");
      const name = textAt(reference, "name");
      const named = `${textAt(reference, "namespace") || "*"}/${name}`;
      const text = name === "" ? selectorText(reference["selector"]) || unset : named;
      return [nameOf(object), textAt(object, "spec", "policyName"), text, ageOf(object, now)];
    },
  },
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": webhooks,
  "apiextensions.k8s.io/CustomResourceDefinition": created,
  "apiregistration.k8s.io/APIService": {
    columns: "Name|Service|Available|Age",
    row: (object, now) => {
      const service = valueAt(object, "spec", "service");
      const target = isFields(service) ? `${textAt(service, "namespace")}/${textAt(service, "name")}` : "Local";
      const condition = conditionOf(object, "Available");
      const status = textAt(condition, "status") || "Unknown";
      const reason = textAt(condition, "reason");
      return [
        nameOf(object),
        target,
        status === "True" || reason === "" ? status : `${status} (${reason})`,
        ageOf(object, now),
      ];
    },
  },
  "certificates.k8s.io/CertificateSigningRequest": {
    columns: "Name|Age|SignerName|Requestor|RequestedDuration|Condition",
    row: (object, now) => {
      const seconds = valueAt(object, "spec", "expirationSeconds");
      return [
        nameOf(object),
        ageOf(object, now),
        textAt(object, "spec", "signerName") || none,
        textAt(object, "spec", "username"),
        typeof seconds === "number" ? humanDuration(seconds) : none,
        signingState(object),
      ];
    },
  },
  "coordination.k8s.io/Lease": {
    columns: "Name|Holder|Age",
    row: (object, now) => [nameOf(object), textAt(object, "spec", "holderIdentity"), ageOf(object, now)],
  },
  "flowcontrol.apiserver.k8s.io/FlowSchema": {
    columns: "Name|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "spec", "priorityLevelConfiguration", "name"),
      numberAt(object, ["spec", "matchingPrecedence"]),
      textAt(object, "spec", "distinguisherMethod", "type") || none,
      ageOf(object, now),
      textAt(conditionOf(object, "Dangling"), "status") || "?",
    ],
  },
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": {
    columns: "Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age",
    row: (object, now) => {
      const limited = fieldsAt(object, "spec", "limited");
      const queuing = fieldsAt(limited, "limitResponse", "queuing");
      const cell = (value: unknown) => (typeof value === "number" ? value : none);
      return [
        nameOf(object),
        textAt(object, "spec", "type"),
        cell(limited["nominalConcurrencyShares"]),
        cell(queuing["queues"]),
        cell(queuing["handSize"]),
        cell(queuing["queueLengthLimit"]),
        ageOf(object, now),
      ];
    },
  },
  "node.k8s.io/RuntimeClass": {
    columns: "Name|Handler|Age",
    row: (object, now) => [nameOf(object), textAt(object, "handler"), ageOf(object, now)],
  },
  "rbac.authorization.k8s.io/ClusterRole": created,
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindings,
  "rbac.authorization.k8s.io/Role": created,
  "rbac.authorization.k8s.io/RoleBinding": bindings,
  "resource.k8s.io/DeviceClass": aged,
  "resource.k8s.io/ResourceClaim": {
    columns: "Name|State|Age",
    row: (object, now) => {
      const states: string[] = [];
      if (isDeleting(object)) states.push("deleted");
      if (isFields(valueAt(object, "status", "allocation"))) {
        states.push("allocated");
        if (listAt(object, "status", "reservedFor").length > 0) states.push("reserved");
      } else if (!isDeleting(object)) states.push("pending");
      return [nameOf(object), states.join(","), ageOf(object, now)];
    },
  },
  "resource.k8s.io/ResourceClaimTemplate": aged,
  "resource.k8s.io/ResourceSlice": {
    columns: "Name|Node|Driver|Pool|Age",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "spec", "nodeName"),
      textAt(object, "spec", "driver"),
      textAt(object, "spec", "pool", "name"),
      ageOf(object, now),
    ],
  },
  "scheduling.k8s.io/PriorityClass": {
    columns: "Name|#Value|?Global-Default|Age|PreemptionPolicy",
    row: (object, now) => [
      nameOf(object),
      numberAt(object, ["value"]),
      object["globalDefault"] === true,
      ageOf(object, now),
      textAt(object, "preemptionPolicy"),
    ],
  },
  "storage.k8s.io/CSIDriver": {
    columns: "Name|?AttachRequired|?PodInfoOnMount|?StorageCapacity|TokenRequests|?RequiresRepublish|Modes|Age",
    row: (object, now) => {
      const spec = fieldsAt(object, "spec");
      const audiences = itemsAt(spec, "tokenRequests").map((request) => textAt(request, "audience"));
      return [
        nameOf(object),
        spec["attachRequired"] !== false,
        spec["podInfoOnMount"] === true,
        spec["storageCapacity"] === true,
        spec["tokenRequests"] === undefined ? unset : audiences.join(","),
        spec["requiresRepublish"] === true,
        listAt(spec, "volumeLifecycleModes").join(",") || none,
        ageOf(object, now),
      ];
    },
  },
  "storage.k8s.io/CSINode": {
    columns: "Name|#Drivers|Age",
    row: (object, now) => [nameOf(object), listAt(object, "spec", "drivers").length, ageOf(object, now)],
  },
  "storage.k8s.io/CSIStorageCapacity": {
    columns: "Name|StorageClassName|Capacity",
    row: (object) => [nameOf(object), textAt(object, "storageClassName"), textAt(object, "capacity") || unset],
  },
  "storage.k8s.io/StorageClass": {
    columns: "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
    row: (object, now) => [
      defaultName(object, "storageclass"),
      textAt(object, "provisioner"),
      textAt(object, "reclaimPolicy") || "Delete",
      textAt(object, "volumeBindingMode") || "Immediate",
      object["allowVolumeExpansion"] === true,
      ageOf(object, now),
    ],
  },
  "storage.k8s.io/VolumeAttachment": {
    columns: "Name|Attacher|PV|Node|?Attached|Age",
    row: (object, now) => [
      nameOf(object),
      textAt(object, "spec", "attacher"),
      textAt(object, "spec", "source", "persistentVolumeName"),
      textAt(object, "spec", "nodeName"),
      valueAt(object, "status", "attached") === true,
      ageOf(object, now),
    ],
  },
  "storage.k8s.io/VolumeAttributesClass": {
    columns: "Name|DriverName|Age",
    row: (object, now) => [
      defaultName(object, "volumeattributesclass"),
      textAt(object, "driverName"),
      ageOf(object, now),
    ],
  },
};

function eventRow(event: Fields, now: Date): (string | number)[] {
  const first = since(textAt(event, "firstTimestamp") || textAt(event, "eventTime"), now);
  const lastTime = textAt(event, "series", "lastObservedTime") || textAt(event, "lastTimestamp");
  const series = event["series"];
  const kind = textAt(event, "involvedObject", "kind").toLowerCase();
  const name = textAt(event, "involvedObject", "name");
  const source = [
    textAt(event, "source", "component") || textAt(event, "reportingComponent"),
    textAt(event, "source", "host") || textAt(event, "reportingInstance"),
  ];
  return [
    lastTime === "" ? first : since(lastTime, now),
    textAt(event, "type"),
    textAt(event, "reason"),
    name === "" ? kind : `${kind}/${name}`,
    textAt(event, "involvedObject", "fieldPath"),
    source[1] === "" ? (source[0] ?? "") : source.join(", "),
    textAt(event, "message").trim(),
    first,
    isFields(series) ? numberAt(series, ["count"]) : numberAt(event, ["count"]) || 1,
    nameOf(event),
  ];
}

function nodeRow(node: Fields, now: Date): string[] {
  const ready = conditionOf(node, "Ready");
  const status = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  const address = (type: string) =>
    textAt(
      itemsAt(node, "status", "addresses").find((one) => one["type"] === type),
      "address",
    ) || none;
  const info = fieldsAt(node, "status", "nodeInfo");
  return [
    nameOf(node),
    valueAt(node, "spec", "unschedulable") === true ? `${status},SchedulingDisabled` : status,
    nodeRoles(node) || none,
    ageOf(node, now),
    textAt(info, "kubeletVersion"),
    address("InternalIP"),
    address("ExternalIP"),
    textAt(info, "osImage") || unknown,
    textAt(info, "kernelVersion") || unknown,
    textAt(info, "containerRuntimeVersion") || unknown,
  ];
}

function nodeRoles(node: Fields): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.entries(fieldsAt(node, "metadata", "labels")).map(([label, value]) =>
    label.startsWith(prefix) ? label.slice(prefix.length) : label === "kubernetes.io/role" ? String(value) : "",
  );
  return [...new Set(roles.filter((role) => role !== ""))].sort().join(",");
}

/** Modes in the order in which Kubernetes names them, each once. */
function accessModes(modes: unknown[]): string {
  const short = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };
  return Object.entries(short)
    .filter(([mode]) => modes.includes(mode))
    .map(([, text]) => text)
    .join(",");
}

/** The annotation is how classes were named before there was a field. */
function storageClassOf(object: Fields): string {
  const annotation = textAt(object, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class");
  return annotation || textAt(object, "spec", "storageClassName");
}

function defaultName(object: Fields, resource: string): string {
  const annotations = fieldsAt(object, "metadata", "annotations");
  const names = [`${resource}.kubernetes.io/is-default-class`, `${resource}.beta.kubernetes.io/is-default-class`];
  return names.some((name) => annotations[name] === "true") ? `${nameOf(object)} (default)` : nameOf(object);
}

function signingState(request: Fields): string {
  const has = (type: string) => conditionOf(request, type) !== undefined;
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  const issued = textAt(request, "status", "certificate") === "" ? "" : ",Issued";
  return `${decision}${has("Failed") ? ",Failed" : ""}${issued}`;
}
