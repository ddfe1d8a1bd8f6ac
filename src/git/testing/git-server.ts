import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type HttpRequest, type Log, serveHandler } from "../../lib/index.ts";
import { type Accounts, openAccounts } from "../accounts.ts";
import { createGitHandler } from "../handler.ts";
import { openRepositories, type PushEvent, type Repositories } from "../repositories.ts";
import { startWebhooks, type Webhooks } from "../webhooks.ts";

export type Ended = { code: number; stdout: string; stderr: string };

/** A git server on a port of its own, with an administrator and a user, and a git client with a home of its own. */
export type TestServer = AsyncDisposable & {
  dir: string;
  url: string;
  /** The address with the administrator's name and password in it. */
  adminUrl: string;
  admin: { login: string; password: string; token: string };
  user: { login: string; password: string; token: string };
  repositories: Repositories;
  accounts: Accounts;
  webhooks: Webhooks;
  events: PushEvent[];
  /** What went wrong on the server's side. */
  errors: unknown[];
  /** Runs the real git client. */
  git(
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string>; input?: string },
  ): Promise<Ended>;
  /** Sends JSON to the API as the administrator, unless `as` says something else. */
  api(
    method: string,
    path: string,
    body?: unknown,
    as?: string | null,
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** The next request that is seen gets a look at its signal. */
  onRequest: ((request: HttpRequest) => void) | undefined;
};

export async function startTestServer(options: { prefix?: string } = {}): Promise<TestServer> {
  const { prefix = "" } = options;
  const dir = await mkdtemp(join(tmpdir(), "skiff-git-"));
  const errors: unknown[] = [];
  const log: Log = createLog({ level: "warn", write: (line) => errors.push(line) });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}${prefix}`;

  const repositories = await openRepositories({ dir: join(dir, "repositories"), log });
  const accounts = await openAccounts({ dir: join(dir, "accounts") });
  const webhooks = startWebhooks({ repositories, accounts, baseUrl: url, log });
  const handler = createGitHandler({ repositories, accounts, webhooks, baseUrl: url, log });
  const admin = { login: "giteaAdmin", ...(await accounts.ensureAdmin({ name: "giteaAdmin" })) };
  await accounts.createUser({ login: "dev", password: "developer" });
  const made = await accounts.createToken("dev", { name: "all", scopes: ["all"] });
  const user = { login: "dev", password: "developer", token: made.secret };
  const events: PushEvent[] = [];
  repositories.onPush((event) => events.push(event));

  const listener = serveHandler(
    async (request) => {
      test.onRequest?.(request);
      if (!request.target.startsWith(prefix)) return { status: 404, headers: {} };
      return await handler({ ...request, target: request.target.slice(prefix.length) || "/" });
    },
    (error) => errors.push(error),
  );
  server.on("request", listener);

  const test: TestServer = {
    dir,
    url,
    adminUrl: url.replace("http://", `http://${admin.login}:${admin.password}@`),
    admin,
    user,
    repositories,
    accounts,
    webhooks,
    events,
    errors,
    onRequest: undefined,
    git: (args, more = {}) => runClient(dir, args, more),
    async api(method, path, body, as = `token ${admin.token}`) {
      const headers = {
        ...(as === null ? {} : { authorization: as }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text.startsWith("{") || text.startsWith("[") ? (JSON.parse(text) as unknown) : text,
      };
    },
    get: (path, headers = {}) => fetch(url + path, { headers, redirect: "manual" }),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await webhooks[Symbol.asyncDispose]();
      await repositories[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return test;
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** The environment of a git client that knows nothing of the machine's or the developer's settings. */
export function clientEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Ann Author",
    GIT_AUTHOR_EMAIL: "ann@example.org",
    GIT_COMMITTER_NAME: "Con Committer",
    GIT_COMMITTER_EMAIL: "con@example.org",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "init.defaultBranch",
    GIT_CONFIG_VALUE_0: "main",
    LC_ALL: "C",
  };
}

export async function runClient(
  home: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  const child = spawn("git", args, { cwd: options.cwd ?? home, env: { ...clientEnvironment(home), ...options.env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}
