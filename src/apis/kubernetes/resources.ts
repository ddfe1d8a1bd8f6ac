/** A path below a resource's objects. Its kind may live in another group: `deployments/scale` is `autoscaling/v1 Scale`. */
export type Subresource = { name: string; group: string; version: string; kind: string; verbs: readonly string[] };

/** One built-in resource in one version, as discovery describes it. */
export type BuiltinResource = {
  group: string;
  version: string;
  resource: string;
  kind: string;
  listKind: string;
  singular: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  subresources: readonly Subresource[];
  /** Whether `status` is written through its own subresource only. */
  hasStatus: boolean;
  /** Versions and groups that show the same objects have the same storage identity; the others are their own. */
  storageGroup: string;
  storageVersion: string;
  /** Name of the kind's OpenAPI definition. */
  definition: string;
};

type Options = {
  short?: string;
  categories?: string[];
  cluster?: boolean;
  singular?: string;
  verbs?: string[];
  sub?: (keyof typeof subresources)[];
  storage?: { group: string; version: string };
};
type Group = {
  group: string;
  version: string;
  package: string;
  resources: Record<string, [kind: string, options?: Options]>;
};

const everything = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const createOnly = ["create"];
const readWrite = ["get", "patch", "update"];
const stream = ["create", "get"];
const proxy = ["create", "delete", "get", "patch", "update"];
const all = ["all"];
const extension = ["api-extensions"];

/** What stands below the resources; without a kind it is the resource's own. */
const subresources = {
  approval: { verbs: readWrite },
  attach: { kind: "PodAttachOptions", verbs: stream },
  binding: { kind: "Binding", verbs: createOnly },
  ephemeralcontainers: { verbs: readWrite },
  eviction: { group: "policy", version: "v1", kind: "Eviction", verbs: createOnly },
  exec: { kind: "PodExecOptions", verbs: stream },
  finalize: { verbs: ["update"] },
  log: { verbs: ["get"] },
  nodeProxy: { name: "proxy", kind: "NodeProxyOptions", verbs: proxy },
  podProxy: { name: "proxy", kind: "PodProxyOptions", verbs: proxy },
  portforward: { kind: "PodPortForwardOptions", verbs: stream },
  resize: { verbs: readWrite },
  scale: { group: "autoscaling", version: "v1", kind: "Scale", verbs: readWrite },
  serviceProxy: { name: "proxy", kind: "ServiceProxyOptions", verbs: proxy },
  status: { verbs: readWrite },
  token: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", verbs: createOnly },
} satisfies Record<string, { name?: string; group?: string; version?: string; kind?: string; verbs: string[] }>;

