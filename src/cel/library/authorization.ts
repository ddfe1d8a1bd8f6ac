import { validateLabel, validateSubdomain } from "../../apimachinery/index.ts";
import { asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, noOverload } from "../meter.ts";
import { objectType, type Type } from "../types.ts";
import { Foreign, type Value } from "../values.ts";

export const authorizerType = objectType("kubernetes.authorization.Authorizer");
export const resourceCheckType = objectType("kubernetes.authorization.ResourceCheck");
const pathCheckType = objectType("kubernetes.authorization.PathCheck");
const groupCheckType = objectType("kubernetes.authorization.GroupCheck");
const decisionType = objectType("kubernetes.authorization.Decision");

/** What an expression asks: whether somebody may do something with objects or with a path. */
export type AccessQuestion =
  | { readonly path: string }
  | {
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
      readonly fieldSelector: string;
      readonly labelSelector: string;
    };
export type AccessDecision = { readonly allowed: boolean; readonly reason: string; readonly error?: string };
/** Who asks: the user of the request, or a service account. */
export type Asker = "user" | { readonly serviceAccount: string; readonly namespace: string };
export type DecideAccess = (asker: Asker, verb: string, question: AccessQuestion) => AccessDecision;

/** A value that has methods and nothing else. */
class Access<T> extends Foreign {
  override readonly type: Type;
  readonly decide: DecideAccess;
  readonly asker: Asker;
  readonly content: T;
  constructor(type: Type, { decide, asker }: { decide: DecideAccess; asker: Asker }, content: T) {
    super();
    this.type = type;
    this.decide = decide;
    this.asker = asker;
    this.content = content;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof Access && other.type === this.type ? other === this : undefined;
  }
}

class Authorizer extends Access<undefined> {}
class PathCheck extends Access<{ path: string }> {}
class GroupCheck extends Access<{ group: string }> {}
class ResourceCheck extends Access<Exclude<AccessQuestion, { path: string }>> {}
class Decision extends Access<AccessDecision> {}

/** The value of `authorizer`. */
export function authorizerValue(decide: DecideAccess): Value {
  return new Authorizer(authorizerType, { decide, asker: "user" }, undefined);
}

/** The value of `authorizer.requestResource`: a question about the resource of the request. */
export function resourceCheckValue(
  decide: DecideAccess,
  place: { group: string; resource: string; subresource: string; namespace: string; name: string },
): Value {
  const question = { ...place, fieldSelector: "", labelSelector: "" };
  return new ResourceCheck(resourceCheckType, { decide, asker: "user" }, question);
}

const { method } = declareWith({
  Authorizer: authorizerType,
  PathCheck: pathCheckType,
  GroupCheck: groupCheckType,
  ResourceCheck: resourceCheckType,
  Decision: decisionType,
});

function narrow(
  id: string,
  field: "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector",
): Overload[] {
  return [
    method(id, "ResourceCheck, string -> ResourceCheck", ([check, text]) => {
      if (!(check instanceof ResourceCheck)) return noOverload();
      return new ResourceCheck(resourceCheckType, check, { ...check.content, [field]: asText(text) });
    }),
  ];
}

function ofDecision(id: string, type: string, get: (decision: AccessDecision) => Value): Overload[] {
  return [
    method(id, `Decision -> ${type}`, ([decision]) => {
      return decision instanceof Decision ? get(decision.content) : noOverload();
    }),
  ];
}

function decide([check, verb]: readonly Value[]): Value {
  if (!(check instanceof PathCheck) && !(check instanceof ResourceCheck)) return noOverload();
  return new Decision(decisionType, check, check.decide(check.asker, asText(verb), check.content));
}

/** Kubernetes' functions that ask the authorizer. */
export const authorizationFunctions: FunctionTable = new Map<string, Overload[]>([
  [
    "path",
    [
      method("authorizer_path", "Authorizer, string -> PathCheck", ([authorizer, path]) => {
        if (!(authorizer instanceof Authorizer)) return noOverload();
        if (asText(path).trim() === "") return fail("path must not be empty");
        return new PathCheck(pathCheckType, authorizer, { path: asText(path) });
      }),
    ],
  ],
  [
    "group",
    [
      method("authorizer_group", "Authorizer, string -> GroupCheck", ([authorizer, group]) => {
        if (!(authorizer instanceof Authorizer)) return noOverload();
        return new GroupCheck(groupCheckType, authorizer, { group: asText(group) });
      }),
    ],
  ],
  [
    "serviceAccount",
    [method("authorizer_serviceaccount", "Authorizer, string, string -> Authorizer", asServiceAccount)],
  ],
  [
    "resource",
    [
      method("groupcheck_resource", "GroupCheck, string -> ResourceCheck", ([check, resource]) => {
        if (!(check instanceof GroupCheck)) return noOverload();
        if (asText(resource).trim() === "") return fail("resource must not be empty");
        const rest = { subresource: "", namespace: "", name: "", fieldSelector: "", labelSelector: "" };
        const question = { group: check.content.group, resource: asText(resource), ...rest };
        return new ResourceCheck(resourceCheckType, check, question);
      }),
    ],
  ],
  ["subresource", narrow("resourcecheck_subresource", "subresource")],
  ["namespace", narrow("resourcecheck_namespace", "namespace")],
  ["name", narrow("resourcecheck_name", "name")],
  ["fieldSelector", narrow("authorizer_fieldselector", "fieldSelector")],
  ["labelSelector", narrow("authorizer_labelselector", "labelSelector")],
  [
    "check",
    [
      method("pathcheck_check", "PathCheck, string -> Decision", decide),
      method("resourcecheck_check", "ResourceCheck, string -> Decision", decide),
    ],
  ],
  ["errored", ofDecision("decision_errored", "bool", ({ error }) => error !== undefined)],
  ["error", ofDecision("decision_error", "string", ({ error }) => error ?? "")],
  ["allowed", ofDecision("decision_allowed", "bool", ({ allowed }) => allowed)],
  ["reason", ofDecision("decision_reason", "string", ({ reason }) => reason)],
]);

function asServiceAccount([authorizer, namespace, name]: readonly Value[]): Value {
  if (!(authorizer instanceof Authorizer)) return noOverload();
  if (validateSubdomain(asText(name)).length > 0) return fail("Invalid service account name");
  if (validateLabel(asText(namespace)).length > 0) return fail("Invalid service account namespace");
  const asker = { serviceAccount: asText(name), namespace: asText(namespace) };
  return new Authorizer(authorizerType, { decide: authorizer.decide, asker }, undefined);
}
