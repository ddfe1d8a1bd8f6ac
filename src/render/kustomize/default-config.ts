import type { FieldSpec } from "./field-spec.ts";
import type { Gvk } from "./resource-id.ts";

/** A kind, and the fields of other kinds that refer to one of it by name. */
export type NameReference = Gvk & { readonly referrers: readonly FieldSpec[] };

/** The fields that transformers change. */
export type TransformerConfig = {
  readonly namePrefix: readonly FieldSpec[];
  readonly nameSuffix: readonly FieldSpec[];
  readonly namespace: readonly FieldSpec[];
  readonly commonLabels: readonly FieldSpec[];
  readonly labels: readonly FieldSpec[];
  readonly templateLabels: readonly FieldSpec[];
  readonly commonAnnotations: readonly FieldSpec[];
  readonly nameReference: readonly NameReference[];
  readonly varReference: readonly FieldSpec[];
  readonly images: readonly FieldSpec[];
  readonly replicas: readonly FieldSpec[];
};

/** @param kinds `Kind`, `group/Kind` or `:version/Kind`; empty for all kinds */
function field(kinds: string, path: string, create = false): FieldSpec[] {
  return kinds.split(" ").map((text) => {
    const slash = text.indexOf("/");
    const place = slash < 0 ? "" : text.slice(0, slash);
    const [group = "", version = ""] = place.split(":");
    return { group, version, kind: text.slice(slash + 1), path, create };
  });
}

function fields(kinds: string, paths: string): FieldSpec[] {
  return paths.split(" ").flatMap((path) => field(kinds, path));
}

/** Where the specification of a pod is in each kind that has one. */
const podSpecs: ReadonlyMap<string, string> = new Map([
  ["Pod", "spec"],
  ["PodTemplate", "template/spec"],
  ["CronJob", "spec/jobTemplate/spec/template/spec"],
]);

/** @param paths below the specification of a pod */
function podFields(kinds: string, paths: string): FieldSpec[] {
  return kinds.split(" ").flatMap((kind) => {
    const bare = kind.slice(kind.indexOf("/") + 1);
    const base = podSpecs.get(bare) ?? "spec/template/spec";
    return paths.split(" ").flatMap((path) => field(kind, `${base}/${path}`));
  });
}

const workloads = "PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob";
const podOwners = "Pod StatefulSet Deployment ReplicationController CronJob Job DaemonSet";
const both = (path: string): string => `containers/${path} initContainers/${path}`;

