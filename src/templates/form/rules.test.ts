import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { tellRules } from "./rules.ts";

const schema: JsonObject = {
  type: "object",
  properties: {
    a: { type: "string" },
    b: { type: "integer" },
    kind: { type: "string", default: "x" },
    list: { type: "array", items: { type: "string" } },
    inner: { type: "object", properties: { c: { type: "string" } } },
  },
};

const cases: [rule: string, words: string, conditions: JsonObject[]][] = [
  ["self == oldSelf", "Cannot be changed later.", []],
  ["self.a == oldSelf.a", "Cannot be changed later.", []],
  [
    "has(self.a) || has(self.b)",
    "At least one of a, b must be set.",
    [{ anyOf: [{ required: ["a"] }, { required: ["b"] }] }],
  ],
  [
    "!has(self.a) || has(self.b)",
    "When a is set, b is set.",
    [{ anyOf: [{ not: { required: ["a"] } }, { required: ["b"] }] }],
  ],
  ["self.a != ''", "A is not empty.", [{ required: ["a"], properties: { a: { not: { enum: [""] } } } }]],
  [
    "self.b >= 1 && self.b < 10",
    "B is at least 1 and b is less than 10.",
    [
      { required: ["b"], properties: { b: { minimum: 1 } } },
      { required: ["b"], properties: { b: { exclusiveMaximum: 10 } } },
    ],
  ],
  ["10 > self.b", "10 is greater than b.", [{ required: ["b"], properties: { b: { exclusiveMaximum: 10 } } }]],
  ["self.kind in ['x', 'y']", "Kind is one of x, y.", [{ properties: { kind: { enum: ["x", "y"] } } }]],
  [
    "size(self.list) <= 3",
    "The size of list is at most 3.",
    [{ required: ["list"], properties: { list: { maxItems: 3 } } }],
  ],
  [
    "self.list.all(x, x.startsWith('v.'))",
    "It must hold that self.list.all(x, x.startsWith('v.')).",
    [{ required: ["list"], properties: { list: { items: { pattern: "^v\\." } } } }],
  ],
  [
    "self.inner.c.matches('^[a-z]+$')",
    "inner.c matches ^[a-z]+$.",
    [{ required: ["inner"], properties: { inner: { required: ["c"], properties: { c: { pattern: "^[a-z]+$" } } } } }],
  ],
  [
    "self.kind == 'x' ? has(self.a) : !has(self.a)",
    "When kind is x, a is set; otherwise a is not set.",
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
    [{ if: { properties: { kind: { enum: ["x"] } } }, then: { required: ["a"] }, else: { not: { required: ["a"] } } }],
  ],
  [
    "[has(self.a), has(self.b)].filter(x, x).size() == 1",
    "It must hold that [has(self.a), has(self.b)].filter(x, x).size() == 1.",
    [{ oneOf: [{ required: ["a"] }, { required: ["b"] }] }],
  ],
  [
    "(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) >= 1",
    "It must hold that (has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) >= 1.",
    [{ anyOf: [{ required: ["a"] }, { required: ["b"] }] }],
  ],
  ["self.a.b.c(", "It must hold that self.a.b.c(.", []],
];
for (const [rule, words, conditions] of cases) {
  test(`the rule ${rule} is told`, () => {
    const [told] = tellRules([{ rule }], schema);
    assert.deepEqual(told?.conditions, conditions);
    assert.equal(told?.words, words);
  });
}

test("a message is told instead of the rule, and an expression only when it is a text", () => {
  const [plain, literal, computed] = tellRules(
    [
      { rule: "self.a == 'x'", message: "a must be x" },
      { rule: "self.a == 'x'", messageExpression: "'this is it'" },
      { rule: "self.a == 'x'", messageExpression: "'a is ' + self.a" },
    ],
    schema,
  );
  assert.deepEqual([plain?.words, literal?.words, computed?.words], ["A must be x.", "This is it.", "A is x."]);
});

test("a rule that compares fields is kept for who makes samples", () => {
  assert.equal(tellRules([{ rule: "self.min <= self.max" }], schema)[0]?.comparison, "self.min <= self.max");
  assert.equal(tellRules([{ rule: "self.min <= 3" }], schema)[0]?.comparison, undefined);
});

test("rules of any length and depth are read in no time", () => {
  const start = performance.now();
  for (const rule of [
    "(".repeat(3_000),
    "!".repeat(3_900),
    "a||".repeat(1_300),
    "'".repeat(3_999),
    `${"[".repeat(2_000)}1`,
  ]) {
    tellRules([{ rule }], schema);
  }
  assert.ok(performance.now() - start < 500);
});
