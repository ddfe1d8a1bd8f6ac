import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeObject } from "../../apimachinery/index.ts";
import { type Application, argoprojCrds } from "../../apis/index.ts";
import { openApiServer } from "../../apiserver/index.ts";
import { createChartStore } from "../../charts/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import { startControllers } from "../../controllers/index.ts";
import { openRepositories, openSources, type Repositories, type Sources } from "../../git/index.ts";
import { createLog, type Log, silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import { createInlineRenderer, type GitOpsOptions, startGitOps } from "../index.ts";

export const admin = { name: "admin", groups: ["system:masters"] };

function resource(group: string, version: string, kind: string, plural: string, namespaced = true): Resource {
  return { group, version, resource: plural, kind, namespaced };
}

export const resources = {
  application: resource("argoproj.io", "v1alpha1", "Application", "applications"),
  applicationSet: resource("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets"),
  project: resource("argoproj.io", "v1alpha1", "AppProject", "appprojects"),
  configMap: resource("", "v1", "ConfigMap", "configmaps"),
  secret: resource("", "v1", "Secret", "secrets"),
  namespace: resource("", "v1", "Namespace", "namespaces", false),
  service: resource("", "v1", "Service", "services"),
  pod: resource("", "v1", "Pod", "pods"),
  deployment: resource("apps", "v1", "Deployment", "deployments"),
  job: resource("batch", "v1", "Job", "jobs"),
  clusterRole: resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
  crd: resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
  widget: resource("example.com", "v1", "Widget", "widgets"),
} as const;

/** A whole control plane with Git and GitOps in this process, as small as it gets. */
export type TestCluster = AsyncDisposable & {
  client: Client;
  /** What the server was asked, `PATCH /api/v1/…`; empty it before what you want to see. */
  requests: string[];
  repositories: Repositories;
  sources: Sources;
  /** Makes the files of `platform/<name>` equal to these texts and returns the commit. */
  push(name: string, files: Record<string, string>): Promise<string>;
  create(...objects: KubeObject[]): Promise<void>;
  application(name: string): Promise<Application | undefined>;
  /** Waits until an application is as `ready` says. */
  until(name: string, ready: (app: Application) => boolean, what?: string): Promise<Application>;
  untilSynced(name: string, revision?: string): Promise<Application>;
  /** Waits until an object is there, or is as `ready` says. */
  untilObject(kind: Resource, name: string, ready?: (object: KubeObject) => boolean): Promise<KubeObject>;
  untilGone(kind: Resource, name: string, namespace?: string): Promise<void>;
  /** Stops GitOps and starts it again, with nothing remembered. */
  restart(): Promise<void>;
};

const timeoutMs = 10_000;
export const workNamespace = "work";

export async function openTestCluster(
  options: Partial<GitOpsOptions> & { verbose?: boolean } = {},
): Promise<TestCluster> {
  const dir = await mkdtemp(join(tmpdir(), "skiff-gitops-"));
  const log: Log = options.verbose
    ? createLog({ level: "debug", write: (line) => process.stderr.write(line) })
    : silentLog;
  const store = openMemoryStore();
  const server = await openApiServer({ store, log });
  const requests: string[] = [];
  const client = createClient(
    async (request) => {
      requests.push(`${request.method} ${request.target}`);
      return await server.handler(request);
    },
    { user: admin },
  );
  const repositories = await openRepositories({ dir: join(dir, "repositories"), log });
  const localUrls = (url: string) => {
    const match = /^https:\/\/git\.test\/([^/]+)\/([^/]+?)(\.git)?$/.exec(url);
    return match?.[1] === undefined || match[2] === undefined ? undefined : { owner: match[1], name: match[2] };
  };
  const sources = await openSources({ dir: join(dir, "mirrors"), repositories, localUrls, log });
  const charts = createChartStore({ directory: join(dir, "charts") });
  const renderer = createInlineRenderer();
  const controllers = await startControllers({ client, caCertificate: "", log });
  for (const crd of argoprojCrds()) await client.create(resources.crd, crd);
  for (const name of ["argocd", workNamespace]) {
    await client.create(resources.namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  const start = () =>
    startGitOps({
      client,
      sources,
      onPush: (listener) => repositories.onPush(listener),
      log,
      namespace: "argocd",
      charts,
      renderer,
      randomSecret: Buffer.from("of tests"),
      ...options,
    });
  let gitops = await start();

  const application = (name: string) => client.get<Application>(resources.application, { namespace: "argocd", name });
  const until = async (name: string, ready: (app: Application) => boolean, what = "ready") => {
    let last: Application | undefined;
    const found = await waitUntil(
      async () => {
        last = await application(name);
        return last !== undefined && ready(last) ? last : undefined;
      },
      { what: `application ${name} to be ${what}`, timeoutMs, intervalMs: 10 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${JSON.stringify(last?.status, null, 1)}`);
    });
    return found;
  };
  return {
    client,
    requests,
    repositories,
    sources,
    async push(name, texts) {
      if (repositories.get("platform", name) === undefined) await repositories.create({ owner: "platform", name });
      const files = new Map(Object.entries(texts).map(([path, text]) => [path, { bytes: Buffer.from(text) }]));
      const author = { name: "Test", email: "test@example.com" };
      const at = { owner: "platform", name, branch: "main", files, message: "Change", author };
      return (await repositories.writeTree(at)).commit;
    },
    async create(...objects) {
      for (const object of objects) {
        const kind = Object.values(resources).find((one) => one.kind === object.kind);
        if (kind === undefined) throw new Error(`No resource for ${object.kind}`);
        await client.create(kind, object);
      }
    },
    application,
    until,
    untilSynced: async (name, revision) =>
      await until(
        name,
        ({ status, operation }) =>
          operation === undefined &&
          status?.sync?.status === "Synced" &&
          (revision === undefined || status.sync.revision === revision),
        "Synced",
      ),
    async untilObject(kind, name, ready = () => true) {
      return await waitUntil(
        async () => {
          const object = await client.get(kind, { name, ...(kind.namespaced && { namespace: workNamespace }) });
          return object !== undefined && ready(object) ? object : undefined;
        },
        { what: `${kind.kind} ${name}`, timeoutMs, intervalMs: 5 },
      );
    },
    async untilGone(kind, name, namespace = workNamespace) {
      await waitUntil(
        async () => {
          const object = await client.get(kind, { name, ...(kind.namespaced && { namespace }) });
          return object === undefined ? true : undefined;
        },
        { what: `${kind.kind} ${name} to be gone`, timeoutMs, intervalMs: 5 },
      );
    },
    async restart() {
      await gitops[Symbol.asyncDispose]();
      gitops = await start();
    },
    async [Symbol.asyncDispose]() {
      await gitops[Symbol.asyncDispose]();
      await controllers[Symbol.asyncDispose]();
      await sources[Symbol.asyncDispose]();
      await charts[Symbol.asyncDispose]();
      await repositories[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** An application of the repository `platform/<name>` that syncs by itself, unless told otherwise. */
export function applicationOf(
  name: string,
  spec: Partial<Application["spec"]> = {},
  metadata: object = {},
): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd", ...metadata },
    spec: {
      project: "default",
      source: { repoURL: `https://git.test/platform/${name}.git`, path: ".", targetRevision: "HEAD" },
      destination: { server: "https://kubernetes.default.svc", namespace: workNamespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
  };
}

export function configMap(
  name: string,
  data: Record<string, string> = {},
  annotations: Record<string, string> = {},
): string {
  return JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, annotations }, data });
}
