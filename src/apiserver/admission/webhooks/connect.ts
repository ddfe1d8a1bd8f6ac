import { Agent, request } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { quoteGo } from "../../../apimachinery/index.ts";
import { BodyTooLargeError, readBody } from "../../../lib/index.ts";
import type { ClientConfig } from "./client-config.ts";

/** Where a Service of the cluster is on this machine or beyond. */
export type Address = { host: string; port: number };

/**
 * Finds the address of a Service.
 *
 * @returns `undefined` when nothing runs behind it
 * @throws {Error} in Kubernetes' words when there is no such Service or port
 */
export type ResolveService = (service: {
  namespace: string;
  name: string;
  port: number;
}) => Promise<Address | undefined>;

/** The call did not bring an answer; the message is what Kubernetes' own client says. */
export class CallError extends Error {}

/** Nothing runs behind the Service that a webhook names. */
export class NothingRunsError extends Error {}

/** An answer may hold an object and a patch of it, each encoded: some times what is taken in one request (3 MiB). */
export const answerBytesMax = 16 * 2 ** 20;
/** As many clients as kube-apiserver keeps (`defaultCacheSize`). */
const agentsMax = 200;

/** Calls webhooks, and keeps connections to them. */
export type Caller = Disposable & {
  /**
   * POSTs JSON and reads JSON.
   *
   * @param timeoutSeconds of the whole call; told to the webhook in its query
   * @throws {CallError} when there is no answer to read
   * @throws {NothingRunsError} when nothing can answer
   */
  post(config: ClientConfig, body: unknown, options: PostOptions): Promise<unknown>;
};

export type PostOptions = {
  timeoutSeconds: number;
  userAgent: string;
  answerBytesMax: number;
};

export function createCaller(resolve: ResolveService): Caller {
  const agents = new Map<string, Agent>();
  const agentFor = (id: string, ca: string) => {
    const agent = agents.get(id) ?? new Agent({ keepAlive: true, ...(ca === "" ? {} : { ca }) });
    agents.delete(id);
    agents.set(id, agent);
    const oldest = agents.size > agentsMax ? agents.keys().next().value : undefined;
    if (oldest !== undefined) {
      agents.get(oldest)?.destroy();
      agents.delete(oldest);
    }
    return agent;
  };
  return {
    async post(config, body, options) {
      const { service, caBundle } = config;
      const url = urlOf(config);
      const shown = withTimeout(url, options.timeoutSeconds);
      const failed = (why: string) => new CallError(`Post ${quoteGo(shown)}: ${why}`);
      const deadline = performance.now() + options.timeoutSeconds * 1000;
      let address: Address = addressOf(url);
      if (service !== undefined) {
        const found = await resolve(service).catch((error: unknown) => {
          throw failed(error instanceof Error ? error.message : String(error));
        });
        if (found === undefined)
          throw new NothingRunsError(`nothing runs behind service ${service.namespace}/${service.name}`);
        address = found;
      }
      const serverName = addressOf(url).host;
      const agent = agentFor(JSON.stringify([caBundle, serverName, address]), caBundle);
      const sent = Buffer.from(JSON.stringify(body));
      const { status, type, bytes } = await exchange(
        { agent, address, serverName, url: shown, sent, options },
        Math.max(1, Math.ceil(deadline - performance.now())),
      ).catch((error: unknown) => {
        throw failed(goText(error, address, serverName));
      });
      return readAnswer(status, type, bytes);
    },
    [Symbol.dispose]() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

/** What the webhook's address is as an `https:` URL. */
function urlOf({ url, service }: ClientConfig): string {
  if (service === undefined) return url ?? "";
  return `https://${service.name}.${service.namespace}.svc:${service.port}${service.path === "" ? "/" : service.path}`;
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? 443 : Number(port) };
}

function withTimeout(url: string, seconds: number): string {
  const path = new URL(url).pathname === "/" && !url.endsWith("/") ? `${url}/` : url;
  return `${path}?timeout=${seconds}s`;
}

type Exchange = {
  agent: Agent;
  address: Address;
  serverName: string;
  url: string;
  sent: Buffer;
  options: PostOptions;
};

async function exchange(
  { agent, address, serverName, url, sent, options }: Exchange,
  timeoutMs: number,
): Promise<{ status: number; type: string; bytes: Buffer }> {
  const { pathname, search } = new URL(url);
  // As Go sends it: a port that is written is sent, even the one that need not be.
  const host = /^https:\/\/([^/?]*)/i.exec(url)?.[1] ?? serverName;
  const signal = AbortSignal.timeout(timeoutMs);
  return await new Promise((resolve, reject) => {
    const call = request(
      {
        agent,
        method: "POST",
        host: address.host,
        port: address.port,
        path: pathname + search,
        // An address has no name to ask for; its certificate is checked all the same.
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
          checkServerIdentity(serverName, certificate),
        signal,
        headers: {
          host,
          accept: "application/json, */*",
          "content-type": "application/json",
          "content-length": sent.byteLength,
          "user-agent": options.userAgent,
        },
      },
      (response) => {
        readBody(response, options.answerBytesMax).then(
          (bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              type: response.headers["content-type"] ?? "",
              bytes: Buffer.from(bytes),
            }),
          (error: unknown) => {
            response.destroy();
            reject(error);
          },
        );
      },
    );
    call.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    call.end(sent);
  });
}

