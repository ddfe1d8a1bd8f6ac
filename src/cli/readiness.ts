import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../apimachinery/index.ts";
import type { CustomPackage, GitRepository, Localbuild } from "../apis/index.ts";
import { packageAnnotations } from "../packages/index.ts";

type ApplicationSource = { repoURL?: string; targetRevision?: string };
/** What an Application asks for, and what its status is about. */
type Compared = { source?: ApplicationSource; sources?: ApplicationSource[]; destination?: object };

/** What is read of an Argo CD Application. */
export type ApplicationState = KubeObject & {
  spec?: Compared;
  status?: {
    sync?: { status?: string; revision?: string; revisions?: string[]; comparedTo?: Compared };
    health?: { status?: string; message?: string };
    conditions?: { type: string; message: string }[];
    operationState?: {
      phase?: string;
      message?: string;
      syncResult?: { resources?: { kind: string; name: string; status?: string; message?: string }[] };
    };
    resources?: {
      group?: string;
      kind: string;
      namespace?: string;
      name: string;
      status?: string;
      health?: { status?: string; message?: string };
    }[];
  };
};

/** What is read of an Argo CD ApplicationSet. */
export type ApplicationSetState = KubeObject & {
  status?: { conditions?: { type: string; status: string; message: string }[] };
};

/** The objects that say how far a platform is. */
export type Snapshot = {
  localbuild: Localbuild | undefined;
  packages: readonly CustomPackage[];
  repositories: readonly GitRepository[];
  applications: readonly ApplicationState[];
  applicationSets: readonly ApplicationSetState[];
  /** What becomes of pods once a node has them. */
  pods: "run" | "simulated" | "wait";
};

/** What the command waits for: this start of it, and these packages. */
export type Awaited = { startTime: string; sources: readonly string[] };

export type ItemState = "ready" | "waiting" | "failing" | "broken" | "needs-pods";

/** One thing that is waited for. `broken` does not heal by itself; `failing` is being tried again. */
export type Item = { what: string; state: ItemState; why: string; children: Item[] };

/** Kinds that become healthy only when something runs their pods, or answers for them from outside. */
const runtimeKinds = new Set([
  "Pod",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
  "PersistentVolumeClaim",
  "Ingress",
  "APIService",
]);

/** Kinds that wait for an address or an answer from outside also where pods are simulated. */
const outsideKinds = new Set(["Ingress", "Service", "APIService"]);

/** Says for each awaited package and each of its Applications how it stands. Pure. */
export function assess(snapshot: Snapshot, awaited: Awaited): Item[] {
  const { localbuild } = snapshot;
  if (localbuild === undefined || !hasSeen(localbuild, awaited)) {
    return [{ what: "Packages", state: "waiting", why: beingRead, children: [] }];
  }
  return awaited.sources.map((source) => packageItem(source, awaited, snapshot));
}

const beingRead = "being read";

/** Whether the package manager has looked at an object since this start, or since a later one. */
function hasSeen({ metadata }: KubeObject, { startTime }: Awaited): boolean {
  return (metadata.annotations?.[packageAnnotations.observedStartTime] ?? "") >= startTime;
}

/** All items and their children, parents first. */
export function flatten(items: readonly Item[]): Item[] {
  return items.flatMap((item) => [item, ...flatten(item.children)]);
}

function packageItem(source: string, awaited: Awaited, snapshot: Snapshot): Item {
  const problems = (snapshot.localbuild?.status?.problems ?? []).filter(
    (problem) => problem.source === source && problem.severity === "error",
  );
  const broken = problems.map(
    (problem): Item => ({ what: problem.file ?? source, state: "broken", why: problem.message, children: [] }),
  );
  const mine = snapshot.packages.filter(
    (item) =>
      item.metadata.annotations?.[packageAnnotations.sourcePath] === source &&
      // A package that cannot be read keeps what it had before; that is not looked at again.
      (broken.length === 0 || hasSeen(item, awaited)),
  );
  const children = [...broken, ...mine.map((item) => customPackageItem(item, awaited, snapshot))];
  return {
    what: `Package ${source}`,
    state: worst(children),
    why:
      children.length === 0 ? "has no application of its own (none in it, or all taken over by a later package)" : "",
    children,
  };
}

function customPackageItem(item: CustomPackage, awaited: Awaited, snapshot: Snapshot): Item {
  const { name, namespace, type } = item.spec.argoCD;
  const what = `${type} ${namespace}/${name}`;
  if (!hasSeen(item, awaited)) return { what, state: "waiting", why: beingRead, children: [] };
  if (item.status?.synced !== true) {
    const why = item.status?.message ?? "not yet brought into the cluster";
    return {
      what,
      state: item.status?.refused ? "broken" : failingText(why) ? "failing" : "waiting",
      why,
      children: [],
    };
  }
  const refs = item.status.gitRepositoryRefs ?? [];
  const repositories = snapshot.repositories.filter(({ metadata }) => refs.some(({ uid }) => uid === metadata.uid));
  const unseen = repositories.find((repository) => !hasSeen(repository, awaited));
  if (unseen !== undefined)
    return { what, state: "waiting", why: `waiting for GitRepository ${unseen.metadata.name}`, children: [] };
  if (type === "Application") {
    const application = snapshot.applications.find(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    );
    return applicationItem(what, application, snapshot);
  }
  return applicationSetItem(what, { name, namespace }, snapshot);
}