const metadataLabels: readonly FieldSpec[] = [
  ...field("", "metadata/labels", true),
  ...field(":v1/ReplicationController Deployment ReplicaSet DaemonSet", "spec/template/metadata/labels", true),
  ...field("apps/StatefulSet", "spec/template/metadata/labels", true),
  ...field("apps/StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
  ...field("batch/Job", "spec/template/metadata/labels", true),
  ...field("batch/CronJob", "spec/jobTemplate/metadata/labels", true),
  ...field("batch/CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

const terms = ["podAffinity", "podAntiAffinity"].flatMap((kind) => [
  `affinity/${kind}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels`,
  `affinity/${kind}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels`,
]);
const podSelectors = [...terms, "topologySpreadConstraints/labelSelector/matchLabels"].join(" ");

const commonLabels: readonly FieldSpec[] = [
  ...field(":v1/Service :v1/ReplicationController", "spec/selector", true),
  ...field("Deployment ReplicaSet DaemonSet apps/StatefulSet", "spec/selector/matchLabels", true),
  ...podFields("apps/Deployment apps/StatefulSet", podSelectors),
  ...field("batch/Job policy/PodDisruptionBudget", "spec/selector/matchLabels"),
  ...field("batch/CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
  ...fields(
    "networking.k8s.io/NetworkPolicy",
    "spec/podSelector/matchLabels spec/ingress/from/podSelector/matchLabels spec/egress/to/podSelector/matchLabels",
  ),
  ...metadataLabels,
];

const commonAnnotations: readonly FieldSpec[] = [
  ...field("", "metadata/annotations", true),
  ...field(
    ":v1/ReplicationController Deployment ReplicaSet DaemonSet StatefulSet batch/Job",
    "spec/template/metadata/annotations",
    true,
  ),
  ...field("batch/CronJob", "spec/jobTemplate/metadata/annotations", true),
  ...field("batch/CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

/** The fields that name a ConfigMap or a Secret. */
function configFields(key: string, source: string, volume: string, projected: string): string {
  const keys = both(`env/valueFrom/${key}/name`);
  return `volumes/${volume} ${keys} ${both(`envFrom/${source}/name`)} volumes/projected/sources/${projected}/name`;
}

const configMapFields = configFields("configMapKeyRef", "configMapRef", "configMap/name", "configMap");
const secretFields = `${configFields("secretKeyRef", "secretRef", "secret/secretName", "secret")} imagePullSecrets/name`;

const nginx = "metadata/annotations/nginx.ingress.kubernetes.io\\/";

const nameReference: readonly NameReference[] = [
  ...["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map((kind) =>
    target(kind, field("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")),
  ),
  target(":v1/ConfigMap", [
    ...podFields(`:v1/Pod ${workloads}`, configMapFields),
    ...field("Node", "spec/configSource/configMap"),
    ...field("Role ClusterRole", "rules/resourceNames"),
    ...field("Ingress", `${nginx}fastcgi-params-configmap`),
  ]),
  target(":v1/Secret", [
    ...podFields(`:v1/Pod ${workloads}`, secretFields),
    ...fields(
      "Ingress",
      `spec/tls/secretName metadata/annotations/ingress.kubernetes.io\\/auth-secret ${nginx}auth-secret ${nginx}auth-tls-secret`,
    ),
    ...field("ServiceAccount", "imagePullSecrets/name"),
    ...fields(
      "StorageClass",
      "parameters/secretName parameters/adminSecretName parameters/userSecretName parameters/secretRef",
    ),
    ...field("Role ClusterRole", "rules/resourceNames"),
    ...podFields("serving.knative.dev:v1/Service", "containers/env/valueFrom/secretKeyRef/name"),
    ...field("PersistentVolume", "spec/azureFile/secretName"),
  ]),
  target(":v1/Service", [
    ...field("apps/StatefulSet", "spec/serviceName"),
    ...fields(
      "Ingress",
      "spec/rules/http/paths/backend/serviceName spec/backend/serviceName spec/rules/http/paths/backend/service/name spec/defaultBackend/service/name",
    ),
    ...field("apiregistration.k8s.io/APIService", "spec/service/name"),
    ...field(
      "admissionregistration.k8s.io/ValidatingWebhookConfiguration admissionregistration.k8s.io/MutatingWebhookConfiguration",
      "webhooks/clientConfig/service",
    ),
  ]),
  target("rbac.authorization.k8s.io/Role", field("rbac.authorization.k8s.io/RoleBinding", "roleRef/name")),
  target(
    "rbac.authorization.k8s.io/ClusterRole",
    field("rbac.authorization.k8s.io/RoleBinding rbac.authorization.k8s.io/ClusterRoleBinding", "roleRef/name"),
  ),
  target(":v1/ServiceAccount", [
    ...field("rbac.authorization.k8s.io/RoleBinding rbac.authorization.k8s.io/ClusterRoleBinding", "subjects"),
    ...podFields(podOwners, "serviceAccountName"),
  ]),
  target(":v1/PersistentVolumeClaim", podFields(podOwners, "volumes/persistentVolumeClaim/claimName")),
  target(":v1/PersistentVolume", [
    ...field("PersistentVolumeClaim", "spec/volumeName"),
    ...field("ClusterRole", "rules/resourceNames"),
  ]),
  target("storage.k8s.io:v1/StorageClass", [
    ...field("PersistentVolume PersistentVolumeClaim", "spec/storageClassName"),
    ...field("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
  ]),
  target("scheduling.k8s.io:v1/PriorityClass", podFields(podOwners, "priorityClassName")),
  // Upstream's table has the version in the group too, so that this entry never matches; it is kept as it is.
  {
    group: "networking.k8s.io/v1",
    version: "v1",
    kind: "IngressClass",
    referrers: field("Ingress", "spec/ingressClassName"),
  },
  target(
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
    field("admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", "spec/policyName"),
  ),
];

function target(kind: string, referrers: readonly FieldSpec[]): NameReference {
  const [gvk] = field(kind, "");
  return { group: gvk?.group ?? "", version: gvk?.version ?? "", kind: gvk?.kind ?? "", referrers };
}

const containerTexts = `${both("args")} ${both("command")} ${both("env/value")} ${both("volumeMounts/mountPath")}`;

const varReference: readonly FieldSpec[] = [
  ...podFields("CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet", containerTexts),
  ...podFields("DaemonSet Deployment Job Pod ReplicaSet", "volumes/nfs/server"),
  ...field("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
  ...field("Deployment", "spec/template/metadata/annotations"),
  ...fields("Ingress", "spec/rules/host spec/tls/hosts spec/tls/secretName"),
  ...fields("Service", "spec/ports/port spec/ports/targetPort"),
  ...field("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
  ...field("PersistentVolume", "spec/nfs/server"),
  ...fields("", "metadata/labels metadata/annotations"),
];

const podImages = ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"];

/** The fields that kustomize 5.7 changes unless told of more. */
export const defaultConfig: TransformerConfig = {
  namePrefix: field("", "metadata/name"),
  nameSuffix: field("", "metadata/name"),
  namespace: [
    ...field("Namespace", "metadata/name", true),
    ...field("apiregistration.k8s.io/APIService", "spec/service/namespace", true),
    ...field("apiextensions.k8s.io/CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace"),
  ],
  commonLabels,
  labels: [],
  templateLabels: metadataLabels,
  commonAnnotations,
  nameReference,
  varReference,
  images: ["spec", "spec/template/spec"].flatMap((base) =>
    podImages.flatMap((path) => field("", `${base}/${path}`, true)),
  ),
  replicas: field("Deployment ReplicationController ReplicaSet StatefulSet", "spec/replicas", true),
};
