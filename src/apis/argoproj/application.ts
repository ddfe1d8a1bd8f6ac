import { invalid, type KubeObject, type ObjectMeta, type Schema, validateSchema } from "../../apimachinery/index.ts";
import { anyObject, fields, flag, int, list, mapOf, text, time } from "./schema.ts";
import { type ApplicationSource, hydratorSchema, type NameValue, sourceSchema } from "./source.ts";

export type Destination = { server?: string; name?: string; namespace?: string };

export type IgnoreDifference = {
  group?: string;
  kind: string;
  name?: string;
  namespace?: string;
  jsonPointers?: string[];
  jqPathExpressions?: string[];
  managedFieldsManagers?: string[];
};

export type NamespaceMetadata = { labels?: Record<string, string>; annotations?: Record<string, string> };

export type Retry = {
  /** How often a failed sync is tried again; negative means without end. */
  limit?: number;
  backoff?: { duration?: string; factor?: number; maxDuration?: string };
  refresh?: boolean;
};

export type SyncPolicy = {
  automated?: { prune?: boolean; selfHeal?: boolean; allowEmpty?: boolean; enabled?: boolean };
  syncOptions?: string[];
  retry?: Retry;
  managedNamespaceMetadata?: NamespaceMetadata;
};

export type ApplicationSpec = {
  source?: ApplicationSource;
  sources?: ApplicationSource[];
  sourceHydrator?: object;
  destination: Destination;
  project: string;
  syncPolicy?: SyncPolicy;
  ignoreDifferences?: IgnoreDifference[];
  info?: NameValue[];
  revisionHistoryLimit?: number;
};

export type SyncResource = { group?: string; kind: string; name: string; namespace?: string };

export type SyncOperation = {
  revision?: string;
  revisions?: string[];
  prune?: boolean;
  dryRun?: boolean;
  resources?: SyncResource[];
  source?: ApplicationSource;
  sources?: ApplicationSource[];
  manifests?: string[];
  syncOptions?: string[];
  syncStrategy?: { apply?: { force?: boolean }; hook?: { force?: boolean } };
  autoHealAttemptsCount?: number;
};

export type Initiator = { username?: string; automated?: boolean };

/** A request to sync, written into the Application by the CLI, the UI or a controller; its presence starts the sync. */
export type Operation = { sync?: SyncOperation; initiatedBy?: Initiator; info?: NameValue[]; retry?: Retry };

export type OperationPhase = "Running" | "Terminating" | "Failed" | "Error" | "Succeeded";
export type SyncStatusCode = "Synced" | "OutOfSync" | "Unknown";
export type HealthStatusCode = "Healthy" | "Suspended" | "Progressing" | "Missing" | "Degraded" | "Unknown";

export type ResourceResult = {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  status?: "Synced" | "SyncFailed" | "Pruned" | "PruneSkipped";
  message?: string;
  hookType?: string;
  hookPhase?: OperationPhase;
  syncPhase?: string;
  images?: string[];
};

export type SyncResult = {
  resources?: ResourceResult[];
  revision: string;
  revisions?: string[];
  source?: ApplicationSource;
  sources?: ApplicationSource[];
  managedNamespaceMetadata?: NamespaceMetadata;
};

export type OperationState = {
  operation: Operation;
  phase: OperationPhase;
  message?: string;
  startedAt: string;
  finishedAt?: string;
  retryCount?: number;
  syncResult?: SyncResult;
};

export type Health = { status?: HealthStatusCode; message?: string; lastTransitionTime?: string };

export type ResourceStatus = {
  group?: string;
  version?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  status?: SyncStatusCode;
  health?: Health;
  hook?: boolean;
  requiresPruning?: boolean;
  requiresDeletionConfirmation?: boolean;
  syncWave?: number;
};

export type ConditionType =
  | "DeletionError"
  | "InvalidSpecError"
  | "ComparisonError"
  | "SyncError"
  | "UnknownError"
  | "SharedResourceWarning"
  | "RepeatedResourceWarning"
  | "ExcludedResourceWarning"
  | "OrphanedResourceWarning";
