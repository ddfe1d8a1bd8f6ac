import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "../../apimachinery/index.ts";
import { type JqPath, parseJqPath, readAt, writeAt } from "./jq-path.ts";

const readable: Record<string, JqPath> = {
  ".": [],
  ".spec.parameters[0]": ["spec", "parameters", 0],
  ".spec.parameters[1].properties.x": ["spec", "parameters", 1, "properties", "x"],
  ".spec.parameters[-1]": ["spec", "parameters", -1],
  ".spec.parameters.[0]": ["spec", "parameters", 0],
  '.["a b"]': ["a b"],
  '."a"': ["a"],
  '.spec."parameters"[0]': ["spec", "parameters", 0],
  '.spec["parameters"][0]?': ["spec", "parameters", 0],
  '.["\\u0061\\"b"]': ['a"b'],
  ".[0]": [0],
  " .spec # the page": ["spec"],
  ".a[ 0 ] .b": ["a", 0, "b"],
};
for (const [text, want] of Object.entries(readable)) {
  test(`parseJqPath reads ${text}`, () => assert.deepEqual(parseJqPath(text), want));
}

const refused: Record<string, RegExp> = {
  "": /its end, at character 1: a path begins with a dot/,
  spec: /a path begins with a dot/,
  ".a-b": /"-b" at character 3: a name with other characters than letters, digits and _ needs quotes/,
  ".spec.parameters[]": /character 17: in brackets stands one index or one name in quotes/,
  ".a[0:1]": /in brackets stands one index/,
  ".a[0.5]": /in brackets stands one index/,
  ".a | .b": /"\| \.b" at character 4: only a path can be given here/,
  ".a, .b": /only a path can be given here/,
  "..": /a step is/,
  '."a\\(1)"': /is no text of JSON/,
  ". spec": /a step is/,
};
for (const [text, want] of Object.entries(refused)) {
  test(`parseJqPath refuses ${text === "" ? "nothing" : text}`, () => assert.throws(() => parseJqPath(text), want));
}

const document: JsonValue = { a: [{ b: 1 }, { b: 2 }], n: null, "": 0 };

test("readAt reads as jq does: null where there is nothing, from the end with a negative index", () => {
  assert.equal(readAt(document, ["a", -1, "b"]), 2);
  for (const path of [["x"], ["a", 5], ["a", -3], ["n", "x", "y"], ["toString"]])
    assert.equal(readAt(document, path), null);
  assert.throws(() => readAt(document, ["a", "b"]), /expected an object but got: array/);
  assert.throws(() => readAt(document, [0]), /expected an array but got: object/);
});

test("writeAt leaves what it was given as it was", () => {
  const before = structuredClone(document);
  assert.deepEqual(writeAt(document, ["a", -1, "b"], 3), { a: [{ b: 1 }, { b: 3 }], n: null, "": 0 });
  assert.deepEqual(document, before);
});
