// The kinds that the platform knows: their schemas, defaults, rules, conversions and the columns of their tables.
// It promises pure functions over plain objects that answer as Kubernetes 1.34, Argo CD and idpbuilder do.
// It leaves to others storing and serving objects, and whatever needs a second object to be judged.

export {
  type AppProject,
  type AppProjectSpec,
  type ProjectResource,
  parseAppProject,
  type SyncWindow,
} from "./argoproj/app-project.ts";
export {
  type Application,
  type ApplicationSpec,
  type ApplicationStatus,
  type ComparedTo,
  type Condition,
  type ConditionType,
  type Destination,
  type Health,
  type HealthStatusCode,
  type HistoryEntry,
  type IgnoreDifference,
  type Initiator,
  type NamespaceMetadata,
  type Operation,
  type OperationPhase,
  type OperationState,
  parseApplication,
  type ResourceResult,
  type ResourceStatus,
  type Retry,
  type SourceType,
  type SyncOperation,
  type SyncPolicy,
  type SyncResource,
  type SyncResult,
  type SyncStatusCode,
} from "./argoproj/application.ts";
export {
  type ApplicationSet,
  type ApplicationSetCondition,
  type ApplicationSetSpec,
  type ApplicationSetTemplate,
  type Generator,
  type GitGenerator,
  type LabelSelectorObject,
  parseApplicationSet,
} from "./argoproj/application-set.ts";
export { argoprojCrds } from "./argoproj/crds.ts";
export {
  type ApplicationSource,
  type DirectorySource,
  type HelmSource,
  type KustomizeSource,
  type NameValue,
  type PluginSource,
  parseSource,
} from "./argoproj/source.ts";
export { idpbuilderCrds } from "./idpbuilder/crds.ts";
export type {
  BuildCustomization,
  CustomPackage,
  GitRepository,
  Localbuild,
  PackageProblem,
  RemoteRepository,
} from "./idpbuilder/kinds.ts";
export { rangeHolds } from "./kubernetes/addresses.ts";
export { convertBuiltin } from "./kubernetes/convert.ts";
export { parseGoDurationMs } from "./kubernetes/cron/duration.ts";
export { nextCronTime } from "./kubernetes/cron/next.ts";
export { CronError, type CronSchedule, cronProblem, parseCron } from "./kubernetes/cron/parse.ts";
export { isTimeZone, openZone } from "./kubernetes/cron/time-zone.ts";
export { decodeBuiltin, decodeMetadata } from "./kubernetes/decode.ts";
export { defaultBuiltin } from "./kubernetes/defaults.ts";
export { builtinDefinitions, builtinSchema } from "./kubernetes/definitions.ts";
export { compileJsonPath, createPrinterColumn, type JsonPath } from "./kubernetes/jsonpath.ts";
export { prepareForCreate, prepareForUpdate } from "./kubernetes/prepare.ts";
export { decodeProtobuf } from "./kubernetes/protobuf.ts";
export {
  type Amounts,
  addAmounts,
  amountsAt,
  amountsObject,
  podLimits,
  podRequests,
} from "./kubernetes/quota/amounts.ts";
export {
  type CountedResource,
  countedResources,
  countName,
  type Meter,
  meterOf,
  quotaMatches,
  scopesOf,
} from "./kubernetes/quota/usage.ts";
export { type BuiltinResource, builtinResources, type Subresource } from "./kubernetes/resources.ts";
export { selectableField, selectableFields } from "./kubernetes/selectable.ts";
export { allocateService, apiServiceAddress, serviceRange, type Taken, takenBy } from "./kubernetes/service.ts";
export { type Strategy, strategyOf } from "./kubernetes/strategy.ts";
export type { Cell } from "./kubernetes/tables/text.ts";
export { type Column, tableCells, tableColumns } from "./kubernetes/tables.ts";
export { validateObjectMeta, validateObjectMetaUpdate } from "./kubernetes/validation/metadata.ts";
export { validateBuiltin } from "./kubernetes/validation.ts";
export { warnOfBuiltin } from "./kubernetes/warnings/warnings.ts";
export { completeBuiltin, emptyBuiltin } from "./kubernetes/zero-values.ts";
export { type LogicalCluster, logicalClusterCrd } from "./skiff/logical-cluster.ts";
