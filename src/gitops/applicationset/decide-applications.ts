import { deepEqual, type Fields, isFields, type JsonObject, type OwnerReference } from "../../apimachinery/index.ts";
import type { Application, ApplicationSet, ApplicationSetTemplate } from "../../apis/index.ts";
import { mergePatchBetween } from "../application/merge-patch.ts";
import { compileIgnoreDifferences, withLiveValues } from "../compare/ignore-differences.ts";
import { expandWith, type Generated } from "./generate-parameters.ts";
import type { GoTemplateOptions } from "./go-template.ts";

const resourcesFinalizer = "resources-finalizer.argocd.argoproj.io";
/** Annotations that others write into Applications for a short time or for themselves. */
const keptAnnotations = [
  "argocd.argoproj.io/refresh",
  "argocd.argoproj.io/hydrate",
  "notified.notifications.argoproj.io",
];

/** How the templates of a set are read. */
export function goTemplateOptionsOf({ spec }: ApplicationSet): GoTemplateOptions | undefined {
  if (spec.goTemplate !== true) return undefined;
  return { missingKey: spec.goTemplateOptions?.includes("missingkey=error") ? "error" : "default" };
}

/** The Application that one set of parameters makes. @throws {Error} when a template cannot be expanded */
export function expandApplication(set: ApplicationSet, { parameters, template }: Generated): Application {
  const expand = expandWith(parameters, goTemplateOptionsOf(set));
  const merged = template === undefined ? set.spec.template : overlay(set.spec.template, template);
  const { metadata, spec } = expand(merged as unknown as JsonObject) as unknown as ApplicationSetTemplate;
  const keepsResources = set.spec.syncPolicy?.preserveResourcesOnDeletion === true;
  const finalizers = metadata.finalizers ?? (keepsResources ? [] : [resourcesFinalizer]);
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {
      name: metadata.name ?? "",
      ...(set.metadata.namespace !== undefined && { namespace: set.metadata.namespace }),
      ...(metadata.labels !== undefined && { labels: metadata.labels }),
      ...(metadata.annotations !== undefined && { annotations: metadata.annotations }),
      ...(finalizers.length > 0 && { finalizers }),
      ownerReferences: [ownerReferenceTo(set)],
    },
    spec,
  };
}

function ownerReferenceTo({ apiVersion, kind, metadata }: ApplicationSet): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true, blockOwnerDeletion: true };
}

/** Fields of the second that say something win. */
function overlay(base: unknown, over: unknown): unknown {
  if (!isFields(base) || !isFields(over)) return over === undefined || over === "" || over === null ? base : over;
  const names = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...names].map((name) => [name, overlay(base[name], over[name])]));
}

export type ApplicationChange =
  | { do: "create"; application: Application }
  | { do: "update"; name: string; patch: Fields }
  | { do: "delete"; name: string };

/**
 * Says what makes the Applications in the cluster those that the set wants.
 *
 * @param existing all Applications in the namespace of the set
 * @throws {Error} when two have one name, one has none, or one belongs to another set
 */
export function decideApplications(
  set: ApplicationSet,
  wanted: readonly Application[],
  existing: readonly Application[],
): ApplicationChange[] {
  const names = wanted.map(({ metadata }) => metadata.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (names.includes("")) throw new Error(`ApplicationSet ${set.metadata.name} contains an application with no name`);
  if (repeated !== undefined) {
    throw new Error(`ApplicationSet ${set.metadata.name} contains applications with duplicate name: ${repeated}`);
  }
  const policy = set.spec.syncPolicy?.applicationsSync ?? "sync";
  const byName = new Map(existing.map((app) => [app.metadata.name, app]));
  const changes = wanted.flatMap((application): ApplicationChange[] => {
    const { name } = application.metadata;
    const live = byName.get(name);
    if (live === undefined) return [{ do: "create", application }];
    const owner = controllerOf(live);
    if (owner !== undefined && owner.uid !== set.metadata.uid) {
      throw new Error(`Application ${name} belongs to ${owner.kind} ${owner.name} already`);
    }
    if (policy === "create-only" || policy === "create-delete") return [];
    const patch = updateFor(set, application, live);
    return patch === undefined ? [] : [{ do: "update", name, patch }];
  });
  if (policy === "create-only" || policy === "create-update") return changes;
  const gone = existing.filter(
    (app) => controllerOf(app)?.uid === set.metadata.uid && !names.includes(app.metadata.name),
  );
  const deletions = gone.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...changes, ...deletions.map((app): ApplicationChange => ({ do: "delete", name: app.metadata.name }))];
}

function controllerOf({ metadata }: Application): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function updateFor(set: ApplicationSet, wanted: Application, live: Application): Fields | undefined {
  const { preservedFields = {}, ignoreApplicationDifferences = [] } = set.spec;
  const rules = ignoreApplicationDifferences.map((rule) => ({ ...rule, group: "argoproj.io", kind: "Application" }));
  const kept =
    rules.length > 0 ? (withLiveValues(wanted, live, compileIgnoreDifferences(rules)) as Application) : wanted;
  const annotations = withKept(kept.metadata.annotations, live.metadata.annotations, [
    ...keptAnnotations,
    ...(preservedFields.annotations ?? []),
  ]);
  const labels = withKept(kept.metadata.labels, live.metadata.labels, preservedFields.labels ?? []);
  const foreign = (live.metadata.finalizers ?? []).filter((name) => !name.startsWith(resourcesFinalizer));
  const finalizers = [...new Set([...(kept.metadata.finalizers ?? []), ...foreign])];
  const before = {
    metadata: {
      annotations: live.metadata.annotations ?? {},
      labels: live.metadata.labels ?? {},
      finalizers: live.metadata.finalizers ?? [],
      ownerReferences: live.metadata.ownerReferences ?? [],
    },
    spec: live.spec,
  };
  const isOwned = deepEqual(controllerOf(live), controllerOf(kept));
  const ownerReferences = isOwned
    ? before.metadata.ownerReferences
    : [...before.metadata.ownerReferences, ...(kept.metadata.ownerReferences ?? [])];
  return mergePatchBetween(before, { metadata: { annotations, labels, finalizers, ownerReferences }, spec: kept.spec });
}

/** The fields that are wanted, and those of the live ones that stay whatever is wanted. */
function withKept(
  wanted: Record<string, string> = {},
  live: Record<string, string> = {},
  names: readonly string[],
): Record<string, string> {
  const kept = Object.entries(live).filter(([name]) => names.includes(name));
  return { ...wanted, ...Object.fromEntries(kept) };
}
