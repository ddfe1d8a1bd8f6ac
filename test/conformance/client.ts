import type { Agent as HttpAgent, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { Access } from "./kubeconfig.ts";

// biome-ignore lint/suspicious/noExplicitAny: assertions look into answers of every shape.
export type Json = any;

/** An answer with its JSON read; `text` for what is none. */
export type Answer = { status: number; headers: Record<string, unknown>; body: Json; text: string; bytes: Buffer };

export type Sent = {
  body?: unknown;
  contentType?: string;
  accept?: string;
  headers?: Record<string, string>;
};

export type Client = {
  send(method: string, target: string, sent?: Sent): Promise<Answer>;
  /** The same; the answer must be a success. */
  ok(method: string, target: string, sent?: Sent): Promise<Json>;
  watch(target: string, sent?: Sent): Promise<Watch>;
};

/** Speaks HTTP to a server, over connections that are kept. */
export function createClient(access: Access): Client {
  const base = new URL(access.server);
  const isTls = base.protocol === "https:";
  const agent = isTls
    ? new HttpsAgent({
        keepAlive: true,
        ca: access.ca,
        cert: access.cert,
        key: access.key,
        rejectUnauthorized: access.insecure !== true,
      })
    : undefined;
  const open = (method: string, target: string, sent: Sent) =>
    start({ access, base, agent, method, target, sent }, isTls ? httpsRequest : httpRequest);
  const send: Client["send"] = async (method, target, sent = {}) => {
    const response = await open(method, target, sent);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    const text = bytes.toString();
    return { status: response.statusCode ?? 0, headers: response.headers, text, bytes, body: jsonOf(text) };
  };
  return {
    send,
    async ok(method, target, sent) {
      const answer = await send(method, target, sent);
      if (answer.status >= 300) throw new Error(`${method} ${target}: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    async watch(target, sent = {}) {
      const response = await open("GET", target, sent);
      if (response.statusCode !== 200) {
        response.destroy();
        throw new Error(`GET ${target}: ${response.statusCode}`);
      }
      return new Watch(response);
    },
  };
}

type Start = {
  access: Access;
  base: URL;
  agent: HttpAgent | undefined;
  method: string;
  target: string;
  sent: Sent;
};

function start({ access, base, agent, method, target, sent }: Start, request: typeof httpRequest) {
  const { body, contentType = "application/json", accept = "application/json", headers = {} } = sent;
  const bytes = body === undefined ? undefined : encoded(body);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({
      host: base.hostname,
      port: base.port,
      path: base.pathname.replace(/\/$/, "") + target,
      method,
      ...(agent !== undefined && { agent }),
      headers: {
        accept,
        "user-agent": "conformance/1.0",
        ...(access.token !== undefined && { authorization: `Bearer ${access.token}` }),
        ...(bytes !== undefined && { "content-type": contentType, "content-length": bytes.byteLength }),
        ...headers,
      },
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}

function encoded(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

/** How long an event may take to come. */
const eventMs = 10_000;

/** The events of a watch, one by one. */
export class Watch implements Disposable {
  readonly response: IncomingMessage;
  readonly #lines: AsyncGenerator<string>;

  constructor(response: IncomingMessage) {
    this.response = response;
    this.#lines = lines(response);
  }

  /** The next event; `undefined` when the server has ended the watch. */
  async next(): Promise<Json> {
    const late = delay(eventMs, "late" as const, { ref: false });
    const read = await Promise.race([this.#lines.next(), late]);
    if (read === "late") throw new Error(`No event came in ${eventMs / 1000} s`);
    return read.done ? undefined : JSON.parse(read.value);
  }

  /** Type and name of the next `count` events that are no bookmarks. */
  async take(count: number): Promise<string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      const event = await this.next();
      if (event === undefined) return [...seen, "end"];
      if (event.type !== "BOOKMARK") seen.push(`${event.type} ${event.object.metadata.name}`);
    }
    return seen;
  }

  [Symbol.dispose](): void {
    this.response.destroy();
  }
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of response) {
    const parts = (rest + String(chunk)).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
