import assert from "node:assert/strict";
import { test } from "node:test";
import { GoInt, newMap, type Value } from "../template/values.ts";
import { parseSetting, type SettingKind, settingFiles } from "./settings.ts";

/** Values with integers as they are written, so that they can be compared. */
function plain(value: Value): unknown {
  if (value instanceof GoInt) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function read(text: string, kind: SettingKind = "typed"): unknown {
  const into = newMap();
  parseSetting(text, into, kind);
  return plain(into);
}

const typed: [text: string, values: unknown][] = [
  ["a=1,b=x,c=true,d=null,e=1.5,f=007", { a: 1n, b: "x", c: true, d: null, e: "1.5", f: "007" }],
  ["a.b.c=1,a.b.d={x,2}", { a: { b: { c: 1n, d: ["x", 2n] } } }],
  ["a[1].b=x", { a: [null, { b: "x" }] }],
  ["a[0][1]=x", { a: [[null, "x"]] }],
  ["a\\.b=c\\,d\\=e", { "a.b": "c,d=e" }],
  ["a=,b=", { a: "", b: "" }],
  ["a=9223372036854775807,b=9223372036854775808", { a: 9223372036854775807n, b: "9223372036854775808" }],
  ["", {}],
];

test("a setting becomes values of the types that Helm gives them", () => {
  for (const [text, values] of typed) assert.deepEqual(read(text), values, text);
});

test("other kinds read what follows the name in their own way", () => {
  assert.deepEqual(read("a=1,b=true", "string"), { a: "1", b: "true" });
  assert.deepEqual(read("a=b,c={d}\\", "literal"), { a: "b,c={d}\\" });
  assert.deepEqual(read('a={"b":[1,"}"]},c="x" ,d=', "json"), { a: { b: [1, "}"] }, c: "x", d: null });
});

const wrong: [text: string, message: string][] = [
  ["a", 'key "a" has no value'],
  ["a,b=1", 'key "a" has no value (cannot end with ,)'],
  ["a.b", 'key "b" has no value'],
  ["a={1", "list must terminate with '}'"],
  ["a[x]=1", 'error parsing index: strconv.Atoi: parsing "x": invalid syntax'],
  ["a[-1]=1", "negative -1 index not allowed"],
  ["a[65537]=1", "index of 65537 is greater than maximum supported index of 65536"],
  ["a[0]x=1", "unexpected data at end of array index: ['x']"],
  ["a=1,a.b=2", "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}"],
  [`a${".b".repeat(31)}=1`, "value name nested level is greater than maximum supported nested level of 30"],
];

test("what is wrong with a setting is told in Helm's words", () => {
  for (const [text, message] of wrong) assert.throws(() => read(text), { name: "SettingError", message }, text);
});

test("the files that settings name are known beforehand", () => {
  assert.deepEqual(settingFiles(["a=x/y.txt,b.c=z", "d={x/y.txt,w}"]), ["x/y.txt", "z", "w"]);
});

test("a key that JavaScript knows is a key like any other", () => {
  const into = newMap();
  parseSetting("__proto__.polluted=1,constructor=2", into, "typed");
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.deepEqual(Object.keys(into), ["__proto__", "constructor"]);
});

/** The same numbers in every run, so that a failure can be seen again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("whatever the text, it is read or refused", { timeout: 20_000 }, () => {
  const pieces = [
    "a",
    "b",
    "=",
    ".",
    "[",
    "]",
    "0",
    "-1",
    ",",
    "{",
    "}",
    "\\",
    '"',
    " ",
    "é",
    "\ud83d",
    "null",
    '{"x":',
    "70000",
  ];
  const kinds: SettingKind[] = ["typed", "string", "literal", "json", "file"];
  const next = generator(42);
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join("");
    const kind = kinds[next(kinds.length)] ?? "typed";
    try {
      parseSetting(text, newMap(), kind, () => Buffer.from("content"));
    } catch (error) {
      assert.ok(error instanceof Error && /^(?:Setting|End|Go)Error$/.test(error.name), `${kind} ${text}: ${error}`);
    }
  }
});

test("what is quoted comes back as it was", () => {
  const next = generator(7);
  const letters = ["a", "=", ".", "[", "]", ",", "{", "}", "\\", " ", "1", "é", "日"];
  for (let round = 0; round < 2000; round++) {
    const name = `k${Array.from({ length: next(6) }, () => letters[next(letters.length)]).join("")}`;
    const value = `v${Array.from({ length: next(8) }, () => letters[next(letters.length)]).join("")}`;
    const withEscapes = (text: string) => text.replace(/[=.[\]{},\\]/g, "\\$&");
    assert.deepEqual(read(`${withEscapes(name)}=${withEscapes(value)}`, "string"), { [name]: value });
  }
});
