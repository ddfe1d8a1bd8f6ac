import {
  deepEqual,
  forbidden,
  isFields,
  type KubeObject,
  listAt,
  notFound,
  quoteGo,
} from "../../../apimachinery/index.ts";
import type { User } from "../../../lib/index.ts";
import type { Admission, Attempt } from "../../admission/admit.ts";
import { groupResourceOf } from "../../resource.ts";
import { type Authorizer, mastersGroup } from "../authorize.ts";
import { rbacGroup } from "../policy/default-policy.ts";
import { readBinding } from "./binding.ts";
import { compactParts, uncovered } from "./covers.ts";
import { type Policy, unresolved } from "./policy.ts";
import { formatRule, type PolicyRule, quoteList, readRules } from "./rule.ts";

const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** Letters that are added to a `generateName`. */
const madeUpLength = 5;

/**
 * Lets nobody give away what they may not do themselves: who writes a role must hold its rules or may `escalate`, and who
 * writes a binding must hold the rules of its role or may `bind` it. It comes before validation, as in Kubernetes.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export function escalationChecks(policy: Policy, authorizer: Authorizer): Admission {
  return {
    complete(_server, attempt) {
      const { resource, operation, object, live, user } = attempt;
      if (resource.group !== rbacGroup || operation === "DELETE" || object === undefined) return;
      if (user.groups.includes(mastersGroup)) return;
      if (resource.kind.endsWith("Binding")) checkBinding(policy, authorizer, attempt, object);
      else if (!mayEscalate(authorizer, attempt) && !isForCollection(object, live)) checkRole(policy, attempt, object);
    },
  };
}

/** A POST has no name in its path, so that rules for names do not allow it. */
function mayEscalate(authorizer: Authorizer, { user, resource, namespace, pathName = "" }: Attempt): boolean {
  const place = { namespace, name: pathName, subresource: "" };
  const { group, resource: plural } = resource;
  return authorizer.decide({ user, verb: "escalate", group, version: "*", resource: plural, ...place }).allowed;
}

function checkRole(policy: Policy, attempt: Attempt, object: KubeObject): void {
  const { resource, namespace, user, live } = attempt;
  const refuse = (why: string) => forbidden(groupResourceOf(resource), sentName(object), why);
  const why = escalation(policy, user, namespace, readRules(object));
  if (why !== undefined) throw refuse(why);
  if (!isAggregated(object) && !isAggregated(live)) return;
  // It gathers rules that nobody knows yet, and its rules are not its own to make fewer.
  if (escalation(policy, user, namespace, everything) !== undefined)
    throw refuse("must have cluster-admin privileges to use the aggregationRule");
}

function checkBinding(policy: Policy, authorizer: Authorizer, attempt: Attempt, object: KubeObject): void {
  const { resource, namespace, user, live } = attempt;
  if (isForCollection(object, live)) return;
  const binding = readBinding({ ...object, metadata: { ...object.metadata, namespace } });
  const { kind, name } = binding.role;
  const { group } = resource;
  const place = { namespace, name, subresource: "" };
  const known = kind === "ClusterRole" || (kind === "Role" && namespace !== "");
  if (
    known &&
    authorizer.decide({ user, verb: "bind", group, version: "*", resource: pluralOf(kind), ...place }).allowed
  )
    return;
  // What role it is, validation says better.
  if (!known) return;
  const rules = policy.rulesOf(binding.roleKey);
  // A real server names the wrong resource, too: the binding's.
  if (rules === undefined) throw notFound(groupResourceOf(resource), name);
  const why = escalation(policy, user, namespace, rules);
  if (why !== undefined) throw forbidden(groupResourceOf(resource), sentName(object), why);
}

/** Why a user may not give away some rules in a namespace. */
function escalation(policy: Policy, user: User, namespace: string, given: readonly PolicyRule[]): string | undefined {
  const { rules, missing } = policy.rulesFor(user, namespace);
  const lacking = uncovered(rules, given);
  if (lacking.length === 0) return undefined;
  const lines = [...new Set(compactParts(lacking).map(formatRule))].sort();
  const who = `user ${quoteGo(user.name)} (groups=${quoteList(user.groups)})`;
  const errors = missing.length === 0 ? "" : `; resolution errors: [${unresolved(missing, pluralOf)}]`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}${errors}`;
}

function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}

/** A name that was made up is nothing to tell the client, who does not know it. */
function sentName({ metadata: { name = "", generateName } }: KubeObject): string {
  const isMadeUp = generateName && name.startsWith(generateName) && name.length === generateName.length + madeUpLength;
  return isMadeUp ? "" : name;
}

function isAggregated(role: Readonly<KubeObject> | undefined): boolean {
  return listAt(role, "aggregationRule", "clusterRoleSelectors").length > 0;
}

/** Whether a write changes only what the garbage collector works with. */
function isForCollection(object: KubeObject, live: Readonly<KubeObject> | undefined): boolean {
  return live !== undefined && deepEqual(withoutLinks(object), withoutLinks(live));
}

function withoutLinks({ metadata, ...rest }: Readonly<KubeObject>): unknown {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _managed, ...others } = metadata;
  return { ...rest, metadata: Object.fromEntries(Object.entries(others).filter(([, value]) => !isEmpty(value))) };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (isFields(value) && Object.keys(value).length === 0);
}
