import { type Fields, itemsAt, quoteGo, textsAt } from "../../../apimachinery/index.ts";
import type { Attributes } from "../authorize.ts";

/** What a role allows: verbs on resources, or on paths that are no resources. An absent list is an empty one. */
export type PolicyRule = {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  resources?: readonly string[];
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
};

/** The rules of a stored Role or ClusterRole. */
export function readRules(role: Fields): PolicyRule[] {
  return itemsAt(role, "rules").map((rule) => {
    const lists = optionalLists.flatMap((field) => {
      const texts = textsAt(rule, field);
      return texts.length === 0 ? [] : [[field, texts] as const];
    });
    return { verbs: textsAt(rule, "verbs"), ...Object.fromEntries(lists) };
  });
}

const optionalLists = ["apiGroups", "resources", "resourceNames", "nonResourceURLs"] as const;

const any = "*";

/** Whether a rule allows what is wanted; https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources */
export function ruleAllows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false;
  if ("path" in wanted) return rule.nonResourceURLs?.some((url) => urlCovers(url, wanted.path)) ?? false;
  const { apiGroups, resources, resourceNames } = rule;
  if (apiGroups === undefined || !has(apiGroups, wanted.group)) return false;
  if (resources === undefined || !hasResource(resources, wanted.resource, wanted.subresource)) return false;
  return resourceNames === undefined || resourceNames.includes(wanted.name);
}

function has(list: readonly string[], item: string): boolean {
  return list.includes(item) || list.includes(any);
}

/** `pods` is not `pods/log`; `*` is both, and a star before `/log` is the latter of any resource. */
function hasResource(resources: readonly string[], resource: string, subresource: string): boolean {
  if (subresource === "") return has(resources, resource);
  return has(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** A URL that ends in `*` covers all that start with what stands before it. */
export function urlCovers(url: string, path: string): boolean {
  if (url === path) return true;
  return url.endsWith("*") && path.startsWith(url.replace(/\*+$/, ""));
}

/** A rule as messages about escalation show it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function formatRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const lists = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  };
  const parts = Object.entries(lists).flatMap(([name, list = []]) =>
    list.length === 0 ? [] : [`${name}:${quoteList(list)}`],
  );
  return `{${parts.join(", ")}}`;
}

/** Texts as Go's `%q` shows a list of them: `["a" "b"]`. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteGo).join(" ")}]`;
}
