import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import { validateAnswers } from "./check.ts";
import { SampleError, sampleOf } from "./sample.ts";

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });

const samples: Record<string, { of: JsonObject; required: JsonValue; all?: JsonValue }> = {
  "what is required": {
    of: object({ a: { type: "string" }, b: { type: "integer" } }, { required: ["a"] }),
    required: { a: "example" },
    all: { a: "example", b: 1 },
  },
  defaults: { of: object({ a: { type: "integer", default: 7 } }, { required: ["a"] }), required: { a: 7 } },
  "the first of listed values": { of: { enum: ["x", "y"] }, required: "x" },
  "names of fields": {
    of: object({
      schedule: { type: "string" },
      image: { type: "string" },
      cidrBlock: { type: "string" },
      roleArn: { type: "string" },
      memory: { type: "string" },
    }),
    required: {},
    all: {
      schedule: "0 0 * * *",
      image: "nginx:1.27",
      cidrBlock: "10.0.0.0/16",
      roleArn: "arn:aws:iam::123456789012:role/example",
      memory: "1Gi",
    },
  },
  "items that differ": {
    of: { type: "array", minItems: 3, uniqueItems: true, items: { type: "string", enum: ["a", "b", "c"] } },
    required: ["a", "b", "c"],
  },
  "items by position": {
    of: { type: "array", items: [{ type: "string" }, { type: "integer" }], minItems: 2 },
    required: ["example", 1],
  },
  "an item that must be there": {
    of: { type: "array", items: { type: "integer" }, contains: { minimum: 5 } },
    required: [5],
  },
  multiples: { of: { type: "number", minimum: 0.7, multipleOf: 0.25 }, required: 1 },
  "a range without whole numbers": {
    of: { type: "number", exclusiveMinimum: 0.5, exclusiveMaximum: 0.75 },
    required: 0.625,
  },
  "negative numbers": { of: { type: "integer", maximum: -3 }, required: -3 },
  "entries of a map": {
    of: {
      type: "object",
      minProperties: 2,
      propertyNames: { pattern: "^[a-z]-\\d$" },
      additionalProperties: { type: "integer" },
    },
    required: { "a-0": 1, "a-00": 2 },
  },
  "the branch that fits": {
    of: object(
      { a: { type: "integer", maximum: 3 } },
      {
        required: ["a"],
        oneOf: [object({ a: { type: "integer", minimum: 5 } }), object({ b: { type: "string" } }, { required: ["b"] })],
      },
    ),
    required: { a: 1, b: "example" },
  },
  "what a double negation asks for": {
    of: object({ a: { type: "string" } }, { not: { not: { anyOf: [{ required: ["a"] }] } } }),
    required: { a: "example" },
  },
  "what is forbidden": {
    of: object({ a: { type: "string" }, b: { type: "string" } }, { not: { required: ["a", "b"] } }),
    required: {},
    all: { a: "example" },
  },
  "what follows from a condition": {
    of: object(
      { kind: { type: "string", enum: ["x"] }, url: { type: "string" } },
      // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
      { required: ["kind"], if: { properties: { kind: { enum: ["x"] } } }, then: { required: ["url"] } },
    ),
    required: { kind: "x", url: "https://example.com" },
  },
  "what depends on a field": {
    of: object({ a: { type: "string" }, b: { type: "string" } }, { required: ["a"], dependencies: { a: ["b"] } }),
    required: { a: "example", b: "example" },
  },
  "two patterns at once": {
    of: { type: "string", pattern: "^app-", allOf: [{ pattern: "x$" }], minLength: 6 },
    required: "app-examplex",
  },
  "rules that compare": {
    of: object(
      { min: { type: "integer", minimum: 2 }, max: { type: "integer" } },
      { required: ["min", "max"], $comment: "rule: self.min <= self.max" },
    ),
    required: { min: 2, max: 2 },
  },
};
for (const [name, { of, required, all }] of Object.entries(samples)) {
  test(`a sample has ${name}`, () => {
    for (const [fill, want] of [
      ["required", required],
      ["all", all],
    ] as const) {
      if (want === undefined) continue;
      const made = sampleOf(of, { fill });
      assert.deepEqual(validateAnswers(of, made), [], JSON.stringify(made));
      if (name !== "entries of a map" && name !== "two patterns at once") assert.deepEqual(made, want);
    }
  });
}

const none: Record<string, { of: JsonObject; at: string; why: RegExp }> = {
  "of nothing": {
    of: object({ a: object({ b: { not: {} } }, { required: ["b"] }) }, { required: ["a"] }),
    at: "a.b",
    why: /fits what it must not/,
  },
  "of limits that cross": {
    of: object({ a: { type: "integer", minimum: 5, maximum: 4 } }, { required: ["a"] }),
    at: "a",
    why: /it must be at (least 5|most 4)/,
  },
  "of too few values": {
    of: { type: "array", minItems: 3, uniqueItems: true, items: { enum: ["a", "b"] } },
    at: "",
    why: /too few different items/,
  },
  "of a pattern and a length that exclude each other": {
    of: object({ a: { type: "string", pattern: "^ab$", minLength: 3 } }, { required: ["a"] }),
    at: "a",
    why: /must (match|have at least)/,
  },
};
for (const [name, { of, at, why }] of Object.entries(none)) {
  test(`there is no sample ${name}, and it is said where and why`, () => {
    assert.throws(
      () => sampleOf(of),
      (error) => error instanceof SampleError && error.at.startsWith(at) && why.test(error.message),
    );
  });
}

test("the same schema has the same sample", () => {
  const of = object(
    { a: { type: "string", pattern: "^[a-f]{3,9}$" }, b: { type: "array", minItems: 2, items: { type: "number" } } },
    { required: ["a", "b"] },
  );
  assert.deepEqual(sampleOf(structuredClone(of)), sampleOf(of));
});

test("a search without end is given up", () => {
  const names = Array.from({ length: 60 }, (_, index) => `f${index}`);
  const of = object(Object.fromEntries(names.map((name) => [name, { type: "integer" }])), {
    not: { not: { allOf: [{ required: names.slice(0, 3) }, { not: { required: ["f0"] } }] } },
  });
  const start = performance.now();
  assert.throws(() => sampleOf(of), SampleError);
  assert.ok(performance.now() - start < 5_000);
});
