import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";
import { readJsonSchemaDefinition } from "./json-schema.ts";
import { pathOfPointer, valueAtPath } from "./schema-walk.ts";
import { createRandom, randomSchema } from "./testing/random-source.ts";

function read(schema: unknown, file = "schemas/shop-order.schema.json") {
  return readJsonSchemaDefinition(typeof schema === "string" ? schema : JSON.stringify(schema), { file });
}

test("a schema is a definition of a document", () => {
  const schema = {
    title: "Order",
    description: "What is bought",
    type: "object",
    properties: { a: { type: "string" } },
  };
  assert.deepEqual(read(schema), {
    name: "shop-order",
    title: "Order",
    description: "What is bought",
    source: "json-schema",
    origin: { file: "schemas/shop-order.schema.json" },
    subject: { kind: "document" },
    dialect: "json-schema",
    schema,
    prominent: [],
    notes: [],
  });
});

test("YAML, and JSON with comments, are read as well", () => {
  const { schema, title, name } = read("type: object\nproperties:\n  a: {type: string}\n", "x/Shop Order.yaml");
  assert.deepEqual(
    [schema, title, name],
    [{ type: "object", properties: { a: { type: "string" } } }, "shop-order", "shop-order"],
  );
  assert.deepEqual(read('{\n  # why\n  "type": "object",\n}', "x.yml").schema, { type: "object" });
});

const wrapped = (value: JsonObject): JsonObject => ({ type: "object", properties: { value }, required: ["value"] });
const roots: Record<string, { schema: unknown; want: JsonObject }> = {
  "of a list": {
    schema: { $schema: "x", type: "array", items: { $ref: "#/$defs/a" }, $defs: { a: { items: { $ref: "#" } } } },
    want: {
      $schema: "x",
      ...wrapped({
        type: "array",
        items: { $ref: "#/properties/value/$defs/a" },
        $defs: { a: { items: { $ref: "#/properties/value" } } },
      }),
    },
  },
  "of anything": { schema: true, want: wrapped({}) },
  "of text": { schema: { type: "string" }, want: wrapped({ type: "string" }) },
  "of an object or something else": {
    schema: { type: ["object", "string"], properties: {} },
    want: wrapped({ type: ["object", "string"], properties: {} }),
  },
  "of choices between objects and others": {
    schema: { oneOf: [{ type: "object" }, { type: "string" }] },
    want: wrapped({ oneOf: [{ type: "object" }, { type: "string" }] }),
  },
  "of choices between objects": {
    schema: { oneOf: [{ properties: {} }, { $ref: "#/definitions/a" }], definitions: { a: { required: ["x"] } } },
    want: {
      type: "object",
      oneOf: [{ properties: {} }, { $ref: "#/definitions/a" }],
      definitions: { a: { required: ["x"] } },
    },
  },
  "of an object or nothing": { schema: { type: ["object", "null"] }, want: { type: ["object", "null"] } },
  "that is a reference": {
    schema: {
      $ref: "#/definitions/a",
      title: "A",
      definitions: { a: { type: "object", properties: { b: { $ref: "#/definitions/a" } } } },
    },
    want: {
      type: "object",
      title: "A",
      properties: { b: { $ref: "#/definitions/a" } },
      definitions: { a: { type: "object", properties: { b: { $ref: "#/definitions/a" } } } },
    },
  },
  "that is a reference with more": {
    schema: { $ref: "#/$defs/a", required: ["b"], $defs: { a: { type: "object" } } },
    want: { type: "object", required: ["b"], $defs: { a: { type: "object" } }, allOf: [{ $ref: "#/$defs/a" }] },
  },
};
for (const [name, { schema, want }] of Object.entries(roots)) {
  test(`takes a schema ${name}`, () => assert.deepEqual(read(schema).schema, want));
}

