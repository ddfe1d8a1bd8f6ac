import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { ChartCredentials } from "./credentials.ts";

/**
 * What is asked for.
 *
 * @property authorization shown to the host of `url` alone, also after redirects; client certificates likewise
 * @property tls where certificates, authorities and proxies are taken from
 * @property bytesMax a longer answer is an error
 */
export type HttpGet = {
  url: string;
  headers?: Readonly<Record<string, string>>;
  authorization?: string;
  tls?: ChartCredentials;
  bytesMax: number;
};

/** @property url where the answer came from, after redirects */
export type HttpAnswer = {
  status: number;
  statusText: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  url: string;
};

/**
 * Asks over HTTP. Connections are kept for some seconds, so that the steps of one download share one.
 *
 * @returns whatever the server answers, errors too
 * @throws {Error} `Cannot fetch …` when there is no answer in time, or it is too long
 */
export type Http = Disposable & { get(request: HttpGet, signal?: AbortSignal): Promise<HttpAnswer> };

/** As many as Go follows. */
const redirectsMax = 10;
/** Kinds of connections, one for each set of certificates and proxies; the least recently used are closed. */
const agentsMax = 32;
const socketsMax = 16;
const idleSocketMs = 5_000;

/** How long to wait: for a connection, for the next bytes, and for all of an answer. */
export type HttpLimits = { connectMs: number; silenceMs: number; totalMs: number };

/** The last is what Helm waits for one answer. */
export const httpLimits: HttpLimits = { connectMs: 15_000, silenceMs: 30_000, totalMs: 120_000 };

/** @param environment where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are looked up */
export function createHttp(environment: NodeJS.ProcessEnv, limits: HttpLimits = httpLimits): Http {
  const agents = new Map<string, HttpAgent>();

  const agentFor = (url: URL, tls: ChartCredentials | undefined): HttpAgent => {
    const { tlsClientCertData, tlsClientCertKey, caData, insecure = false, proxy, noProxy } = tls ?? {};
    const key = JSON.stringify([url.protocol, tlsClientCertData, tlsClientCertKey, caData, insecure, proxy, noProxy]);
    const known = agents.get(key);
    if (known !== undefined) {
      agents.delete(key);
      agents.set(key, known);
      return known;
    }
    const proxyEnv = proxy ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: noProxy ?? "" } : environment;
    const shared = { keepAlive: true, maxSockets: socketsMax, timeout: idleSocketMs, proxyEnv };
    const agent =
      url.protocol === "http:"
        ? new HttpAgent(shared)
        : new HttpsAgent({
            ...shared,
            cert: tlsClientCertData || undefined,
            key: tlsClientCertKey || undefined,
            ca: caData || undefined,
            rejectUnauthorized: !insecure,
          });
    agents.set(key, agent);
    const [oldest] = agents.size > agentsMax ? agents : [];
    if (oldest !== undefined) {
      oldest[1].destroy();
      agents.delete(oldest[0]);
    }
    return agent;
  };

  const get = async (request: HttpGet, signal: AbortSignal | undefined): Promise<HttpAnswer> => {
    const deadline = AbortSignal.timeout(limits.totalMs);
    const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    const first = new URL(request.url);
    let url = first;
    try {
      for (let hops = 0; ; hops++) {
        const isAtHome = url.origin === first.origin;
        const answer = await askAgain(() => {
          const headers = {
            "user-agent": "skiff",
            ...request.headers,
            ...(isAtHome && request.authorization !== undefined ? { authorization: request.authorization } : {}),
          };
          return ask(
            url,
            { headers, agent: agentFor(url, isAtHome ? request.tls : trustOf(request.tls)), limits },
            ends,
          );
        });
        const location = [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) && answer.headers.location;
        if (location) {
          answer.resume();
          if (hops === redirectsMax) throw new Error(`stopped after ${redirectsMax} redirects`);
          url = new URL(location, url);
          if (url.protocol !== "https:" && url.protocol !== "http:")
            throw new Error(`it redirects to ${url.protocol}//, which is not HTTP`);
          continue;
        }
        return {
          status: answer.statusCode ?? 0,
          statusText: answer.statusMessage ?? "",
          headers: answer.headers,
          body: await readAll(answer, request.bytesMax),
          url: url.href,
        };
      }
    } catch (cause) {
      signal?.throwIfAborted();
      const why = deadline.aborted ? `it was not all there after ${limits.totalMs / 1000} s` : whyNot(cause);
      throw new Error(`Cannot fetch ${shownUrl(request.url)}: ${why}`, { cause });
    }
  };

  return {
    get,
    [Symbol.dispose]() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

/** A URL for messages: without passwords, and without the signatures that stores put into queries. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const isBare = text === url.origin;
  return isBare ? text : `${url.protocol}//${url.host}${url.pathname}`;
}

/** Other hosts are verified alike, but do not see our certificate. */
function trustOf(tls: ChartCredentials | undefined): ChartCredentials | undefined {
  if (tls === undefined) return undefined;
  const { caData, insecure, proxy, noProxy } = tls;
  return { caData, insecure, proxy, noProxy };
}

/** A kept connection may have been closed by the other side in the same moment; a new one tells. */
async function askAgain(start: () => Promise<IncomingMessage>): Promise<IncomingMessage> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof StaleConnectionError)) throw error;
    return await start();
  }
}

class StaleConnectionError extends Error {}

function ask(
  url: URL,
  options: { headers: Record<string, string>; agent: HttpAgent; limits: HttpLimits },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { headers, agent, limits } = options;
  const request = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "GET", headers, agent, signal, timeout: limits.connectMs });
    let isConnected = false;
    let answer: IncomingMessage | undefined;
    const connected = () => {
      isConnected = true;
      outgoing.setTimeout(limits.silenceMs);
    };
    outgoing.on("socket", (socket) => {
      if (socket.connecting) socket.once(url.protocol === "http:" ? "connect" : "secureConnect", connected);
      else connected();
    });
    outgoing.on("timeout", () => {
      const what = isConnected
        ? `nothing came for ${limits.silenceMs / 1000} s`
        : `no connection after ${limits.connectMs / 1000} s`;
      (answer ?? outgoing).destroy(new Error(what));
    });
    outgoing.on("error", (error) => {
      const isStale = outgoing.reusedSocket && "code" in error && error.code === "ECONNRESET";
      reject(isStale ? new StaleConnectionError("the connection was closed", { cause: error }) : error);
    });
    outgoing.on("response", (response) => {
      answer = response;
      resolve(response);
    });
    outgoing.end();
  });
}

async function readAll(answer: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLong = () => {
    answer.destroy();
    return new Error(`it has more than ${bytesMax} bytes`);
  };
  if (Number(answer.headers["content-length"] ?? 0) > bytesMax) throw tooLong();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name server does not answer",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the network",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody who is trusted (self-signed)",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate is signed by nobody who is trusted (self-signed certificate in the chain)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by nobody who is trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by nobody who is trusted",
  CERT_HAS_EXPIRED: "its certificate has expired",
};

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return reasons[code] ?? (error.message || code);
}
