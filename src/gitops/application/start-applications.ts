import { deepEqual, type KubeObject, textAt } from "../../apimachinery/index.ts";
import { parseApplication } from "../../apis/index.ts";
import { type Controller, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText, type Log } from "../../lib/index.ts";
import { formatKey, type ObjectKey } from "../object/key.ts";
import { projectResource, releaseProject } from "../project/app-projects.ts";
import { basesOf, dependsOnCluster } from "../source/source-memory.ts";
import { trackingIdOf } from "../target/tracking.ts";
import { isAffectedByPush, type Push } from "./affected-by-push.ts";
import { type ApplicationMemory, createApplicationMemory } from "./application-memory.ts";
import { sourcesOf } from "./build-status.ts";
import { deleteApplication } from "./delete-application.ts";
import { logChange } from "./log-change.ts";
import { type ReconcileContext, reconcileApplication } from "./reconcile-application.ts";
import { WantedObjects } from "./wanted-objects.ts";
import { applicationResource } from "./write-application.ts";

/** How many applications are looked at at the same time; each spends most of its time waiting for answers of the server. */
const concurrency = 8;

/** Definitions come in numbers; charts are told of them this long after the first. */
const kindsSettleMs = 1_000;

export type Applications = AsyncDisposable & {
  /** Told of every object that is watched and changes or goes. */
  onChange(key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined): void;
  onPush(push: Push): void;
  /** Something has come that failed syncs may have waited for. */
  heal(): void;
  /** The cluster serves other kinds than before, which charts may ask about. */
  onKinds(): void;
};

/** Whether an application has changed in what it asks for. Its status is for others; of that we only obey a termination. */
function isForItself(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  const asked = (object: KubeObject | undefined) => {
    const { annotations, finalizers, deletionTimestamp, uid } = object?.metadata ?? {};
    const phase = textAt(object, "status", "operationState", "phase");
    return [object?.["spec"], object?.["operation"], annotations, finalizers, deletionTimestamp, uid, phase];
  };
  return !deepEqual(asked(before), asked(after));
}

/** Looks at every application now, and again whenever its source, its objects, its project or itself change. */
export function startApplications(options: Omit<ReconcileContext, "onTargets"> & { log: Log }): Applications {
  const { client, live, services, namespace, log } = options;
  const memories = new Map<string, ApplicationMemory>();
  const wanted = new WantedObjects();
  const context: ReconcileContext = { ...options, onTargets: (app, keys) => wanted.set(app.metadata.name, keys) };

  const objectNamed = (name: string) =>
    live.get(formatKey({ group: "argoproj.io", kind: "Application", namespace, name }));
  const all = () => live.all(applicationResource).filter(({ metadata }) => metadata.namespace === namespace);
  const inProject = (project: string) =>
    all().filter((object) => (textAt(object, "spec", "project") || "default") === project);

  const reconcile = async (name: string, signal: AbortSignal): Promise<Result> => {
    const object = objectNamed(name);
    if (object === undefined) {
      memories.delete(name);
      wanted.set(name, []);
      for (const project of live.all(projectResource)) await onProject(project);
      return { state: "done" };
    }
    const app = parseApplication(object);
    if (app.metadata.deletionTimestamp !== undefined) {
      await deleteApplication(app, context);
      return { state: "done" };
    }
    const uid = app.metadata.uid ?? "";
    const known = memories.get(name);
    const memory = known?.uid === uid ? known : createApplicationMemory(uid);
    memories.set(name, memory);
    return await reconcileApplication(app, memory, context, signal);
  };
  const controller: Controller = startController({ name: "applications", reconcile, concurrency, log });

  const onProject = async (project: KubeObject) => {
    if (project.metadata.namespace !== namespace) return;
    await releaseProject(client, project, inProject(project.metadata.name ?? "").length > 0);
  };
  const onProjectChange = (project: KubeObject) => {
    for (const { metadata } of inProject(project.metadata.name ?? "")) controller.enqueue(metadata.name ?? "");
    onProject(project).catch((error: unknown) => {
      log.warn("Cannot let go of a project", { project: project.metadata.name, why: errorText(error) });
    });
  };
  for (const { metadata } of all()) controller.enqueue(metadata.name ?? "");
  return {
    onChange(key, before, after) {
      for (const object of [before, after]) {
        const owner = object === undefined ? undefined : trackingIdOf(object)?.app;
        if (owner !== undefined && objectNamed(owner) !== undefined) controller.enqueue(owner);
      }
      for (const name of wanted.by(key)) controller.enqueue(name);
      const object = after ?? before;
      if (object?.metadata.namespace !== namespace || !object.apiVersion.startsWith("argoproj.io/")) return;
      if (object.kind === "Application") logChange(log, before, after);
      if (object.kind === "Application" && isForItself(before, after)) controller.enqueue(object.metadata.name ?? "");
      if (object.kind === "AppProject") onProjectChange(object);
    },
    onPush(push) {
      for (const object of all()) {
        const { sources } = sourcesOf(parseApplication(object));
        const memory = memories.get(object.metadata.name ?? "");
        if (memory === undefined) continue;
        const followed = [...sources, ...basesOf(memory.observe.sources)];
        if (!isAffectedByPush(followed, push, services.git)) continue;
        memory.isStale = true;
        controller.enqueue(object.metadata.name ?? "");
      }
    },
    heal() {
      for (const object of all()) {
        const memory = memories.get(object.metadata.name ?? "");
        const hasEnded = textAt(object, "status", "operationState", "finishedAt") !== "";
        const isWell = textAt(object, "status", "operationState", "phase") === "Succeeded";
        if (memory === undefined || !hasEnded || isWell) continue;
        memory.mayHaveHealed = true;
        controller.enqueue(object.metadata.name ?? "");
      }
    },
    onKinds() {
      for (const [name, memory] of memories)
        if (dependsOnCluster(memory.observe.sources)) controller.enqueue(name, kindsSettleMs);
    },
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]();
    },
  };
}