const references: Record<string, { schema: JsonObject; want: JsonObject }> = {
  "by the schema's own URL": {
    schema: { $id: "https://example.com/a.json", properties: { x: { $ref: "https://example.com/a.json#/$defs/b" } } },
    want: { properties: { x: { $ref: "#/$defs/b" } } },
  },
  "relative to it": {
    schema: { id: "https://example.com/a.json#", properties: { x: { $ref: "a.json#/$defs/b" } } },
    want: { properties: { x: { $ref: "#/$defs/b" } } },
  },
  "to a schema in it with a URL of its own": {
    schema: {
      $id: "https://example.com/a.json",
      properties: { x: { $ref: "b.json" }, y: { $ref: "/b.json#/properties/z" } },
      $defs: { b: { $id: "b.json", properties: { z: { $ref: "#" } } } },
    },
    want: {
      properties: { x: { $ref: "#/$defs/b" }, y: { $ref: "#/$defs/b/properties/z" } },
      $defs: { b: { properties: { z: { $ref: "#/$defs/b" } } } },
    },
  },
  "by anchors old and new": {
    schema: {
      properties: { x: { $ref: "#one" }, y: { $ref: "#two" }, z: { $dynamicRef: "#three" } },
      $defs: { a: { $id: "#one" }, b: { $anchor: "two" }, c: { $dynamicAnchor: "three" } },
    },
    want: {
      properties: { x: { $ref: "#/$defs/a" }, y: { $ref: "#/$defs/b" }, z: { $ref: "#/$defs/c" } },
      $defs: { a: {}, b: {}, c: {} },
    },
  },
  "to the whole": {
    schema: { properties: { x: { $recursiveRef: "#" } } },
    want: { properties: { x: { $ref: "#" } } },
  },
  "with names that have to be escaped": {
    schema: { properties: { "a/b~ä%": {}, x: { $ref: "#/properties/a~1b~0%C3%A4%25" } } },
    want: { properties: { "a/b~ä%": {}, x: { $ref: "#/properties/a~1b~0%C3%A4%25" } } },
  },
};
for (const [name, { schema, want }] of Object.entries(references)) {
  test(`follows references ${name}`, () => {
    const $defs = schema["$defs"] ?? { b: {} };
    const { schema: found, notes } = read({ type: "object", ...schema, $defs });
    assert.deepEqual(found, { type: "object", $defs: { b: {} }, ...want });
    assert.deepEqual(notes, []);
  });
}

test("references that lead out or nowhere are left out with a note", () => {
  const { schema, notes } = read({
    properties: { a: { $ref: "other.json#/x", title: "A" }, b: { $ref: "#/$defs/none" }, $ref: { type: "string" } },
  });
  assert.deepEqual(schema["properties"], { a: { title: "A" }, b: {}, $ref: { type: "string" } });
  assert.deepEqual(notes, [
    { at: "other.json#/x", message: "The reference leads to another document, so any value is accepted there" },
    { at: "#/$defs/none", message: "The reference leads nowhere, so any value is accepted there" },
  ]);
});

const refused: Record<string, { text: string; file?: string; message: string }> = {
  "what nothing fits": { text: "false", message: "x.json:1: the schema is `false`, which no value fits" },
  "no schema": { text: "[]", message: "x.json:1: a schema is an object, true or false" },
  "a schema that is in another document": {
    text: '{"$schema": "x", "$ref": "https://example.com/a.json"}',
    message: "x.json:1: is nothing but a reference to another document, https://example.com/a.json",
  },
  "broken JSON": {
    text: '{\n  "a": 1,\n  b\n}',
    message: "x.json:3:3: invalid character 'b' looking for beginning of object key string",
  },
  "broken YAML": { text: "a: [\n", file: "x.yaml", message: "x.yaml:2:1: did not find expected node content" },
};
for (const [name, { text, file = "x.json", message }] of Object.entries(refused)) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => read(text, file),
      (error) => error instanceof SourceError && error.message === message,
    );
  });
}

test("any JSON is a definition or refused, and references of definitions lead to something", () => {
  for (let seed = 0; seed < 1000; seed++) {
    let schema: JsonObject;
    try {
      ({ schema } = read(randomSchema(createRandom(seed))));
    } catch (error) {
      assert.ok(error instanceof SourceError, `seed ${seed}: ${error}`);
      continue;
    }
    // A field may be called `$ref`; what stands in it is no pointer.
    for (const [, pointer = ""] of JSON.stringify(schema).matchAll(/"\$ref":"#([^"]*)"/g)) {
      assert.notEqual(valueAtPath(schema, pathOfPointer(pointer)), undefined, `seed ${seed}: ${pointer}`);
    }
  }
});
