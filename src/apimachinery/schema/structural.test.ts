import assert from "node:assert/strict";
import { test } from "node:test";
import { faultText } from "./field-error.ts";
import type { Schema } from "./schema.ts";
import { structuralErrors } from "./structural.ts";

const text: Schema = { type: "string" };
const inSpec = (spec: Schema): Schema => ({ type: "object", properties: { spec } });
/** What is not of our type, because a client may send it. */
const foreign = (schema: object): Schema => schema;

const cases: Record<string, { schema: Schema; want: string[] }> = {
  "accepts a structural schema": {
    schema: {
      type: "object",
      properties: {
        apiVersion: text,
        kind: text,
        metadata: { type: "object", properties: { name: { type: "string", maxLength: 10 } } },
        spec: {
          type: "object",
          properties: {
            size: { type: "integer", minimum: 1, default: 1 },
            either: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
            other: {
              "x-kubernetes-int-or-string": true,
              allOf: [{ anyOf: [{ type: "integer" }, { type: "string" }] }, { pattern: "^a" }],
            },
            open: { "x-kubernetes-preserve-unknown-fields": true },
            embedded: {
              type: "object",
              "x-kubernetes-embedded-resource": true,
              "x-kubernetes-preserve-unknown-fields": true,
            },
            list: {
              type: "array",
              items: { type: "object", properties: { name: text }, required: ["name"] },
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["name"],
            },
          },
          oneOf: [{ required: ["size"] }, { properties: { size: { maximum: 3 } } }],
        },
      },
    },
    want: [],
  },
  "wants types": {
    schema: { properties: { spec: { properties: { list: { type: "array", items: {} } } } } },
    want: [
      "properties[spec].properties[list].items.type: Required value: must not be empty for specified array items",
      "properties[spec].type: Required value: must not be empty for specified object fields",
      "type: Required value: must not be empty at the root",
    ],
  },
  "wants an object at the root and items in lists": {
    schema: { type: "array" },
    want: ["items: Required value: must be specified", 'type: Invalid value: "array": must be object at the root'],
  },
  "allows no types, defaults and ownership in branches": {
    schema: inSpec({
      ...text,
      anyOf: [{ type: "string", default: "x", nullable: true, description: "d" }],
      not: { "x-kubernetes-list-type": "set" },
    }),
    want: [
      "properties[spec].anyOf[0].default: Forbidden: must be undefined to be structural",
      "properties[spec].anyOf[0].description: Forbidden: must be empty to be structural",
      "properties[spec].anyOf[0].nullable: Forbidden: must be false to be structural",
      "properties[spec].anyOf[0].type: Forbidden: must be empty to be structural",
      "properties[spec].not.x-kubernetes-list-type: Forbidden: must be undefined to be structural",
      "properties[spec].not.type: Required value: must be array if x-kubernetes-list-type is specified",
    ],
  },
  "wants fields specified that branches mention": {
    schema: {
      ...inSpec({ type: "object" }),
      allOf: [{ properties: { spec: { properties: { size: { minimum: 1 } } } } }],
    },
    want: [
      "properties[spec].properties[size]: Required value: because it is defined in openAPIV3Schema.allOf[0].properties[spec].properties[size]",
    ],
  },
  "lets a schema say little about metadata": {
    schema: {
      type: "object",
      properties: {
        metadata: { type: "object", properties: { labels: { type: "object" } } },
        kind: { type: "integer" },
      },
    },
    want: [
      'properties[kind].type: Invalid value: "integer": must be string',
      "properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ],
  },
  "wants embedded objects to be objects that have something": {
    schema: inSpec({ type: "object", "x-kubernetes-embedded-resource": true }),
    want: [
      "properties[spec].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
    ],
  },
  "allows no additional properties at the root or beside properties": {
    schema: { type: "object", additionalProperties: text, properties: { spec: text } },
    want: [
      "additionalProperties: Forbidden: must not be used at the root",
      "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
    ],
  },
  "wants patterns that Go understands": {
    schema: inSpec({ type: "string", pattern: "(?=a)" }),
    want: [
      'properties[spec].pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ],
  },
  "wants defaults that fit": {
    schema: inSpec({
      type: "object",
      properties: {
        a: { type: "integer", default: "x" },
        b: { type: "object", properties: { c: text }, default: { d: 1 } },
      },
    }),
    want: [
      'properties[spec].properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
      'properties[spec].properties[b].default: Invalid value: {"d":1}: must not have unknown fields',
    ],
  },
  "allows no defaults in metadata": {
    schema: {
      type: "object",
      properties: { metadata: { type: "object", properties: { name: { ...text, default: "x" } } } },
    },
    want: ["properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata"],
  },
  "knows its keywords": {
    schema: foreign({
      type: "object",
      nullable: true,
      properties: {
        a: { type: "string", $ref: "#/x" },
        b: { type: "text" },
        c: { type: "array", items: text, uniqueItems: true },
      },
    }),
    want: [
      "nullable: Forbidden: nullable cannot be true at the root",
      "properties[a].$ref: Forbidden: $ref is not supported",
      'properties[b].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
      "properties[c].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    ],
  },
  "wants keys that every item of a list has": {
    schema: inSpec({
      type: "array",
      items: { type: "object", properties: { name: text, id: { type: "object", nullable: true, default: {} } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name", "id", "gone"],
    }),
    want: [
      'properties[spec].items.properties[id].type: Invalid value: "object": must be a scalar type if parent array\'s x-kubernetes-list-type is map',
      'properties[spec].x-kubernetes-list-map-keys: Invalid value: ["name","id","gone"]: entries must all be names of item properties',
      "properties[spec].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      "properties[spec].items.properties[id].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
    ],
  },
  "wants items of sets to be owned as a whole": {
    schema: inSpec({ type: "array", items: { type: "object" }, "x-kubernetes-list-type": "set" }),
    want: [
      "properties[spec].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
    ],
  },
  "looks at rules from outside": {
    schema: inSpec({
      ...text,
      "x-kubernetes-validations": [{ rule: " " }, { rule: "a\nb" }, { rule: "a", reason: "No" }],
    }),
    want: [
      "properties[spec].x-kubernetes-validations[0].rule: Required value: rule is not specified",
      "properties[spec].x-kubernetes-validations[1].message: Required value: message must be specified if rule contains line breaks",
      'properties[spec].x-kubernetes-validations[2].reason: Unsupported value: "No": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
  },
};

for (const [name, { schema, want }] of Object.entries(cases)) {
  test(`structuralErrors ${name}`, () => {
    const faults = structuralErrors(schema, "openAPIV3Schema").map(faultText);
    assert.deepEqual(
      faults.map((fault) => fault.replace("openAPIV3Schema.", "")),
      want,
    );
  });
}

test("structuralErrors names the schema of the first version unless it is told another", () => {
  assert.deepEqual(structuralErrors({}), [
    {
      reason: "FieldValueRequired",
      field: "spec.versions[0].schema.openAPIV3Schema.type",
      message: "Required value: must not be empty at the root",
    },
  ]);
});
