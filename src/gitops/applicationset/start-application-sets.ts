import type { KubeObject } from "../../apimachinery/index.ts";
import {
  type Application,
  type ApplicationSet,
  type ApplicationSetCondition,
  parseApplication,
  parseApplicationSet,
} from "../../apis/index.ts";
import { type Client, type Resource, startInformer } from "../../client/index.ts";
import { type Controller, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText, type Log } from "../../lib/index.ts";
import { mergePatchBetween } from "../application/merge-patch.ts";
import { applicationResource } from "../application/write-application.ts";
import type { LiveState } from "../live/live-state.ts";
import { formatKey } from "../object/key.ts";
import type { GitSources } from "../source/file-tree.ts";
import { formatTime } from "../sync/retry.ts";
import {
  type ApplicationChange,
  decideApplications,
  expandApplication,
  goTemplateOptionsOf,
} from "./decide-applications.ts";
import { generateParameters } from "./generate-parameters.ts";

export type ApplicationSetsOptions = {
  client: Client;
  git: GitSources;
  live: LiveState;
  log: Log;
  namespace: string;
  now: () => Date;
};

export type ApplicationSets = AsyncDisposable & {
  /** Told of every Application and ApplicationSet that changes or goes. */
  onChange(object: KubeObject): void;
  /** Told that a repository of ours has changed. */
  onPush(push: { owner: string; name: string }): void;
};

export const applicationSetResource: Resource = {
  ...applicationResource,
  resource: "applicationsets",
  kind: "ApplicationSet",
};
const secrets: Resource = { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true };
const clusterSecrets = "argocd.argoproj.io/secret-type=cluster";
const refreshAnnotation = "argocd.argoproj.io/application-set-refresh";

/** How often remote repositories are asked again unless `requeueAfterSeconds` says otherwise; Argo CD's default. */
const pollMs = 180_000;
const concurrency = 2;
/** Applications change often while they sync; their set looks at them this long after the first change. */
const settleMs = 200;

/** Keeps Applications as ApplicationSets describe them. The caller tells it of changes; they come from its own watches. */
export async function startApplicationSets(options: ApplicationSetsOptions): Promise<ApplicationSets> {
  const { client, live, log, namespace } = options;
  const queue: { controller?: Controller } = {};
  const all = () => live.all(applicationSetResource).filter(({ metadata }) => metadata.namespace === namespace);
  const enqueueAll = () => {
    for (const { metadata } of all()) queue.controller?.enqueue(metadata.name ?? "");
  };
  const clusters = startInformer(client, secrets, {
    namespace,
    labelSelector: clusterSecrets,
    log,
    onChange: enqueueAll,
    onDelete: enqueueAll,
  });
  await clusters.synced();
  await live.watch([applicationSetResource]);
  const reconcile = async (name: string, signal: AbortSignal): Promise<Result> => {
    const object = live.get(formatKey({ group: "argoproj.io", kind: "ApplicationSet", namespace, name }));
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return { state: "done" };
    return await reconcileSet(parseApplicationSet(object), { ...options, clusters: clusters.all(), signal });
  };
  const controller = startController({ name: "applicationsets", reconcile, concurrency, log });
  queue.controller = controller;
  enqueueAll();
  return {
    onChange(object) {
      if (object.metadata.namespace !== namespace || !object.apiVersion.startsWith("argoproj.io/")) return;
      if (object.kind === "ApplicationSet") controller.enqueue(object.metadata.name ?? "");
      const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === "ApplicationSet");
      if (object.kind === "Application" && owner !== undefined) controller.enqueue(owner.name, settleMs);
    },
    onPush(push) {
      for (const object of all()) {
        if (isAffected(parseApplicationSet(object), push, options.git)) controller.enqueue(object.metadata.name ?? "");
      }
    },
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]();
      await clusters[Symbol.asyncDispose]();
    },
  };
}

function isAffected({ spec }: ApplicationSet, push: { owner: string; name: string }, git: GitSources): boolean {
  return spec.generators.some(({ git: generator }) => {
    const local = generator === undefined ? undefined : git.isLocal(generator.repoURL);
    return (
      local?.owner.toLowerCase() === push.owner.toLowerCase() && local.name.toLowerCase() === push.name.toLowerCase()
    );
  });
}

type ReconcileOptions = ApplicationSetsOptions & { clusters: readonly KubeObject[]; signal: AbortSignal };

type Problem = { reason: string; message: string };

