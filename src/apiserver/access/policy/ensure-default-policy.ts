import {
  cloneJson,
  deepEqual,
  type Fields,
  fieldsAt,
  isStatusError,
  itemsAt,
  type KubeObject,
  textAt,
} from "../../../apimachinery/index.ts";
import type { Entry, Store } from "../../../storage/index.ts";
import { isDeleted } from "../../defaults/store-with-defaults.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import { decodeStored } from "../../stored.ts";
import { createObject, type Writing } from "../../write/create.ts";
import { deleteObject } from "../../write/delete.ts";
import { updateObject } from "../../write/update.ts";
import { uncovered } from "../rbac/covers.ts";
import { readRules } from "../rbac/rule.ts";
import { autoUpdate, defaultPolicy, rbacGroup } from "./default-policy.ts";

const writing: Writing = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  dryRun: false,
  manager: "kube-apiserver",
  warnings: [],
};

/**
 * Gives back to the default roles and bindings what was taken from them, and makes those anew that were deleted, as a real API
 * server does when it starts. What was added stays, and who annotates an object with `autoupdate: "false"` keeps it as it is.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation
 *
 * @param stored what is really stored, without the defaults
 */
export async function ensureDefaultPolicy(server: Server, stored: Store): Promise<void> {
  const repairs = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"].flatMap((plural) => {
    const resource = server.registry.catalog.find(rbacGroup, "v1", plural);
    if (resource === undefined) return [];
    const prefix = server.keys.prefix(resource.storageName, "");
    return stored.range(prefix).entries.flatMap((entry) => {
      const expected = defaultPolicy.get(`${resource.storageName}/${entry.key.slice(prefix.length)}`);
      return expected === undefined ? [] : repair(server, resource, expected, entry);
    });
  });
  await Promise.all(repairs);
}

async function repair(server: Server, resource: ApiResource, expected: KubeObject, entry: Entry): Promise<void> {
  const { name = "", namespace = "" } = expected.metadata;
  const create = async () => {
    await createObject(server, resource, namespace, cloneJson(expected), writing);
  };
  try {
    if (isDeleted(entry)) {
      await create();
      return;
    }
    const live = decodeStored(entry.value);
    if (live.metadata.annotations?.[autoUpdate] === "false") return;
    const place = { resource, namespace, name, subresource: "" };
    if (!deepEqual(live["roleRef"], expected["roleRef"])) {
      // It cannot be changed, only be made anew.
      await deleteObject(server, place, writing, anyOfThem);
      await create();
    } else if (!deepEqual(repaired(live, expected), live)) {
      await updateObject(server, place, writing, (now) => ({ object: repaired(now, expected) }));
    }
  } catch (error) {
    // Somebody else was quicker, or holds on to it with a finalizer: the next start tries again.
    if (!isStatusError(error, "AlreadyExists", "NotFound", "Conflict")) throw error;
  }
}

const anyOfThem = {
  gracePeriodSeconds: undefined,
  preconditions: { uid: undefined, resourceVersion: undefined },
  propagationPolicy: undefined,
  orphanDependents: undefined,
  dryRun: false,
};

/** A role or binding with everything that it has by default. */
export function repaired(live: Readonly<KubeObject>, expected: KubeObject): KubeObject {
  const object: KubeObject = cloneJson(live);
  object.metadata.labels = { ...expected.metadata.labels, ...live.metadata.labels };
  object.metadata.annotations = { ...expected.metadata.annotations, ...live.metadata.annotations };
  if (expected["roleRef"] !== undefined) {
    const missing = itemsAt(expected, "subjects").filter((subject) => !itemsAt(live, "subjects").some(sameAs(subject)));
    if (missing.length > 0) object["subjects"] = [...itemsAt(live, "subjects"), ...missing];
    return object;
  }
  const missing = uncovered(readRules(live), readRules(expected));
  if (missing.length > 0) object["rules"] = [...itemsAt(live, "rules"), ...missing];
  if (expected["aggregationRule"] === undefined) delete object["aggregationRule"];
  else
    object["aggregationRule"] = withSelectors(fieldsAt(live, "aggregationRule"), fieldsAt(expected, "aggregationRule"));
  return object;
}

function sameAs(subject: Fields): (other: Fields) => boolean {
  return (other) =>
    ["kind", "apiGroup", "name", "namespace"].every((field) => textAt(other, field) === textAt(subject, field));
}

function withSelectors(live: Fields, expected: Fields): Fields {
  const selectors = itemsAt(live, "clusterRoleSelectors");
  const missing = itemsAt(expected, "clusterRoleSelectors").filter(
    (selector) => !selectors.some((known) => deepEqual(known, selector)),
  );
  return { ...live, clusterRoleSelectors: [...selectors, ...missing] };
}
