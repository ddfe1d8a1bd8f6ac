import { deepEqual, type KubeObject } from "../../apimachinery/index.ts";
import type { Application, Condition } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { renderDirectory, type SourceFile } from "../../render/index.ts";
import { createDiffMemo, type DiffMemo } from "../compare/diff-memo.ts";
import { compileIgnoreDifferences, type IgnoredPaths } from "../compare/ignore-differences.ts";
import { groupOf } from "../object/key.ts";
import { optionIn, roleOf } from "../object/sync-annotations.ts";
import { type Loaded, type LoadRequest, loadSources } from "../source/load-sources.ts";
import type { SourceRequest } from "../source/references.ts";
import { releaseSeed } from "../source/release-seed.ts";
import type { SourceServices } from "../source/services.ts";
import type { LoadedSource, LoadOptions } from "../source/source-loader.ts";
import { createSourceMemory, type SourceMemory } from "../source/source-memory.ts";
import { fieldManager } from "../sync/cluster-writer.ts";
import type { Target } from "../target/normalize-targets.ts";
import { sourcesOf } from "./build-status.ts";
import { type Comparison, compareApplication } from "./compare-application.ts";
import { type Desired, type DesiredMemory, desiredTargets } from "./desired-targets.ts";
import {
  type ClusterView,
  type ConvertedObjects,
  convertLive,
  liveObjectOf,
  predictDifferences,
} from "./live-differences.ts";
import { hasChangedNamespaceMetadata } from "./managed-namespace.ts";

/** What is remembered between two looks at one application; nothing of it is needed after a restart. */
export type ObserveMemory = {
  sources: SourceMemory;
  desired: DesiredMemory;
  ignored: { rules: Application["spec"]["ignoreDifferences"]; paths: IgnoredPaths } | undefined;
  /** Holds for the rules in `ignored`. */
  diffs: DiffMemo;
  converted: ConvertedObjects;
};

export function createObserveMemory(): ObserveMemory {
  return {
    sources: createSourceMemory(),
    desired: [],
    ignored: undefined,
    diffs: createDiffMemo(fieldManager),
    converted: new Map(),
  };
}

export type ObserveContext = ClusterView & { services: SourceServices };

export type Observed = Desired & {
  /** What went wrong; the comparison then says only what the cluster has. */
  error: Condition | undefined;
  revisions: string[];
  sourceTypes: LoadedSource["sourceType"][];
  ignored: IgnoredPaths;
  /** Compares with the cluster as it is now; differences nobody has asked the server about count as differences. */
  compare: () => Comparison;
  /** Asks the server about differences that are not known yet. */
  predict: () => Promise<void>;
};

export type ObserveRequest = {
  app: Application;
  /** Whether the project lets the application have such an object. */
  isPermitted: (object: KubeObject) => boolean;
  /** Whether the project lets the application use a repository. */
  isSourcePermitted: (repoURL: string) => boolean;
  sources: readonly SourceRequest[];
  /** Manifests to use instead of those of the sources, as JSON. */
  manifests: readonly string[] | undefined;
  options: LoadOptions;
};

