import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, dynType, evaluate, jsonValue, kubernetesEnvironment, stringType } from "./index.ts";

const environment = kubernetesEnvironment(
  "stored",
  new Map([
    ["self", dynType],
    ["text", stringType],
  ]),
);
const values = { self: jsonValue({ l: Array.from({ length: 1000 }, (_, index) => index) }), text: "a".repeat(50_000) };
const callLimit = 1_000_000;

/** What nobody should wait longer for than this, on any machine. */
const patienceMs = 20_000;

/** Random numbers that are the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const tokens =
  "1 2u 1.5 'a' \"b\" b'c' r'\\d' true null self text x . , ? : :: ( ) [ ] { } + - * / % ! && || == < in has all exists map filter optMap " +
  "size type dyn string matches format self.l [1] [?0] {'a':1} .? // \n \\ ` é 😀 \u0000 9223372036854775808 '''";

test("random text is compiled or refused, and what compiles ends", () => {
  const pick = random(42);
  const words = tokens.split(" ");
  let compiled = 0;
  const start = performance.now();
  for (let count = 0; count < 4000; count++) {
    const length = 1 + pick(count % 10 === 0 ? 60 : 8);
    const glue = pick(2) === 0 ? " " : "";
    const text = Array.from({ length }, () => words[pick(words.length)]).join(glue);
    const program = compile(text, environment);
    if ("faults" in program) {
      assert.match(program.text, /./, text);
      continue;
    }
    compiled++;
    const { cost } = evaluate(program, values, callLimit);
    assert.ok(cost < 2 * callLimit, text);
  }
  assert.ok(compiled > 50, `${compiled} compiled`);
  assert.ok(performance.now() - start < 10 * patienceMs);
});

test("random characters never hang the parser", () => {
  const pick = random(7);
  for (let count = 0; count < 3000; count++) {
    const text = Array.from({ length: pick(40) }, () => String.fromCharCode(pick(count % 2 === 0 ? 128 : 0x1_0000)));
    compile(text.join(""), environment);
  }
});

const tall: Record<string, string> = {
  parentheses: `${"(".repeat(5000)}1${")".repeat(5000)}`,
  "open parentheses": "(".repeat(99_000),
  lists: `${"[".repeat(5000)}${"]".repeat(5000)}`,
  "open lists": "[".repeat(99_000),
  "open maps": "{1:".repeat(30_000),
  negations: `${"!".repeat(99_000)}true`,
  minus: `${"-".repeat(99_000)}1`,
  sums: `1${"+1".repeat(45_000)}`,
  conditions: `${"true?".repeat(9000)}1${":1".repeat(9000)}`,
  fields: `self${".a".repeat(45_000)}`,
  indexes: `self${"[0]".repeat(30_000)}`,
  calls: `${"size(".repeat(15_000)}1`,
  ands: `true${"&&true".repeat(15_000)}`,
  quotes: "'".repeat(99_000),
  "too many characters": " ".repeat(200_000),
  macros: `${"[1].all(x,".repeat(9000)}true${")".repeat(9000)}`,
  optionals: `optional.of(1)${".optMap(x,x)".repeat(100)}`,
};
for (const [name, text] of Object.entries(tall)) {
  test(`a tower of ${name} ends`, () => {
    const start = performance.now();
    const program = compile(text, environment);
    if (!("faults" in program)) evaluate(program, values, callLimit);
    assert.ok(performance.now() - start < patienceMs);
  });
}

const nested = (depth: number) => `${"self.l.all(x, ".repeat(depth)}true${")".repeat(depth)}`;

const costly: Record<string, string> = {
  "loops in loops": nested(6),
  "a list that doubles": `[1]${".map(x, [x, x])".repeat(3)}${"== []"}`,
  "sums of lists": `[self.l]${".map(x, x + x)".repeat(24)}[0].all(x, x >= 0)`,
  "a text that grows": `text${".replace('a', 'aaaaaaaaaa')".repeat(6)}.size() > 0`,
  "texts joined in a loop": `self.l.map(x, text + text + text).join().size() > 0`,
  "a pattern with loops in loops": "self.l.all(x, text.matches('^(a+)+$'))",
  "a pattern that repeats": "text.matches('(a{1,100}){1,10}b')",
  "comparing what is nested": `[[self.l, self.l, self.l]].all(a, self.l.all(b, self.l.all(c, a == a)))`,
  "a format in a loop": `self.l.all(x, '%s'.format([self.l]).size() > 0)`,
  "sorting in a loop": "self.l.all(x, self.l.sort().size() > 0)",
  "a range": "lists.range(100000000).size() > 0",
  "slices of text": "self.l.all(x, text.substring(x).split('').size() > 0)",
  "finding in a loop": "self.l.all(x, text.findAll('a').size() > 0)",
  "numbers without end": "self.l.map(x, quantity('1e9999999')).size() > 0",
};
for (const [name, expression] of Object.entries(costly)) {
  test(`${name}: ends with its cost`, () => {
    const start = performance.now();
    const program = compile(expression, environment);
    if (!("faults" in program)) {
      const { cost } = evaluate(program, values, callLimit);
      assert.ok(cost > 0);
    }
    assert.ok(performance.now() - start < patienceMs, `${performance.now() - start} ms`);
  });
}

test("what costs too much says so", () => {
  const program = compile(nested(6), environment);
  assert.ok(!("faults" in program));
  const { error } = evaluate(program, values, callLimit);
  assert.equal(error, "operation cancelled: actual cost limit exceeded");
});

test("macros that write things twice are stopped", () => {
  const program = compile(`optional.of(1)${".optMap(x,x)".repeat(30)}.hasValue()`, environment);
  assert.ok("faults" in program);
  assert.match(program.text, /expression is too large once optMap is written out/);
});

test("as many conditions as a text can hold are compiled", () => {
  const start = performance.now();
  assert.ok(!("faults" in compile(Array.from({ length: 16_000 }, () => "1==1").join("||"), environment)));
  assert.ok(performance.now() - start < patienceMs);
});