export type Condition = { type: ConditionType; message: string; lastTransitionTime?: string };

export type ComparedTo = {
  source?: ApplicationSource;
  sources?: ApplicationSource[];
  destination: Destination;
  ignoreDifferences?: IgnoreDifference[];
};

export type HistoryEntry = {
  id: number;
  revision?: string;
  revisions?: string[];
  source?: ApplicationSource;
  sources?: ApplicationSource[];
  deployedAt: string;
  deployStartedAt?: string;
  initiatedBy?: Initiator;
};

export type SourceType = "Helm" | "Kustomize" | "Directory" | "Plugin";

export type ApplicationStatus = {
  sync?: { status: SyncStatusCode; revision?: string; revisions?: string[]; comparedTo?: ComparedTo };
  health?: Health;
  operationState?: OperationState;
  resources?: ResourceStatus[];
  history?: HistoryEntry[];
  conditions?: Condition[];
  summary?: { images?: string[]; externalURLs?: string[]; isAppOfApps?: boolean };
  sourceType?: SourceType;
  /** Empty for a source that others only take files from. */
  sourceTypes?: (SourceType | "")[];
  reconciledAt?: string;
  controllerNamespace?: string;
};

export type Application = KubeObject & {
  metadata: ObjectMeta & { name: string };
  spec: ApplicationSpec;
  operation?: Operation;
  status?: ApplicationStatus;
};

const nameValues = list(fields({ name: text(), value: text() }, ["name", "value"]));
const destination = fields(
  {
    server: text("URL of the cluster's API server; `https://kubernetes.default.svc` is the cluster we are in."),
    name: text("Name of the cluster, instead of `server`; `in-cluster` is the cluster we are in."),
    namespace: text("Namespace of namespaced resources that name none."),
  },
  [],
  "Where the application is deployed.",
);
const ignoreDifferences = list(
  fields(
    {
      group: text("Glob of API groups."),
      kind: text("Glob of kinds."),
      name: text(),
      namespace: text(),
      jsonPointers: list(text(), "Fields by JSON pointer (RFC 6901)."),
      jqPathExpressions: list(text(), "Fields by jq path expression."),
      managedFieldsManagers: list(text(), "Fields that one of these field managers owns."),
    },
    ["kind"],
  ),
  "Differences that do not count.",
);
const retry = fields(
  {
    limit: int("How often a failed sync is tried again; negative means without end."),
    backoff: fields({
      duration: text("First wait, as in `5s` or `2m`; 5s when absent."),
      factor: int("What each wait is multiplied with for the next; 2 when absent."),
      maxDuration: text("Longest wait; 3m when absent."),
    }),
    refresh: flag("Whether a retry takes the newest revision instead of the one it began with."),
  },
  [],
  "How failed syncs are tried again.",
);
const namespaceMetadata = fields({ labels: mapOf(text()), annotations: mapOf(text()) });

export const applicationSpecSchema: Schema = fields(
  {
    source: sourceSchema,
    sources: list(sourceSchema, "Several sources; when there is one, `source` is not used."),
    sourceHydrator: hydratorSchema,
    destination,
    project: text("Name of the AppProject; empty means `default`."),
    syncPolicy: fields(
      {
        automated: fields(
          {
            prune: flag("Whether resources that left the source are deleted."),
            selfHeal: flag("Whether changes made in the cluster are undone."),
            allowEmpty: flag("Whether a source that has become empty may delete everything."),
            enabled: flag("Set to false to switch automatic syncs off."),
          },
          [],
          "Syncs by itself when the source has changed.",
        ),
        syncOptions: list(text(), "Options as `Name=value`, for example `CreateNamespace=true`."),
        retry,
        managedNamespaceMetadata: namespaceMetadata,
      },
      [],
      "When and how the cluster is made equal to the source.",
    ),
    ignoreDifferences,
    info: nameValues,
    revisionHistoryLimit: int("How many entries of the history are kept; 10 when absent."),
  },
  ["destination", "project"],
);

