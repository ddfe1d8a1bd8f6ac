import { isFields, numberAt, parseJson, textAt } from "../../apimachinery/index.ts";
import { authorization, basicAuthorization, type ChartCredentials, credentialsKey } from "../credentials.ts";
import { type Http, type HttpAnswer, shownUrl } from "../http-get.ts";
import type { RegistryLogins } from "../registry-logins.ts";
import { apiHost, isLocalRegistry, type OciRepository } from "./reference.ts";

/** Requests to registries, with the tokens that they want to see. */
export type Registry = {
  /**
   * Asks for something below `/v2/<repository>/`.
   *
   * @param path relative to the repository, `manifests/1.0.0`, or an absolute path with query, as links to the next page are
   * @returns an answer that is a success, or `404`
   * @throws {Error} with the registry's own words otherwise
   */
  get(
    place: OciRepository,
    path: string,
    options: { accept?: string; bytesMax: number; credentials?: ChartCredentials },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
};

/** Tokens of as many repositories are remembered. */
const tokensMax = 500;
/** What the specification says of tokens without `expires_in`. */
const tokenSeconds = 60;
/** A token is asked for anew this long before its end, so that the request it is for comes in time. */
const tokenMarginMs = 10_000;
const tokenBytesMax = 2 ** 20;

type Token = { value: string; endsAtMs: number };
type Challenge = { scheme: string; parameters: Readonly<Record<string, string>> };

/** @param options.logins asked for who has given no credentials, when the registry wants some */
export function createRegistry(options: { http: Http; now: () => number; logins?: RegistryLogins }): Registry {
  const { http, now, logins } = options;
  const tokens = new Map<string, Token>();

  const remember = (key: string, token: Token) => {
    tokens.delete(key);
    tokens.set(key, token);
    const [oldest] = tokens.size > tokensMax ? tokens.keys() : [];
    if (oldest !== undefined) tokens.delete(oldest);
  };

  /** Asks the service that a registry names for a token which allows reading one repository. */
  const fetchToken = async (
    place: OciRepository,
    { parameters }: Challenge,
    credentials: ChartCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Token> => {
    const { realm = "", service, scope = `repository:${place.repository}:pull` } = parameters;
    if (!URL.canParse(realm)) throw new Error(`${place.registry} names no place to get a token from`);
    const url = new URL(realm);
    const basic = basicAuthorization(credentials);
    const isOpen = url.protocol === "http:" && !isLocalRegistry(url.host) && !isPlain(place, credentials);
    if (basic !== undefined && isOpen)
      throw new Error(`${place.registry} wants the password to be sent to ${url.host} without TLS`);
    if (service !== undefined) url.searchParams.set("service", service);
    for (const one of scope.split(" ")) url.searchParams.append("scope", one);
    url.searchParams.sort();
    const answer = await http.get(
      { url: url.href, authorization: basic, tls: credentials, bytesMax: tokenBytesMax },
      signal,
    );
    if (answer.status !== 200) throw refusal(answer, url.href);
    const body = parseJson(answer.body);
    const value = textAt(body, "token") || textAt(body, "access_token");
    if (value === "") throw new Error(`${shownUrl(realm)} gives no token`);
    const seconds = numberAt(body, ["expires_in"], tokenSeconds);
    return { value: `Bearer ${value}`, endsAtMs: now() + seconds * 1000 - tokenMarginMs };
  };

  return {
    async get(place, path, { accept, bytesMax, credentials }, signal) {
      const scheme = isPlain(place, credentials) ? "http" : "https";
      const base = `${scheme}://${apiHost(place.registry)}`;
      const url = path.startsWith("/") ? `${base}${path}` : `${base}/v2/${place.repository}/${path}`;
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const ask = (shown: string | undefined) =>
        http.get({ url, headers, authorization: shown, tls: credentials, bytesMax }, signal);

      const key = `${scheme} ${place.registry}/${place.repository} ${credentialsKey(credentials)}`;
      const kept = tokens.get(key);
      const atOnce =
        credentials?.bearerToken || credentials?.forceHttpBasicAuth ? authorization(credentials) : undefined;
      const shown = kept !== undefined && kept.endsAtMs > now() ? kept.value : atOnce;
      let answer = await ask(shown);
      if (answer.status === 401) {
        tokens.delete(key);
        const token = await answerChallenge(answer);
        if (token !== undefined && token.value !== atOnce) {
          answer = await ask(token.value);
          if (answer.status < 400) remember(key, token);
        }
      }
      if (answer.status !== 404 && (answer.status < 200 || answer.status > 299)) throw refusal(answer, shownUrl(url));
      return answer;

      async function named<T>(result: Promise<T>): Promise<T> {
        return await result.catch((cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Error(`GET ${JSON.stringify(shownUrl(url))}: ${why}`, { cause });
        });
      }

      async function answerChallenge(refused: HttpAnswer): Promise<Token | undefined> {
        const challenges = parseChallenges(refused.headers["www-authenticate"] ?? "");
        const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
        const login = authorization(credentials) === undefined ? await logins?.(place.registry) : undefined;
        const shown = { ...credentials, ...login };
        if (bearer !== undefined) return await named(fetchToken(place, bearer, shown, signal));
        const basic = basicAuthorization(shown);
        if (basic === undefined || !challenges.some((challenge) => challenge.scheme === "basic")) return undefined;
        return { value: basic, endsAtMs: Number.POSITIVE_INFINITY };
      }
    },
  };
}

function isPlain(place: OciRepository, credentials: ChartCredentials | undefined): boolean {
  if (credentials?.insecureOCIForceHttp === true) return true;
  const { caData, insecure = false, tlsClientCertData } = credentials ?? {};
  return isLocalRegistry(place.registry) && !caData && !insecure && !tlsClientCertData;
}

/** Reads `WWW-Authenticate`: `Bearer realm="https://…",service="…",scope="…", Basic realm="…"`. Schemes in lower case. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const tokens = header.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][\w-]*)(?=\s|,|$)/g);
  for (const [, name, quoted, bare, scheme] of tokens) {
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (name !== undefined) {
      const value = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
      Object.assign(challenges.at(-1)?.parameters ?? {}, { [name.toLowerCase()]: value });
    }
  }
  return challenges;
}

/** What a registry says when it says no, `{"errors": [{"code", "message"}]}`, in the words of the library that Helm uses. */
export function refusal({ status, statusText, body }: HttpAnswer, url: string): Error {
  const reasons = errorsOf(body).map(({ code, message }) => `${code.toLowerCase().replaceAll("_", " ")}: ${message}`);
  const why = reasons.length > 0 ? reasons.join("; ") : statusText;
  return new Error(`GET ${JSON.stringify(url)}: response status code ${status}: ${why}`);
}

function errorsOf(body: Uint8Array): { code: string; message: string }[] {
  try {
    const answer = parseJson(body);
    const errors = isFields(answer) && Array.isArray(answer["errors"]) ? answer["errors"] : [];
    return errors.map((error) => ({ code: textAt(error, "code"), message: textAt(error, "message") }));
  } catch {
    return [];
  }
}
