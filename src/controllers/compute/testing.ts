import { type KubeObject, textAt } from "../../apimachinery/index.ts";
import { openApiServer } from "../../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import { createSharedInformers, type SharedInformers } from "../../controller-runtime/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import type { ControllerContext } from "../context.ts";
import type { Node } from "./node.ts";
import type { Container, Pod, PodSpec } from "./pod.ts";

const namespace = "default";
const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };
/** Far more than the slowest of these tests takes. */
const timeoutMs = 20_000;

/** A cluster in this process with the controllers under test, and the machine's clock. */
export type TestCluster = AsyncDisposable & {
  client: Client;
  informers: SharedInformers;
  create<T extends KubeObject>(resource: Resource, object: KubeObject): Promise<T>;
  get<T extends KubeObject>(resource: Resource, name: string): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource): Promise<T[]>;
  remove(resource: Resource, name: string): Promise<void>;
  /** Waits until an object is as wanted; fails with the last state seen. */
  until<T extends KubeObject>(resource: Resource, name: string, isSo: (object: T) => boolean): Promise<T>;
  gone(resource: Resource, name: string): Promise<void>;
  /** Waits for an event about an object. */
  event(name: string, reason: string): Promise<string>;
};

export async function openTestCluster(
  ...starts: readonly ((context: ControllerContext) => AsyncDisposable)[]
): Promise<TestCluster> {
  const store = openMemoryStore();
  const server = await openApiServer({ store, log: silentLog, serviceAccountAdmission: false });
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const informers = createSharedInformers(client, silentLog);
  const running = starts.map((start) => start({ client, informers, log: silentLog, now: () => new Date() }));
  const at = (resource: Resource, name: string) => (resource.namespaced ? { namespace, name } : { name });
  return {
    client,
    informers,
    create: async <T extends KubeObject>(resource: Resource, object: KubeObject) =>
      (await client.create(resource, {
        ...object,
        metadata: { ...(resource.namespaced ? { namespace } : {}), ...object.metadata },
      })) as T,
    get: async <T extends KubeObject>(resource: Resource, name: string) =>
      await client.get<T>(resource, at(resource, name)),
    list: async <T extends KubeObject>(resource: Resource) =>
      (await client.list<T>(resource, resource.namespaced ? { namespace } : {})).items,
    async remove(resource, name) {
      await client.delete(resource, at(resource, name));
    },
    async until<T extends KubeObject>(resource: Resource, name: string, isSo: (object: T) => boolean) {
      let last: T | undefined;
      const probe = async () => {
        last = await client.get<T>(resource, at(resource, name));
        return last !== undefined && isSo(last) ? last : undefined;
      };
      const what = `${resource.kind} ${name}: ${isSo}`;
      return await waitUntil(probe, { what, timeoutMs, intervalMs: 5 }).catch((cause: unknown) => {
        throw new Error(`${JSON.stringify(last)} is not ${what}`, { cause });
      });
    },
    async gone(resource, name) {
      const probe = async () => ((await client.get(resource, at(resource, name))) === undefined ? true : undefined);
      await waitUntil(probe, { what: `${resource.kind} ${name} to go`, timeoutMs, intervalMs: 5 });
    },
    async event(name, reason) {
      const probe = async () => {
        const { items } = await client.list(events, { namespace });
        const found = items.find(
          (event) => textAt(event, "involvedObject", "name") === name && textAt(event, "reason") === reason,
        );
        return found === undefined ? undefined : textAt(found, "message");
      };
      return await waitUntil(probe, { what: `event ${reason} about ${name}`, timeoutMs, intervalMs: 5 });
    },
    async [Symbol.asyncDispose]() {
      for (const each of running) await each[Symbol.asyncDispose]();
      await informers[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A pod with one container. */
export function podNamed(
  name: string,
  spec: Partial<PodSpec> = {},
  metadata: Partial<KubeObject["metadata"]> = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, ...metadata },
    spec: { containers: [containerNamed("main")], ...spec },
  };
}

export function containerNamed(name: string, more: Partial<Container> = {}): Container {
  return { name, image: "nginx", ...more };
}

export function nodeNamed(
  name: string,
  more: { labels?: Record<string, string>; spec?: Node["spec"]; cpu?: string } = {},
): Node {
  const size = { cpu: more.cpu ?? "4", memory: "8Gi", pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...more.labels } },
    ...(more.spec === undefined ? {} : { spec: more.spec }),
    status: {
      capacity: size,
      allocatable: size,
      addresses: [{ type: "InternalIP", address: "198.18.0.9" }],
      conditions: [{ type: "Ready", status: "True", reason: "Test", message: "" }],
    },
  };
}
