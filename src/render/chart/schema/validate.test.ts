import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../../apimachinery/index.ts";
import { goInt64, newMap, type Value } from "../../template/values.ts";
import { SchemaCompiler } from "./compile-schema.ts";
import { formatFaults, SchemaError } from "./schema-error.ts";
import { validate } from "./validate.ts";

const url = "file:///values.schema.json";

function faultsOf(schema: JsonValue, value: Value): string[] {
  const load = (asked: string) => {
    if (asked === url) return schema;
    throw new SchemaError(`no ${asked}`);
  };
  return formatFaults(validate(new SchemaCompiler(load).compile(url), value));
}

const draft7 = "http://json-schema.org/draft-07/schema#";

const cases: Record<string, { schema: JsonValue; value: Value; faults: string[] }> = {
  "a value that fits": { schema: { type: "object", required: ["a"] }, value: { a: 1 }, faults: [] },
  "types in their order": {
    schema: { type: ["string", "null"] },
    value: { a: 1 },
    faults: ["- at '': got object, want null or string"],
  },
  "integers of settings": {
    schema: { properties: { a: { type: "integer", maximum: 5 } } },
    value: { a: goInt64(1_234_567) },
    faults: ["- at '/a': maximum: got 1.234567×10⁰⁶, want 5"],
  },
  "faults below faults": {
    schema: { anyOf: [{ type: "string" }, { required: ["x", "y"], properties: { a: { minimum: 2000 } } }] },
    value: { a: 1500 },
    faults: [
      "- at '': 'anyOf' failed",
      "  - at '': got object, want string",
      "  - at '': validation failed",
      "    - at '': missing properties 'x', 'y'",
      "    - at '/a': minimum: got 1,500, want 2,000",
    ],
  },
  "a reference that hides what it leads to": {
    schema: {
      $schema: draft7,
      properties: { "a/b": { $ref: "#/definitions/x" } },
      definitions: { x: { const: "é'" } },
    },
    value: { "a/b": "" },
    faults: ["- at '/a~1b': value must be 'é\\''"],
  },
  "decimals as they are written": { schema: { multipleOf: 0.01 }, value: 4.35, faults: [] },
  "what nothing has looked at": {
    schema: { properties: { a: true }, if: { required: ["b"], properties: { b: true } }, unevaluatedProperties: false },
    value: { a: 1, b: 1, c: 1 },
    faults: ["- at '/c': false schema"],
  },
};

for (const [name, { schema, value, faults }] of Object.entries(cases)) {
  test(`a schema tells ${name}`, () => assert.deepEqual(faultsOf(schema, value), faults));
}

test("a schema that is none is refused before it is used", () => {
  const start = `"${url}#" is not valid against metaschema: jsonschema validation failed with '${draft7}'`;
  assert.throws(() => faultsOf({ $schema: draft7, minLength: -1 }, ""), {
    message: `${start}\n- at '/minLength': 'allOf' failed\n  - at '/minLength': minimum: got -1, want 0`,
  });
  assert.throws(() => faultsOf({ $ref: "#/nowhere" }, ""), { message: `json-pointer in "${url}#/nowhere" not found` });
});

test("schemas that lead to themselves end", () => {
  assert.match(faultsOf({ $ref: "#" }, 1)[0] ?? "", /causing reference cycle$/);
  assert.equal(faultsOf({ properties: { a: { $ref: "#" } }, maxProperties: 1 }, { a: { a: {} } }).length, 0);
});

test("values that nest deeply are looked at, or refused", () => {
  const nested = (levels: number) => {
    let value: Value = "x";
    for (let level = 0; level < levels; level++) value = Object.assign(newMap(), { a: value });
    return faultsOf({ additionalProperties: { $ref: "#" } }, value).join("\n");
  };
  assert.equal(nested(300), "");
  assert.match(nested(5000), /schemas nest deeper than \d+/);
});
