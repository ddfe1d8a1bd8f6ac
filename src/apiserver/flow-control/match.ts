import { type Fields, itemsAt, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import type { Attributes } from "../access/authorize.ts";
import { formatUsername } from "../access/service-account-user.ts";

/** Whether a request is meant. */
export type Matcher = (attributes: Attributes) => boolean;

type ResourceAttributes = Exclude<Attributes, { path: string }>;
type PathAttributes = Extract<Attributes, { path: string }>;

const any = "*";

/** Reads the rules of a FlowSchema once, as they are asked for every request. */
export function matcherOf(schema: unknown): Matcher {
  const rules = itemsAt(schema, "spec", "rules").map((rule) => ({
    isSubject: anyOf(itemsAt(rule, "subjects").map(subject)),
    isPath: anyOf(itemsAt(rule, "nonResourceRules").map(pathRule)),
    isResource: anyOf(itemsAt(rule, "resourceRules").map(resourceRule)),
  }));
  return (attributes) =>
    rules.some(
      ({ isSubject, isPath, isResource }) =>
        isSubject(attributes.user) && ("path" in attributes ? isPath(attributes) : isResource(attributes)),
    );
}

function anyOf<T>(matchers: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  return (value) => matchers.some((matches) => matches(value));
}

function subject(fields: Fields): (user: User) => boolean {
  switch (fields["kind"]) {
    case "User": {
      const wanted = textAt(fields, "user", "name");
      return ({ name }) => wanted === any || name === wanted;
    }
    case "Group": {
      const wanted = textAt(fields, "group", "name");
      return ({ groups }) => wanted === any || groups.includes(wanted);
    }
    case "ServiceAccount": {
      const account = textAt(fields, "serviceAccount", "name");
      const wanted = formatUsername(textAt(fields, "serviceAccount", "namespace"), account === any ? "" : account);
      return ({ name }) => (account === any ? name.startsWith(wanted) : name === wanted);
    }
    default:
      return () => false;
  }
}

function resourceRule(rule: Fields): (attributes: ResourceAttributes) => boolean {
  const isVerb = oneOf(textsAt(rule, "verbs"));
  const isGroup = oneOf(textsAt(rule, "apiGroups"));
  const isResource = oneOf(textsAt(rule, "resources"));
  const isNamespace = oneOf(textsAt(rule, "namespaces"));
  const isClusterWide = valueAt(rule, "clusterScope") === true;
  return ({ verb, group, resource, subresource, namespace }) =>
    isVerb(verb) &&
    isResource(subresource === "" ? resource : `${resource}/${subresource}`) &&
    isGroup(group) &&
    (namespace === "" ? isClusterWide : isNamespace(namespace));
}

/** A path stands for what is below it as well, with an asterisk at its end or without. */
function pathRule(rule: Fields): (attributes: PathAttributes) => boolean {
  const isVerb = oneOf(textsAt(rule, "verbs"));
  const isPath = anyOf(
    textsAt(rule, "nonResourceURLs").map((url) => {
      const start = url.replace(/\*$/, "");
      const folder = start.endsWith("/") ? start : `${start}/`;
      return (path: string) => url === any || path === url || path.startsWith(folder);
    }),
  );
  return ({ verb, path }) => isVerb(verb) && isPath(path);
}

/** An asterisk stands for everything; validation lets it stand only alone. */
function oneOf(wanted: readonly string[]): (value: string) => boolean {
  if (wanted.includes(any)) return () => true;
  return (value) => wanted.includes(value);
}
