import { parseExactJson } from "../apimachinery/index.ts";
import { readBody, silentLog, type User } from "../lib/index.ts";
import { openMemoryStore, type Store } from "../storage/index.ts";
import { type ApiServerOptions, openApiServer } from "./api-server.ts";

export const admin: User = { name: "admin", groups: ["system:masters"] };

/** An answer with its JSON read; `text` for what is no JSON. */
export type TestAnswer = { status: number; headers: Record<string, unknown>; body: Json; text: string };
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
export type Json = any;

export type TestRequest = {
  body?: unknown;
  contentType?: string;
  accept?: string;
  headers?: Record<string, string>;
  /** `null` sends no user: what comes from the network. */
  user?: User | null;
};

/** A server over a memory store, called without a socket. */
export type TestServer = AsyncDisposable & {
  store: Store;
  handler: Awaited<ReturnType<typeof openApiServer>>["handler"];
  watchCount(): number;
  send(method: string, target: string, request?: TestRequest): Promise<TestAnswer>;
  /** The same, but the status must be a success. */
  ok(method: string, target: string, request?: TestRequest): Promise<Json>;
  watch(target: string, accept?: string): Promise<TestWatch>;
};

/** The revision of a new test server, however many objects every cluster begins with. */
export const testRevision = 1000;

/** The clock of test servers, unless the test brings its own. */
export const testTime = new Date("2026-01-02T03:04:05.678Z");

export async function openTestServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const store = options.store ?? openMemoryStore();
  let uids = 0;
  const newUid = () => `00000000-0000-4000-8000-${String(++uids).padStart(12, "0")}`;
  const server = await openApiServer({ store, log: silentLog, now: () => testTime, newUid, ...options });
  if (options.store === undefined) await advance(store, testRevision);
  const request = (method: string, target: string, sent: TestRequest, signal: AbortSignal) => {
    const { body, contentType = "application/json", accept, headers = {}, user = admin } = sent;
    const bytes =
      body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? null));
    return server.handler({
      method,
      target,
      headers: {
        ...(accept === undefined ? {} : { accept }),
        ...(body === undefined ? {} : { "content-type": contentType }),
        "user-agent": "test/1.0",
        ...headers,
      },
      signal,
      ...(body === undefined ? {} : { body: bytes }),
      ...(user === null ? {} : { user }),
    });
  };
  const send = async (method: string, target: string, sent: TestRequest = {}): Promise<TestAnswer> => {
    const response = await request(method, target, sent, new AbortController().signal);
    const text = Buffer.from(await readBody(response.body, 2 ** 28)).toString();
    return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
  };
  return {
    store,
    handler: server.handler,
    watchCount: () => server.watchCount,
    send,
    async ok(method, target, sent) {
      const answer = await send(method, target, sent);
      if (answer.status >= 300) throw new Error(`${method} ${target}: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    async watch(target, accept) {
      const gone = new AbortController();
      const response = await request("GET", target, accept === undefined ? {} : { accept }, gone.signal);
      if (response.status !== 200)
        throw new Error(`${target}: ${response.status} ${Buffer.from(await readBody(response.body, 2 ** 20))}`);
      return new TestWatch(response.body, gone);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      if (options.store === undefined) await store[Symbol.asyncDispose]();
    },
  };
}

async function advance(store: Store, revision: number): Promise<void> {
  let write: Promise<unknown> | undefined;
  for (let next = store.revision; next < revision; next++) {
    const expected = store.latest("/test/filler")?.modRevision ?? 0;
    write = store.put("/test/filler", expected, () => Buffer.from("{}"));
  }
  await write;
}

/** Reads the events of a watch one by one. */
export class TestWatch implements AsyncDisposable {
  readonly #gone: AbortController;
  readonly #chunks: AsyncIterator<string | Uint8Array>;
  #lines: string[] = [];

  constructor(body: unknown, gone: AbortController) {
    this.#gone = gone;
    this.#chunks = (body as AsyncIterable<string | Uint8Array>)[Symbol.asyncIterator]();
  }

  /** The next event; `undefined` when the watch has ended. */
  async next(): Promise<Json> {
    while (this.#lines.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done) return undefined;
      this.#lines.push(
        ...Buffer.from(value)
          .toString()
          .split("\n")
          .filter((line) => line !== ""),
      );
    }
    return jsonOf(this.#lines.shift() ?? "");
  }

  /** Type, name and revision of the next `count` events. */
  async take(count: number): Promise<string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      const event = await this.next();
      if (event === undefined) return [...seen, "end"];
      const { name, resourceVersion } = event.object.metadata ?? {};
      seen.push([event.type, name, resourceVersion].filter((part) => part !== undefined).join(" "));
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort();
    while (!(await this.#chunks.next()).done);
  }
}

function jsonOf(text: string): Json {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

export function configMap(
  name: string,
  fields: { labels?: Record<string, string>; data?: Record<string, string> } = {},
): Json {
  const { labels, data } = fields;
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...(labels && { labels }) }, ...(data && { data }) };
}

export function deployment(name: string, image = "nginx:1.25"): Json {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
    },
  };
}
