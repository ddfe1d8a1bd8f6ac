import { createHash } from "node:crypto";
import { type KubeObject, type ManagedFieldsEntry, trackUpdate } from "../../../apimachinery/index.ts";
import { builtinResources, builtinSchema } from "../../../apis/index.ts";
import type { Entry } from "../../../storage/index.ts";
import { decodeStored, encodeStored } from "../../stored.ts";
import { defaultObjects } from "./default-objects.ts";

/** Stand where a cluster has a value of its own. */
const uidMark = "{uid}";
const timeMark = "{time}";
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
  const object = defaultObjects.get(name);
  if (object === undefined) return undefined;
  const template = templates.get(name) ?? encode(object);
  templates.set(name, template);
  const { revision, uid, time } = birth;
  const text = template
    .replace(uidMark, derivedUid(uid, name))
    .replace(revisionMark, `"resourceVersion":"${revision}"`)
    .replaceAll(timeMark, time);
  return { key, value: Buffer.from(text), createRevision: revision, modRevision: revision };
}

function encode(object: KubeObject): string {
  const metadata = { ...object.metadata, uid: uidMark, creationTimestamp: timeMark, managedFields: ownersOf(object) };
  return encodeStored({ ...object, metadata }, 0).toString();
}

/** The API server makes all of them, and a controller gathers the rules of those that have others' rules. */
function ownersOf(object: KubeObject): ManagedFieldsEntry[] {
  const { apiVersion, kind, aggregationRule } = object;
  const made = trackUpdate({
    before: undefined,
    after: aggregationRule === undefined ? object : { ...object, rules: undefined },
    schema: builtinSchema(builtinResources.find((resource) => resource.kind === kind)?.definition ?? ""),
    manager: "kube-apiserver",
    now: timeMark,
  });
  if (aggregationRule === undefined) return made;
  const gathering: ManagedFieldsEntry = {
    manager: "clusterrole-aggregation-controller",
    operation: "Apply",
    apiVersion,
    time: timeMark,
    fieldsType: "FieldsV1",
    fieldsV1: { "f:rules": {} },
  };
  return [gathering, ...made];
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
