import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePattern } from "../../apimachinery/index.ts";
import { patternTest, translatePattern } from "./pattern.ts";
import { samplesOfPattern } from "./pattern-sample.ts";
import type { PatternDialect } from "./pattern-syntax.ts";

const translations: [pattern: string, dialect: PatternDialect, want: string][] = [
  ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "go", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"],
  ["\\A[[:alpha:]]+\\z", "go", "^[A-Za-z]+$"],
  ["(?i)^(yes|no)$", "go", "^(?:[yY][eE][sS]|[nN][oO])$"],
  ["(?s)^a.b$", "go", "^a[\\s\\S]b$"],
  ["(?m)^a$", "go", "(?<=^|\\n)a(?=$|\\n)"],
  ["^a{x}$", "go", "^a\\{x\\}$"],
  ["\\Qa.b\\E+", "go", "a\\.b+"],
  ["^(?P<major>\\d+)$", "go", "^(?:[0-9]+)$"],
  ["^[]a]+$", "go", "^[\\]a]+$"],
  ["^\\p{Greek}+$", "go", "^[\\p{Script=Greek}]+$"],
  ["^[\\w-.]+$", "ecmascript", "^[0-9A-Z_a-z\\-.]+$"],
  ["^\\_x\\-y$", "ecmascript", "^_x-y$"],
  ["^(?!aws:)[a-z:]+$", "ecmascript", "^(?!aws:)[a-z:]+$"],
  ["^(a)\\1$", "ecmascript", "^(a)\\1$"],
];
for (const [pattern, dialect, want] of translations) {
  test(`${pattern} of ${dialect} is ${want} in a form`, () => {
    assert.equal(translatePattern(pattern, dialect), want);
    new RegExp(want, "u");
  });
}

for (const pattern of ["a**", "(", "[z-a]", "x{2,1}", "(?>a)", "\\p{Nonsense}", "a++", "\\8"]) {
  test(`${pattern} has no counterpart`, () => {
    assert.throws(() => translatePattern(pattern, "go"), SyntaxError);
  });
}

test("a translated pattern takes the texts that Go takes", () => {
  const texts = [
    "",
    "a",
    "A",
    "yes",
    "YES",
    "a\nb",
    "aé",
    "a.b",
    "1.2.3",
    "foo-bar",
    "a{x}",
    "αβγ",
    "_",
    "x y",
    "ABC\tD",
  ];
  const patterns = [
    "(?i)^YES$",
    "^[[:upper:]]+",
    "\\d",
    "^\\W+$",
    "(?s)^a.b$",
    "^a.b$",
    "\\bfoo\\b",
    "^\\pL+$",
    "[^[:space:]]\\s",
    "^[\\-a-z]+$",
  ];
  for (const pattern of patterns) {
    const go = compilePattern(pattern);
    const portal = new RegExp(translatePattern(pattern, "go"), "u");
    for (const text of texts) assert.equal(portal.test(text), go(text), `${pattern} on ${JSON.stringify(text)}`);
  }
});

test("nested groups and long patterns end in an error", () => {
  assert.throws(
    () => translatePattern(`${"(".repeat(5_000)}a[[:alpha:]]${")".repeat(5_000)}`, "go"),
    /nest|counterpart|unexpected/,
  );
  assert.throws(() => translatePattern(`[[:alpha:]]${"a".repeat(30_000)}`, "go"), /characters/);
});

test("a pattern that takes JavaScript ages is matched at once", () => {
  const start = performance.now();
  assert.equal(patternTest("^(a+)+$")(`${"a".repeat(40)}!`), false);
  assert.ok(performance.now() - start < 1_000);
});

const sampled = [
  "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
  "^[A-Z][a-z]{3,5}-[0-9]+(x|yz)$",
  "^(vpc|subnet)-[0-9a-f]{17}$",
  "^#[0-9a-fA-F]{6}$",
  "^\\d{1,2}:\\d\\d$",
  "^v?\\d+(\\.\\d+){2}$",
];
for (const pattern of sampled) {
  test(`among the samples of ${pattern} one matches`, () => {
    const expression = new RegExp(pattern, "u");
    assert.ok(samplesOfPattern(pattern).some((text) => expression.test(text)));
  });
}
