import {
  alreadyExists,
  type Fields,
  generateName,
  generateNameConflict,
  invalid,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type StatusCause,
  trackUpdate,
  unknownError,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { CompareError, type Entry } from "../../storage/index.ts";
import { type Attempt, newAttempt, undoAttempt } from "../admission/admit.ts";
import { type ApiResource, groupKindOf, groupResourceOf, storedForm } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { dropRepeatedOwners } from "./owners.ts";

/** How often a generated name is made anew when it is taken; as in Kubernetes. */
const generateNameAttemptsMax = 8;
/** Who writes, and how. */
export type Writing = {
  user: User;
  dryRun: boolean;
  /** Name of the field manager. */
  manager: string;
  warnings: string[];
  /** The object's name in the path of the request; empty when it is only in the body. */
  pathName?: string;
  /** The request's own options as plug-ins see them; see {@link Attempt}. */
  options?: Fields;
  /** What the audit log says of the request. */
  annotations?: Record<string, string>;
  /** The server itself does what was admitted already: plug-ins are not asked. */
  admitted?: boolean;
};

/** What a write left behind. `entry` is what is stored now; a dry run and a finished delete have only the object. */
export type Written = {
  object: KubeObject;
  entry: Entry | undefined;
  outcome: "created" | "updated" | "unchanged" | "deleted";
};

/**
 * Stores a new object.
 *
 * @param object as decoded, without unknown fields; it is changed
 * @param managed who owns its fields when that is known already; otherwise the writer owns them all
 */
export async function createObject(
  server: Server,
  resource: ApiResource,
  namespace: string,
  object: KubeObject,
  writing: Writing,
  managed?: ManagedFieldsEntry[],
): Promise<Written> {
  const { name: sentName, generateName: base = "", resourceVersion } = object.metadata;
  const generated = !sentName && base !== "";
  let admitted: Attempt | undefined;
  try {
    for (let attempt = 1; ; attempt++) {
      if (generated) object.metadata.name = generateName(base, server.random);
      admitted ??= await prepare(server, resource, namespace, object, writing, { managed, generated });
      // Only what would be stored minds; clients try dry runs with what they have read.
      if (resourceVersion && !writing.dryRun)
        throw unknownError("resourceVersion should not be set on objects to be created");
      const name = object.metadata.name ?? "";
      const key = server.keys.key(resource.storageName, namespace, name);
      if (server.store.latest(key) === undefined) {
        if (writing.dryRun) return { object, entry: undefined, outcome: "created" };
        try {
          const entry = await server.writer.put(key, 0, await storedForm(resource, object));
          return { object, entry, outcome: "created" };
        } catch (error) {
          if (!(error instanceof CompareError)) throw error;
        }
      }
      if (!generated) throw alreadyExists(groupResourceOf(resource), name);
      if (attempt >= generateNameAttemptsMax) throw generateNameConflict(groupResourceOf(resource), name);
    }
  } catch (error) {
    if (admitted !== undefined) undoAttempt(admitted);
    throw error;
  }
}

/** @returns what plug-ins have agreed to */
async function prepare(
  server: Server,
  resource: ApiResource,
  namespace: string,
  object: KubeObject,
  writing: Writing,
  { managed, generated }: { managed: ManagedFieldsEntry[] | undefined; generated: boolean },
): Promise<Attempt> {
  const { rules } = resource;
  object.metadata = freshMetadata(object.metadata, namespace, server);
  dropRepeatedOwners(object.metadata, writing.warnings, false);
  rules.applyDefaults(object);
  // Nobody owns what the server adds below, nor a status that is dropped.
  const sent = resource.hasStatus ? { ...object, status: undefined } : object;
  const owned = managed ?? track(server, resource, sent, writing.manager);
  const { name: sentName = "" } = object.metadata;
  const attempt = newAttempt({
    operation: "CREATE",
    resource,
    subresource: "",
    namespace,
    name: generated ? "" : sentName,
    object,
    live: undefined,
    owners: () => owned,
    ...writing,
  });
  const { admission } = server;
  const mutating = writing.admitted ? undefined : admission.mutate(server, attempt);
  if (mutating !== undefined) await mutating;
  rules.prepareForCreate(object, writing.user);
  const name = object.metadata.name ?? "";
  attempt.name = name;
  const completing = admission.complete(server, attempt);
  if (completing !== undefined) await completing;
  const causes = name === "" ? [nameRequired] : rules.validateCreate(object);
  if (causes.length > 0) throw invalid(groupKindOf(resource), name, causes);
  writing.warnings.push(...(rules.warnings?.(object, undefined, "") ?? []));
  const validating = writing.admitted ? undefined : admission.validate(server, attempt);
  if (validating !== undefined) await validating;
  setManagedFields(object.metadata, attempt.owners());
  return attempt;
}

function track(server: Server, { rules }: ApiResource, after: KubeObject, manager: string): ManagedFieldsEntry[] {
  const now = timestamp(server.now());
  return trackUpdate({ before: rules.empty?.(), after, schema: rules.schema(), manager, now });
}

const nameRequired: StatusCause = {
  reason: "FieldValueRequired",
  message: "Required value: name or generateName is required",
  field: "metadata.name",
};

/** What a client may say about a new object, and what the server alone decides. */
function freshMetadata(sent: ObjectMeta, namespace: string, server: Server): ObjectMeta {
  const metadata: ObjectMeta = {};
  for (const field of sentByClients) if (sent[field] !== undefined) Object.assign(metadata, { [field]: sent[field] });
  if (namespace !== "") metadata.namespace = namespace;
  metadata.uid = server.newUid();
  metadata.creationTimestamp = timestamp(server.now());
  return metadata;
}

const sentByClients = [
  "name",
  "generateName",
  "generation",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
] as const;

export function setManagedFields(metadata: ObjectMeta, entries: ManagedFieldsEntry[]): void {
  if (entries.length === 0) delete metadata.managedFields;
  else metadata.managedFields = entries;
}