const sourceFields = { source: sourceSchema, sources: list(sourceSchema) };
const revisionFields = { revision: text(), revisions: list(text()) };
const initiatedBy = fields({
  username: text(),
  automated: flag("Whether the automatic sync began it."),
});
const operation = fields(
  {
    sync: fields({
      ...revisionFields,
      ...sourceFields,
      prune: flag(),
      dryRun: flag(),
      resources: list(
        fields({ group: text(), kind: text(), name: text(), namespace: text() }, ["kind", "name"]),
        "Sync only these.",
      ),
      manifests: list(text(), "Manifests to sync instead of those of the source."),
      syncOptions: list(text()),
      syncStrategy: fields({ apply: fields({ force: flag() }), hook: fields({ force: flag() }) }),
      autoHealAttemptsCount: int(),
    }),
    initiatedBy,
    info: nameValues,
    retry,
  },
  [],
  "Writing it starts a sync.",
);
const health = fields({ status: text(), message: text(), lastTransitionTime: time() });
const resourceResult = fields(
  {
    group: text(),
    version: text(),
    kind: text(),
    namespace: text(),
    name: text(),
    status: text(),
    message: text(),
    hookType: text(),
    hookPhase: text(),
    syncPhase: text(),
    images: list(text()),
  },
  ["group", "kind", "name", "namespace", "version"],
);
const operationState = fields(
  {
    operation,
    phase: text(),
    message: text(),
    startedAt: time(),
    finishedAt: time(),
    retryCount: int(),
    syncResult: fields(
      {
        ...revisionFields,
        ...sourceFields,
        resources: list(resourceResult),
        managedNamespaceMetadata: namespaceMetadata,
      },
      ["revision"],
    ),
  },
  ["operation", "phase", "startedAt"],
  "The sync that runs, or the last one.",
);
export const resourceStatusSchema: Schema = fields({
  group: text(),
  version: text(),
  kind: text(),
  namespace: text(),
  name: text(),
  status: text(),
  health,
  hook: flag(),
  requiresPruning: flag(),
  requiresDeletionConfirmation: flag(),
  syncWave: int(),
});
const status = fields({
  sync: fields(
    {
      status: text("Synced, OutOfSync or Unknown."),
      ...revisionFields,
      comparedTo: fields({ ...sourceFields, destination, ignoreDifferences }, ["destination"]),
    },
    ["status"],
  ),
  health,
  operationState,
  resources: list(resourceStatusSchema),
  history: list(
    fields(
      {
        id: int(),
        ...revisionFields,
        ...sourceFields,
        deployedAt: time(),
        deployStartedAt: time(),
        initiatedBy,
      },
      ["deployedAt", "id"],
    ),
  ),
  conditions: list(fields({ type: text(), message: text(), lastTransitionTime: time() }, ["message", "type"])),
  summary: fields({ images: list(text()), externalURLs: list(text()), isAppOfApps: flag() }),
  sourceType: text(),
  sourceTypes: list(text()),
  sourceHydrator: anyObject(),
  reconciledAt: time(),
  observedAt: time(),
  controllerNamespace: text(),
  resourceHealthSource: text(),
});

export const applicationSchema: Schema = fields(
  {
    apiVersion: text(),
    kind: text(),
    metadata: { type: "object" },
    spec: applicationSpecSchema,
    operation,
    status,
  },
  ["metadata", "spec"],
  "A set of manifests from a source, kept equal to the cluster.",
);

/**
 * Checks that an object is an Application as the API server would accept it.
 *
 * @throws {StatusError} `Invalid`, with one cause per wrong field
 */
export function parseApplication(object: KubeObject): Application {
  const causes = validateSchema(object, applicationSchema);
  const named = typeof object.metadata.name === "string" && object.metadata.name !== "";
  if (!named)
    causes.push({ reason: "FieldValueRequired", message: "Required value: name is required", field: "metadata.name" });
  if (causes.length > 0) {
    throw invalid({ group: "argoproj.io", kind: "Application" }, object.metadata.name ?? "", causes);
  }
  return object as Application;
}
