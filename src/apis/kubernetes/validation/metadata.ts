import {
  forbiddenValue,
  invalidValue,
  type KubeObject,
  type NameProblems,
  type ObjectMeta,
  quoteGo,
  requiredValue,
  tooLong,
  validateDns1035Label,
  validateLabel,
  validatePathSegment,
  validateQualifiedName,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { parseAddress } from "../addresses.ts";
import type { BuiltinResource } from "../resources.ts";
import { kindKey } from "../strategy.ts";
import { type Causes, named, validateLabels } from "./values.ts";

/** Keys and values of all annotations together: 256 KiB. */
const annotationsSizeMax = 2 ** 18;

const rbacNames = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].map(
  (kind) => `rbac.authorization.k8s.io/${kind}`,
);

/** Rules of names that are not DNS subdomains. */
const nameRules: Record<string, (name: string) => NameProblems> = {
  Namespace: validateLabel,
  Service: validateDns1035Label,
  "apps/StatefulSet": validateLabel,
  "batch/CronJob": (name) => [
    ...validateSubdomain(name),
    // A Job's name adds eleven characters, and its pods' labels hold 63.
    ...(name.length > 52 ? ["must be no more than 52 characters"] : []),
  ],
  "networking.k8s.io/IPAddress": validateAddressName,
  // Nothing is asked of it but what its path asks.
  "policy/PodDisruptionBudget": validatePathSegment,
  ...Object.fromEntries(rbacNames.map((kind) => [kind, validatePathSegment])),
  // Names of events are made of others' names, which have all of these rules.
  Event: validatePathSegment,
  "events.k8s.io/Event": validatePathSegment,
};

function validateAddressName(name: string): NameProblems {
  const found = parseAddress(name);
  if (found === undefined) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  if (found.isOdd) return [name.includes(":") ? "must not be an IPv4-mapped IPv6 address" : "must not have leading 0s"];
  return found.canonical === name ? [] : [`must be in canonical form (${quoteGo(found.canonical)})`];
}

/** What every built-in kind's metadata must satisfy, and the rule that the kind's names follow. */
export function validateMetadata(
  resource: Pick<BuiltinResource, "group" | "kind" | "namespaced">,
  { metadata }: KubeObject,
): Causes {
  const checkName = nameRules[kindKey(resource)] ?? validateSubdomain;
  return [
    ...validateObjectMeta(metadata, { namespaced: resource.namespaced, checkName }),
    ...(metadata.finalizers ?? []).flatMap(validateBuiltinFinalizer),
  ];
}

/** What the metadata of any object must satisfy. */
export function validateObjectMeta(
  metadata: ObjectMeta,
  { namespaced, checkName }: { namespaced: boolean; checkName: (name: string) => NameProblems },
): Causes {
  const { name = "", generateName = "", namespace = "" } = metadata;
  const causes: Causes = [];
  // The five characters that follow make a trailing dash right.
  if (generateName !== "")
    causes.push(...named("metadata.generateName", generateName, (text) => checkName(text.replace(/.-$/, "a"))));
  if (name === "") causes.push(requiredValue("metadata.name", "name or generateName is required"));
  else causes.push(...named("metadata.name", name, checkName));
  if (!namespaced) {
    if (namespace !== "") causes.push(forbiddenValue("metadata.namespace", "not allowed on this type"));
  } else if (namespace === "") causes.push(requiredValue("metadata.namespace"));
  else causes.push(...named("metadata.namespace", namespace, validateLabel));
  return [...causes, ...validateLabelled(metadata), ...validateFinalizers(metadata.finalizers ?? [])];
}

/** How often Kubernetes looks at the metadata of a change, and tells what it finds; three times unless said otherwise. */
const timesJudged: Readonly<Record<string, number>> = {
  ...Object.fromEntries(["Event", "events.k8s.io/Event", "policy/PodDisruptionBudget"].map((kind) => [kind, 2])),
  ...Object.fromEntries(
    [
      "ConfigMap",
      "ControllerRevision",
      "Endpoints",
      "Namespace",
      "Node",
      "PersistentVolume",
      "Pod",
      "ReplicationController",
      "Secret",
      "ServiceAccount",
      "apiregistration.k8s.io/APIService",
      "apps/ControllerRevision",
      "batch/Job",
      "networking.k8s.io/IPAddress",
      "networking.k8s.io/Ingress",
      "networking.k8s.io/IngressClass",
      "networking.k8s.io/NetworkPolicy",
      "node.k8s.io/RuntimeClass",
      "resource.k8s.io/DeviceClass",
      "resource.k8s.io/ResourceClaim",
      "resource.k8s.io/ResourceClaimTemplate",
      "storage.k8s.io/CSINode",
      "storage.k8s.io/CSIStorageCapacity",
      "storage.k8s.io/StorageClass",
      "storage.k8s.io/VolumeAttachment",
    ].map((kind) => [kind, 4]),
  ),
  ...Object.fromEntries(
    ["PersistentVolumeClaim", ...rbacNames, "storage.k8s.io/VolumeAttributesClass"].map((kind) => [kind, 5]),
  ),
};

