import { type KubeObject, listAt, textAt } from "../../apimachinery/index.ts";
import type {
  Application,
  ApplicationSource,
  ApplicationStatus,
  Condition,
  ConditionType,
  HistoryEntry,
  OperationState,
  SourceType,
} from "../../apis/index.ts";
import { groupOf } from "../object/key.ts";
import { formatTime } from "../sync/retry.ts";
import { imagesOf } from "../sync/task.ts";
import type { Comparison } from "./compare-application.ts";

/** How many syncs are remembered unless `revisionHistoryLimit` says otherwise. */
const historyMax = 10;

/** The sources of an application, whichever field they stand in. */
export function sourcesOf({ spec }: Application): { sources: ApplicationSource[]; isMultiSource: boolean } {
  if (spec.sources !== undefined && spec.sources.length > 0) return { sources: spec.sources, isMultiSource: true };
  return { sources: spec.source === undefined ? [] : [spec.source], isMultiSource: false };
}

export type StatusInput = {
  app: Application;
  comparison: Comparison;
  /** Whether the source could be read; otherwise the sync status is unknown. */
  isLoaded: boolean;
  revisions: readonly string[];
  sourceTypes: readonly (SourceType | "")[];
  operationState: OperationState | undefined;
  conditions: readonly Condition[];
  history: readonly HistoryEntry[] | undefined;
  controllerNamespace: string;
  now: Date;
};

/** Conditions that each comparison decides anew; others stay. */
export const comparedConditions: readonly ConditionType[] = [
  "ComparisonError",
  "InvalidSpecError",
  "UnknownError",
  "SharedResourceWarning",
  "RepeatedResourceWarning",
  "ExcludedResourceWarning",
  "SyncError",
];

/** The status that other tools read, in Argo CD's form. */
export function buildStatus(input: StatusInput): ApplicationStatus {
  const { app, comparison, isLoaded, revisions, sourceTypes, now } = input;
  const { sources, isMultiSource } = sourcesOf(app);
  const { destination, ignoreDifferences } = app.spec;
  const [source] = sources;
  const comparedTo = {
    ...(isMultiSource ? { sources } : source !== undefined && { source }),
    destination,
    ...(ignoreDifferences !== undefined && { ignoreDifferences }),
  };
  const [revision] = revisions;
  const [sourceType] = sourceTypes;
  return {
    ...app.status,
    sync: {
      status: isLoaded ? comparison.status : "Unknown",
      ...(isMultiSource ? { revisions: [...revisions] } : revision !== undefined && { revision }),
      comparedTo,
    },
    health: nextHealth(app.status?.health, comparison.health, now),
    resources: comparison.resources.map((resource) =>
      isLoaded || resource.status === undefined ? resource : { ...resource, status: "Unknown" },
    ),
    conditions: nextConditions(app.status?.conditions, input.conditions, comparedConditions, now),
    summary: summaryOf(comparison),
    ...(isMultiSource
      ? { sourceTypes: [...sourceTypes], sourceType: undefined }
      : { sourceType: sourceType || app.status?.sourceType, sourceTypes: undefined }),
    operationState: input.operationState,
    history: input.history === undefined ? undefined : [...input.history],
    reconciledAt: formatTime(now),
    controllerNamespace: input.controllerNamespace,
  };
}

/** The status of an application that is not compared at all, because its spec is wrong. */
export function buildInvalidStatus(
  app: Application,
  conditions: readonly Condition[],
  operationState: OperationState | undefined,
  now: Date,
): ApplicationStatus {
  const unknown = { status: "Unknown", message: "" } as const;
  return {
    ...app.status,
    sync: { ...app.status?.sync, status: "Unknown" },
    health: nextHealth(app.status?.health, unknown, now),
    conditions: nextConditions(app.status?.conditions, conditions, comparedConditions, now),
    operationState,
    reconciledAt: formatTime(now),
  };
}

function nextHealth(
  before: ApplicationStatus["health"],
  { status, message }: Comparison["health"],
  now: Date,
): ApplicationStatus["health"] {
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatTime(now);
  return { status, ...(message && { message }), ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
}

/** Conditions that are as they were keep their time. */
export function nextConditions(
  before: readonly Condition[] = [],
  found: readonly Condition[],
  decided: readonly ConditionType[],
  now: Date,
): Condition[] | undefined {
  const kept = before.filter(({ type }) => !decided.includes(type));
  const timed = found.map((condition) => {
    const same = before.find(({ type, message }) => type === condition.type && message === condition.message);
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? formatTime(now) };
  });
  const sorted = [...kept, ...timed].sort((a, b) => compareText(a.type, b.type) || compareText(a.message, b.message));
  return sorted.length > 0 ? sorted : undefined;
}

/** The history with one more successful sync; the oldest entries go. */
export function appendHistory(app: Application, state: OperationState, deployedAt: Date): HistoryEntry[] {
  const history = app.status?.history ?? [];
  const { revision, revisions, source, sources } = state.syncResult ?? { revision: "" };
  const { initiatedBy } = state.operation;
  const entry: HistoryEntry = {
    id: (history.at(-1)?.id ?? -1) + 1,
    ...(revisions === undefined ? { revision } : { revisions }),
    ...(sources === undefined ? source !== undefined && { source } : { sources }),
    deployedAt: formatTime(deployedAt),
    deployStartedAt: state.startedAt,
    ...(initiatedBy !== undefined && { initiatedBy }),
  };
  const limit = app.spec.revisionHistoryLimit ?? historyMax;
  return limit > 0 ? [...history, entry].slice(-limit) : [];
}

function summaryOf({ pairs }: Comparison): ApplicationStatus["summary"] {
  const live = pairs.flatMap((pair) => pair.live ?? []);
  const images = unique(live.flatMap(imagesOf));
  const externalURLs = unique(live.flatMap(urlsOf));
  const isAppOfApps = live.some((object) => object.kind === "Application" && groupOf(object) === "argoproj.io");
  return {
    ...(images.length > 0 && { images }),
    ...(externalURLs.length > 0 && { externalURLs }),
    ...(isAppOfApps && { isAppOfApps }),
  };
}

const linkPrefix = "link.argocd.argoproj.io/";

/** Where an object can be seen in a browser: links in its annotations, and the hosts of an Ingress. */
function urlsOf(object: KubeObject): string[] {
  const annotations = Object.entries(object.metadata.annotations ?? {});
  const links = annotations.filter(([name]) => name.startsWith(linkPrefix)).map(([, value]) => value);
  const safe = links.filter((link) => /^https?:\/\//.test(link.slice(link.indexOf("|") + 1)));
  return object.kind === "Ingress" ? [...safe, ...ingressUrls(object)] : safe;
}

function ingressUrls(ingress: KubeObject): string[] {
  const addresses = listAt(ingress, "status", "loadBalancer", "ingress").map(
    (address) => textAt(address, "hostname") || textAt(address, "ip"),
  );
  const secure = new Set(
    listAt(ingress, "spec", "tls").flatMap((tls) => {
      const hosts = listAt(tls, "hosts");
      return hosts.length > 0 ? hosts : [""];
    }),
  );
  return listAt(ingress, "spec", "rules").flatMap((rule) => {
    const host = textAt(rule, "host");
    const paths = listAt(rule, "http", "paths").map((path) => textAt(path, "path").replace(/\*$/, ""));
    const scheme = secure.has(host) || secure.has("") ? "https" : "http";
    const hosts = host === "" ? addresses : [host];
    return hosts.flatMap((name) => (paths.length > 0 ? paths : [""]).map((path) => `${scheme}://${name}${path}`));
  });
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
