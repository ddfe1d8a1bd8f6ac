import { request } from "node:https";
import { listAt, textAt } from "../../apimachinery/index.ts";
import { errorText, type Log, readBody } from "../../lib/index.ts";
import type { JwtIssuer } from "./authentication-config.ts";
import { isSignedBy, type Jwt, type PublicKey, parseKeySet } from "./jwt.ts";

/** Gets a JSON document. @throws {Error} for every answer but 200, and when it takes too long */
export type FetchJson = (url: string, certificateAuthority: string | undefined) => Promise<unknown>;

/** The keys of an issuer as it publishes them. */
export type IssuerKeys = {
  /** Whether one of them made the signature of a token. A promise only when the keys have to be fetched. */
  verify(jwt: Jwt): boolean | Promise<boolean>;
};

/** How long after one fetch of keys the next may be: a stranger's tokens must not make work for the issuer. */
const refreshMs = 10_000;
/** How long an answer of the issuer is waited for; whoever sent the token waits as well. */
const fetchTimeoutMs = 10_000;
/** Key sets are some kilobytes; go-oidc has no limit, this one is 100 times a large one. */
const documentBytesMax = 2 ** 20;

/** Finds the keys of an issuer through OpenID Connect discovery, when the first token comes that needs them. */
export function createIssuerKeys(
  issuer: JwtIssuer,
  options: { fetchJson?: FetchJson; now: () => Date; log: Log },
): IssuerKeys {
  const { now, log, fetchJson = fetchOverHttps } = options;
  let keys: readonly PublicKey[] = [];
  let fetchedMs = Number.NEGATIVE_INFINITY;
  let failure: Error | undefined;
  let keysUrl: string | undefined;
  let fetching: Promise<void> | undefined;

  const discover = async (): Promise<string> => {
    const base = issuer.url.replace(/\/$/, "");
    const url = issuer.discoveryUrl ?? `${base}/.well-known/openid-configuration`;
    const document = await fetchJson(url, issuer.certificateAuthority);
    const named = textAt(document, "issuer");
    if (named !== issuer.url) {
      const words = `expected ${JSON.stringify(issuer.url)} got ${JSON.stringify(named)}`;
      throw new Error(`oidc: issuer did not match the issuer returned by provider, ${words}`);
    }
    return textAt(document, "jwks_uri");
  };
  const refresh = async () => {
    try {
      keysUrl ??= await discover();
      const document = await fetchJson(keysUrl, issuer.certificateAuthority);
      keys = parseKeySet(document);
      failure = undefined;
      log.debug("Fetched the keys of an issuer", { issuer: issuer.url, count: listAt(document, "keys").length });
    } catch (error) {
      failure = new Error(`fetching keys ${errorText(error)}`, { cause: error });
      log.warn("Cannot fetch the keys of an issuer", { issuer: issuer.url, why: errorText(error) });
    } finally {
      fetchedMs = now().getTime();
      fetching = undefined;
    }
  };
  const isKnown = (jwt: Jwt) =>
    keys.some(({ keyId, key }) => (jwt.keyId === "" || jwt.keyId === keyId) && isSignedBy(jwt, key));

  return {
    verify(jwt) {
      if (isKnown(jwt)) return true;
      // A key that is known and does not fit will not fit the next time either.
      const isStale = jwt.keyId === "" || !keys.some(({ keyId }) => keyId === jwt.keyId);
      if (fetching === undefined && (!isStale || now().getTime() - fetchedMs < refreshMs)) {
        if (failure !== undefined) throw failure;
        return false;
      }
      fetching ??= refresh();
      return fetching.then(() => {
        if (failure !== undefined) throw failure;
        return isKnown(jwt);
      });
    },
  };
}

/** A GET that follows no redirects. */
async function fetchOverHttps(url: string, certificateAuthority: string | undefined): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const ca = certificateAuthority === undefined ? {} : { ca: certificateAuthority };
  const sent = request(url, { ...ca, signal, headers: { accept: "application/json" } }, (response) => {
    if (response.statusCode !== 200) {
      response.resume();
      reject(new Error(`Cannot get ${url}: HTTP ${response.statusCode}`));
      return;
    }
    readBody(response, documentBytesMax)
      .then((bytes): unknown => JSON.parse(Buffer.from(bytes).toString()))
      .then(resolve, reject);
  });
  sent.on("error", reject);
  sent.end();
  try {
    return await promise;
  } catch (cause) {
    throw new Error(`Cannot get ${url}`, { cause });
  }
}
