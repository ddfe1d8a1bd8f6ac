import type { TemplateFilter, TemplateValue } from "nunjitsu";
import { isFields } from "../../apimachinery/index.ts";

/** What a repository URL of the scaffolder says, `host?owner=o&repo=r`. */
export type RepoUrl = {
  host: string;
  owner?: string;
  repo?: string;
  organization?: string;
  workspace?: string;
  project?: string;
};

/** @throws {Error} when it has no host */
export function parseRepoUrl(text: string): RepoUrl {
  const url = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  if (url === undefined || url.host === "") throw new Error(`invalid repo URL ${JSON.stringify(text)}`);
  const parsed: RepoUrl = { host: url.host };
  for (const part of ["owner", "repo", "organization", "workspace", "project"] as const) {
    const value = url.searchParams.get(part);
    if (value !== null) parsed[part] = value;
  }
  return parsed;
}

/** A reference to an entity, `[kind:][namespace/]name`. */
export type EntityRef = { kind: string; namespace: string; name: string };

/** @throws {Error} when it has no kind and none is given, or it is no reference */
export function parseEntityRef(text: string, defaults: { kind?: string; namespace?: string } = {}): EntityRef {
  const parts = /^(?:([^:/]+):)?(?:([^:/]+)\/)?([^:/]+)$/.exec(text.trim());
  if (parts === null)
    throw new Error(`entity reference ${JSON.stringify(text)} is not of the form [<kind>:][<namespace>/]<name>`);
  const [, kind = defaults.kind, namespace = defaults.namespace ?? "default", name = ""] = parts;
  if (kind === undefined) throw new Error(`entity reference ${JSON.stringify(text)} has no kind`);
  return { kind: kind.toLowerCase(), namespace: namespace.toLowerCase(), name: name.toLowerCase() };
}

/** The filters that Backstage's scaffolder adds to those of the template language. */
export const scaffolderFilters: Readonly<Record<string, TemplateFilter>> = {
  parseRepoUrl: (url) => parseRepoUrl(String(url)),
  projectSlug: (url) => {
    const { owner = "", repo = "" } = parseRepoUrl(String(url));
    return `${owner}/${repo}`;
  },
  parseEntityRef: (ref, context) => parseEntityRef(String(ref), defaultsOf(context)),
  pick: (value, path) => pick(value, String(path)),
};

function defaultsOf(context: TemplateValue | undefined): { kind?: string; namespace?: string } {
  if (!isFields(context)) return {};
  const { defaultKind: kind, defaultNamespace: namespace } = context;
  return {
    ...(typeof kind === "string" && { kind }),
    ...(typeof namespace === "string" && { namespace }),
  };
}

/** As lodash's `get`: `a.b[0]`. */
function pick(value: TemplateValue | undefined, path: string): TemplateValue | undefined {
  let here: unknown = value;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (Array.isArray(here)) here = here[Number(step)];
    else if (isFields(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return isTemplateValue(here) ? here : undefined;
}

/** What was inside of a template's value is one. */
function isTemplateValue(value: unknown): value is TemplateValue {
  return value !== undefined;
}
