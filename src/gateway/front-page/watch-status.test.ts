import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { argoprojCrds, idpbuilderCrds } from "../../apis/index.ts";
import { openApiServer } from "../../apiserver/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import type { RepositoryStatus } from "./status.ts";
import { watchPlatformStatus } from "./watch-status.ts";

const crds = resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
const namespaces = resource("", "v1", "namespaces", "Namespace", false);
const applications = resource("argoproj.io", "v1alpha1", "applications", "Application", true);
const repositories = resource("idpbuilder.cnoe.io", "v1alpha1", "gitrepositories", "GitRepository", true);
const packages = resource("idpbuilder.cnoe.io", "v1alpha1", "custompackages", "CustomPackage", true);

function resource(group: string, version: string, name: string, kind: string, namespaced: boolean): Resource {
  return { group, version, resource: name, kind, namespaced };
}

/** A real API server with the kinds of Argo CD and idpbuilder. */
async function openPlatform(t: TestContext): Promise<Client> {
  const store = openMemoryStore();
  const server = await openApiServer({ store, log: silentLog });
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  const client = createClient(server.handler, { user: { name: "test", groups: ["system:masters"] } });
  for (const crd of [...argoprojCrds(), ...idpbuilderCrds]) await client.create<KubeObject>(crds, crd);
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } });
  return client;
}

function watch(t: TestContext, client: Client, more: { repositories?: () => RepositoryStatus[] } = {}) {
  const status = watchPlatformStatus({
    client,
    log: silentLog,
    platform: { name: "localdev", version: "0", url: "https://skiff.localhost", startedAt: "2030-01-01T00:00:00Z" },
    parts: () => [],
    links: [],
    commands: [],
    ...more,
  });
  t.after(() => status[Symbol.asyncDispose]());
  return status;
}

const application = (name: string): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { namespace: "argocd", name },
  spec: {
    project: "default",
    source: { repoURL: "https://git.skiff.localhost/me/web.git", path: "." },
    destination: { server: "https://kubernetes.default.svc", namespace: "web" },
  },
});

test("the status follows applications: new, changed and gone, and tells of it", async (t) => {
  const client = await openPlatform(t);
  const status = watch(t, client);
  let told = 0;
  const subscription = status.onChange(() => (told += 1));
  const until = async <T>(what: string, probe: () => T | undefined) =>
    await waitUntil(probe, { what, timeoutMs: 10_000 });
  const names = () => status.snapshot().applications.map(({ name }) => name);

  await client.create(applications, application("web"));
  await client.create(applications, application("api"));
  await until("two applications", () => (names().length === 2 ? true : undefined));
  assert.deepEqual(names(), ["api", "web"]);
  assert.ok(told >= 2);
  assert.equal(status.snapshot().applications[1]?.health, "Unknown");

  const patch = { status: { sync: { status: "Synced", revision: "abc" }, health: { status: "Healthy" } } };
  await client.patch(applications, { namespace: "argocd", name: "web" }, "merge", patch);
  await until("a healthy application", () => status.snapshot().applications.find(({ health }) => health === "Healthy"));
  const details = status.application({ namespace: "argocd", name: "web" });
  assert.equal(details?.sync, "Synced");
  assert.equal(details?.revision, "abc");
  assert.equal(status.application({ namespace: "argocd", name: "none" }), undefined);

  const before = told;
  subscription[Symbol.dispose]();
  await client.delete(applications, { namespace: "argocd", name: "api" });
  await until("one application", () => (names().length === 1 ? true : undefined));
  assert.equal(told, before);
});

test("an unchanged status is the same snapshot, and changed() makes another", async (t) => {
  const client = await openPlatform(t);
  const status = watch(t, client);
  const first = status.snapshot();
  assert.equal(status.snapshot(), first);
  let told = 0;
  status.onChange(() => (told += 1));
  status.changed();
  assert.equal(told, 1);
  assert.notEqual(status.snapshot(), first);
});

test("repositories of objects and of the Git server are one list, packages are there too", async (t) => {
  const client = await openPlatform(t);
  const cloneURL = "https://git.skiff.localhost/giteaAdmin/web.git";
  const served: RepositoryStatus[] = [
    { owner: "giteaAdmin", name: "web", cloneURL },
    { owner: "alice", name: "notes", cloneURL: "https://git.skiff.localhost/alice/notes.git" },
  ];
  const status = watch(t, client, { repositories: () => served });
  const gitRepository: KubeObject = {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "GitRepository",
    metadata: { namespace: "argocd", name: "web" },
    spec: {
      source: { type: "local", path: "/home/me/web" },
      provider: {
        name: "gitea",
        gitURL: "https://git.skiff.localhost",
        internalGitURL: "https://git.skiff.localhost",
        organizationName: "giteaAdmin",
      },
    },
  };
  await client.create(repositories, gitRepository);
  const done = { status: { synced: true, commit: { hash: "abc" }, externalGitRepositoryUrl: cloneURL } };
  const name = { namespace: "argocd", name: "web" };
  await client.patch(repositories, name, "merge", done, { subresource: "status" });
  const customPackage: KubeObject = {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "CustomPackage",
    metadata: { namespace: "argocd", name: "web-web" },
    spec: {
      argoCD: { applicationFile: "/home/me/web.yaml", name: "web", namespace: "argocd", type: "Application" },
      gitServerURL: "https://git.skiff.localhost",
      internalGitServeURL: "https://git.skiff.localhost",
      gitServerAuthSecretRef: { name: "gitea-credential", namespace: "gitea" },
      replicate: true,
    },
  };
  await client.create(packages, customPackage);

  const snapshot = await waitUntil(
    () => {
      const now = status.snapshot();
      return now.packages.length === 1 && now.repositories.some(({ revision }) => revision === "abc") ? now : undefined;
    },
    { what: "a package and a filled repository", timeoutMs: 10_000 },
  );
  assert.deepEqual(
    snapshot.repositories.map(({ owner, name, source }) => [owner, name, source]),
    [
      ["alice", "notes", undefined],
      ["giteaAdmin", "web", "/home/me/web"],
    ],
  );
  assert.deepEqual(snapshot.packages[0]?.application, { namespace: "argocd", name: "web" });
});
