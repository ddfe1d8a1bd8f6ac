import type { KubeObject } from "../../apimachinery/index.ts";
import type { ApplicationSource, AppProject, Condition, Destination, ProjectResource } from "../../apis/index.ts";
import { compileGlob } from "../../render/index.ts";
import { partsOf } from "../object/key.ts";

/** A cluster as destinations name it. */
export type Cluster = { server: string; name: string };

/** The cluster that we are in; the only one so far. */
export const inCluster: Cluster = { server: "https://kubernetes.default.svc", name: "in-cluster" };

/** The project that every application may use; Argo CD makes the same one. */
export const defaultProjectSpec = {
  sourceRepos: ["*"],
  destinations: [{ namespace: "*", server: "*" }],
  clusterResourceWhitelist: [{ group: "*", kind: "*" }],
};

/** Finds the cluster that a destination names, or says in Argo CD's words why there is none. */
export function resolveDestination({ server, name }: Destination): Cluster | string {
  if (name && server) return `application destination can't have both name and server defined: ${name} ${server}`;
  if (!name && !server) return "Destination server missing from app spec";
  if (name) return name === inCluster.name ? inCluster : `there are no clusters with this name: ${name}`;
  if (server?.replace(/\/+$/, "") === inCluster.server) return inCluster;
  return `error getting cluster by server "${server}": rpc error: code = NotFound desc = cluster "${server}" not found`;
}

export function isSourcePermitted({ spec }: AppProject, repoURL: string): boolean {
  const url = normalizeUrl(repoURL);
  return isPermitted(spec.sourceRepos ?? [], (pattern) => matches(normalizeUrl(pattern), url, "/"));
}

export function isDestinationPermitted({ spec }: AppProject, cluster: Cluster, namespace: string): boolean {
  const isMeant = ({ server, name, namespace: allowed = "" }: Destination) =>
    (matches(withoutDenial(server), cluster.server) || matches(withoutDenial(name), cluster.name)) &&
    matches(withoutDenial(allowed) ?? "", namespace);
  const meant = (spec.destinations ?? []).filter(isMeant);
  const isDenial = ({ server, name, namespace: denied }: Destination) =>
    [server, name, denied].some((pattern) => pattern?.startsWith("!"));
  return meant.length > 0 && !meant.some(isDenial);
}

/** Whether a project lets its applications deploy a kind; cluster-scoped kinds must be named, namespaced ones need not. */
export function isKindPermitted(
  { spec }: AppProject,
  { group, kind, name }: { group: string; kind: string; name: string },
  isNamespaced: boolean,
): boolean {
  const names = (list: readonly ProjectResource[] | undefined) =>
    list?.some(
      (allowed) =>
        matches(allowed.group, group) && matches(allowed.kind, kind) && (!allowed.name || matches(allowed.name, name)),
    ) ?? false;
  if (!isNamespaced) return names(spec.clusterResourceWhitelist) && !names(spec.clusterResourceBlacklist);
  const isAllowed = spec.namespaceResourceWhitelist === undefined || names(spec.namespaceResourceWhitelist);
  return isAllowed && !names(spec.namespaceResourceBlacklist);
}

/** Why a project does not let its applications have an object, in Argo CD's words; `undefined` when it does. */
export function whyForbidden(
  project: AppProject,
  object: KubeObject,
  isNamespaced: boolean,
): { reason: "kind" | "namespace"; message: string } | undefined {
  const { group, kind, namespace, name } = partsOf(object);
  if (!isKindPermitted(project, { group, kind, name }, isNamespaced)) {
    return {
      reason: "kind",
      message: `resource ${group}:${kind} is not permitted in project ${project.metadata.name}`,
    };
  }
  if (namespace === "" || isDestinationPermitted(project, inCluster, namespace)) return undefined;
  return {
    reason: "namespace",
    message: `namespace ${namespace} is not permitted in project '${project.metadata.name}'`,
  };
}

/** What is wrong with an application itself or not allowed in its project; it is neither compared nor synced then. */
export function validateApplication(
  spec: { sources: readonly ApplicationSource[]; isMultiSource: boolean; destination: Destination; project: string },
  project: AppProject | undefined,
): Condition[] {
  if (project === undefined) {
    return [invalidSpec(`Application referencing project ${spec.project} which does not exist`)];
  }
  const incomplete = spec.sources.flatMap((source) => incompleteSource(source, spec.isMultiSource) ?? []);
  if (spec.sources.length === 0) incomplete.push(missingSource);
  if (incomplete[0] !== undefined) return [invalidSpec(incomplete[0])];
  const forbidden = spec.sources.filter(({ repoURL }) => !isSourcePermitted(project, repoURL));
  const conditions = forbidden.map(({ repoURL }) =>
    invalidSpec(`application repo ${repoURL} is not permitted in project '${project.metadata.name}'`),
  );
  const cluster = resolveDestination(spec.destination);
  if (typeof cluster === "string") return [...conditions, invalidSpec(cluster)];
  const { namespace = "", name } = spec.destination;
  if (isDestinationPermitted(project, cluster, namespace)) return conditions;
  const server = name ? cluster.name : cluster.server;
  const why = `do not match any of the allowed destinations in project '${project.metadata.name}'`;
  return [...conditions, invalidSpec(`application destination server '${server}' and namespace '${namespace}' ${why}`)];
}

const missingSource = "spec.source.repoURL and either spec.source.path or spec.source.chart are required";

function incompleteSource(source: ApplicationSource, isMultiSource: boolean): string | undefined {
  const { repoURL, path, chart, ref, targetRevision } = source;
  if (!repoURL || !(path || chart || (isMultiSource && ref))) {
    if (!isMultiSource) return missingSource;
    const named = JSON.stringify(source);
    return `spec.source.repoURL and either source.path, source.chart, or source.ref are required for source ${named}`;
  }
  if (chart && !targetRevision) {
    return "spec.source.targetRevision is required if the manifest source is a helm chart";
  }
  return undefined;
}

function invalidSpec(message: string): Condition {
  return { type: "InvalidSpecError", message };
}

function isPermitted(patterns: readonly string[], test: (pattern: string) => boolean): boolean {
  const isDenied = patterns.some((pattern) => pattern.startsWith("!") && test(pattern.slice(1)));
  return !isDenied && patterns.some((pattern) => !pattern.startsWith("!") && test(pattern));
}

function withoutDenial(pattern: string | undefined): string | undefined {
  return pattern?.startsWith("!") ? pattern.slice(1) : pattern;
}

function matches(pattern: string | undefined, text: string, separator?: string): boolean {
  if (pattern === undefined) return false;
  return pattern === "*" || compileGlob(pattern, separator)(text);
}

/** The same repository may be written in several ways: case, `.git`, the short form of SSH. */
function normalizeUrl(url: string): string {
  const short = /^([^@/:\s]+@)?([^/:\s]+):(?!\/\/)(.+)$/.exec(url.trim().toLowerCase());
  const long = short === null ? url.trim().toLowerCase() : `ssh://${short[1] ?? ""}${short[2]}/${short[3]}`;
  return long.replace(/\.git$/, "");
}
