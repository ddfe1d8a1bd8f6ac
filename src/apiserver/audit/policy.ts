import {
  type Fields,
  faultText,
  invalidValue,
  isFields,
  itemsAt,
  parseYaml,
  requiredValue,
  type StatusCause,
  textAt,
  textsAt,
  unsupportedValue,
  validateSubdomain,
  valueAt,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";

/** How much of a request is written down, least first. */
const levels = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type AuditLevel = (typeof levels)[number];

const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
export type AuditStage = (typeof stages)[number];

/** What becomes of one request. */
export type AuditDecision = { level: AuditLevel; omitStages: ReadonlySet<string>; omitManagedFields: boolean };

/** What is asked, by whom; without a user when nobody was recognised. */
export type AuditedAttributes = { user: User | undefined; verb: string } & (AuditedResource | { path: string });
export type AuditedResource = {
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
};

/** Says of each request how much of it is written down. */
export type AuditPolicy = { decide(attributes: AuditedAttributes): AuditDecision };

/** A request that no rule matches is not written down. */
const nothing = "None";

/**
 * Reads a `Policy` of `audit.k8s.io/v1`, in YAML or JSON.
 *
 * @throws {Error} that says all that is wrong with it
 */
export function parseAuditPolicy(text: string): AuditPolicy {
  const policy = parseYaml(text);
  const kind = textAt(policy, "kind");
  const apiVersion = textAt(policy, "apiVersion");
  if (!isFields(policy) || kind !== "Policy" || apiVersion !== "audit.k8s.io/v1") {
    throw new Error(`Cannot use the audit policy: it is a ${apiVersion} ${kind}, not an audit.k8s.io/v1 Policy`);
  }
  const rules = itemsAt(policy, "rules");
  if (rules.length === 0) throw new Error("Cannot use the audit policy: loaded illegal policy with 0 rules");
  const causes = [
    ...stageCauses("omitStages", textsAt(policy, "omitStages")),
    ...rules.flatMap((rule, index) => ruleCauses(`rules[${index}]`, rule)),
  ];
  if (causes.length > 0) throw new Error(`Cannot use the audit policy: ${causes.map(faultText).join(", ")}`);
  const read = rules.map((rule) => readRule(rule, policy));
  const otherwise = decisionOf({ level: nothing }, policy);
  return { decide: (attributes) => read.find(({ matches }) => matches(attributes))?.decision ?? otherwise };
}

function ruleCauses(path: string, rule: Fields): StatusCause[] {
  const level = textAt(rule, "level");
  const urls = textsAt(rule, "nonResourceURLs");
  const causes: StatusCause[] = [];
  if (level === "") causes.push(requiredValue(`${path}.level`));
  else if (!levels.some((known) => known === level)) causes.push(unsupportedValue(`${path}.level`, level, [...levels]));
  for (const [index, url] of urls.entries()) {
    const at = `${path}.nonResourceURLs[${index}]`;
    if (url === "*") continue;
    if (!url.startsWith("/")) {
      causes.push(invalidValue(at, url, "non-resource URL rules must begin with a '/' character"));
    }
    if (url.slice(0, -1).includes("*")) {
      causes.push(invalidValue(at, url, "non-resource URL wildcards '*' must be the final character of the rule"));
    }
  }
  for (const resource of itemsAt(rule, "resources")) {
    const group = textAt(resource, "group");
    const names = textsAt(resource, "resourceNames");
    const problems = group === "" ? [] : validateSubdomain(group);
    if (problems.length > 0) causes.push(invalidValue(`${path}.resources.group`, group, problems.join(",")));
    if (names.length > 0 && textsAt(resource, "resources").length === 0) {
      const why = "using resourceNames requires at least one resource";
      causes.push(invalidValue(`${path}.resources.resourceNames`, names, why));
    }
  }
  causes.push(...stageCauses(`${path}.omitStages`, textsAt(rule, "omitStages")));
  if (urls.length > 0 && (itemsAt(rule, "resources").length > 0 || textsAt(rule, "namespaces").length > 0)) {
    const why = "rules cannot apply to both regular resources and non-resource URLs";
    causes.push(invalidValue(`${path}.nonResourceURLs`, urls, why));
  }
  return causes;
}

function stageCauses(path: string, named: readonly string[]): StatusCause[] {
  return named.flatMap((stage, index) =>
    stages.some((known) => known === stage)
      ? []
      : [invalidValue(`${path}[${index}]`, stage, `allowed stages are ${stages.join(",")}`)],
  );
}

type Rule = { matches(attributes: AuditedAttributes): boolean; decision: AuditDecision };

function readRule(rule: Fields, policy: Fields): Rule {
  const named = (field: string) => {
    const values = textsAt(rule, field);
    return values.length === 0 ? undefined : new Set(values);
  };
  const [users, groups, verbs, namespaces] = [named("users"), named("userGroups"), named("verbs"), named("namespaces")];
  const resources = itemsAt(rule, "resources");
  const urls = textsAt(rule, "nonResourceURLs");
  return {
    decision: decisionOf(rule, policy),
    matches(attributes) {
      const { user, verb } = attributes;
      if (users !== undefined && (user === undefined || !users.has(user.name))) return false;
      if (groups !== undefined && !(user?.groups.some((group) => groups.has(group)) ?? false)) return false;
      if (verbs !== undefined && !verbs.has(verb)) return false;
      if (namespaces !== undefined || resources.length > 0) {
        if ("path" in attributes || !(namespaces?.has(attributes.namespace) ?? true)) return false;
        return resources.length === 0 || resources.some((resource) => matchesResource(resource, attributes));
      }
      if (urls.length === 0) return true;
      return "path" in attributes && urls.some((url) => matchesPath(url, attributes.path));
    },
  };
}

function matchesResource(rule: Fields, { group, resource, subresource, name }: AuditedResource): boolean {
  if (textAt(rule, "group") !== group) return false;
  const resources = textsAt(rule, "resources");
  if (resources.length === 0) return true;
  const names = textsAt(rule, "resourceNames");
  if (names.length > 0 && !names.includes(name)) return false;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some(
    (named) =>
      named === "*" ||
      named === whole ||
      named === `${resource}/*` ||
      (subresource !== "" && named === `*/${subresource}`),
  );
}

function matchesPath(url: string, path: string): boolean {
  return url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.replace(/\*+$/, "")));
}

function decisionOf(rule: Fields, policy: Fields): AuditDecision {
  const omit = valueAt(rule, "omitManagedFields") ?? valueAt(policy, "omitManagedFields");
  return {
    level: levels.find((level) => level === textAt(rule, "level")) ?? nothing,
    omitStages: new Set([...textsAt(policy, "omitStages"), ...textsAt(rule, "omitStages")]),
    omitManagedFields: omit === true,
  };
}
