import type { JsonObject, KubeObject } from "../object.ts";
import type { Schema } from "../schema/schema.ts";
import { fromFieldsV1, pathTexts } from "./field-set.ts";
import { trackUpdate } from "./managed-fields.ts";
import { applyServerSide } from "./server-side-apply.ts";

// Lets tests speak of several managers that write one object in turn. Nothing else imports this.

const text: Schema = { type: "string" };
const count: Schema = { type: "integer" };

/** A kind that has each way to own things. */
export const widgetSpec: Schema = {
  type: "object",
  properties: {
    size: count,
    colour: text,
    on: { type: "boolean" },
    struct: { type: "object", properties: { x: text, y: text, deep: { type: "object", properties: { z: text } } } },
    implied: { type: "object", default: {}, properties: { x: text } },
    map: { type: "object", additionalProperties: text },
    structs: { type: "object", additionalProperties: { type: "object", properties: { x: text, y: text } } },
    atomicMap: { type: "object", additionalProperties: text, "x-kubernetes-map-type": "atomic" },
    list: { type: "array", items: text },
    set: { type: "array", items: text, "x-kubernetes-list-type": "set" },
    items: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        properties: { name: text, x: text, y: text, tags: { type: "object", additionalProperties: text } },
      },
    },
    ports: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["port", "protocol"],
      items: { type: "object", properties: { port: count, protocol: { ...text, default: "TCP" }, name: text } },
    },
    old: {
      type: "array",
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name",
      items: { type: "object", properties: { name: text, x: text } },
    },
    any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    either: { "x-kubernetes-int-or-string": true },
  },
};

export const widget: Schema = {
  type: "object",
  properties: {
    metadata: { type: "object" },
    spec: widgetSpec,
    status: { type: "object", properties: { phase: text } },
  },
};

export type Turn = {
  by: string;
  /** What the manager applies below `spec`. */
  apply?: JsonObject;
  /** What `spec` is after the manager updated it. */
  update?: JsonObject;
  force?: true;
  version?: string;
  subresource?: string;
  metadata?: KubeObject["metadata"];
};

/**
 * Takes turns on one object; turn n is at second n.
 *
 * @param live what to begin with
 * @returns the object after the last turn
 */
export function converse(turns: readonly Turn[], schema: Schema = widget, live?: KubeObject): KubeObject {
  let object = live;
  for (const [second, turn] of turns.entries()) object = take(turn, object, second, schema);
  if (object === undefined) throw new Error("a conversation needs a turn");
  return object;
}

function take(turn: Turn, stored: KubeObject | undefined, second: number, schema: Schema): KubeObject {
  const { by: manager, apply, update, version = "v1", subresource } = turn;
  const now = `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
  const type = { apiVersion: `example.com/${version}`, kind: "Widget" };
  const live = stored === undefined ? undefined : { ...stored, ...type };
  const metadata = { name: "w", ...turn.metadata };
  if (apply !== undefined) {
    const applied = { ...type, metadata, spec: apply };
    const force = turn.force === true;
    return withUid(
      applyServerSide({ live, applied, schema, manager, force, now, ...(subresource && { subresource }) }),
    );
  }
  const after: KubeObject = { ...type, metadata: { ...live?.metadata, ...metadata }, spec: update ?? stored?.["spec"] };
  const managedFields = trackUpdate({ before: live, after, schema, manager, now, ...(subresource && { subresource }) });
  const { managedFields: _sent, ...rest } = after.metadata;
  return withUid({ ...after, metadata: managedFields.length === 0 ? rest : { ...rest, managedFields } });
}

function withUid(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid: "u" } };
}

/** Who owns what, as in `{ "a/Apply": [".spec.size"] }`. */
export function owners(object: KubeObject): Record<string, string[]> {
  const entries = object.metadata.managedFields ?? [];
  return Object.fromEntries(
    entries.map(({ manager, operation, subresource, fieldsV1 }) => [
      [manager, operation, ...(subresource === undefined ? [] : [subresource])].join("/"),
      pathTexts(fromFieldsV1(fieldsV1)).map((path) => path.replace(/^\.spec/, "")),
    ]),
  );
}
