import type {
  Application,
  ApplicationSource,
  CustomPackage,
  GitRepository,
  HealthStatusCode,
  Initiator,
  ResourceStatus,
} from "../../apis/index.ts";
import type {
  ApplicationDetails,
  ApplicationSummary,
  PackageStatus,
  RepositoryStatus,
  ResourceDetails,
} from "./status.ts";

/** How many resources a sentence names before it only counts. */
const namedMax = 3;

/** What a row of the table of applications says. */
export function summarizeApplication(application: Application): ApplicationSummary {
  const { metadata, spec, status = {} } = application;
  const [source, ...more] = sourcesOf(application);
  const operation = status.operationState;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    project: spec.project === "" ? "default" : spec.project,
    sync: status.sync?.status ?? "Unknown",
    health: status.health?.status ?? "Unknown",
    revision: revisionOf(status.sync),
    repoURL: source && withoutCredentials(source.repoURL),
    path: source?.path,
    chart: source?.chart,
    moreSources: more.length,
    lastSyncAt: operation?.finishedAt ?? operation?.startedAt,
    operation: operation?.phase,
    problems: explainApplication(application),
  };
}

/** What the page of one application says. */
export function describeApplication(application: Application): ApplicationDetails {
  const { spec, status = {} } = application;
  const operation = status.operationState;
  const automated = spec.syncPolicy?.automated;
  return {
    ...summarizeApplication(application),
    sources: sourcesOf(application).map(({ repoURL, path, chart, targetRevision }, index) => {
      const revision = status.sync?.revisions?.[index] ?? (index === 0 ? status.sync?.revision : undefined);
      return { repoURL: withoutCredentials(repoURL), path, chart, targetRevision, revision };
    }),
    destination: {
      cluster: spec.destination.name ?? spec.destination.server ?? "in-cluster",
      namespace: spec.destination.namespace,
    },
    automatedSync: automated !== undefined && automated.enabled !== false,
    comparedAt: status.reconciledAt,
    resources: (status.resources ?? []).map((resource) => describeResource(resource, application)),
    conditions: (status.conditions ?? []).map(({ type, message, lastTransitionTime }) => {
      return { type, message: withoutCredentials(message), at: lastTransitionTime };
    }),
    lastOperation: operation && {
      phase: operation.phase,
      message: operation.message && withoutCredentials(operation.message),
      startedAt: operation.startedAt,
      finishedAt: operation.finishedAt,
      revision: operation.syncResult && revisionOf(operation.syncResult),
      by: initiator(operation.operation.initiatedBy),
      retries: operation.retryCount ?? 0,
    },
    history: [...(status.history ?? [])].reverse().map((entry) => {
      return {
        id: entry.id,
        revision: revisionOf(entry),
        deployedAt: entry.deployedAt,
        by: initiator(entry.initiatedBy),
      };
    }),
    links: status.summary?.externalURLs ?? [],
  };
}