/** Finds out what an application wants, and prepares to compare it with the cluster. */
export async function observeApplication(
  request: ObserveRequest,
  memory: ObserveMemory,
  context: ObserveContext,
): Promise<Observed> {
  const { app, isPermitted, sources, manifests: given, options } = request;
  const { kinds, live, services } = context;
  const loaded =
    given === undefined
      ? await loadSources(services, loadRequest(request, services), memory.sources, options)
      : await loadGiven(given, sources);
  const manifests = loaded.ok ? loaded.sources.map((source) => source.manifests) : [];
  const objects = manifests.flatMap((some) => some.map(({ object }) => object));
  await kinds.prepare(objects);
  const desired = desiredTargets(app, manifests, memory.desired, kinds);
  const used = objects.map((object) => ({ group: groupOf(object), kind: object.kind }));
  const watchError = await watchKinds([...used, ...(app.status?.resources ?? [])], context);
  const { paths: ignored, error: ruleError } = compileIgnored(app, memory);
  const { name, namespace } = app.metadata;
  const { syncOptions } = app.spec.syncPolicy ?? {};
  const isCompared = (target: Target) => roleOf(target.object).role === "resource";
  return {
    ...desired,
    error: loaded.ok ? (watchError ?? ruleError) : loaded.error,
    revisions: loaded.ok ? loaded.sources.map(({ revision }) => revision) : loaded.revisions,
    sourceTypes: loaded.ok ? loaded.sources.map(({ sourceType }) => sourceType) : loaded.sourceTypes,
    ignored,
    compare: () =>
      compareApplication({
        app: name,
        qualifiedName: `${namespace}/${name}`,
        targets: desired.targets,
        liveOf: (target) => liveObjectOf(target, memory.converted, context),
        owned: live.ownedBy(name),
        isModified: (target, object) => isCompared(target) && (memory.diffs.get(target.object, object) ?? true),
        isPermitted,
        hasChangedNamespaceMetadata: hasChangedNamespaceMetadata(app),
        confirmOptions: { delete: optionIn(syncOptions, "Delete"), prune: optionIn(syncOptions, "Prune") },
      }),
    predict: async () => {
      await convertLive(desired.targets, memory.converted, context);
      await predictDifferences(desired.targets.filter(isCompared), { ...memory, ignored }, context);
    },
  };
}

function loadRequest(
  { app, isSourcePermitted, sources }: Omit<ObserveRequest, "manifests">,
  { randomSecret }: SourceServices,
): LoadRequest {
  const { destination, project } = app.spec;
  const seed = releaseSeed(app, randomSecret);
  return {
    app: {
      name: app.metadata.name,
      namespace: destination.namespace ?? "",
      project: project || "default",
      permits: isSourcePermitted,
    },
    isMultiSource: sources.length > 1 || sourcesOf(app).isMultiSource,
    requests: sources,
    ...(seed !== undefined && { overrides: { seed } }),
  };
}

/** Manifests that somebody sent along with an operation take the place of the first source's. */
async function loadGiven(texts: readonly string[], sources: readonly SourceRequest[]): Promise<Loaded> {
  const files = texts.map((text, index): SourceFile => {
    const bytes = Buffer.from(text);
    return { path: `manifest-${index + 1}.json`, sizeBytes: bytes.byteLength, read: async () => bytes };
  });
  try {
    const manifests = await renderDirectory(files);
    const loaded = sources.map(({ revision, source }, index): LoadedSource => {
      const isFirst = index === 0;
      const named = revision || source.targetRevision || "";
      return { revision: named, sourceType: "Directory", manifests: isFirst ? manifests : [] };
    });
    return { ok: true, sources: loaded };
  } catch (error) {
    const message = `Failed to load local manifests: ${errorText(error)}`;
    return { ok: false, error: { type: "ComparisonError", message }, why: message, revisions: [], sourceTypes: [] };
  }
}

async function watchKinds(
  used: readonly { group?: string; kind?: string }[],
  { kinds, live }: ObserveContext,
): Promise<Condition | undefined> {
  const names = new Map(used.map(({ group = "", kind = "" }) => [`${group}/${kind}`, { group, kind }]));
  try {
    await live.watch([...names.values()].flatMap(({ group, kind }) => kinds.find(group, kind) ?? []));
    return undefined;
  } catch (error) {
    return { type: "ComparisonError", message: `Failed to load live state: ${errorText(error)}` };
  }
}

function compileIgnored(
  app: Application,
  memory: ObserveMemory,
): { paths: IgnoredPaths; error: Condition | undefined } {
  const rules = app.spec.ignoreDifferences;
  try {
    if (memory.ignored === undefined || !deepEqual(memory.ignored.rules, rules)) {
      memory.ignored = { rules, paths: compileIgnoreDifferences(rules) };
      memory.diffs = createDiffMemo(fieldManager);
    }
    return { paths: memory.ignored.paths, error: undefined };
  } catch (error) {
    const message = `Failed to compare desired state to live state: ${errorText(error)}`;
    return { paths: () => [], error: { type: "ComparisonError", message } };
  }
}
