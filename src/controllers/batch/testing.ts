import type { KubeObject } from "../../apimachinery/index.ts";
import { openApiServer } from "../../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import { type Controller, createSharedInformers } from "../../controller-runtime/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import type { ControllerContext } from "../context.ts";
import { type Pod, pods } from "../workloads/kinds.ts";
import { type Job, jobs } from "./kinds.ts";

const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };
const waitMs = 10_000;

/** A cluster in this process whose clock the test moves, with the controllers under test and the test as kubelet. */
export type TestCluster = AsyncDisposable & {
  client: Client;
  clock: { now: Date; advance(ms: number): void };
  /** Resolves when the controllers have seen this object as it is now and have nothing left to do. */
  settled(resource: Resource, name: string): Promise<void>;
  /** Asks until the probe gives something that is not `undefined` or `false`. */
  until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T>;
  job(name: string): Promise<Job>;
  /** Waits until a job's status says this. */
  jobUntil(name: string, what: string, isSo: (job: Job) => boolean): Promise<Job>;
  /** Pods of the namespace that are not being deleted, in the order of their names' index or creation. */
  pods(selector?: string): Promise<Pod[]>;
  /** Changes the status of a pod, as a kubelet does. */
  play(pod: KubeObject, status: Record<string, unknown>): Promise<void>;
  /** Messages of the events about an object, with type and reason. */
  events(name: string): Promise<string[]>;
};

/** Everything happens in the namespace `default`. */
export async function openTestCluster(
  controllers: readonly ((context: ControllerContext) => Controller)[],
): Promise<TestCluster> {
  const clock = {
    now: new Date("2026-01-02T03:04:05Z"),
    advance(ms: number) {
      this.now = new Date(this.now.getTime() + ms);
    },
  };
  const now = () => clock.now;
  const store = openMemoryStore();
  const server = await openApiServer({ store, log: silentLog, now });
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const informers = createSharedInformers(client, silentLog);
  const running = controllers.map((start) => start({ client, informers, log: silentLog, now }));
  const namespace = "default";
  const job = async (name: string) => {
    const found = await client.get<Job>(jobs, { namespace, name });
    if (found === undefined) throw new Error(`No job ${name}`);
    return found;
  };
  const until: TestCluster["until"] = async (what, probe) =>
    await waitUntil(async () => (await probe()) || undefined, { what, timeoutMs: waitMs, intervalMs: 5 });
  return {
    client,
    clock,
    async settled(resource, name) {
      const object = await client.get(resource, { namespace, name });
      await informers.of(resource).reached(object?.metadata.resourceVersion);
      for (const each of running) await each.idle();
    },
    until,
    job,
    async jobUntil(name, what, isSo) {
      let last: Job | undefined;
      return await until(`${name}: ${what}`, async () => {
        last = await job(name);
        return isSo(last) && last;
      }).catch((error: unknown) => {
        throw new Error(`${JSON.stringify(last?.status)}`, { cause: error });
      });
    },
    async pods(labelSelector) {
      const { items } = await client.list<Pod>(pods, {
        namespace,
        ...(labelSelector !== undefined && { labelSelector }),
      });
      return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    },
    async play(pod, status) {
      const { name = "" } = pod.metadata;
      await client.patch(pods, { namespace, name }, "strategic", { status }, { subresource: "status" });
    },
    async events(name) {
      const { items } = await client.list<KubeObject>(events, { namespace });
      return items
        .filter((event) => (event["involvedObject"] as { name?: string }).name === name)
        .map((event) => `${event["type"]} ${event["reason"]}: ${event["message"]}`);
    },
    async [Symbol.asyncDispose]() {
      for (const each of running) await each[Symbol.asyncDispose]();
      await informers[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A Job of one container that does nothing. */
export function jobOf(name: string, spec: Record<string, unknown> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "default" },
    spec: {
      ...spec,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox" }] } },
    },
  };
}
