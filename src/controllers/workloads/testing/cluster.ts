import { isDeepStrictEqual } from "node:util";
import { fieldsAt, type KubeObject, textAt } from "../../../apimachinery/index.ts";
import { openApiServer } from "../../../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../../../client/index.ts";
import { type Controller, createSharedInformers, type SharedInformers } from "../../../controller-runtime/index.ts";
import { type Handler, silentLog, waitUntil } from "../../../lib/index.ts";
import { openMemoryStore } from "../../../storage/index.ts";
import type { ControllerContext } from "../../context.ts";
import { targetNode } from "../daemon-pod.ts";
import { type Pod, type PodTemplate, pods, type Workload } from "../kinds.ts";
import { isReady } from "../pods.ts";

const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };
const namespace = "default";
/** Far more than the slowest of these tests takes. */
const timeoutMs = 20_000;

/** A cluster in this process with the controllers under test; the test plays the kubelet and moves the clock. */
export type TestCluster = AsyncDisposable & {
  /** The API server; it trusts whom the request names. */
  handler: Handler;
  client: Client;
  informers: SharedInformers;
  controllers: Controller[];
  clock: { now: Date };
  advance(seconds: number): void;
  create<T extends KubeObject>(resource: Resource, object: T): Promise<T>;
  get<T extends KubeObject>(resource: Resource, name: string): Promise<T>;
  list<T extends KubeObject>(resource: Resource): Promise<T[]>;
  patch<T extends KubeObject>(resource: Resource, name: string, patch: unknown): Promise<T>;
  remove(resource: Resource, name: string): Promise<void>;
  /** Waits until an object is as wanted; fails with the last state seen. */
  until<T extends KubeObject>(resource: Resource, name: string, isSo: (object: T) => boolean): Promise<T>;
  /** Waits until a list is as wanted. */
  untilList<T extends KubeObject>(resource: Resource, isSo: (objects: T[]) => boolean): Promise<T[]>;
  /** Resolves when the controllers have had their say: nothing changes any more. */
  settled(): Promise<void>;
  /** Gives a pod to a node and says how it is. */
  play(pod: Pod, phase: string, ready?: boolean): Promise<void>;
  /** Ends a pod that is being deleted, as its kubelet would. */
  bury(pod: Pod): Promise<void>;
  /** From now on every pod runs and is ready at once, and goes at once, unless `but` says otherwise. */
  autoplay(but?: (pod: Pod) => boolean): void;
  /** `type reason message` of each event about an object, repeated ones once. */
  events(name: string): Promise<string[]>;
};

export async function openTestCluster(...starts: ((context: ControllerContext) => Controller)[]): Promise<TestCluster> {
  const store = openMemoryStore();
  const clock = { now: new Date("2026-01-02T03:04:05Z") };
  const now = () => clock.now;
  const server = await openApiServer({ store, log: silentLog, now, serviceAccountAdmission: false });
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const informers = createSharedInformers(client, silentLog);
  const controllers = starts.map((start) => start({ client, informers, log: silentLog, now }));
  const podCache = informers.of<Pod>(pods);
  let playing: Disposable | undefined;

  const play = async (pod: Pod, phase: string, ready = phase === "Running") => {
    const { name = "" } = pod.metadata;
    if (pod.spec.nodeName === undefined) {
      const target = { apiVersion: "v1", kind: "Node", name: targetNode(pod) ?? "node" };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target };
      await client.create(pods, binding, { subresource: "binding" });
    }
    const lastTransitionTime = `${clock.now.toISOString().slice(0, 19)}Z`;
    const condition = { type: "Ready", status: ready ? "True" : "False", lastTransitionTime };
    const status = { phase, conditions: [condition] };
    await client.patch(pods, { namespace, name }, "strategic", { status }, { subresource: "status" });
  };
  const bury = async ({ metadata }: Pod) => {
    const { name = "", uid = "" } = metadata;
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  };
  const cluster: TestCluster = {
    handler: server.handler,
    client,
    informers,
    controllers,
    clock,
    advance(seconds) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },
    create: async (resource, object) =>
      await client.create(resource, { ...object, metadata: { namespace, ...object.metadata } }),
    async get<T extends KubeObject>(resource: Resource, name: string) {
      const found = await client.get<T>(resource, { namespace, name });
      if (found === undefined) throw new Error(`No ${resource.kind} ${name}`);
      return found;
    },
    list: async <T extends KubeObject>(resource: Resource) => (await client.list<T>(resource, { namespace })).items,
    patch: async (resource, name, patch) => await client.patch(resource, { namespace, name }, "strategic", patch),
    async remove(resource, name) {
      await client.delete(resource, { namespace, name });
    },
    async until<T extends KubeObject>(resource: Resource, name: string, isSo: (object: T) => boolean) {
      let last: T | undefined;
      const probe = async () => {
        last = await client.get<T>(resource, { namespace, name });
        return last !== undefined && isSo(last) ? last : undefined;
      };
      const what = `${resource.kind} ${name}: ${isSo}`;
      return await waitUntil(probe, { what, timeoutMs, intervalMs: 2 }).catch((cause: unknown) => {
        throw new Error(`${JSON.stringify(last?.["status"])} of ${what}`, { cause });
      });
    },
    async untilList<T extends KubeObject>(resource: Resource, isSo: (objects: T[]) => boolean) {
      const probe = async () => {
        const items = await cluster.list<T>(resource);
        return isSo(items) ? items : undefined;
      };
      return await waitUntil(probe, { what: `${resource.resource}: ${isSo}`, timeoutMs, intervalMs: 2 });
    },
    async settled() {
      let before: string | undefined;
      const probe = async () => {
        for (const controller of controllers) await controller.idle();
        const { resourceVersion } = await client.list(pods, { namespace });
        const same = before === resourceVersion;
        before = resourceVersion;
        return same ? true : undefined;
      };
      await waitUntil(probe, { what: "nothing to change", timeoutMs, intervalMs: 20 });
    },
    play,
    bury,
    autoplay(but = () => false) {
      playing?.[Symbol.dispose]();
      playing = podCache.listen({
        onChange(pod) {
          if (but(pod)) return;
          const quiet = () => undefined;
          if (pod.metadata.deletionTimestamp !== undefined) void bury(pod).catch(quiet);
          else if (pod.status?.phase === "Pending" && !isReady(pod)) void play(pod, "Running").catch(quiet);
        },
      });
    },
    async events(name) {
      const about = (await cluster.list<KubeObject>(events)).filter(
        (event) => textAt(fieldsAt(event, "involvedObject"), "name") === name,
      );
      return about.map((event) => ["type", "reason", "message"].map((field) => textAt(event, field)).join(" "));
    },
    async [Symbol.asyncDispose]() {
      playing?.[Symbol.dispose]();
      for (const controller of controllers) await controller[Symbol.asyncDispose]();
      await informers[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  return cluster;
}

/** The part of a workload's spec that most tests share: its selector, and a template with one container. */
export function podSpecOf(app: string, image = "nginx:1.25"): { selector: object; template: PodTemplate } {
  return { selector: { matchLabels: { app } }, template: templateOf(app, image) };
}

export function templateOf(app: string, image = "nginx:1.25"): PodTemplate {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: "main", image }] } };
}

export function workload(kind: string, name: string, spec: object): Workload {
  return { apiVersion: "apps/v1", kind, metadata: { name }, spec: { ...podSpecOf(name), ...spec } };
}

/** Whether the status has at least these fields. */
export function statusHas({ status }: KubeObject, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([field, value]) =>
    isDeepStrictEqual(fieldsAt({ status }, "status")[field], value),
  );
}
