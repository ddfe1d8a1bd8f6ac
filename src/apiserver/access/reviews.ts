import type { KubeObject } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { reviewAccess, reviewLocalAccess, reviewSelfAccess, reviewSelfRules } from "./access-reviews.ts";
import type { Authenticator } from "./authenticate.ts";
import type { Authorizer } from "./authorize.ts";
import { reviewSelf, reviewToken } from "./identity-reviews.ts";

/** What a review is answered from. */
export type ReviewContext = {
  user: User;
  authorizer: Authorizer;
  authenticator: Authenticator;
  /** The time as objects carry it. */
  now: string;
  /** Of the path, for reviews about one namespace. */
  namespace: string;
};

/** Fills in the status of a review. */
export type Review = (object: KubeObject, context: ReviewContext) => KubeObject | Promise<KubeObject>;

/** The reviews, by resource and group: objects that are answered and never stored. */
export const reviews: Readonly<Record<string, Review>> = {
  "selfsubjectaccessreviews.authorization.k8s.io": reviewSelfAccess,
  "subjectaccessreviews.authorization.k8s.io": reviewAccess,
  "localsubjectaccessreviews.authorization.k8s.io": reviewLocalAccess,
  "selfsubjectrulesreviews.authorization.k8s.io": reviewSelfRules,
  "selfsubjectreviews.authentication.k8s.io": reviewSelf,
  "tokenreviews.authentication.k8s.io": reviewToken,
};
