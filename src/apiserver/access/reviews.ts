import {
  badRequest,
  type Fields,
  fieldsAt,
  isFields,
  type KubeObject,
  listAt,
  textAt,
  textsAt,
  valueAt,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import type { Attributes, Authorizer } from "./authorize.ts";

/** What a review is answered from. */
export type ReviewContext = {
  user: User;
  authorizer: Authorizer;
  tokens: ReadonlyMap<string, User>;
  /** Of the path, for reviews about one namespace. */
  namespace: string;
};

/** Fills in the status of a review. */
export type Review = (object: KubeObject, context: ReviewContext) => KubeObject;

/** The reviews, by resource and group: objects that are answered and never stored. */
export const reviews: Readonly<Record<string, Review>> = {
  "selfsubjectaccessreviews.authorization.k8s.io": (object, { user, authorizer }) =>
    accessReview(object, user, authorizer),
  "subjectaccessreviews.authorization.k8s.io": (object, { authorizer }) =>
    accessReview(object, subjectOf(object), authorizer),
  "localsubjectaccessreviews.authorization.k8s.io": (object, { authorizer, namespace }) => {
    if (textAt(object, "spec", "resourceAttributes", "namespace") !== namespace) {
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
    }
    return accessReview(object, subjectOf(object), authorizer);
  },
  "selfsubjectrulesreviews.authorization.k8s.io": (object, { user, authorizer }) => {
    const namespace = textAt(object, "spec", "namespace");
    if (namespace === "") throw badRequest("no namespace on request");
    return { ...object, status: { ...authorizer.rules(user, namespace), incomplete: false } };
  },
  "selfsubjectreviews.authentication.k8s.io": (object, { user }) => ({
    ...object,
    status: { userInfo: userInfo(user) },
  }),
  "tokenreviews.authentication.k8s.io": (object, { tokens }) => {
    const token = textAt(object, "spec", "token");
    if (token === "") throw badRequest("token is required for TokenReview in authentication");
    const user = tokens.get(token);
    return { ...object, status: user === undefined ? { user: {} } : { authenticated: true, user: userInfo(user) } };
  },
};

function accessReview(object: KubeObject, user: User, authorizer: Authorizer): KubeObject {
  const { allowed, reason } = authorizer.decide(attributesOf(object, user));
  return { ...object, status: { allowed, ...(reason === "" ? {} : { reason }) } };
}

function attributesOf(object: KubeObject, user: User): Attributes {
  const resource = valueAt(object, "spec", "resourceAttributes");
  const path = valueAt(object, "spec", "nonResourceAttributes");
  if (isFields(resource) === isFields(path)) {
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  if (isFields(path)) return { user, verb: textAt(path, "verb"), path: textAt(path, "path") };
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

function subjectOf(object: KubeObject): User {
  const spec = fieldsAt(object, "spec");
  const name = textAt(spec, "user");
  const groups = textsAt(spec, "groups");
  if (name === "" && groups.length === 0) throw badRequest("at least one of user or group must be specified");
  const extra = Object.entries(fieldsAt(spec, "extra")).map(
    ([key, values]) => [key, listAt(values).map(String)] as const,
  );
  return {
    name,
    groups,
    extra: Object.fromEntries(extra),
    ...(textAt(spec, "uid") === "" ? {} : { uid: textAt(spec, "uid") }),
  };
}

function userInfo({ name, groups, uid, extra }: User): Fields {
  return { username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra === undefined ? {} : { extra }) };
}