/** What of a built-in kind's metadata may change, and how. */
export function validateMetadataUpdate(
  resource: Pick<BuiltinResource, "group" | "kind">,
  { metadata }: KubeObject,
  { metadata: before }: KubeObject,
): Causes {
  const whole = [...validateLabelled(metadata), ...validateFinalizers(metadata.finalizers ?? [])];
  const change = validateChange(metadata, before);
  const bare = (metadata.finalizers ?? []).flatMap(validateBuiltinFinalizer);
  if (whole.length === 0 && change.length === 0 && bare.length === 0) return [];
  const labelled = validateLabelled(metadata);
  const ofAll = [...whole, ...change, ...labelled];
  const ofKind = [
    [...change, ...labelled, ...bare],
    [...whole, ...bare],
    [...whole, ...bare],
  ];
  return [...ofAll, ...ofKind.slice(0, (timesJudged[kindKey(resource)] ?? 3) - 2).flat()];
}

/** What of the metadata of a custom resource may change, and how; looked at as often as in Kubernetes. */
export function validateObjectMetaUpdate(metadata: ObjectMeta, before: ObjectMeta): Causes {
  const labelled = validateLabelled(metadata);
  const change = validateChange(metadata, before);
  return [
    ...[...labelled, ...validateFinalizers(metadata.finalizers ?? [])],
    ...[...change, ...labelled],
    ...[...change, ...labelled],
  ];
}

function validateChange(metadata: ObjectMeta, before: ObjectMeta): Causes {
  const causes: Causes = [];
  const added = (metadata.finalizers ?? []).filter((finalizer) => !before.finalizers?.includes(finalizer)).sort();
  if (before.deletionTimestamp !== undefined && added.length > 0) {
    const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
    causes.push(forbiddenValue("metadata.finalizers", why));
  }
  for (const field of ["name", "namespace", "uid"] as const)
    if (metadata[field] !== before[field])
      causes.push(invalidValue(`metadata.${field}`, metadata[field] ?? "", "field is immutable"));
  return causes;
}

function validateLabelled({ labels, annotations = {}, ownerReferences = [] }: ObjectMeta): Causes {
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(annotations))
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value ?? "");
  return [
    ...validateLabels("metadata.labels", labels),
    ...validateAnnotationKeys("metadata.annotations", annotations),
    ...(sizeBytes > annotationsSizeMax ? [tooLong("metadata.annotations", annotationsSizeMax)] : []),
    ...validateOwners(ownerReferences),
  ];
}

/** Like keys of labels, except that case does not matter. */
export function validateAnnotationKeys(path: string, annotations: object): Causes {
  return Object.keys(annotations).flatMap((key) =>
    validateQualifiedName(key.toLowerCase()).map((problem) => invalidValue(path, key, problem)),
  );
}

function validateOwners(owners: NonNullable<ObjectMeta["ownerReferences"]>): Causes {
  const path = "metadata.ownerReferences";
  const causes: Causes = [];
  const empty = "must not be empty";
  for (const owner of owners) {
    if (!owner.apiVersion) causes.push(invalidValue(`${path}.apiVersion`, "", "version must not be empty"));
    for (const field of ["kind", "name", "uid"] as const)
      if (!owner[field]) causes.push(invalidValue(`${path}.${field}`, "", empty));
    if (owner.apiVersion === "v1" && owner.kind === "Event")
      causes.push(invalidValue(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
  }
  const [first, ...others] = owners
    .filter(({ controller }) => controller === true)
    .map(({ kind, name }) => `${kind}/${name}`);
  for (const other of others) {
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${other}`;
    causes.push(invalidValue(path, owners, why));
  }
  return causes;
}

function validateFinalizers(finalizers: string[]): Causes {
  const path = "metadata.finalizers";
  const causes = finalizers.flatMap((finalizer) => named(path, finalizer, validateQualifiedName));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    causes.push(invalidValue(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  return causes;
}

/** Finalizers of Kubernetes' own that have no domain. */
const bareFinalizers = new Set(["foregroundDeletion", "kubernetes", "orphan"]);

function validateBuiltinFinalizer(finalizer: string, index: number): Causes {
  if (finalizer.includes("/") || bareFinalizers.has(finalizer)) return [];
  const why = "name is neither a standard finalizer name nor is it fully qualified";
  return [invalidValue(`metadata.finalizers[${index}]`, finalizer, why)];
}
