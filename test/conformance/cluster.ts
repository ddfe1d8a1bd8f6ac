import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openApiServer } from "../../src/apiserver/index.ts";
import { serveHandler, silentLog } from "../../src/lib/index.ts";
import { openMemoryStore } from "../../src/storage/index.ts";
import { type Client, createClient, type Json } from "./client.ts";
import { type Access, readKubeconfig } from "./kubeconfig.ts";

/** The server under test: ours, opened for it, or the cluster that `KUBECONFIG` names. The same assertions hold on both. */
export type Cluster = Client & {
  /** A namespace of this file's own, removed at the end. */
  namespace: string;
  /** A name that nobody else uses. */
  unique(prefix: string): string;
  /** Creates an object outside of namespaces, removed at the end. */
  own(collection: string, object: Json): Promise<Json>;
  /** Creates a CRD, removed at the end, and waits until its versions are served. */
  define(kind: KindOptions): Promise<Kind>;
  /** Whether somebody looks after namespaces and dependents; what needs it is skipped where nobody does. */
  controllers: boolean;
};

export type KindOptions = {
  schema?: Json;
  /** Fields of the one version; `versions` instead describes several. */
  version?: Json;
  versions?: Json[];
  names?: Json;
  scope?: "Namespaced" | "Cluster";
  spec?: Json;
};
export type Kind = { group: string; plural: string; kind: string; crd: string; path(version?: string): string };

/** How long the server may take for what it does later: publishing CRDs, removing namespaces. */
const patienceMs = 30_000;

/** Opens the server once for a test file, and closes it when the file has ended. */
export async function openCluster(): Promise<Cluster> {
  const kubeconfig = process.env["KUBECONFIG"];
  const isRemote = kubeconfig !== undefined && kubeconfig !== "" && existsSync(kubeconfig);
  const opened = isRemote ? remote(readKubeconfig(kubeconfig)) : await local();
  const client = createClient(opened.access);
  const cleanups: (() => Promise<unknown>)[] = [];
  const unique = (prefix: string) => `${prefix}-${randomBytes(4).toString("hex")}`;
  const namespace = unique("conformance");
  const made = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await client.ok("POST", "/api/v1/namespaces", { body: made });
  const controllers = await hasControllers(client, namespace);
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
    await removeNamespace(client, namespace, controllers);
    await opened.close();
  });
  const own: Cluster["own"] = async (collection, object) => {
    const created = await client.ok("POST", collection, { body: object });
    cleanups.push(() => client.send("DELETE", `${collection}/${created.metadata.name}`));
    return created;
  };
  return {
    ...client,
    namespace,
    unique,
    own,
    define: async (options) => await define(client, own, unique, namespace, options),
    controllers,
  };
}

type Opened = { access: Access; close(): Promise<void> };

function remote(access: Access): Opened {
  return { access, close: async () => {} };
}

/** Our own server in this process, behind a real listener. */
async function local(): Promise<Opened> {
  const token = randomBytes(16).toString("hex");
  const store = openMemoryStore();
  const admin = { name: "conformance", groups: ["system:masters", "system:authenticated"] };
  const server = await openApiServer({ store, log: silentLog, tokens: new Map([[token, admin]]) });
  const http = createServer(
    serveHandler(server.handler, (error) => {
      throw error;
    }),
  );
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    access: { server: `http://127.0.0.1:${port}`, token },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A cluster whose controllers run gives each namespace the certificate of its API server. */
async function hasControllers({ send }: Client, namespace: string): Promise<boolean> {
  const elsewhere = await send("GET", "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt");
  if (elsewhere.status !== 200) return false;
  await until(async () => {
    const answer = await send("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return answer.status === 200;
  }, "the default ServiceAccount");
  return true;
}

async function removeNamespace(client: Client, name: string, controllers: boolean): Promise<void> {
  const deleted = await client.send("DELETE", `/api/v1/namespaces/${name}`);
  if (controllers || deleted.status >= 300) return;
  // Nobody else would end it.
  const { body } = await client.send("GET", `/api/v1/namespaces/${name}`);
  if (body?.kind !== "Namespace") return;
  const ended = { ...body, spec: { finalizers: [] } };
  await client.send("PUT", `/api/v1/namespaces/${name}/finalize`, { body: ended });
}

/** Asks again until `holds`. @throws {Error} when that takes too long, naming what was waited for */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + patienceMs;
  for (let waitMs = 10; !(await holds()); waitMs = Math.min(waitMs * 2, 250)) {
    if (Date.now() > end) throw new Error(`Waited ${patienceMs / 1000} s in vain for ${what}`);
    await delay(waitMs);
  }
}

async function define(
  client: Client,
  own: Cluster["own"],
  unique: Cluster["unique"],
  namespace: string,
  options: KindOptions,
): Promise<Kind> {
  const { schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true }, version, scope } = options;
  const group = `${unique("g")}.example.com`;
  const names = { plural: "gears", singular: "gear", kind: "Gear", listKind: "GearList", ...options.names };
  const crd = `${names.plural}.${group}`;
  const one = { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version };
  const versions = options.versions ?? [one];
  await own("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: crd },
    spec: { group, scope: scope ?? "Namespaced", names, versions, ...options.spec },
  });
  const path = (name = versions[0].name) =>
    `/apis/${group}/${name}/${scope === "Cluster" ? "" : `namespaces/${namespace}/`}${names.plural}`;
  for (const { name, served } of versions) {
    if (!served) continue;
    await until(async () => (await client.send("GET", path(name))).status === 200, `${path(name)} to be served`);
  }
  return { group, plural: names.plural, kind: names.kind, crd, path };
}
