import type { User } from "../../../lib/index.ts";
import { type Attributes, type Authorizer, type Decision, mastersGroup } from "../authorize.ts";
import { type Binding, describeBinding } from "./binding.ts";
import { type Policy, unresolved } from "./policy.ts";
import { ruleAllows } from "./rule.ts";

const allowedAsMaster: Decision = { allowed: true, reason: "" };
const notAllowed: Decision = { allowed: false, reason: "" };

/** Decides by roles and bindings, as Kubernetes' RBAC authorizer does. */
export function rbacAuthorizer(policy: Policy): Authorizer {
  return {
    decide(wanted) {
      if (wanted.user.groups.includes(mastersGroup)) return allowedAsMaster;
      const missing: Binding[] = [];
      const binding = policy.find(wanted.user, "path" in wanted ? "" : wanted.namespace, (candidate) => {
        const rules = policy.rulesOf(candidate.roleKey);
        if (rules !== undefined) return rules.some((rule) => ruleAllows(rule, wanted));
        missing.push(candidate);
        return false;
      });
      if (binding !== undefined) return new Allowed(binding, wanted);
      return missing.length === 0 ? notAllowed : { allowed: false, reason: `RBAC: ${unresolved(missing, shortKind)}` };
    },
    rules(user, namespace) {
      const { rules, missing } = policy.rulesFor(user, namespace);
      return {
        resourceRules: rules.flatMap(({ verbs, apiGroups = [], resources = [], resourceNames }) =>
          resources.length === 0 ? [] : [{ verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) }],
        ),
        nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs = [] }) =>
          nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }],
        ),
        ...(missing.length === 0 ? {} : { evaluationError: unresolved(missing, shortKind) }),
      };
    },
  };
}

/** The authorizer names a missing role by its kind; who reads roles from storage, by its resource. */
function shortKind(kind: string): string {
  return kind.toLowerCase();
}

/** Says why only to those who ask: most requests are allowed and nobody wants to know the reason. */
class Allowed implements Decision {
  readonly allowed = true;
  readonly #binding: Binding;
  readonly #user: User;

  constructor(binding: Binding, { user }: Attributes) {
    this.#binding = binding;
    this.#user = user;
  }

  get reason(): string {
    return `RBAC: allowed by ${describeBinding(this.#binding, this.#user)}`;
  }
}