/** Groups in the order in which a cluster lists them, preferred versions first; a group's resources by name. */
const groups: Group[] = [
  {
    group: "",
    version: "v1",
    package: "api.core.v1",
    resources: {
      bindings: ["Binding", { verbs: createOnly }],
      componentstatuses: ["ComponentStatus", { short: "cs", cluster: true, verbs: ["get", "list"] }],
      configmaps: ["ConfigMap", { short: "cm" }],
      endpoints: ["Endpoints", { short: "ep", singular: "endpoints" }],
      events: ["Event", { short: "ev" }],
      limitranges: ["LimitRange", { short: "limits" }],
      namespaces: [
        "Namespace",
        {
          short: "ns",
          cluster: true,
          verbs: everything.filter((verb) => verb !== "deletecollection"),
          sub: ["finalize", "status"],
        },
      ],
      nodes: ["Node", { short: "no", cluster: true, sub: ["nodeProxy", "status"] }],
      persistentvolumeclaims: ["PersistentVolumeClaim", { short: "pvc", sub: ["status"] }],
      persistentvolumes: ["PersistentVolume", { short: "pv", cluster: true, sub: ["status"] }],
      pods: [
        "Pod",
        {
          short: "po",
          categories: all,
          sub: [
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "podProxy",
            "resize",
            "status",
          ],
        },
      ],
      podtemplates: ["PodTemplate"],
      replicationcontrollers: ["ReplicationController", { short: "rc", categories: all, sub: ["scale", "status"] }],
      resourcequotas: ["ResourceQuota", { short: "quota", sub: ["status"] }],
      secrets: ["Secret"],
      serviceaccounts: ["ServiceAccount", { short: "sa", sub: ["token"] }],
      services: ["Service", { short: "svc", categories: all, sub: ["serviceProxy", "status"] }],
    },
  },
  {
    group: "apiregistration.k8s.io",
    version: "v1",
    package: "kube-aggregator.pkg.apis.apiregistration.v1",
    resources: { apiservices: ["APIService", { categories: extension, cluster: true, sub: ["status"] }] },
  },
  {
    group: "apps",
    version: "v1",
    package: "api.apps.v1",
    resources: {
      controllerrevisions: ["ControllerRevision"],
      daemonsets: ["DaemonSet", { short: "ds", categories: all, sub: ["status"] }],
      deployments: ["Deployment", { short: "deploy", categories: all, sub: ["scale", "status"] }],
      replicasets: ["ReplicaSet", { short: "rs", categories: all, sub: ["scale", "status"] }],
      statefulsets: ["StatefulSet", { short: "sts", categories: all, sub: ["scale", "status"] }],
    },
  },
  {
    group: "events.k8s.io",
    version: "v1",
    package: "api.events.v1",
    resources: { events: ["Event", { short: "ev", storage: { group: "", version: "v1" } }] },
  },
  {
    group: "authentication.k8s.io",
    version: "v1",
    package: "api.authentication.v1",
    resources: {
      selfsubjectreviews: ["SelfSubjectReview", { cluster: true, verbs: createOnly }],
      tokenreviews: ["TokenReview", { cluster: true, verbs: createOnly }],
    },
  },
  {
    group: "authorization.k8s.io",
    version: "v1",
    package: "api.authorization.v1",
    resources: {
      localsubjectaccessreviews: ["LocalSubjectAccessReview", { verbs: createOnly }],
      selfsubjectaccessreviews: ["SelfSubjectAccessReview", { cluster: true, verbs: createOnly }],
      selfsubjectrulesreviews: ["SelfSubjectRulesReview", { cluster: true, verbs: createOnly }],
      subjectaccessreviews: ["SubjectAccessReview", { cluster: true, verbs: createOnly }],
    },
  },
  {
    group: "autoscaling",
    version: "v2",
    package: "api.autoscaling.v2",
    resources: {
      horizontalpodautoscalers: ["HorizontalPodAutoscaler", { short: "hpa", categories: all, sub: ["status"] }],
    },
  },
  {
    group: "autoscaling",
    version: "v1",
    package: "api.autoscaling.v1",
    resources: {
      horizontalpodautoscalers: [
        "HorizontalPodAutoscaler",
        { short: "hpa", categories: all, sub: ["status"], storage: { group: "autoscaling", version: "v2" } },
      ],
    },
  },
  {
    group: "batch",
    version: "v1",
    package: "api.batch.v1",
    resources: {
      cronjobs: ["CronJob", { short: "cj", categories: all, sub: ["status"] }],
      jobs: ["Job", { categories: all, sub: ["status"] }],
    },
  },
  {
    group: "certificates.k8s.io",
    version: "v1",
    package: "api.certificates.v1",
    resources: {
      certificatesigningrequests: [
        "CertificateSigningRequest",
        { short: "csr", cluster: true, sub: ["approval", "status"] },
      ],
    },
  },
  {
    group: "networking.k8s.io",
    version: "v1",
    package: "api.networking.v1",
    resources: {
      ingressclasses: ["IngressClass", { cluster: true }],
      ingresses: ["Ingress", { short: "ing", sub: ["status"] }],
      ipaddresses: ["IPAddress", { short: "ip", cluster: true }],
      networkpolicies: ["NetworkPolicy", { short: "netpol" }],
      servicecidrs: ["ServiceCIDR", { cluster: true, sub: ["status"] }],
    },
  },
  {
    group: "policy",
    version: "v1",
    package: "api.policy.v1",
    resources: { poddisruptionbudgets: ["PodDisruptionBudget", { short: "pdb", sub: ["status"] }] },
  },
  {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    package: "api.rbac.v1",
    resources: {
      clusterrolebindings: ["ClusterRoleBinding", { cluster: true }],
      clusterroles: ["ClusterRole", { cluster: true }],
      rolebindings: ["RoleBinding"],
      roles: ["Role"],
    },
  },
  {
    group: "storage.k8s.io",
    version: "v1",
    package: "api.storage.v1",
    resources: {
      csidrivers: ["CSIDriver", { cluster: true }],
      csinodes: ["CSINode", { cluster: true }],
      csistoragecapacities: ["CSIStorageCapacity"],
      storageclasses: ["StorageClass", { short: "sc", cluster: true }],
      volumeattachments: ["VolumeAttachment", { cluster: true, sub: ["status"] }],
      volumeattributesclasses: ["VolumeAttributesClass", { short: "vac", cluster: true }],
    },
  },
  {
    group: "admissionregistration.k8s.io",
    version: "v1",
    package: "api.admissionregistration.v1",
    resources: {
      mutatingwebhookconfigurations: ["MutatingWebhookConfiguration", { categories: extension, cluster: true }],
      validatingadmissionpolicies: [
        "ValidatingAdmissionPolicy",
        { categories: extension, cluster: true, sub: ["status"] },
      ],
      validatingadmissionpolicybindings: ["ValidatingAdmissionPolicyBinding", { categories: extension, cluster: true }],
      validatingwebhookconfigurations: ["ValidatingWebhookConfiguration", { categories: extension, cluster: true }],
    },
  },
  {
    group: "apiextensions.k8s.io",
    version: "v1",
    package: "apiextensions-apiserver.pkg.apis.apiextensions.v1",
    resources: {
      customresourcedefinitions: [
        "CustomResourceDefinition",
        { short: "crd,crds", categories: extension, cluster: true, sub: ["status"] },
      ],
    },
  },
  {
    group: "scheduling.k8s.io",
    version: "v1",
    package: "api.scheduling.v1",
    resources: { priorityclasses: ["PriorityClass", { short: "pc", cluster: true }] },
  },
  {
    group: "coordination.k8s.io",
    version: "v1",
    package: "api.coordination.v1",
    resources: { leases: ["Lease"] },
  },
  {
    group: "node.k8s.io",
    version: "v1",
    package: "api.node.v1",
    resources: { runtimeclasses: ["RuntimeClass", { cluster: true }] },
  },
  {
    group: "discovery.k8s.io",
    version: "v1",
    package: "api.discovery.v1",
    resources: { endpointslices: ["EndpointSlice"] },
  },
  {
    group: "resource.k8s.io",
    version: "v1",
    package: "api.resource.v1",
    resources: {
      deviceclasses: ["DeviceClass", { cluster: true }],
      resourceclaims: ["ResourceClaim", { sub: ["status"] }],
      resourceclaimtemplates: ["ResourceClaimTemplate"],
      resourceslices: ["ResourceSlice", { cluster: true }],
    },
  },
  {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    package: "api.flowcontrol.v1",
    resources: {
      flowschemas: ["FlowSchema", { cluster: true, sub: ["status"] }],
      prioritylevelconfigurations: ["PriorityLevelConfiguration", { cluster: true, sub: ["status"] }],
    },
  },
];

/** What a Kubernetes 1.34 server serves by default, in the order in which it lists it. Alpha and beta versions are off there too. */
export const builtinResources: readonly BuiltinResource[] = groups.flatMap(
  ({ group, version, package: path, resources }) =>
    Object.entries(resources).map(([resource, [kind, options = {}]]): BuiltinResource => {
      const {
        short,
        categories = [],
        cluster = false,
        singular = kind.toLowerCase(),
        verbs = everything,
        sub = [],
        storage,
      } = options;
      return {
        group,
        version,
        resource,
        kind,
        listKind: `${kind}List`,
        singular,
        namespaced: !cluster,
        shortNames: short?.split(",") ?? [],
        categories,
        verbs,
        subresources: sub.map((name) => ({ name, group, version, kind, ...subresources[name] })),
        hasStatus: sub.includes("status"),
        storageGroup: storage?.group ?? group,
        storageVersion: storage?.version ?? version,
        definition: `io.k8s.${path}.${kind}`,
      };
    }),
);
