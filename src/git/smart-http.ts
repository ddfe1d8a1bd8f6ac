import type { Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorText, type HttpRequest, type HttpResponse, type Log } from "../lib/index.ts";
import type { Accounts } from "./accounts.ts";
import { challenge, type Identity, mayRead, mayWrite } from "./authenticate.ts";
import { type Environment, endOfGit, type GitProcess, spawnGit, stopGit } from "./git-process.ts";
import { createGate } from "./lock.ts";
import type { Repositories, Repository } from "./repositories.ts";
import { parseTarget } from "./target.ts";

/** What a path below a repository asks for: `info/refs` or one of the two services, and the dumb protocol's files. */
export type GitRoute = { owner: string; name: string; what: "refs" | "git-upload-pack" | "git-receive-pack" | "dumb" };

/**
 * Answers git clients: the smart HTTP protocol, versions 0 to 2. Packs flow through in both directions and are never
 * held in memory; a client that goes away takes its git processes with it.
 *
 * @param identity who asks, or `"wrong"` for credentials that are
 */
export type SmartHttp = (
  request: HttpRequest,
  route: GitRoute,
  identity: Identity | "wrong" | undefined,
) => Promise<HttpResponse>;

/** Clones and pushes at the same time. Packing takes a core and some 100 MB each for large repositories. */
const servicesMax = 16;
const servicesWaitingMax = 256;
/** How long a push may go on without a client. */
const abandonedMs = 2_000;
/** How many bytes a client may still send after git has stopped reading, so that it can read git's answer. */
const ignoredBytesMax = 64 * 2 ** 20;

/** @param pathname decoded or not: the names that a repository may have need no escapes */
export function matchGitRoute(pathname: string): GitRoute | undefined {
  const [, owner, repository, rest] =
    /^\/([^/]+)\/([^/]+)\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.+)$/.exec(pathname) ?? [];
  if (owner === undefined || repository === undefined || rest === undefined) return undefined;
  const name = repository.replace(/\.git$/i, "");
  switch (rest) {
    case "info/refs":
      return { owner, name, what: "refs" };
    case "git-upload-pack":
    case "git-receive-pack":
      return { owner, name, what: rest };
    default:
      return { owner, name, what: "dumb" };
  }
}