function applicationSetItem(
  what: string,
  { name, namespace }: { name: string; namespace: string },
  snapshot: Snapshot,
): Item {
  const set = snapshot.applicationSets.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  const condition = (type: string) =>
    set?.status?.conditions?.find((one) => one.type === type && one.status === "True");
  const error = condition("ErrorOccurred");
  if (error !== undefined) return { what, state: "failing", why: error.message, children: [] };
  if (condition("ResourcesUpToDate") === undefined)
    return { what, state: "waiting", why: "waiting for the GitOps engine", children: [] };
  const generated = snapshot.applications.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.kind === "ApplicationSet" && owner.uid === set?.metadata.uid),
  );
  const children = generated.map((one) =>
    applicationItem(`Application ${one.metadata.namespace}/${one.metadata.name}`, one, snapshot),
  );
  return { what, state: worst(children), why: children.length === 0 ? "has generated no applications" : "", children };
}

function failingText(why: string): boolean {
  return !why.startsWith("waiting for") && why !== "not yet brought into the cluster";
}

function applicationItem(what: string, application: ApplicationState | undefined, snapshot: Snapshot): Item {
  const status = application?.status;
  const sync = status?.sync?.status ?? "Unknown";
  const health = status?.health?.status ?? "Unknown";
  if (sync !== "Unknown" && !isAboutNow(application, snapshot))
    return { what, state: "waiting", why: "waiting for the GitOps engine to see what is new", children: [] };
  if (sync === "Synced" && health === "Healthy" && status?.operationState?.phase !== "Running")
    return { what, state: "ready", why: "Synced, Healthy", children: [] };
  const why = reasonOf(application, sync, health);
  const idle = idleResources(application, snapshot);
  if (
    idle.length > 0 &&
    (sync === "Synced" || isWaitingForRuntime(status?.operationState?.message)) &&
    !errorCondition(application)
  ) {
    return { what, state: "needs-pods", why: `needs what nothing here runs: ${idle.join(", ")}`, children: [] };
  }
  const failing =
    errorCondition(application) !== undefined ||
    failedResource(application) !== undefined ||
    ["Failed", "Error"].includes(status?.operationState?.phase ?? "") ||
    health === "Degraded";
  return { what, state: failing ? "failing" : "waiting", why, children: [] };
}

/**
 * Whether the status is about what the Application asks for now, and about the newest commits of the packages' repositories.
 * After a restart, or right after a change, it may still be about what was before.
 */
function isAboutNow(application: ApplicationState | undefined, { repositories }: Snapshot): boolean {
  const { source, sources = source === undefined ? [] : [source], destination } = application?.spec ?? {};
  const { comparedTo, revision = "", revisions = [revision] } = application?.status?.sync ?? {};
  const compared = comparedTo?.sources ?? (comparedTo?.source === undefined ? [] : [comparedTo.source]);
  if (!isDeepStrictEqual([compared, comparedTo?.destination], [sources, destination])) return false;
  return sources.every(({ repoURL, targetRevision = "" }, index) => {
    const repository = repositories.find(({ status }) => status?.internalGitRepositoryUrl === repoURL);
    const isNewest = ["", "HEAD", "main"].includes(targetRevision);
    return repository === undefined || !isNewest || repository.status?.commit?.hash === revisions[index];
  });
}

function errorCondition(application: ApplicationState | undefined) {
  return application?.status?.conditions?.find(({ type }) => type.endsWith("Error"));
}

function failedResource(application: ApplicationState | undefined) {
  return application?.status?.operationState?.syncResult?.resources?.find(({ status }) => status === "SyncFailed");
}

function reasonOf(application: ApplicationState | undefined, sync: string, health: string): string {
  const status = application?.status;
  if (status === undefined) return "waiting for the GitOps engine";
  const condition = errorCondition(application);
  if (condition !== undefined) return `${condition.type}: ${condition.message}`;
  const operation = status.operationState;
  const failed = failedResource(application);
  if (failed !== undefined) return `${failed.kind} ${failed.name}: ${failed.message ?? "failed to sync"}`;
  if (operation?.phase !== undefined && operation.phase !== "Succeeded" && operation.message)
    return `${sync}, ${health}: ${operation.message}`;
  const unhealthy = status.resources?.find(
    (resource) => resource.health?.status !== undefined && resource.health.status !== "Healthy",
  );
  const detail =
    status.health?.message ||
    (unhealthy === undefined
      ? ""
      : `${unhealthy.kind} ${unhealthy.name} ${unhealthy.health?.status} ${unhealthy.health?.message ?? ""}`.trim());
  return detail === "" ? `${sync}, ${health}` : `${sync}, ${health}: ${detail}`;
}

/** What keeps an Application from being healthy although nothing is wrong: nobody here does what it waits for. */
function idleResources(application: ApplicationState | undefined, { pods }: Snapshot): string[] {
  const resources = application?.status?.resources ?? [];
  const named = (some: typeof resources) => some.map(({ kind, name }) => `${kind} ${name}`);
  switch (pods) {
    case "run":
      return [];
    case "wait":
      return named(resources.filter(({ kind }) => runtimeKinds.has(kind)));
    case "simulated": {
      const open = resources.filter(({ health }) => health?.status !== undefined && health.status !== "Healthy");
      const isOutside = ({ kind, health }: (typeof open)[number]) =>
        outsideKinds.has(kind) && health?.status === "Progressing";
      return open.every(isOutside) ? named(open) : [];
    }
  }
}

function isWaitingForRuntime(message: string | undefined): boolean {
  const kind = /^waiting for (?:completion of hook|healthy state of) [^/]*\/(\w+)\//.exec(message ?? "")?.[1];
  return kind !== undefined && runtimeKinds.has(kind);
}

/** The state of a group is that of its member that is furthest from ready. */
function worst(items: readonly Item[]): ItemState {
  const order: ItemState[] = ["broken", "failing", "waiting", "needs-pods", "ready"];
  return order.find((state) => items.some((item) => item.state === state)) ?? "ready";
}
