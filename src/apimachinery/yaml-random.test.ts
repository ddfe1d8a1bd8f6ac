import assert from "node:assert/strict";
import { test } from "node:test";
import { deepEqual } from "./json.ts";
import type { ExactValue } from "./object.ts";
import { parseYaml, parseYamlDocuments, YamlError } from "./yaml.ts";
import { stringifyYaml } from "./yaml-emit.ts";

type Random = (limit: number) => number;

/** Integers from 0 up to a limit; the same ones for the same seed, so that what fails can be repeated. */
function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[random(list.length)] ?? list[0];
}

/** What means something to YAML, and what is hard to write. */
const pieces = [
  ..."abc-?:,[]{}#&*!|>'\"%@`~=.\\/_ \t\n\r",
  ...[
    "\n\n",
    "\r\n",
    "  ",
    "\n  ",
    "\n    ",
    " #",
    ": ",
    "- ",
    "? ",
    "---",
    "...",
    "--- ",
    "---\n",
    "...\n",
    "<<",
    "<<: ",
  ],
  ...[
    "\0",
    "\x01",
    "\x1b",
    "\x7f",
    "\x85",
    "\xa0",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "é",
    "日本",
    "😀",
    "\ud800",
  ],
  ...["null", "true", "y", "No", ".inf", "1", "017", "0x1f", "1e3", "1_0", "1:30", "2020-01-01", "+1", ".5", "-0"],
  ...[
    "&a ",
    "*a",
    "*a ",
    "!!str ",
    "!!int ",
    "!!binary ",
    "! ",
    "!x ",
    "!<y> ",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "|-\n",
    ">+2\n",
  ],
  ...["\\n", "\\x41", "\\u00e9", "''", "a: b\n", "- a\n", "key: value", "{{ .x }}", "the quick brown fox ", "it's"],
] as const;

function text(random: Random): string {
  const [first, ...rest] = pieces;
  let made = "";
  for (let count = random(pick(random, [2, 4, 8, 60])); count > 0; count--) made += pick(random, [first, ...rest]);
  return made;
}

const numbers = [0, -1, 1.5, 1e21, 1e20, 2 ** 53, 2 ** 63, 2 ** 64, -(2 ** 63), 1e-7, 123456.789, 5e-324, 0.1] as const;
const integers = [9007199254740993n, -9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n] as const;

function value(random: Random, depth: number): ExactValue {
  switch (random(depth > 3 ? 8 : 12)) {
    case 0:
      return pick(random, numbers);
    case 1:
      return (random(2 ** 31) - 2 ** 30) * 10 ** (random(40) - 20);
    case 2:
      return pick(random, integers);
    case 3:
      return pick(random, [true, false, null, "", "null", [], {}]);
    case 8:
    case 9:
      return Array.from({ length: random(5) }, () => value(random, depth + 1));
    case 10:
    case 11:
      return Object.fromEntries(Array.from({ length: random(5) }, () => [text(random), value(random, depth + 1)]));
    default:
      return text(random);
  }
}

/** As it comes back: lone surrogates cannot be written, and long integers are read with all the digits that are written. */
function asRead(part: ExactValue): ExactValue {
  if (typeof part === "string") return part.toWellFormed();
  if (typeof part === "number" && Number.isInteger(part) && !Number.isSafeInteger(part)) {
    return part < 2 ** 64 && part > -(2 ** 63) ? BigInt(String(part)) : part;
  }
  if (Array.isArray(part)) return part.map(asRead);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, field]) => [key.toWellFormed(), asRead(field)]));
}

test("what is written is read as what it was", () => {
  for (let seed = 1; seed <= 4000; seed++) {
    const written = value(createRandom(seed), 0);
    for (const lineWidth of [80, 0]) {
      const yaml = stringifyYaml(written, { lineWidth });
      const read = parseYaml(yaml, { integers: "exact" });
      assert.ok(deepEqual(read, asRead(written)), `seed ${seed}: ${JSON.stringify(yaml)}`);
      assert.equal(stringifyYaml(read, { lineWidth }), yaml, `seed ${seed}`);
    }
  }
});

/** Reads text that may be anything. */
function tryToRead(yaml: string | Uint8Array, what: string): void {
  for (const duplicateKeys of ["last", "error"] as const) {
    try {
      parseYamlDocuments(yaml, { duplicateKeys });
    } catch (error) {
      assert.ok(error instanceof YamlError, `${what}: ${JSON.stringify(yaml)}: ${String(error)}`);
      assert.ok(error.line >= 1 && error.column >= 1, what);
    }
  }
}

test("random text is read, or refused with a place", () => {
  for (let seed = 1; seed <= 6000; seed++) tryToRead(text(createRandom(seed)), `seed ${seed}`);
});

test("broken manifests and random bytes are read, or refused with a place", () => {
  const manifest = stringifyYaml({ a: { b: ["c", { d: "e\nf\n" }], g: "it's: h", i: 1.5 }, j: [], k: "\u2028l" });
  for (let seed = 1; seed <= 4000; seed++) {
    const random = createRandom(seed);
    const at = random(manifest.length);
    const end = at + random(8);
    tryToRead(manifest.slice(0, at) + text(random) + manifest.slice(end), `seed ${seed}`);
    const bytes = Buffer.from(manifest);
    bytes[at] = random(256);
    tryToRead(bytes.subarray(0, at + random(bytes.length)), `seed ${seed}`);
  }
});

test("what it takes to read a text grows with its length and no faster", () => {
  const parts = [
    "\t",
    " ",
    "\n",
    "#\n",
    "'",
    "a\n",
    "a: b\n",
    "- a\n",
    "a,",
    "---\n",
    "1",
    "0",
    "&a ",
    "*a ",
    "!!str ",
  ];
  parts.push(
    "|",
    "'x'\n",
    "\\n",
    '"',
    "? ",
    ":",
    "a: 'x\n  y'\n",
    "a ",
    "- |\n  x\n",
    "<<: {a: 1}\n",
    "[a],",
    "[",
    "{",
  );
  parts.push(
    "%TAG ! x\n",
    "''",
    "\r",
    "\u2028",
    "😀",
    "é: 1\n",
    "? a\n: b\n",
    "a: &a b\n",
    "- &a [x]\n- *a\n",
    "%41",
    "\0",
  );
  const prefixes = ["", "a: ", 'a: "', "a: '", "a: |\n  ", "a: >\n  ", "[", "{", "a: x\n", "!", "&", "a: 0", "# ", "%"];
  for (const prefix of prefixes) {
    for (const part of parts) {
      const yaml = prefix + part.repeat(100_000 / part.length);
      const started = performance.now();
      tryToRead(yaml, JSON.stringify(prefix + part));
      // Some 20 ms; reading that takes the square of its length takes minutes.
      assert.ok(performance.now() - started < 5000, `${JSON.stringify(prefix)} and ${JSON.stringify(part)}`);
    }
  }
});

test("a text of ten megabytes is read", () => {
  const entry =
    "  - name: web\n    image: example.com/web:1.2.3\n    args: [--a, '--b', \"c\"]\n    text: |\n      x\n      y\n";
  const count = Math.ceil(10e6 / entry.length);
  const read = parseYaml(`items:\n${entry.repeat(count)}`);
  assert.equal(Object(read).items.length, count);
  assert.deepEqual(Object(read).items.at(-1), {
    name: "web",
    image: "example.com/web:1.2.3",
    args: ["--a", "--b", "c"],
    text: "x\ny\n",
  });
});