export function createSmartHttp(options: {
  repositories: Repositories;
  accounts: Accounts;
  baseUrl: string;
  log: Log;
}): SmartHttp {
  const { repositories, accounts, baseUrl, log } = options;
  const gate = createGate(servicesMax, servicesWaitingMax);

  return async (request, route, identity) => {
    const { query } = parseTarget(request.target);
    const service = route.what === "refs" ? query.get("service") : route.what;
    if (service !== "git-upload-pack" && service !== "git-receive-pack") {
      return plain(403, "Only the smart HTTP protocol is spoken here. Use git 1.6.6 or newer.");
    }
    const push = service === "git-receive-pack";
    const method = route.what === "refs" ? "GET" : "POST";
    if (request.method !== method)
      return { ...plain(405, `Only ${method} is possible here.`), headers: { allow: method } };

    if (identity === "wrong" || (push && identity === undefined)) return unauthorized();
    const repository = repositories.get(route.owner, route.name);
    if (repository === undefined) return plain(404, absent(route, push, baseUrl));
    if (!mayRead(accounts, identity, repository)) {
      return identity === undefined ? unauthorized() : plain(404, absent(route, push, baseUrl));
    }
    if (push && !mayWrite(accounts, identity, repository)) {
      return plain(403, `${identity?.account.login} may not push to ${repository.owner}/${repository.name}.`);
    }
    if (push && repository.archived)
      return plain(403, `${repository.owner}/${repository.name} is archived: it can be read only.`);
    // A browser sends this type to other sites only after asking them; so no page can push with the visitor's password.
    const type = `application/x-${service}-request`;
    if (method === "POST" && request.headers["content-type"] !== type)
      return plain(415, `The content type must be ${type}.`);

    const place = await gate.enter();
    if (place === undefined)
      return { ...plain(503, "Too many clones and pushes are under way."), headers: { "retry-after": "5" } };
    const advertise = route.what === "refs";
    const start = () =>
      startGit(request, { environment: repositories.environment, gitDir: repository.gitDir, service, advertise });
    try {
      const run = push && !advertise ? await observed(start, { repositories, repository, identity, log }) : start();
      void run.settled.finally(() => place[Symbol.dispose]());
      return await respond(run, { service, advertise, log });
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  };
}

/** A git at work. `gone` says that nobody waits for it any more. `end` never fails; `settled` comes after it, when everybody knows what has changed. */
type Running = {
  child: GitProcess;
  gone: () => void;
  end: Promise<{ exitCode: number | undefined; stderr: string }>;
  settled: Promise<void>;
};

function startGit(
  request: HttpRequest,
  options: { environment: Environment; gitDir: string; service: string; advertise: boolean },
): Running {
  const { service, advertise, gitDir } = options;
  const version = request.headers["git-protocol"];
  // The header goes into the environment of a process: only what the protocol defines passes.
  const known = typeof version === "string" && /^[a-z0-9=:.-]{1,100}$/.test(version);
  const environment = { ...options.environment, ...(known ? { GIT_PROTOCOL: version } : {}) };
  const command = service.slice("git-".length);
  const child = spawnGit([command, "--stateless-rpc", ...(advertise ? ["--advertise-refs"] : []), gitDir], {
    environment,
  });
  const end = endOfGit(child).catch((error: unknown) => ({ exitCode: undefined, stderr: errorText(error) }));
  const gone = () => (service === "git-receive-pack" ? abandonPush(child) : stopGit(child));
  request.signal.addEventListener("abort", gone);
  child.stdout.once("end", () => request.signal.removeEventListener("abort", gone));
  if (request.signal.aborted) gone();
  child.stdin.on("error", () => {});
  if (advertise) child.stdin.end();
  else void feed(child, request).catch(gone);
  return { child, gone, end, settled: end.then(() => {}) };
}

/**
 * Lets a push end because its client is gone: it gets no more input. Killed at once it would leave half a pack behind, as
 * git cleans up at the end of its input but not on signals.
 */
function abandonPush(child: GitProcess): void {
  child.stdin.destroy();
  child.stdout.resume();
  const force = setTimeout(stopGit, abandonedMs, child);
  force.unref();
  child.once("exit", () => clearTimeout(force));
}

/** Starts a push in such a way that whatever it changes is noticed, even when the client is gone by then. */
async function observed(
  start: () => Running,
  options: { repositories: Repositories; repository: Repository; identity: Identity | undefined; log: Log },
): Promise<Running> {
  const { repositories, repository, identity, log } = options;
  const { owner, name } = repository;
  const pusher = identity?.account.login;
  return await new Promise((resolve, reject) => {
    const settled = repositories
      .observe({ owner, name, ...(pusher === undefined ? {} : { pusher }) }, async () => {
        const run = start();
        resolve({ ...run, settled });
        await run.end;
      })
      .catch((error: unknown) => {
        log.error("Cannot see what a push changed", { repository: `${owner}/${name}`, error });
        reject(error);
      });
  });
}

/** Writes the body to git, unpacked. What comes after git has stopped reading is thrown away, so that the client gets to read why. */
async function feed(child: GitProcess, request: HttpRequest): Promise<void> {
  let ignored = 0;
  for await (const chunk of unpacked(request)) {
    if (child.stdin.writable) {
      if (child.stdin.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        const go = () => {
          for (const event of ["drain", "close", "error"]) child.stdin.off(event, go);
          resolve();
        };
        for (const event of ["drain", "close", "error"]) child.stdin.on(event, go);
      });
      continue;
    }
    ignored += chunk.byteLength;
    if (ignored > ignoredBytesMax) break;
  }
  child.stdin.end();
}

