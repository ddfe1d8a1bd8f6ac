import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldRequirement, formatFieldSelector, matchesFields, parseFieldSelector } from "./field-selectors.ts";

const is = (field: string, value: string): FieldRequirement => ({ field, operator: "=", value });
const isNot = (field: string, value: string): FieldRequirement => ({ field, operator: "!=", value });

const cases: [text: string, selector: FieldRequirement[], canonical: string][] = [
  ["", [], ""],
  ["metadata.name=x", [is("metadata.name", "x")], "metadata.name=x"],
  ["a==b", [is("a", "b")], "a=b"],
  ["a!=b", [isNot("a", "b")], "a!=b"],
  ["a=", [is("a", "")], "a="],
  ["a=b,c!=d", [is("a", "b"), isNot("c", "d")], "a=b,c!=d"],
  ["a=b,,c=d,", [is("a", "b"), is("c", "d")], "a=b,c=d"],
  ["a=b\\,c\\=d\\\\e", [is("a", "b,c=d\\e")], "a=b\\,c\\=d\\\\e"],
  [" a = b", [is(" a ", " b")], " a = b"],
  ["a=x\ny", [is("a", "x\ny")], "a=x\ny"],
];
for (const [text, selector, canonical] of cases) {
  test(`parseFieldSelector of ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseFieldSelector(text), selector);
    assert.equal(formatFieldSelector(selector), canonical);
  });
}

const refused: Record<string, string> = {
  a: "invalid selector: 'a'; can't understand 'a'",
  "a=b,c!d": "invalid selector: 'a=b,c!d'; can't understand 'c!d'",
  "a=b=c": "invalid field selector: unescaped character in value: 61",
  "a===b": "invalid field selector: unescaped character in value: 61",
  "a=b\\c": "invalid field selector: invalid escape sequence: \\c",
  "a=\\": "invalid field selector: invalid escape sequence: \\",
};
for (const [text, message] of Object.entries(refused)) {
  test(`parseFieldSelector refuses ${text}`, () => {
    assert.throws(() => parseFieldSelector(text), { name: "StatusError", reason: "BadRequest", message });
  });
}

test("matchesFields needs every requirement; a field that is absent is empty", () => {
  const fieldOf = (field: string) => ({ "status.phase": "Running", "spec.nodeName": "" })[field];
  const matches = (text: string) => matchesFields(parseFieldSelector(text), fieldOf);
  assert.ok(matches(""));
  assert.ok(matches("status.phase=Running,spec.nodeName="));
  assert.ok(matches("other="));
  assert.ok(matches("other!=x"));
  assert.ok(!matches("status.phase!=Running"));
  assert.ok(!matches("status.phase=Running,other=x"));
});
