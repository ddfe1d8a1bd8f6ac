import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import { checkForm, validateAnswers } from "./check.ts";
import { createFitCheck } from "./fits.ts";
import { renderForm } from "./testing/render-form.ts";
import { extractUiSchema } from "./ui-schema.ts";

const page = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ title: "Page", properties, ...more });

const wrong: Record<string, { of: JsonValue; want: RegExp }> = {
  "no object": { of: "x", want: /page 1: it is no object/ },
  "no title": { of: { properties: {} }, want: /no title/ },
  "no properties": { of: { title: "Page" }, want: /no properties/ },
  "no room for the answers of other pages": { of: page({}, { additionalProperties: false }), want: /other fields/ },
  "a wrong keyword": { of: page({ a: { type: "text" } }), want: /no draft-07 schema: \/properties\/a\/type/ },
  "a pattern that does not compile": {
    of: page({ a: { type: "string", pattern: "[" } }),
    want: /does not compile|no draft-07/,
  },
  "an unknown format": { of: page({ a: { type: "string", format: "quantity" } }), want: /unknown format "quantity"/ },
  "a default that does not fit": {
    of: page({ a: { type: "object", properties: { b: { type: "integer", default: "x" } } } }),
    want: /a\.b: the default does not fit: it must be integer/,
  },
  "a field without a type": {
    of: page({ a: { description: "x" } }),
    want: /a: the form library draws no field without a type/,
  },
  "a list without items": {
    of: page({ a: { type: "array" } }),
    want: /a: the form library draws no list without items/,
  },
  "an untyped branch": {
    of: page({ a: { type: "object", properties: { b: { type: "string" } }, oneOf: [{ required: ["b"] }] } }),
    want: /a<1>: .*without a type/,
  },
  "a required field that is none": { of: page({}, { required: ["a"] }), want: /a is required and is no field/ },
  "a widget that is none": {
    of: page({ a: { type: "string", "ui:widget": "updown" } }),
    want: /a: there is no widget updown for the type string/,
  },
};
for (const [name, { of, want }] of Object.entries(wrong)) {
  test(`checkForm finds ${name}`, () => assert.match(checkForm([of]).join("\n"), want));
}

for (const name of ["a field without a type", "a list without items", "an untyped branch", "a widget that is none"]) {
  test(`the form library too stumbles over ${name}`, () => {
    const of = wrong[name]?.of;
    assert.ok(typeof of === "object" && of !== null && !Array.isArray(of));
    assert.notDeepEqual(renderForm(of).problems, []);
  });
}

test("hints are taken out where the portal takes them out, and stay elsewhere", () => {
  const { schema, uiSchema } = extractUiSchema({
    "ui:order": ["a"],
    properties: {
      a: { type: "array", items: { type: "string", "ui:widget": "textarea" }, "ui:help": "x" },
      b: { anyOf: [{ properties: { c: { type: "string", "ui:widget": "password" } } }] },
      d: { type: "object", additionalProperties: { type: "string", "ui:widget": "textarea" } },
    },
    dependencies: { a: { properties: { e: { "ui:autofocus": true } } } },
  });
  assert.deepEqual(uiSchema, {
    "ui:order": ["a"],
    a: { "ui:help": "x", items: { "ui:widget": "textarea" } },
    b: { c: { "ui:widget": "password" } },
    d: {},
    e: { "ui:autofocus": true },
  });
  assert.equal(JSON.stringify(schema).match(/ui:/g)?.length, 1);
});

test("a field named __proto__ reaches no other object", () => {
  const properties: JsonObject = JSON.parse('{"__proto__": {"type": "string", "ui:help": "x"}}');
  extractUiSchema({ properties });
  assert.equal(Reflect.get({}, "ui:help"), undefined);
});

test("answers are judged as the portal judges them", () => {
  const schema = page(
    { mail: { type: "string", format: "email" }, step: { type: "number", multipleOf: 0.1 } },
    { required: ["mail"] },
  );
  assert.deepEqual(validateAnswers(schema, { mail: "a@example.com", step: 0.3, other: true }), []);
  assert.deepEqual(validateAnswers(schema, { mail: "x" }), ['/mail must match format "email"']);
  assert.deepEqual(validateAnswers(schema, {}), ["it must have required property 'mail'"]);
  assert.throws(() => validateAnswers({ type: "text" }, {}), /Cannot validate answers/);
});

test("the check of defaults and samples is of the validator's opinion", () => {
  const schemas: JsonObject[] = [
    { type: "integer", minimum: 1, exclusiveMaximum: 5, multipleOf: 2 },
    { type: ["string", "null"], minLength: 2, maxLength: 3, pattern: "^a" },
    { enum: [1, "1", null, { a: 1 }] },
    { const: [1] },
    { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2, uniqueItems: true },
    { items: [{ type: "string" }], additionalItems: false },
    { contains: { type: "boolean" } },
    {
      type: "object",
      required: ["a"],
      properties: { a: { type: "string" } },
      additionalProperties: { type: "integer" },
    },
    { propertyNames: { pattern: "^[a-z]$" }, minProperties: 1, maxProperties: 2 },
    { patternProperties: { "^a": { type: "string" } }, additionalProperties: false },
    { dependencies: { a: ["b"], b: { properties: { c: { type: "integer" } } } } },
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
    { if: { required: ["a"] }, then: { required: ["b"] }, else: { maxProperties: 1 } },
    { anyOf: [{ type: "string" }, { type: "integer" }], not: { enum: [2] } },
    { oneOf: [{ type: "integer" }, { type: "number", minimum: 2 }] },
    { allOf: [{ type: "object" }, { required: ["a"] }] },
    { format: "date-time" },
    { format: "uuid" },
    { properties: { a: false } },
  ];
  const values: JsonValue[] = [
    null,
    true,
    0,
    1,
    2,
    2.5,
    4,
    5,
    "",
    "a",
    "ab",
    "abcd",
    "1",
    "2026-01-31T12:00:00Z",
    "123e4567-e89b-12d3-a456-426614174000",
    [],
    [1],
    [1, 1],
    [1, 2, 3],
    ["x"],
    ["x", 1],
    [true],
    {},
    { a: 1 },
    { a: "x" },
    { a: "x", b: 1 },
    { b: 2 },
    { b: 2, c: "x" },
    { a: "x", b: "y", c: 3 },
    { A: 1 },
  ];
  const fits = createFitCheck();
  for (const schema of schemas) {
    for (const value of values) {
      assert.equal(
        fits(value, schema) === undefined,
        validateAnswers(schema, value).length === 0,
        `${JSON.stringify(schema)} on ${JSON.stringify(value)}`,
      );
    }
  }
});
