import { type Attempt, forbiddenAttempt } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";

/** What a user wants to do, to objects or to a path. An empty `name` or `namespace` means all of them. */
export type Attributes = { user: User; verb: string } & (
  | { group: string; version: string; resource: string; subresource: string; namespace: string; name: string }
  | { path: string }
);

/** `reason` is for people and shows in access reviews; it may be empty. */
export type Decision = { allowed: boolean; reason: string };

export type ResourceRule = { verbs: string[]; apiGroups: string[]; resources: string[]; resourceNames?: string[] };
export type NonResourceRule = { verbs: string[]; nonResourceURLs: string[] };

/** Says who may do what. */
export type Authorizer = {
  decide(attributes: Attributes): Decision;
  /** What a user may do in a namespace, for SelfSubjectRulesReview. */
  rules(user: User, namespace: string): { resourceRules: ResourceRule[]; nonResourceRules: NonResourceRule[] };
};

const everybodyMayRead = ["/", "/api", "/apis", "/openapi", "/version", "/livez", "/readyz", "/healthz"];
/** Reviews about oneself, which the role `system:basic-user` allows to everybody who is known. */
const aboutOneself: Readonly<Record<string, readonly string[]>> = {
  "authorization.k8s.io": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
  "authentication.k8s.io": ["selfsubjectreviews"],
};

/** The group `system:masters` may do everything; everybody known may discover the API and ask about themselves. */
export const mastersOnly: Authorizer = {
  decide(attributes) {
    const { groups } = attributes.user;
    if (groups.includes("system:masters")) return { allowed: true, reason: "" };
    if (!groups.includes("system:authenticated")) return { allowed: false, reason: "" };
    const { verb } = attributes;
    const allowed =
      "path" in attributes
        ? (verb === "get" || verb === "head") && isDiscovery(attributes.path)
        : verb === "create" && (aboutOneself[attributes.group]?.includes(attributes.resource) ?? false);
    return { allowed, reason: "" };
  },
  rules(user) {
    if (user.groups.includes("system:masters")) {
      return {
        resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
        nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
      };
    }
    const resourceRules = Object.entries(aboutOneself).map(([group, resources]) => ({
      verbs: ["create"],
      apiGroups: [group],
      resources: [...resources],
    }));
    const nonResourceURLs = everybodyMayRead.flatMap((path) => (path === "/" ? [path] : [path, `${path}/*`]));
    return { resourceRules, nonResourceRules: [{ verbs: ["get"], nonResourceURLs }] };
  },
};

function isDiscovery(path: string): boolean {
  const first = `/${path.split("/", 2)[1] ?? ""}`;
  return everybodyMayRead.includes(first);
}

/** @throws {StatusError} `Forbidden`, in Kubernetes' words, unless the authorizer allows it */
export function authorize(authorizer: Authorizer, attributes: Attributes): void {
  const { allowed, reason } = authorizer.decide(attributes);
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
