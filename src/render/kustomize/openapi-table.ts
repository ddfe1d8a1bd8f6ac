/**
 * The lists of the built-in kinds that a strategic merge patch merges, as the OpenAPI document of Kubernetes 1.21 says that
 * kustomize 5.7 carries. A type lists the fields that lead to such a list: `name:Type`, `name:[Type` for a list of them; behind
 * `!` stand the merge keys, joined by `+`, and nothing for a list of texts. Types that say the same share one entry.
 */
export const mergeTypes: Readonly<Record<string, string>> = {
  WebhookConfiguration: "metadata:ObjectMeta webhooks:[!name",
  Metadata: "metadata:ObjectMeta",
  Workload: "metadata:ObjectMeta spec:WorkloadSpec status:Conditions",
  WorkloadSpec: "template:PodTemplateSpec",
  Conditions: "conditions:[!type",
  Kustomization: "configMapGenerator:[!name secretGenerator:[!name",
  StatefulSet: "metadata:ObjectMeta spec:StatefulSetSpec status:Conditions",
  StatefulSetSpec: "template:PodTemplateSpec volumeClaimTemplates:[MetadataAndConditions",
  CronJob: "metadata:ObjectMeta spec:CronJobSpec",
  CronJobSpec: "jobTemplate:JobTemplateSpec",
  JobTemplateSpec: "metadata:ObjectMeta spec:WorkloadSpec",
  ComponentStatus: "conditions:[!type metadata:ObjectMeta",
  Container: "env:[!name ports:[!containerPort+protocol volumeDevices:[!devicePath volumeMounts:[!mountPath",
  EphemeralContainer: "env:[!name volumeDevices:[!devicePath volumeMounts:[!mountPath",
  EphemeralVolumeSource: "volumeClaimTemplate:Metadata",
  MetadataAndConditions: "metadata:ObjectMeta status:Conditions",
  Node: "metadata:ObjectMeta spec:NodeSpec status:NodeStatus",
  NodeSpec: "podCIDRs:[!",
  NodeStatus: "addresses:[!type conditions:[!type",
  Pod: "metadata:ObjectMeta spec:PodSpec status:PodStatus",
  PodSpec:
    "containers:[Container!name ephemeralContainers:[EphemeralContainer!name hostAliases:[!ip imagePullSecrets:[!name initContainers:[Container!name topologySpreadConstraints:[!topologyKey+whenUnsatisfiable volumes:[Volume!name",
  PodStatus: "conditions:[!type podIPs:[!ip",
  PodTemplate: "metadata:ObjectMeta template:PodTemplateSpec",
  PodTemplateSpec: "metadata:ObjectMeta spec:PodSpec",
  Service: "metadata:ObjectMeta spec:ServiceSpec status:Conditions",
  ServiceAccount: "metadata:ObjectMeta secrets:[!name",
  ServiceSpec: "ports:[!port+protocol",
  Volume: "ephemeral:EphemeralVolumeSource",
  CSINode: "metadata:ObjectMeta spec:CSINodeSpec",
  CSINodeSpec: "drivers:[!name",
  ObjectMeta: "finalizers:[! ownerReferences:[!uid",
};

