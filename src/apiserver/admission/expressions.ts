import type { Fields } from "../../apimachinery/index.ts";
import {
  type AccessDecision,
  type Asker,
  authorizerType,
  authorizerValue,
  boolType,
  type DecideAccess,
  dynType,
  jsonValue,
  listOf,
  mapOf,
  objectType,
  resourceCheckType,
  resourceCheckValue,
  stringType,
  type Type,
  type Variables,
} from "../../cel/index.ts";
import type { User } from "../../lib/index.ts";
import type { Server } from "../server.ts";
import type { Attempt } from "./admit.ts";

const fields = (types: Readonly<Record<string, Type>>) => new Map(Object.entries(types));

const kindType = objectType(
  "kubernetes.GroupVersionKind",
  fields({ group: stringType, version: stringType, kind: stringType }),
);
const resourceType = objectType(
  "kubernetes.GroupVersionResource",
  fields({ group: stringType, version: stringType, resource: stringType }),
);
const userType = objectType(
  "kubernetes.UserInfo",
  fields({
    username: stringType,
    uid: stringType,
    groups: listOf(stringType),
    extra: mapOf(stringType, listOf(stringType)),
  }),
);

/** What `request` is in expressions about a write. */
export const requestType: Type = objectType(
  "kubernetes.AdmissionRequest",
  fields({
    kind: kindType,
    resource: resourceType,
    subResource: stringType,
    requestKind: kindType,
    requestResource: resourceType,
    requestSubResource: stringType,
    name: stringType,
    namespace: stringType,
    operation: stringType,
    userInfo: userType,
    dryRun: boolType,
    options: dynType,
  }),
);

/** Variables of expressions about a write. */
export const requestVariables: ReadonlyMap<string, Type> = new Map([
  ["object", dynType],
  ["oldObject", dynType],
  ["namespaceObject", dynType],
  ["request", requestType],
  ["authorizer", authorizerType],
  ["authorizer.requestResource", resourceCheckType],
]);

/** The values of {@link requestVariables}. @param request as `admissionRequest` makes it; objects and uid in it are left out */
export function requestValues(
  server: Server,
  attempt: Attempt,
  { request, object, oldObject }: { request: Fields; object: unknown; oldObject: unknown },
): Variables {
  const { uid: _uid, object: _object, oldObject: _oldObject, ...seen } = request;
  const { resource, subresource, name } = attempt;
  const namespace = resource.storageName === "namespaces" ? name : attempt.namespace;
  const decide = accessOf(server, attempt.user);
  const place = { group: resource.group, resource: resource.resource, subresource, namespace, name };
  return {
    object: jsonValue(object),
    oldObject: jsonValue(oldObject),
    namespaceObject: null,
    request: jsonValue(seen),
    authorizer: authorizerValue(decide),
    "authorizer.requestResource": resourceCheckValue(decide, place),
  };
}

function accessOf({ authorizer }: Server, user: User): DecideAccess {
  return (asker, verb, question): AccessDecision => {
    const who = asker === "user" ? user : serviceAccount(asker);
    if ("path" in question) return authorizer.decide({ user: who, verb, path: question.path });
    const { group, resource, subresource, namespace, name } = question;
    return authorizer.decide({ user: who, verb, group, version: "*", resource, subresource, namespace, name });
  };
}

function serviceAccount({ serviceAccount: name, namespace }: Exclude<Asker, "user">): User {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  return { name: `system:serviceaccount:${namespace}:${name}`, groups };
}