function unpacked({ body, headers }: HttpRequest): AsyncIterable<Uint8Array> {
  const chunks = body === undefined ? [] : body instanceof Uint8Array ? [body] : body;
  const encoding = headers["content-encoding"];
  if (encoding !== "gzip" && encoding !== "x-gzip") return fromChunks(chunks);
  const gunzip = createGunzip();
  void writeAll(fromChunks(chunks), gunzip).catch((error: unknown) =>
    gunzip.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return gunzip;
}

async function* fromChunks(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function writeAll(chunks: AsyncIterable<Uint8Array>, sink: Transform): Promise<void> {
  for await (const chunk of chunks) {
    if (sink.destroyed) return;
    if (!sink.write(chunk)) await new Promise<void>((resolve) => sink.once("drain", resolve).once("close", resolve));
  }
  sink.end();
}

/** Waits for the first bytes or the end: a git that fails before it says anything is an error of ours, not an answer. */
async function respond(
  run: Running,
  options: { service: string; advertise: boolean; log: Log },
): Promise<HttpResponse> {
  const { child, end } = run;
  const first = await firstChunk(child.stdout);
  if (first === undefined) {
    const { exitCode, stderr } = await end;
    if (exitCode !== 0) {
      options.log.warn("Git failed to serve a request", { service: options.service, exitCode, stderr });
      return plain(500, "Git failed to answer this request.");
    }
  }
  const kind = options.advertise ? "advertisement" : "result";
  const headers = { "content-type": `application/x-${options.service}-${kind}`, ...uncached };
  const greeting = options.advertise ? packetLine(`# service=${options.service}\n`) + "0000" : undefined;
  return { status: 200, headers, body: stream(run, first, greeting) };
}

/** Protocol 2 needs no greeting, but every server sends it and git expects it from a smart one. */
function packetLine(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

async function firstChunk(stdout: Readable): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    const look = () => {
      const chunk: unknown = stdout.read();
      if (!(chunk instanceof Buffer)) return;
      settle(chunk);
    };
    const settle = (chunk: Buffer | undefined) => {
      stdout.off("readable", look);
      stdout.off("end", none);
      stdout.off("close", none);
      resolve(chunk);
    };
    const none = () => settle(undefined);
    stdout.on("readable", look);
    stdout.once("end", none);
    stdout.once("close", none);
    look();
  });
}

/** Ends only when the push is settled: whoever has seen it succeed finds everything in its new state. */
async function* stream(
  { child, gone, settled }: Running,
  first: Buffer | undefined,
  greeting: string | undefined,
): AsyncGenerator<string | Uint8Array> {
  let complete = false;
  try {
    if (greeting !== undefined) yield greeting;
    if (first !== undefined) {
      yield first;
      yield* child.stdout.iterator({ destroyOnReturn: false });
    }
    complete = true;
    await settled;
  } finally {
    if (!complete) gone();
  }
}

const uncached = {
  "cache-control": "no-cache, max-age=0, must-revalidate",
  pragma: "no-cache",
  expires: "Fri, 01 Jan 1980 00:00:00 GMT",
};

function absent({ owner, name }: GitRoute, push: boolean, baseUrl: string): string {
  const what = `Repository ${owner}/${name} does not exist.`;
  if (!push) return what;
  return `${what} A push does not create it; do that first:\n  curl -u USER:PASSWORD -H 'Content-Type: application/json' -d '{"name":"${name}"}' ${baseUrl}/api/v1/user/repos`;
}

function unauthorized(): HttpResponse {
  return {
    ...plain(401, "A user name and a password or token are needed."),
    headers: { "content-type": "text/plain; charset=utf-8", ...challenge },
  };
}

/** Git shows the text of such an answer to its user. */
function plain(status: number, text: string): HttpResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: text + "\n" };
}