/** A repository that the package manager fills, under the address that it was given. */
export function describeRepository({ metadata, spec, status }: GitRepository): RepositoryStatus {
  const cloneURL = withoutCredentials(status?.externalGitRepositoryUrl ?? "");
  const segments = cloneURL
    .replace(/(\.git)?\/*$/, "")
    .split("/")
    .filter((segment) => segment !== "");
  const [name = metadata.name ?? "", owner = spec.provider.organizationName] = segments.reverse();
  const { source } = spec;
  return {
    owner,
    name,
    cloneURL,
    webURL: cloneURL.replace(/\.git$/, ""),
    revision: status?.commit?.hash,
    source: source.remoteRepository === undefined ? source.path : remoteAddress(source.remoteRepository),
    message: status?.synced === true ? undefined : (status?.message ?? "Not filled yet"),
  };
}

export function describePackage({ metadata, spec, status }: CustomPackage): PackageStatus {
  const { argoCD, remoteRepository } = spec;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    kind: argoCD.type,
    application: { namespace: argoCD.namespace, name: argoCD.name },
    source: remoteRepository === undefined ? argoCD.applicationFile : remoteAddress(remoteRepository),
    synced: status?.synced === true,
    message: status?.message,
  };
}

/** Says in sentences what is not as it should be. The most telling comes first. */
function explainApplication(application: Application): string[] {
  const { metadata, status } = application;
  const syncing = status?.operationState?.phase === "Running";
  const sentences = [
    metadata.deletionTimestamp === undefined ? undefined : "It is being deleted.",
    status?.sync === undefined ? "It has not been compared with its source yet." : undefined,
    ...explainConditions(application),
    ...explainOperation(application),
    // While a sync runs, it is plain that the cluster differs.
    syncing ? undefined : explainSync(application),
    ...explainHealth(application),
  ];
  return [...new Set(sentences.filter((sentence) => sentence !== undefined).map(withoutCredentials))];
}

function explainConditions({ status }: Application): string[] {
  const phase = status?.operationState?.phase;
  // The operation says the same as this condition, and more.
  const told = phase === "Failed" || phase === "Error" ? "SyncError" : undefined;
  const untold = (status?.conditions ?? []).filter(({ type }) => type !== told);
  return untold.map(({ type, message }) => `${conditionWords(type)}: ${message}`);
}

function explainOperation({ status }: Application): string[] {
  const operation = status?.operationState;
  if (operation === undefined || operation.phase === "Succeeded") return [];
  const message = operation.message === undefined ? "" : `: ${operation.message}`;
  if (operation.phase === "Running") return [`A sync is running${message}`];
  if (operation.phase === "Terminating") return [`A sync is being stopped${message}`];
  const failed = (operation.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === "SyncFailed" || hookPhase === "Failed" || hookPhase === "Error",
  );
  return [
    `The last sync failed${message}`,
    ...failed.slice(0, namedMax).map((result) => `${nameOf(result)}: ${result.message ?? "failed"}`),
    ...(failed.length > namedMax ? [`${failed.length - namedMax} more resources failed.`] : []),
  ];
}

function explainSync({ spec, status }: Application): string | undefined {
  if (status?.sync?.status !== "OutOfSync") return undefined;
  const different = (status.resources ?? []).filter((resource) => resource.status === "OutOfSync");
  const automated = spec.syncPolicy?.automated;
  const manual = automated === undefined || automated.enabled === false;
  const off = manual ? " Automatic sync is off." : "";
  if (different.length === 0) return `The cluster differs from the source.${off}`;
  const prunes = different.filter((resource) => resource.requiresPruning === true);
  const kept = manual || automated.prune === true || prunes.length === 0 ? "" : " Pruning is off.";
  return `The cluster differs from the source in ${listOf(different)}.${off}${kept}`;
}

const healthWords: Readonly<Record<HealthStatusCode, string>> = {
  Healthy: "is healthy",
  Progressing: "is not ready yet",
  Degraded: "does not work",
  Missing: "is missing in the cluster",
  Suspended: "is paused",
  Unknown: "cannot be judged",
};

function explainHealth({ status }: Application): string[] {
  const { status: health, message } = status?.health ?? {};
  if (health === undefined || health === "Healthy") return [];
  const culprits = (status?.resources ?? []).filter((resource) => resource.health?.status === health);
  const ownMessage = message === undefined || message === "" ? [] : [message];
  if (culprits.length === 0) return ownMessage.length > 0 ? ownMessage : [`It ${healthWords[health]}.`];
  const told = culprits.slice(0, namedMax).map((resource) => {
    const why = resource.health?.message;
    return `${nameOf(resource)} ${healthWords[health]}${why === undefined || why === "" ? "." : `: ${why}`}`;
  });
  const more = culprits.length - told.length;
  return [...ownMessage, ...told, ...(more > 0 ? [`So it is with ${more} more.`] : [])];
}

function conditionWords(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
}

function listOf(resources: readonly ResourceStatus[]): string {
  const names = resources.slice(0, namedMax).map(nameOf);
  const more = resources.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

function nameOf({ kind, namespace, name }: { kind?: string; namespace?: string; name?: string }): string {
  const place = namespace === undefined || namespace === "" ? "" : `${namespace}/`;
  return `${kind ?? ""} ${place}${name ?? ""}`;
}

function describeResource(resource: ResourceStatus, { status }: Application): ResourceDetails {
  const { group = "", kind = "", namespace, name = "", health } = resource;
  const result = status?.operationState?.syncResult?.resources?.find(
    (candidate) =>
      candidate.kind === kind &&
      candidate.name === name &&
      candidate.group === group &&
      candidate.namespace === (namespace ?? ""),
  );
  const failure = result?.status === "SyncFailed" ? result.message : undefined;
  return {
    group,
    kind,
    namespace: namespace === "" ? undefined : namespace,
    name,
    sync: resource.status,
    health: health?.status,
    message: failure ?? health?.message ?? (resource.requiresPruning ? "No longer in the source" : undefined),
  };
}

function sourcesOf({ spec }: Application): ApplicationSource[] {
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
}

function revisionOf(of: { revision?: string; revisions?: string[] } | undefined): string | undefined {
  const revision = of?.revision ?? of?.revisions?.[0];
  return revision === "" ? undefined : revision;
}

function initiator(by: Initiator | undefined): string {
  if (by?.automated === true) return "automatic sync";
  return by?.username ?? "unknown";
}

function remoteAddress({ url, path, ref }: { url: string; path: string; ref?: string }): string {
  const folder = path === "" || path === "." ? "" : `//${path}`;
  return `${withoutCredentials(url)}${folder}${ref === undefined || ref === "" ? "" : `?ref=${ref}`}`;
}

/** Takes user and password out of every URL in a text, since error messages of Git repeat them. */
function withoutCredentials(text: string): string {
  return text.replace(/(https?:\/\/)[^\s/@]+@/gi, "$1");
}
