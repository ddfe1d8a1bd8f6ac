import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { Handler, HttpRequest } from "../lib/index.ts";

/** How to reach a Kubernetes API server, as a kubeconfig's cluster and user say it. PEM texts, not file names. */
export type ClusterConnection = {
  /** `https://host:port`, with a path if the server has one. */
  server: string;
  caCertificate?: string;
  /** Skips verification of the server's certificate; only when the kubeconfig says so. */
  insecureSkipTlsVerify?: boolean;
  clientCertificate?: string;
  clientKey?: string;
  token?: string;
};

/** How long a connection may take to be made; a server on this machine answers in milliseconds. */
const connectTimeoutMs = 10_000;

/**
 * A handler that sends each request to a remote API server over kept connections.
 *
 * @returns it rejects with `Error("Cannot reach …")` when there is no answer
 */
export function connectCluster(connection: ClusterConnection): Handler & Disposable {
  const base = new URL(connection.server);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const options: RequestOptions = {
    agent,
    host: base.hostname,
    port: base.port === "" ? 443 : Number(base.port),
    ca: connection.caCertificate,
    cert: connection.clientCertificate,
    key: connection.clientKey,
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
    servername: /^[\d.]+$|:/.test(base.hostname) ? undefined : base.hostname,
  };
  const prefix = base.pathname === "/" ? "" : base.pathname.replace(/\/$/, "");
  const handler: Handler = async ({ method, target, headers, body, signal }) => {
    const authorization = connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` };
    const outgoing = httpsRequest({
      ...options,
      method,
      path: prefix + target,
      headers: { ...headers, ...authorization, ...framing(body) },
      signal,
      timeout: connectTimeoutMs,
    });
    outgoing.on("socket", (socket) => {
      // Only the making of a connection is limited; a kept one has been made, and answers may take their time.
      if (socket.connecting) socket.once("secureConnect", () => outgoing.setTimeout(0));
      else outgoing.setTimeout(0);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no connection after ${connectTimeoutMs / 1000} s`)));
    const answered = once(outgoing, "response");
    if (body instanceof Uint8Array) outgoing.end(body);
    else if (body === undefined) outgoing.end();
    else {
      for await (const chunk of body) outgoing.write(chunk);
      outgoing.end();
    }
    const [response] = await answered.catch((cause: unknown) => {
      throw new Error(`Cannot reach the Kubernetes API at ${connection.server}`, { cause });
    });
    return { status: response.statusCode, headers: response.headers, body: response };
  };
  return Object.assign(handler, { [Symbol.dispose]: () => agent.destroy() });
}

/** Node itself says how long a body is only for methods that usually have one; without it a DELETE's reads as a request. */
function framing(body: HttpRequest["body"]): OutgoingHttpHeaders {
  if (body === undefined) return {};
  return body instanceof Uint8Array ? { "content-length": body.byteLength } : { "transfer-encoding": "chunked" };
}
