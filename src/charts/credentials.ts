import { createHash } from "node:crypto";

/**
 * How to be let in: the fields of Argo CD's `repository` and `repo-creds` Secrets, decoded. Certificates and keys are PEM texts.
 *
 * @property caData who may have signed the server's certificate, instead of the authorities that Node knows
 * @property insecure takes any certificate of the server
 * @property insecureOCIForceHttp talks to a registry without TLS
 * @property forceHttpBasicAuth shows name and password to a registry at once, without asking its token service
 * @property proxy URL of a proxy, instead of what the environment names; `noProxy` lists hosts that are reached without it
 */
export type ChartCredentials = {
  username?: string;
  password?: string;
  bearerToken?: string;
  tlsClientCertData?: string;
  tlsClientCertKey?: string;
  caData?: string;
  insecure?: boolean;
  insecureOCIForceHttp?: boolean;
  forceHttpBasicAuth?: boolean;
  proxy?: string;
  noProxy?: string;
};

/** A repository that somebody has configured: `name` is what `@name` in a dependency means. */
export type ChartRepository = ChartCredentials & { url: string; name?: string; enableOCI?: boolean };

/** Repositories, and templates whose credentials are for every repository whose URL begins with theirs. */
export type KnownRepositories = {
  repositories: readonly ChartRepository[];
  templates: readonly ChartRepository[];
};

/**
 * Finds what is known of a repository, as Argo CD does: the repository of that URL, with the credentials of a template when it
 * has none itself; else the template with the longest URL that the wanted one begins with.
 *
 * @returns with the wanted URL; `undefined` when nothing is known
 */
export function findRepository(url: string, known: KnownRepositories): ChartRepository | undefined {
  const wanted = normalUrl(url);
  const repository = known.repositories.find((candidate) => normalUrl(candidate.url) === wanted);
  if (repository !== undefined && hasSecret(repository)) return { ...repository, url };
  const [template] = known.templates
    .filter((candidate) => wanted.startsWith(normalUrl(candidate.url)))
    .toSorted((a, b) => normalUrl(b.url).length - normalUrl(a.url).length);
  if (repository === undefined) return template === undefined ? undefined : { ...template, name: undefined, url };
  return { ...template, ...defined(repository), url };
}

/** `oci://…`, or a host without a scheme, which is how Argo CD names registries. */
export function isOciRepository(url: string, enableOCI = false): boolean {
  return enableOCI || url.startsWith("oci://") || !/^[a-z][a-z0-9+.-]*:\/\//i.test(url);
}

/** Tells credentials apart in keys of caches, so that nobody is given what only others may fetch. */
export function credentialsKey(credentials: ChartCredentials | undefined): string {
  if (credentials === undefined || !hasSecret(credentials)) return "";
  const { username, password, bearerToken, tlsClientCertData } = credentials;
  return createHash("sha256")
    .update(JSON.stringify([username, password, bearerToken, tlsClientCertData]))
    .digest("hex");
}

/** The `Authorization` of somebody with a name and a password, or a token; `undefined` for anybody. */
export function authorization(credentials: ChartCredentials | undefined): string | undefined {
  if (credentials?.bearerToken) return `Bearer ${credentials.bearerToken}`;
  return basicAuthorization(credentials);
}

export function basicAuthorization(credentials: ChartCredentials | undefined): string | undefined {
  const { username = "", password = "" } = credentials ?? {};
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Takes name and password out of a URL, where curl and Helm allow them. */
export function splitUserInfo(text: string): { url: string; credentials?: ChartCredentials } {
  if (!/^https?:\/\/[^/]*@/i.test(text) || !URL.canParse(text)) return { url: text };
  const url = new URL(text);
  const credentials = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = "";
  url.password = "";
  return { url: url.href, credentials };
}

function hasSecret(credentials: ChartCredentials): boolean {
  const { username, password, bearerToken, tlsClientCertData } = credentials;
  return [username, password, bearerToken, tlsClientCertData].some((secret) => secret !== undefined && secret !== "");
}

function defined(repository: ChartRepository): ChartRepository {
  const entries = Object.entries(repository).filter(([, value]) => value !== undefined && value !== "");
  return { ...Object.fromEntries(entries), url: repository.url };
}

/** Without `oci://` and what does not tell URLs apart. */
function normalUrl(url: string): string {
  const [, scheme = "", host = "", path = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/]*)(.*)$/is.exec(url.trim()) ?? [];
  const shownScheme = scheme.toLowerCase() === "oci://" ? "" : scheme.toLowerCase();
  return shownScheme + host.toLowerCase() + path.replace(/\/+$/, "");
}