/** What Go's client says of the same failure: users look for its words. */
function goText(error: unknown, { host, port }: Address, serverName: string): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "context deadline exceeded";
  if (error instanceof BodyTooLargeError) return `the answer is larger than ${error.sizeBytesMax} bytes`;
  const { code = "", message = String(error) } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const address = addressIn(error) ?? host;
  const target = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const unverified = "tls: failed to verify certificate: x509: ";
  switch (code) {
    case "ECONNREFUSED":
      return `dial tcp ${target}: connect: connection refused`;
    case "EHOSTUNREACH":
      return `dial tcp ${target}: connect: no route to host`;
    case "ENETUNREACH":
      return `dial tcp ${target}: connect: network is unreachable`;
    case "ETIMEDOUT":
      return `dial tcp ${target}: i/o timeout`;
    case "ENOTFOUND":
      return `dial tcp: lookup ${host}: no such host`;
    case "EAI_AGAIN":
      return `dial tcp: lookup ${host}: server misbehaving`;
    case "ECONNRESET":
    case "HPE_INVALID_EOF_STATE":
      return "EOF";
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "CERT_SIGNATURE_FAILURE":
      return `${unverified}certificate signed by unknown authority`;
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return `${unverified}certificate has expired or is not yet valid`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return unverified + otherName(error, serverName);
    case "EPROTO":
      return /wrong version number|packet length too long/.test(message)
        ? "http: server gave HTTP response to HTTPS client"
        : "remote error: tls: handshake failure";
    default:
      return message;
  }
}

/** The address behind a name that was tried, the first one of several. */
function addressIn(error: unknown): string | undefined {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  const { address } = (first ?? {}) as { address?: string };
  return address;
}

function otherName(error: unknown, serverName: string): string {
  const names = error instanceof Error && "cert" in error ? namesOf(error.cert) : [];
  const kind = isIP(serverName) === 0 ? "DNS" : "IP Address";
  const own = names.filter(([type]) => type === kind).map(([, name]) => name);
  if (own.length > 0) return `certificate is valid for ${own.join(", ")}, not ${serverName}`;
  if (names.length === 0) return "certificate relies on legacy Common Name field, use SANs instead";
  return isIP(serverName) === 0
    ? `certificate is not valid for any names, but wanted to match ${serverName}`
    : `cannot validate certificate for ${serverName} because it doesn't contain any IP SANs`;
}

function namesOf(certificate: unknown): [string, string][] {
  const { subjectaltname = "" } = (certificate ?? {}) as Partial<PeerCertificate>;
  return subjectaltname
    .split(", ")
    .map((name): [string, string] => [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)])
    .filter(([type]) => type !== "");
}

/** As client-go reads an answer. @throws {CallError} */
function readAnswer(status: number, type: string, bytes: Buffer): unknown {
  const text = bytes.toString();
  if (status < 200 || status > 206) throw new CallError(statusText(status, text, type));
  if (bytes.byteLength === 0)
    throw new CallError(`0-length response with status code: ${status} and content type: ${type}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CallError(`couldn't get version/kind; json parse error: ${why}`);
  }
}

const texts: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  406: "the server was unable to respond with a content type that the client supports",
  409: "the server reported a conflict",
  422: "the server rejected our request due to an error in our request",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};
/** Of an answer that is no JSON, messages show so much; as in client-go (`maxUnstructuredResponseTextBytes`). */
const saidMax = 2048;

function statusText(status: number, text: string, type: string): string {
  const said = type === "" || type.startsWith("text/") ? text.slice(0, saidMax).trim() : "unknown";
  if (status === 403 || status === 415) return said;
  if (status === 406 && said !== "" && said !== "unknown") return said;
  const known = texts[status];
  if (known !== undefined) return known;
  if (status >= 500) return `an error on the server (${quoteGo(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}