/** The kinds of each type: `apiVersion:Kind,Kind`. */
export const kindsOfTypes: Readonly<Record<string, string>> = {
  WebhookConfiguration:
    "admissionregistration.k8s.io/v1:MutatingWebhookConfiguration,ValidatingWebhookConfiguration admissionregistration.k8s.io/v1beta1:MutatingWebhookConfiguration,ValidatingWebhookConfiguration",
  Metadata:
    "apiextensions.k8s.io/v1:CustomResourceDefinition apiextensions.k8s.io/v1beta1:CustomResourceDefinition apps/v1:Metadata authentication.k8s.io/v1:TokenRequest,TokenReview authentication.k8s.io/v1beta1:TokenReview authorization.k8s.io/v1:LocalSubjectAccessReview,SelfSubjectAccessReview,SelfSubjectRulesReview,SubjectAccessReview authorization.k8s.io/v1beta1:LocalSubjectAccessReview,SelfSubjectAccessReview,SelfSubjectRulesReview,SubjectAccessReview autoscaling/v1:HorizontalPodAutoscaler,Scale autoscaling/v2beta1:HorizontalPodAutoscaler autoscaling/v2beta2:HorizontalPodAutoscaler certificates.k8s.io/v1:CertificateSigningRequest certificates.k8s.io/v1beta1:CertificateSigningRequest coordination.k8s.io/v1:Lease coordination.k8s.io/v1beta1:Lease discovery.k8s.io/v1:EndpointSlice discovery.k8s.io/v1beta1:EndpointSlice events.k8s.io/v1:Event events.k8s.io/v1beta1:Event extensions/v1beta1:Ingress flowcontrol.apiserver.k8s.io/v1beta1:FlowSchema,PriorityLevelConfiguration networking.k8s.io/v1:Ingress,IngressClass,NetworkPolicy networking.k8s.io/v1beta1:Ingress,IngressClass node.k8s.io/v1:RuntimeClass node.k8s.io/v1beta1:RuntimeClass policy/v1beta1:Eviction,PodSecurityPolicy rbac.authorization.k8s.io/v1:ClusterRole,ClusterRoleBinding,Role,RoleBinding rbac.authorization.k8s.io/v1beta1:ClusterRole,ClusterRoleBinding,Role,RoleBinding scheduling.k8s.io/v1:PriorityClass scheduling.k8s.io/v1beta1:PriorityClass storage.k8s.io/v1:CSIDriver,StorageClass,VolumeAttachment storage.k8s.io/v1beta1:CSIDriver,CSIStorageCapacity,StorageClass,VolumeAttachment v1:Binding,ConfigMap,Endpoints,Event,LimitRange,PersistentVolume,ResourceQuota,Secret",
  Workload: "apps/v1:DaemonSet,Deployment,ReplicaSet batch/v1:Job v1:ReplicationController",
  Kustomization: "kustomize.config.k8s.io/v1beta1:Kustomization",
  StatefulSet: "apps/v1:StatefulSet",
  CronJob: "batch/v1:CronJob batch/v1beta1:CronJob",
  ComponentStatus: "v1:ComponentStatus",
  MetadataAndConditions:
    "apiregistration.k8s.io/v1:APIService apiregistration.k8s.io/v1beta1:APIService policy/v1:PodDisruptionBudget policy/v1beta1:PodDisruptionBudget v1:Namespace,PersistentVolumeClaim",
  Node: "v1:Node",
  Pod: "v1:Pod",
  PodTemplate: "v1:PodTemplate",
  Service: "v1:Service",
  ServiceAccount: "v1:ServiceAccount",
  CSINode: "storage.k8s.io/v1:CSINode storage.k8s.io/v1beta1:CSINode",
};

/** The kinds of which kustomize is certain that they are in no namespace. */
export const clusterScopedKinds =
  "admissionregistration.k8s.io/v1:MutatingWebhookConfiguration,ValidatingWebhookConfiguration admissionregistration.k8s.io/v1beta1:MutatingWebhookConfiguration,ValidatingWebhookConfiguration apiextensions.k8s.io/v1:CustomResourceDefinition apiextensions.k8s.io/v1beta1:CustomResourceDefinition apiregistration.k8s.io/v1:APIService apiregistration.k8s.io/v1beta1:APIService certificates.k8s.io/v1:CertificateSigningRequest certificates.k8s.io/v1beta1:CertificateSigningRequest flowcontrol.apiserver.k8s.io/v1beta1:FlowSchema,PriorityLevelConfiguration networking.k8s.io/v1:IngressClass networking.k8s.io/v1beta1:IngressClass node.k8s.io/v1:RuntimeClass node.k8s.io/v1beta1:RuntimeClass policy/v1beta1:PodSecurityPolicy rbac.authorization.k8s.io/v1:ClusterRole,ClusterRoleBinding rbac.authorization.k8s.io/v1beta1:ClusterRole,ClusterRoleBinding scheduling.k8s.io/v1:PriorityClass scheduling.k8s.io/v1beta1:PriorityClass storage.k8s.io/v1:CSIDriver,CSINode,StorageClass,VolumeAttachment storage.k8s.io/v1beta1:CSIDriver,CSINode,StorageClass,VolumeAttachment v1:ComponentStatus,Namespace,Node,PersistentVolume v1:NodeProxyOptions";

/** The kinds of which kustomize is certain that they are in a namespace. */
export const namespacedKinds =
  "apps/v1:ControllerRevision,DaemonSet,Deployment,ReplicaSet,StatefulSet autoscaling/v1:HorizontalPodAutoscaler,Scale autoscaling/v2beta1:HorizontalPodAutoscaler autoscaling/v2beta2:HorizontalPodAutoscaler batch/v1:CronJob,Job batch/v1beta1:CronJob coordination.k8s.io/v1:Lease coordination.k8s.io/v1beta1:Lease discovery.k8s.io/v1:EndpointSlice discovery.k8s.io/v1beta1:EndpointSlice events.k8s.io/v1:Event events.k8s.io/v1beta1:Event extensions/v1beta1:Ingress networking.k8s.io/v1:Ingress,NetworkPolicy networking.k8s.io/v1beta1:Ingress policy/v1:PodDisruptionBudget policy/v1beta1:PodDisruptionBudget rbac.authorization.k8s.io/v1:Role,RoleBinding rbac.authorization.k8s.io/v1beta1:Role,RoleBinding storage.k8s.io/v1beta1:CSIStorageCapacity v1:ConfigMap,Endpoints,Event,LimitRange,PersistentVolumeClaim,Pod,PodTemplate,ReplicationController,ResourceQuota,Secret,Service,ServiceAccount";
