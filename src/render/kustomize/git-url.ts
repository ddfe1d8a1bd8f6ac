/** A kustomization in a Git repository, taken apart. */
export type RepositoryUrl = {
  /** As it was written. */
  readonly raw: string;
  /** What `git clone` takes. */
  readonly url: string;
  /** Where in the repository the kustomization is; empty for its root. */
  readonly path: string;
  /** A branch, tag or commit; empty for the default branch. */
  readonly ref: string;
  readonly submodules: boolean;
  readonly timeoutMs: number;
};

/** What kustomize waits for Git unless told otherwise. */
const timeoutMsDefault = 27_000;

const schemes = ["ssh://", "https://", "http://", "file://"] as const;

/**
 * Takes apart what may be the URL of a Git repository, as kustomize does: a scheme, or `user@host:`, or `github.com`; then the
 * repository, which ends at `.git`, before `//`, behind `_git/`, or after two steps; then the path in it.
 *
 * @returns `undefined` when it is none, but a path
 */
export function parseRepositoryUrl(raw: string): RepositoryUrl | undefined {
  if (raw.startsWith("/")) return undefined;
  const [address = "", ...rest] = raw.split("?");
  const query = parseQuery(rest.join("?"));
  const host = takeHost(address);
  if (host === undefined) return undefined;
  const parts = splitRepository(host.rest, host.host.startsWith("file://"));
  if (parts === undefined || parts.repository === "") return undefined;
  if (leavesRepository(parts.path)) return undefined;
  return { raw, url: host.host + parts.repository, path: parts.path.replace(/^\//, ""), ...query };
}

function takeHost(address: string): { host: string; rest: string } | undefined {
  let rest = address.replace(/^git::/i, "");
  const scheme = schemes.find((prefix) => rest.slice(0, prefix.length).toLowerCase() === prefix) ?? "";
  rest = rest.slice(scheme.length);
  const user = /^[a-zA-Z][a-zA-Z0-9-]*@/.exec(rest)?.[0] ?? "";
  rest = rest.slice(user.length);
  const isGithub = /^github\.com[/:]/i.test(rest);
  const mayBeScp = scheme === "" && (user !== "" || isGithub);
  if (scheme === "" && !mayBeScp) return undefined;
  if (scheme === "file://") return { host: scheme, rest: user + rest };
  const end = endOfHost(rest, mayBeScp);
  let host = end < 0 ? rest : rest.slice(0, end + 1);
  rest = end < 0 ? "" : rest.slice(end + 1);
  if (host === "") return undefined;
  if (!isGithub) return { host: scheme + user + host, rest };
  const isSsh = scheme === "ssh://" || user !== "";
  host = isSsh ? `${user}github.com:` : "https://github.com/";
  return { host, rest };
}

function endOfHost(rest: string, mayBeScp: boolean): number {
  const slash = rest.indexOf("/");
  const colon = rest.indexOf(":");
  return mayBeScp && (slash < 0 || (colon > 0 && colon < slash)) ? colon : slash;
}

function splitRepository(rest: string, takesAll: boolean): { repository: string; path: string } | undefined {
  const marker = rest.indexOf("_git/");
  if (marker >= 0) {
    const [name = "", ...path] = rest.slice(marker + 5).split("/");
    return { repository: rest.slice(0, marker + 5) + name, path: path.join("/") };
  }
  const double = rest.indexOf("//");
  if (double >= 0) return { repository: rest.slice(0, double), path: rest.slice(double + 2) };
  const suffix = rest.indexOf(".git");
  if (suffix >= 0) return { repository: rest.slice(0, suffix + 4), path: rest.slice(suffix + 4) };
  if (takesAll) return { repository: rest, path: "" };
  const segments = rest.split("/");
  if (segments.length < 2) return undefined;
  return { repository: segments.slice(0, 2).join("/"), path: segments.slice(2).join("/") };
}

function leavesRepository(path: string): boolean {
  let depth = 0;
  for (const segment of path.replace(/^\//, "").split("/")) {
    if (segment === "..") depth--;
    else if (segment !== "" && segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

function parseQuery(query: string): { ref: string; submodules: boolean; timeoutMs: number } {
  const values = new URLSearchParams(query);
  const submodules = values.get("submodules") ?? "";
  return {
    ref: values.get("ref") || values.get("version") || "",
    submodules: !["0", "f", "F", "false", "FALSE", "False"].includes(submodules),
    timeoutMs: parseDuration(values.get("timeout") ?? "") ?? timeoutMsDefault,
  };
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Seconds, or a duration as Go writes it; `undefined` for all else and for nothing. */
function parseDuration(text: string): number | undefined {
  if (/^\+?\d+$/.test(text)) return Number(text) > 0 ? Number(text) * 1000 : undefined;
  if (!/^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/(\d*\.?\d*)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(number) * (unitsMs[unit] ?? 0);
  }
  return sum > 0 ? sum : undefined;
}
