import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "../../../src/apimachinery/index.ts";
import { type Client, connectCluster, createClient, type Resource } from "../../../src/client/index.ts";
import type { Machine, Result } from "../../support/platform.ts";

export type { Machine } from "../../support/platform.ts";

const core = { group: "", version: "v1" };
export const configMaps: Resource = { ...core, resource: "configmaps", kind: "ConfigMap", namespaced: true };
export const namespaces: Resource = { ...core, resource: "namespaces", kind: "Namespace", namespaced: false };
export const applications: Resource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "applications",
  kind: "Application",
  namespaced: true,
};

export type ConfigMap = {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string; resourceVersion?: string };
  data?: Record<string, string>;
};
export type Application = {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; namespace?: string };
  spec?: object;
  status?: {
    sync?: { status: string; revision?: string };
    health?: { status: string };
    operationState?: { phase: string; message?: string };
  };
};

export function configMap(namespace: string, name: string, value: string): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data: { value } };
}

/** An application that follows a repository's `main`, prunes and heals. */
export function applicationOf(name: string, repoURL: string, namespace: string): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL, path: ".", targetRevision: "main" },
      destination: { server: "https://kubernetes.default.svc", namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}

/** Whether an application is where it should be, with nothing left to do. */
export function isSettled(application: Application | undefined, revision: string): boolean {
  const { sync, health, operationState } = application?.status ?? {};
  return (
    sync?.status === "Synced" &&
    sync.revision === revision &&
    health?.status === "Healthy" &&
    operationState?.phase === "Succeeded"
  );
}

export function stateOf({ home }: Machine): string {
  return join(home, ".skiff/localdev");
}

export async function succeed(running: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr === "" ? stdout : stderr);
  return stdout;
}

/** The platform's API over HTTPS, as its administrator. */
export function connect(machine: Machine): Client & Disposable {
  const config = parseYaml(readFileSync(join(stateOf(machine), "kubeconfig"), "utf8"));
  const { clusters, users } = config as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const decode = (text = "") => Buffer.from(text, "base64").toString();
  const handler = connectCluster({
    server: clusters[0]?.cluster["server"] ?? "",
    caCertificate: decode(clusters[0]?.cluster["certificate-authority-data"]),
    clientCertificate: decode(users[0]?.user["client-certificate-data"]),
    clientKey: decode(users[0]?.user["client-key-data"]),
  });
  return { ...createClient(handler), [Symbol.dispose]: () => handler[Symbol.dispose]() };
}

/** A local repository and the real git client, which pushes to one of that name on the platform. */
export type Repository = {
  /** Where the platform serves it. */
  url: string;
  git(...args: string[]): Promise<Result>;
  /** References that the platform serves, and what they point to. */
  remoteRefs(): Promise<Map<string, string>>;
  /** Puts commits on the local `main`, each with exactly these files. @returns the last one's id */
  commit(commits: readonly ReadonlyMap<string, string>[]): Promise<string>;
};

/** @param token of an account that may make repositories on the platform; there must be none of this name */
export async function newRepository(machine: Machine, token: string, name: string): Promise<Repository> {
  await succeed(createRepository(machine, token, name, { autoInit: false }));
  const url = `${gitUrl(machine)}/giteaAdmin/${name}.git`;
  const local = join(machine.home, `${name}.git`);
  const authority = join(stateOf(machine), "ca/ca/ca.crt");
  const header = `http.extraHeader=Authorization: token ${token}`;
  const git = async (...args: string[]) =>
    await machine.run("git", ["-c", `http.sslCAInfo=${authority}`, "-c", header, ...args], { cwd: machine.home });
  await succeed(git("init", "-q", "--bare", "-b", "main", local));
  await succeed(git("-C", local, "remote", "add", "origin", url));
  const inside = async (...args: string[]) => await git("-C", local, ...args);
  return {
    url,
    git: inside,
    async remoteRefs() {
      const lines = (await succeed(inside("ls-remote", "--refs", "-q", "origin"))).trim().split("\n");
      return new Map(
        lines.filter((line) => line !== "").map((line) => [line.split("\t")[1] ?? "", line.split("\t")[0] ?? ""]),
      );
    },
    async commit(commits) {
      const known = (await inside("rev-parse", "--verify", "-q", "refs/heads/main")).stdout.trim();
      const stream = commits.map((files, index) => {
        const from = index === 0 && known !== "" ? `from ${known}\n` : "";
        const contents = [...files].map(
          ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
        );
        return `commit refs/heads/main\ncommitter t <t@example.com> now\ndata 1\nc\n${from}deleteall\n${contents.join("")}\n`;
      });
      await succeed(
        machine.run("git", ["-C", local, "fast-import", "--quiet", "--date-format=now"], { input: stream.join("") }),
      );
      return (await succeed(inside("rev-parse", "refs/heads/main"))).trim();
    },
  };
}

/** Asks the platform for a new repository, as `curl` does: exit code 0 means that it was made. */
export async function createRepository(
  machine: Machine,
  token: string,
  name: string,
  { autoInit }: { autoInit: boolean },
): Promise<Result> {
  return await machine.run("curl", [
    ...["-sSf", "--cacert", join(stateOf(machine), "ca/ca/ca.crt")],
    ...["-H", `authorization: token ${token}`, "-H", "content-type: application/json"],
    ...["-d", JSON.stringify({ name, default_branch: "main", auto_init: autoInit })],
    `${gitUrl(machine)}/api/v1/user/repos`,
  ]);
}

export async function gitToken(machine: Machine): Promise<string> {
  const [secret] = JSON.parse(await succeed(machine.skiff("get", "secrets", "-p", "gitea", "-o", "json")));
  return secret.token;
}

function gitUrl({ port }: Machine): string {
  return `https://git.skiff.localhost:${port}`;
}
