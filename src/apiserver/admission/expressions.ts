import type { Fields, KubeObject } from "../../apimachinery/index.ts";
import {
  type AccessDecision,
  type Asker,
  authorizerType,
  authorizerValue,
  boolType,
  type DecideAccess,
  dynType,
  intType,
  jsonValue,
  listOf,
  mapOf,
  objectType,
  resourceCheckType,
  resourceCheckValue,
  stringType,
  type Type,
  timestampType,
  type Value,
  type Variables,
} from "../../cel/index.ts";
import type { User } from "../../lib/index.ts";
import type { Server } from "../server.ts";
import type { Attempt } from "./admit.ts";
import { objectAt } from "./lookup.ts";

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

/** What `namespaceObject` is; `UID` is written so by mistake, and stays so. */
export const namespaceType: Type = objectType(
  "kubernetes.Namespace",
  fields({
    metadata: objectType(
      "kubernetes.NamespaceMetadata",
      fields({
        name: stringType,
        generateName: stringType,
        namespace: stringType,
        labels: mapOf(stringType, stringType),
        annotations: mapOf(stringType, stringType),
        UID: stringType,
        creationTimestamp: timestampType,
        deletionGracePeriodSeconds: intType,
        deletionTimestamp: timestampType,
        generation: intType,
        resourceVersion: stringType,
        finalizers: listOf(stringType),
      }),
    ),
    spec: objectType("kubernetes.NamespaceSpec", fields({ finalizers: listOf(stringType) })),
    status: objectType(
      "kubernetes.NamespaceStatus",
      fields({
        conditions: listOf(
          objectType(
            "kubernetes.NamespaceCondition",
            fields({
              status: stringType,
              type: stringType,
              lastTransitionTime: timestampType,
              message: stringType,
              reason: stringType,
            }),
          ),
        ),
        phase: stringType,
      }),
    ),
  }),
);

/** What expressions may use beside the write itself. */
export type Uses = {
  params: boolean;
  authorizer: boolean;
  /** Type of the variables of a policy, when it may have some. */
  variables?: Type;
};

/** Types of the variables of expressions about a write. */
export function requestVariables({ params, authorizer, variables }: Uses): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>([
    ["object", dynType],
    ["oldObject", dynType],
    ["namespaceObject", namespaceType],
    ["request", requestType],
  ]);
  if (params) types.set("params", dynType);
  if (authorizer) types.set("authorizer", authorizerType).set("authorizer.requestResource", resourceCheckType);
  if (variables !== undefined) types.set("variables", variables);
  return types;
}

/** The values of {@link requestVariables}. @param request as `admissionRequest` makes it; objects and uid in it are left out */
export function requestValues(
  server: Server,
  attempt: Attempt,
  { request, object, oldObject }: { request: Fields; object: unknown; oldObject: unknown },
): Variables {
  const { object: _object, oldObject: _oldObject, uid: _uid, ...seen } = request;
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

/** The namespace of a write as expressions see it; null for what is in none. */
export function namespaceValue(server: Server, { resource, namespace }: Attempt): Value {
  if (!resource.namespaced || namespace === "") return null;
  const found = objectAt(server, "namespaces", { name: namespace });
  return found === undefined ? null : jsonValue(shownNamespace(found));
}

function shownNamespace({ metadata, spec, status }: Readonly<KubeObject>): Fields {
  const { ownerReferences: _owners, managedFields: _managed, ...shown } = metadata;
  return { metadata: shown, spec, status };
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
