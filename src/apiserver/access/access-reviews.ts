import {
  badRequest,
  fieldsAt,
  invalid,
  isFields,
  type KubeObject,
  textAt,
  textsAt,
  valueAt,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { reviewFaults, selectorProblems } from "./access-review-spec.ts";
import type { Attributes, Authorizer } from "./authorize.ts";

type Context = { user: User; authorizer: Authorizer; namespace: string };

/** Answers whether the caller may do something. */
export function reviewSelfAccess(review: KubeObject, { user, authorizer }: Context): KubeObject {
  check(review, { aboutSelf: true, local: false });
  return answered(review, user, authorizer);
}

/** Answers whether somebody may do something. */
export function reviewAccess(review: KubeObject, { authorizer }: Context): KubeObject {
  check(review, { aboutSelf: false, local: false });
  return answered(review, subjectOf(review), authorizer);
}

/** The same for one namespace, so that who may ask it need not be allowed to ask everything. */
export function reviewLocalAccess(review: KubeObject, { authorizer, namespace }: Context): KubeObject {
  const metadata = { ...review.metadata, namespace: review.metadata.namespace ?? namespace };
  if (metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  const local = { ...review, metadata };
  check(local, { aboutSelf: false, local: true });
  return answered(local, subjectOf(review), authorizer);
}

/** Answers what the caller may do in a namespace. */
export function reviewSelfRules(review: KubeObject, { user, authorizer }: Context): KubeObject {
  const namespace = textAt(review, "spec", "namespace");
  if (namespace === "") throw badRequest("no namespace on request");
  const { resourceRules, nonResourceRules, incomplete = false, evaluationError } = authorizer.rules(user, namespace);
  const status = { resourceRules, nonResourceRules, incomplete, ...(evaluationError && { evaluationError }) };
  return { apiVersion: review.apiVersion, kind: review.kind, metadata: {}, spec: {}, status };
}

/** The kind is empty, as in a real server, which has forgotten it by then. */
function check(review: KubeObject, about: { aboutSelf: boolean; local: boolean }): void {
  const causes = reviewFaults(review, about);
  if (causes.length > 0) throw invalid({ group: "authorization.k8s.io", kind: "" }, "", causes);
}

function answered(review: KubeObject, user: User, authorizer: Authorizer): KubeObject {
  const { allowed, denied, reason, evaluationError } = authorizer.decide(attributesOf(review, user));
  const problems = [evaluationError, selectorProblems(review)].filter((problem) => problem);
  return {
    ...review,
    status: {
      allowed,
      ...(denied && { denied }),
      ...(reason && { reason }),
      ...(problems.length > 0 && { evaluationError: problems.join("; ") }),
    },
  };
}

function attributesOf(review: KubeObject, user: User): Attributes {
  const path = valueAt(review, "spec", "nonResourceAttributes");
  if (isFields(path)) return { user, verb: textAt(path, "verb"), path: textAt(path, "path") };
  const resource = fieldsAt(review, "spec", "resourceAttributes");
  return {
    user,
    verb: textAt(resource, "verb"),
    group: textAt(resource, "group"),
    version: textAt(resource, "version"),
    resource: textAt(resource, "resource"),
    subresource: textAt(resource, "subresource"),
    namespace: textAt(resource, "namespace"),
    name: textAt(resource, "name"),
  };
}

function subjectOf(review: KubeObject): User {
  const spec = fieldsAt(review, "spec");
  const uid = textAt(spec, "uid");
  const extra = Object.keys(fieldsAt(spec, "extra")).map((key) => [key, textsAt(spec, "extra", key)] as const);
  return {
    name: textAt(spec, "user"),
    groups: textsAt(spec, "groups"),
    extra: Object.fromEntries(extra),
    ...(uid === "" ? {} : { uid }),
  };
}
