import { lookup as systemLookup } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";

/** Gitea's `DELIVER_TIMEOUT`. */
const deliverTimeoutMs = 5_000;

/**
 * Sends one HTTP POST; redirects are not followed.
 *
 * @param options.ca certificates to trust beside the well-known ones, in PEM
 * @returns the status of the answer, whose body is not read
 * @throws {Error} when there is no answer within five seconds
 */
export async function post(
  url: URL,
  options: { headers: Record<string, string>; body: string; ca?: string; signal: AbortSignal },
): Promise<number> {
  const { headers, body, ca, signal } = options;
  const secure = url.protocol === "https:";
  const start = secure ? requestHttps : requestHttp;
  const trust = secure && ca !== undefined ? { ca: [...rootCertificates, ca] } : {};
  return await new Promise((resolve, reject) => {
    const all = { ...headers, "content-length": String(Buffer.byteLength(body)) };
    const request = start(url, { ...trust, method: "POST", headers: all, lookup, agent: false, signal });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${deliverTimeoutMs / 1000} s`)),
      deliverTimeoutMs,
    );
    const settle = (act: () => void) => {
      clearTimeout(deadline);
      act();
    };
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      settle(() => resolve(status));
    });
    request.on("error", (cause) => settle(() => reject(new Error(`Cannot reach ${url.host}`, { cause }))));
    request.end(body);
  });
}

/** `*.localhost` is this machine (RFC 6761), also where the system's resolver does not know that. */
const lookup: LookupFunction = (hostname, options, callback) => {
  if (!/(^|\.)localhost\.?$/i.test(hostname)) return systemLookup(hostname, options, callback);
  if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};
