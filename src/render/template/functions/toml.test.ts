import assert from "node:assert/strict";
import { test } from "node:test";
import { marshalJson } from "./json.ts";
import { readToml } from "./toml-read.ts";
import { writeToml } from "./toml-write.ts";

/** TOML with what Helm 4.1.4 reads it as. */
const readable: Record<string, string> = {
  '[[x]]\na=1\n[[x]]\na=2\n[y.z]\nq={a=1,b="c"}': '{"x":[{"a":1},{"a":2}],"y":{"z":{"q":{"a":1,"b":"c"}}}}',
  "a = 0x1F\nb=1_000\nc=1.5e3\ne='''x\ny'''\nf=\"\"\"a\\\n   b\"\"\"":
    '{"a":31,"b":1000,"c":1500,"e":"x\\ny","f":"ab"}',
  "a.b.c = true # comment\n'd e' = [ 1,\n 2, ]\n\"f\\u0041\" = 'raw \\n'":
    '{"a":{"b":{"c":true}},"d e":[1,2],"fA":"raw \\\\n"}',
  "d = 1979-05-27T07:32:00Z\ne = 1979-05-27": '{"d":"1979-05-27T07:32:00Z","e":"1979-05-27T00:00:00Z"}',
};

test("TOML is read as Helm reads it", () => {
  for (const [text, json] of Object.entries(readable)) assert.equal(marshalJson(readToml(text)), json, text);
});

const malformed: Record<string, string> = {
  "a = ": 'toml: line 1 (last key "a"): unexpected EOF; expected value',
  "a = 1\na = 2": "toml: line 2 (last key \"a\"): Key 'a' has already been defined.",
  " x ": "toml: line 1: unexpected EOF; expected key separator '='",
  "foo_bar-baz Qux": "toml: line 1: expected '.' or '=', but got 'Q' instead",
  ".": "toml: line 1: unexpected '.': keys cannot start with a '.'",
};

test("malformed TOML is refused in the words of BurntSushi/toml", () => {
  for (const [text, message] of Object.entries(malformed)) assert.throws(() => readToml(text), { message }, text);
});

test("TOML is written as BurntSushi/toml writes it", () => {
  const value = {
    a: 1,
    b: { c: ["x", 'y\n"'], d: { e: true, f: 1e21 } },
    "k.x": -0.5,
    "": null,
    l: [{ x: {} }, { y: [{ z: 1 }] }],
    mix: [1, { a: { b: 2 } }],
    none: [],
  };
  assert.equal(
    writeToml(value),
    [
      'a = 1.0\n"k.x" = -0.5\nmix = [1.0, {a = {b = 2.0}}]\nnone = []',
      '[b]\n  c = ["x", "y\\n\\""]\n  [b.d]\n    e = true\n    f = 1e+21',
      "[[l]]\n  [l.x]\n\n[[l]]\n\n  [[l.y]]\n    z = 1.0\n",
    ].join("\n\n"),
  );
  assert.throws(() => writeToml({ a: [null] }), { message: "toml: cannot encode array with nil element" });
});
