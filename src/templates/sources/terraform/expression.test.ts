import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../../apimachinery/index.ts";
import { constantOf } from "./constant.ts";
import { parseExpression, parseTemplate } from "./expression.ts";

const constants: Record<string, JsonValue> = {
  "1.5e2": 150,
  "-3": -3,
  "- 3 + 2 * 4": 5,
  "(1 + 2) * 3": 9,
  "60 * 60 * 24 % 7": 6,
  '"a\\tb\\"\\u00e9\\U0001F600\\\\"': 'a\tb"é😀\\',
  '"$${x} %%{y} $x"': "${x} %{y} $x",
  '"n = ${1 + 1}${"!"}"': "n = 2!",
  '["a", 1, null, true,]': ["a", 1, null, true],
  '{ a = 1, "b c" : 2\n d-e = [\n 3\n ] }': { a: 1, "b c": 2, "d-e": [3] },
  '{ ("x${1}") = 1 }': { x1: 1 },
  "{}": {},
  "true ? 1 : 2": 1,
  "!(1 > 2 || 2 <= 1) && 1 != 2": true,
  '"a" == "a" ? { a = 1 } : {}': { a: 1 },
  "<<EOT\n  a ${1}\n\\n\nEOT\n": "  a 1\n\\n\n",
  "<<-EOT\n    a\n      b\n\n    EOT\n": "a\n  b\n\n",
  "/* c */ [ # d\n 1, // e\n 2 ]": [1, 2],
};
for (const [source, value] of Object.entries(constants)) {
  test(`the constant ${JSON.stringify(source)} is computed`, () => {
    const expression = parseExpression(source);
    assert.ok(expression);
    assert.deepEqual(constantOf(expression), value);
  });
}

test("what refers to something, calls a function or has no value is no constant", () => {
  for (const source of [
    "var.x",
    "[1, local.y]",
    "length([1])",
    '"${x}"',
    "1 / 0",
    "[for x in [1] : x]",
    "a[0]",
    "[1][*]",
  ]) {
    const expression = parseExpression(source);
    assert.ok(expression, source);
    assert.equal(constantOf(expression), undefined, source);
  }
});

test("references, indexes, splats and calls are told apart", () => {
  const expression = parseExpression('f(var.x["a"].b[0].*, y.0...)');
  assert.deepEqual(expression, {
    kind: "call",
    name: "f",
    of: [
      {
        kind: "splat",
        of: {
          kind: "index",
          of: {
            kind: "attribute",
            of: {
              kind: "index",
              of: { kind: "attribute", of: { kind: "reference", name: "var" }, name: "x" },
              key: { kind: "literal", value: "a" },
            },
            name: "b",
          },
          key: { kind: "literal", value: 0 },
        },
      },
      { kind: "index", of: { kind: "reference", name: "y" }, key: { kind: "literal", value: 0 } },
    ],
  });
});

test("for expressions of lists and objects are read", () => {
  assert.deepEqual(parseExpression("[for v in xs : v if v != 1]"), {
    kind: "for",
    valueName: "v",
    from: { kind: "reference", name: "xs" },
    value: { kind: "reference", name: "v" },
    condition: {
      kind: "binary",
      operator: "!=",
      left: { kind: "reference", name: "v" },
      right: { kind: "literal", value: 1 },
    },
  });
  const object = parseExpression("{ for k, v in xs : k => v... }");
  assert.equal(object?.kind === "for" && object.keyName, "k");
  assert.deepEqual(object?.kind === "for" && object.key, { kind: "reference", name: "k" });
});

test("a template that is one expression is that expression, and its escapes are text", () => {
  assert.deepEqual(parseTemplate("${var.x}"), {
    kind: "attribute",
    of: { kind: "reference", name: "var" },
    name: "x",
  });
  assert.deepEqual(parseTemplate("$${var.x}"), { kind: "literal", value: "${var.x}" });
  assert.equal(parseTemplate("a ${b} c")?.kind, "template");
  assert.deepEqual(parseTemplate("back\\slash"), { kind: "literal", value: "back\\slash" });
});

test("what is not read is said so, however deep or long it is", () => {
  const sources = [
    '"%{ if true }a%{ endif }"',
    "(".repeat(50_000),
    "!".repeat(50_000),
    `${"1 + ".repeat(50_000)}1`,
    `x${"[0]".repeat(50_000)}`,
    `${"true ? 1 : ".repeat(50_000)}1`,
    '"${'.repeat(20_000),
    "<<EOT\nno end",
    "a b",
    "",
  ];
  for (const source of sources) assert.equal(parseExpression(source), undefined, source.slice(0, 20));
});
