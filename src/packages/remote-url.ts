import type { RemoteRepository } from "../apis/index.ts";

/** How long a fetch may take unless the URL says otherwise; kustomize's default. */
const fetchTimeoutMsDefault = 27_000;

/** A package in a Git repository elsewhere: kustomize's remote target syntax, as idpbuilder reads it. */
export type RemotePackage = RemoteRepository & { cloneSubmodules: boolean; timeoutMs: number };

const example = "https://github.com/cnoe-io/stacks//basic/package1?ref=main";

/**
 * Reads `https://host/org/repo//path?ref=x`, also with `ssh://`, `file://` and `git@host:org/repo//path`.
 *
 * @returns `undefined` when the text is no URL at all
 * @throws {Error} when it is a URL but not a usable one; the message says what is wrong and shows one that works
 */
export function parseRemoteUrl(text: string): RemotePackage | undefined {
  const scp = /^[\w.-]+@[\w.-]+:(?!\/\/)/.test(text);
  const scheme = /^[a-z][a-z+]*:\/\//i.exec(text)?.[0];
  if (scheme === undefined && !scp) return undefined;
  const start = scheme?.length ?? 0;
  const mark = text.indexOf("?");
  const [target, search] = mark < 0 ? [text, ""] : [text.slice(0, mark), text.slice(mark + 1)];
  const split = target.indexOf("//", start);
  if (split < 0)
    throw new Error(`${JSON.stringify(text)}: url must have // after the repository url. example: ${example}`);
  const url = target.slice(0, split);
  if (scheme !== undefined && !URL.canParse(url))
    throw new Error(`${JSON.stringify(text)}: ${url} is not a URL. example: ${example}`);
  const path = target.slice(split + 2).replace(/^\/+|\/+$/g, "");
  if (path.split("/").includes(".."))
    throw new Error(`${JSON.stringify(text)}: the path may not leave the repository with ".."`);
  const parameters = new URLSearchParams(search);
  const ref = parameters.get("ref") || parameters.get("version") || undefined;
  return {
    url,
    path,
    ...(ref === undefined ? {} : { ref }),
    cloneSubmodules: booleanFrom(parameters.get("submodules"), text),
    timeoutMs: durationMsFrom(parameters.get("timeout"), text),
  };
}

function booleanFrom(value: string | null, text: string): boolean {
  if (value === null || value === "") return true;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new Error(`${JSON.stringify(text)}: submodules must be true or false, not ${JSON.stringify(value)}`);
}

const unitsMs: Record<string, number> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function durationMsFrom(value: string | null, text: string): number {
  if (value === null || value === "") return fetchTimeoutMsDefault;
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? [];
  const ms = Number(digits) * (unitsMs[unit] ?? Number.NaN);
  if (!(ms > 0))
    throw new Error(
      `${JSON.stringify(text)}: timeout must be seconds or a duration like 90s, not ${JSON.stringify(value)}`,
    );
  return ms;
}
