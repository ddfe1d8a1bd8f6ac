import type { HealthStatusCode, OperationPhase, SyncStatusCode } from "../../apis/index.ts";

/** A core part of the platform, such as the API server. */
export type PartStatus = {
  name: string;
  /** What people call it: `Kubernetes API`. */
  title: string;
  state: "ready" | "starting" | "failed";
  /** Where it answers, a URL or a host and port. */
  address?: string;
  /** Why it is not ready. */
  message?: string;
};

export type ApplicationSummary = {
  namespace: string;
  name: string;
  project: string;
  sync: SyncStatusCode;
  health: HealthStatusCode;
  /** Git commit or chart version that the cluster was compared with. */
  revision?: string;
  repoURL?: string;
  path?: string;
  chart?: string;
  /** How many sources it has beside the one above. */
  moreSources: number;
  /** End of the last sync, or its start while it runs; ISO 8601. */
  lastSyncAt?: string;
  operation?: OperationPhase;
  /** What is not as it should be, in sentences; empty when synced and healthy. */
  problems: string[];
};

export type ResourceDetails = {
  group: string;
  kind: string;
  namespace?: string;
  name: string;
  sync?: SyncStatusCode;
  health?: HealthStatusCode;
  message?: string;
};

export type ApplicationDetails = ApplicationSummary & {
  sources: { repoURL: string; path?: string; chart?: string; targetRevision?: string; revision?: string }[];
  destination: { cluster: string; namespace?: string };
  automatedSync: boolean;
  comparedAt?: string;
  resources: ResourceDetails[];
  conditions: { type: string; message: string; at?: string }[];
  lastOperation?: {
    phase: OperationPhase;
    message?: string;
    startedAt: string;
    finishedAt?: string;
    revision?: string;
    by: string;
    retries: number;
  };
  /** Newest first. */
  history: { id: number; revision?: string; deployedAt: string; by: string }[];
  links: string[];
};

export type RepositoryStatus = {
  owner: string;
  name: string;
  cloneURL: string;
  /** Where a browser can look at it. */
  webURL?: string;
  revision?: string;
  /** Where its content comes from, a directory or a URL. */
  source?: string;
  /** Why it is not equal to its source. */
  message?: string;
};

export type PackageStatus = {
  namespace: string;
  name: string;
  kind: "Application" | "ApplicationSet";
  /** The Application or ApplicationSet that it brings. */
  application: { namespace: string; name: string };
  source: string;
  synced: boolean;
  message?: string;
};

/** Everything that the front page shows, without secrets. */
export type StatusSnapshot = {
  platform: { name: string; version: string; url: string; startedAt: string };
  parts: PartStatus[];
  /** By namespace and name. */
  applications: ApplicationSummary[];
  repositories: RepositoryStatus[];
  packages: PackageStatus[];
  links: { title: string; url: string }[];
  /** What to type for credentials and the like. */
  commands: { title: string; command: string }[];
};

/** What the front page asks the platform. */
export type PlatformStatus = {
  snapshot(): StatusSnapshot;
  application(id: { namespace: string; name: string }): ApplicationDetails | undefined;
  /** Told, without delay, that a new snapshot would differ; possibly many times a second. */
  onChange(listener: () => void): Disposable;
};

/** Whether somebody should look at it. */
export function needsAttention(application: Pick<ApplicationSummary, "sync" | "health" | "problems">): boolean {
  return application.sync !== "Synced" || application.health !== "Healthy" || application.problems.length > 0;
}
