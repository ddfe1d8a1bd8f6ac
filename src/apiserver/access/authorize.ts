import { type Attempt, forbiddenAttempt } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";

/** What a user wants to do, to objects or to a path. An empty `name` or `namespace` means all of them. */
export type Attributes = { user: User; verb: string } & (
  | { group: string; version: string; resource: string; subresource: string; namespace: string; name: string }
  | { path: string }
);

/**
 * `reason` is for people and shows in access reviews; it may be empty. Who is not allowed may still be by others, unless it
 * is `denied`.
 */
export type Decision = {
  readonly allowed: boolean;
  readonly denied?: boolean;
  readonly reason: string;
  /** What went wrong on the way to the decision. */
  readonly evaluationError?: string;
};

export type ResourceRule = {
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
};
export type NonResourceRule = { verbs: readonly string[]; nonResourceURLs: readonly string[] };
/** `incomplete` when there may be more; `evaluationError` says why some are missing. */
export type AllowedRules = {
  resourceRules: readonly ResourceRule[];
  nonResourceRules: readonly NonResourceRule[];
  incomplete?: boolean;
  evaluationError?: string;
};

/** Says who may do what. */
export type Authorizer = {
  decide(attributes: Attributes): Decision;
  /** What a user may do in a namespace, for SelfSubjectRulesReview. */
  rules(user: User, namespace: string): AllowedRules;
};

/** May do everything, whatever roles say: nobody can lock out the administrator. */
export const mastersGroup = "system:masters";

/**
 * @param onDecision told of what is decided, before a refusal is thrown
 * @throws {StatusError} `Forbidden`, in Kubernetes' words, unless the authorizer allows it
 */
export function authorize(
  authorizer: Authorizer,
  attributes: Attributes,
  onDecision?: (decision: Decision) => void,
): void {
  const decision = authorizer.decide(attributes);
  onDecision?.(decision);
  const { allowed, reason } = decision;
  if (allowed) return;
  throw forbiddenAttempt(attemptOf(attributes), reason === "" ? undefined : reason);
}

function attemptOf(attributes: Attributes): Attempt {
  const { user, verb } = attributes;
  if ("path" in attributes) return { user: user.name, verb, path: attributes.path };
  const { group, resource, subresource, namespace, name } = attributes;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  return { user: user.name, verb, group, resource: whole, namespace, name };
}
