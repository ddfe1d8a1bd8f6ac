import { createHash } from "node:crypto";
import { applyServerSide, type ManagedFieldsEntry, parseApiVersion, trackUpdate } from "../../apimachinery/index.ts";
import { builtinResources, builtinSchema } from "../../apis/index.ts";
import type { Entry } from "../../storage/index.ts";
import { decodeStored, encodeStored } from "../stored.ts";
import { type DefaultObject, timeOfBirth } from "./default-object.ts";
import { defaultObjects } from "./default-objects.ts";

/** Stand where a cluster has a value of its own. */
const uidMark = "{uid}";
const revisionMark = `"resourceVersion":"0"`;

/** The encoded defaults without what differs between clusters; made when first asked for, then for all clusters. */
const templates = new Map<string, string>();

/** What makes the defaults of one cluster its own. */
export type Birth = { revision: number; uid: string; time: string };

/** @param namespace the namespace `kube-system`, whose age and identity are the cluster's */
export function birthOf(namespace: Entry): Birth {
  const { uid = "", creationTimestamp } = decodeStored(namespace.value).metadata;
  return { revision: namespace.createRevision, uid, time: creationTimestamp ?? "" };
}

/**
 * A default object as if it had been written when its cluster was made. The same cluster always gets the same bytes.
 *
 * @param name of the object in {@link defaultObjects}
 * @returns `undefined` when there is no such default
 */
export function defaultEntry(key: string, name: string, birth: Birth): Entry | undefined {
  const found = defaultObjects.get(name);
  if (found === undefined) return undefined;
  const template = templates.get(name) ?? encode(found);
  templates.set(name, template);
  const { revision, uid, time } = birth;
  const text = template
    .replace(uidMark, derivedUid(uid, name))
    .replace(revisionMark, `"resourceVersion":"${revision}"`)
    .replaceAll(timeOfBirth, time);
  return { key, value: Buffer.from(text), createRevision: revision, modRevision: revision };
}

function encode(found: DefaultObject): string {
  const { object } = found;
  const metadata = { ...object.metadata, uid: uidMark, creationTimestamp: timeOfBirth, managedFields: ownersOf(found) };
  return encodeStored({ ...object, metadata }, 0).toString();
}

function ownersOf({ object, manager = "kube-apiserver", applied }: DefaultObject): ManagedFieldsEntry[] {
  const { apiVersion, kind } = object;
  const { group, version } = parseApiVersion(apiVersion);
  const found = builtinResources.find((one) => one.kind === kind && one.group === group && one.version === version);
  const schema = builtinSchema(found?.definition ?? "");
  // A kind that says nothing of its status has had it written by the server itself, which owns nothing.
  const made = { ...object, ...(found?.hasStatus ? { status: undefined } : {}) };
  const now = timeOfBirth;
  if (applied === undefined) return trackUpdate({ before: undefined, after: made, schema, manager, now });
  const { field, manager: applier, subresource = "" } = applied;
  const part = { apiVersion, kind, metadata: { name: object.metadata.name ?? "" }, [field]: object[field] };
  const { metadata } = applyServerSide({
    live: undefined,
    applied: part,
    schema,
    manager: applier,
    subresource,
    force: true,
    now,
  });
  const rest = trackUpdate({ before: undefined, after: { ...made, [field]: undefined }, schema, manager, now });
  return [...(metadata.managedFields ?? []), ...rest];
}

/** A UUID of version 8 (RFC 9562), made from the cluster's own and the object's name. */
function derivedUid(uid: string, name: string): string {
  const hex = createHash("sha256").update(`${uid}/${name}`).digest("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