async function reconcileSet(set: ApplicationSet, options: ReconcileOptions): Promise<Result> {
  const refresh = set.metadata.annotations?.[refreshAnnotation] !== undefined;
  const outcome = await generate(set, refresh, options);
  const problem = "problem" in outcome ? outcome.problem : await applyChanges(outcome.changes, options);
  await writeStatus(set, problem, options);
  if (refresh) {
    const metadata = { annotations: { [refreshAnnotation]: null } };
    options.live.put(await options.client.patch(applicationSetResource, nameOf(set), "merge", { metadata }));
  }
  const gits = set.spec.generators.flatMap(({ git }) => git ?? []);
  const isRemote = gits.some(({ repoURL }) => options.git.isLocal(repoURL) === undefined);
  if (problem !== undefined) return { state: "again", afterMs: failedMs };
  if (!isRemote) return { state: "done" };
  const asked = gits.map(({ requeueAfterSeconds }) => (requeueAfterSeconds ?? pollMs / 1000) * 1000);
  return { state: "again", afterMs: Math.max(1_000, Math.min(...asked)) };
}

/** Wait after a failure: what it lacks may come without anybody telling. */
const failedMs = 30_000;

/** What is in the specification and is not done yet; ignoring it would do something else than what was asked for. */
function unsupportedIn({ spec }: ApplicationSet): string | undefined {
  if (spec.templatePatch) return "templatePatch is not supported yet";
  if (spec.strategy?.["type"] === "RollingSync") return "strategy RollingSync is not supported yet";
  return undefined;
}

async function generate(
  set: ApplicationSet,
  refresh: boolean,
  { git, clusters, live, signal, namespace }: ReconcileOptions,
): Promise<{ changes: ApplicationChange[] } | { problem: Problem }> {
  const goTemplate = goTemplateOptionsOf(set);
  const wanted: Application[] = [];
  let reason = "ApplicationGenerationFromParamsError";
  try {
    const unsupported = unsupportedIn(set);
    if (unsupported !== undefined) throw new Error(unsupported);
    for (const generator of set.spec.generators) {
      const sets = await generateParameters(generator, { git, clusters, goTemplate, refresh, signal });
      reason = "RenderTemplateParamsError";
      wanted.push(...sets.map((generated) => parseApplication(expandApplication(set, generated))));
      reason = "ApplicationGenerationFromParamsError";
    }
    reason = "ApplicationValidationError";
    const existing = live.all(applicationResource).filter(({ metadata }) => metadata.namespace === namespace);
    return { changes: decideApplications(set, wanted, existing.map(parseApplication)) };
  } catch (error) {
    return { problem: { reason, message: errorText(error) } };
  }
}

async function applyChanges(
  changes: readonly ApplicationChange[],
  { client, live, namespace }: ReconcileOptions,
): Promise<Problem | undefined> {
  for (const change of changes) {
    try {
      switch (change.do) {
        case "create":
          live.put(await client.create(applicationResource, change.application));
          break;
        case "update":
          live.put(await client.patch(applicationResource, { namespace, name: change.name }, "merge", change.patch));
          break;
        case "delete":
          await client.delete(applicationResource, { namespace, name: change.name });
      }
    } catch (error) {
      const verb = { create: "Create", update: "Update", delete: "Delete" }[change.do];
      return { reason: `${verb}ApplicationError`, message: errorText(error) };
    }
  }
  return undefined;
}

async function writeStatus(
  set: ApplicationSet,
  problem: Problem | undefined,
  { client, live, namespace, now }: ReconcileOptions,
): Promise<void> {
  const owned = live
    .all(applicationResource)
    .filter(({ metadata }) => metadata.namespace === namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid))
    .map(parseApplication)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const resources = owned.map(({ metadata, status }) => ({
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "Application",
    name: metadata.name,
    namespace,
    ...(status?.sync !== undefined && { status: status.sync.status }),
    ...(status?.health !== undefined && { health: status.health }),
  }));
  const conditions = conditionsFor(problem).map((condition): ApplicationSetCondition => {
    const same = set.status?.conditions?.find(
      ({ type, status, message }) =>
        type === condition.type && status === condition.status && message === condition.message,
    );
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? formatTime(now()) };
  });
  const status = { ...set.status, conditions, resources, resourcesCount: resources.length };
  const patch = mergePatchBetween(set.status ?? {}, status);
  if (patch === undefined) return;
  const write = { status: patch };
  live.put(await client.patch(applicationSetResource, nameOf(set), "merge", write, { subresource: "status" }));
}

function conditionsFor(problem: Problem | undefined): ApplicationSetCondition[] {
  if (problem === undefined) {
    const message = "All applications have been generated successfully";
    const reason = "ApplicationSetUpToDate";
    return [
      { type: "ErrorOccurred", status: "False", reason, message },
      {
        type: "ParametersGenerated",
        status: "True",
        reason: "ParametersGenerated",
        message: "Successfully generated parameters for all Applications",
      },
      { type: "ResourcesUpToDate", status: "True", reason, message },
    ];
  }
  const { reason, message } = problem;
  return [
    { type: "ErrorOccurred", status: "True", reason, message },
    { type: "ParametersGenerated", status: "False", reason: "ErrorOccurred", message },
    { type: "ResourcesUpToDate", status: "False", reason, message },
  ];
}

function nameOf({ metadata }: ApplicationSet) {
  return { namespace: metadata.namespace ?? "", name: metadata.name };
}
