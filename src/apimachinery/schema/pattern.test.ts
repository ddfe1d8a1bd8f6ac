import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePattern } from "./pattern.ts";

const cases: Record<string, { yes: string[]; no: string[] }> = {
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": { yes: ["a", "a-b", "0"], no: ["", "-a", "a-", "A", "a\n"] },
  "b+": { yes: ["abc", "b"], no: ["", "ac"] },
  "^(\\d+|\\d+%)$": { yes: ["1", "50%"], no: ["%", "1.5"] },
  "^a{2,3}$": { yes: ["aa", "aaa"], no: ["a", "aaaa"] },
  "^a{2}b{0,1}c{1,}$": { yes: ["aac", "aabcc"], no: ["aab", "abc"] },
  "a{,2}": { yes: ["a{,2}"], no: ["aa"] },
  "^(?i)foo(?-i)Bar$": { yes: ["FOOBar", "fooBar"], no: ["foobar"] },
  "^(?i:k)x$": { yes: ["Kx", "kx"], no: ["kX"] },
  "(?m)^b$": { yes: ["a\nb\nc"], no: ["ab"] },
  "^.$": { yes: ["a", "😀", "\r"], no: ["\n", "ab"] },
  "(?s)^.$": { yes: ["\n"], no: [""] },
  "\\bfoo\\b": { yes: ["a foo b", "foo"], no: ["afoo", "foo_"] },
  "^\\s\\S\\w\\W\\D$": { yes: [" a_-a"], no: ["\va_-a"] },
  "^[]a]+$": { yes: ["]a"], no: ["b"] },
  "^[^]a]$": { yes: ["b", "\n"], no: ["]", "a"] },
  "^[[:alpha:][:digit:]_-]+$": { yes: ["a-Z_9"], no: ["é"] },
  "^[^[:space:]\\d]$": { yes: ["a"], no: [" ", "1"] },
  "^\\p{Greek}\\pL\\P{Lu}$": { yes: ["αäa"], no: ["aaa", "αaA"] },
  "^\\Qa.b*\\E$": { yes: ["a.b*"], no: ["aab"] },
  "^\\x41\\x{1F600}\\052\\t$": { yes: ["A😀*\t"], no: ["A"] },
  "\\Aa\\z": { yes: ["a"], no: ["ba", "a\n"] },
  "^(?P<n>a)(?<m>b)$": { yes: ["ab"], no: ["a"] },
  "^a*?b+?c??$": { yes: ["b", "aabbc"], no: ["a"] },
  "^$|^a": { yes: ["", "ab"], no: ["b"] },
  "": { yes: ["", "a"], no: [] },
  "^(([^a]|b)*)*$": { yes: ["", "bb"], no: ["a"] },
};

for (const [pattern, { yes, no }] of Object.entries(cases)) {
  test(`pattern ${JSON.stringify(pattern)}`, () => {
    const matches = compilePattern(pattern);
    assert.deepEqual(
      yes.filter((text) => !matches(text)),
      [],
    );
    assert.deepEqual(no.filter(matches), []);
    // A second time it runs on what it remembers.
    assert.deepEqual(
      yes.filter((text) => !matches(text)),
      [],
    );
  });
}

const malformed: Record<string, string> = {
  "[a": "missing closing ]: `[a`",
  "(a": "missing closing ): `(a`",
  "a)": "unexpected ): `a)`",
  "*a": "missing argument to repetition operator: `*`",
  "a**": "invalid nested repetition operator: `**`",
  "a{1001}": "invalid repeat count: `{1001}`",
  "(a{100}){11}": "invalid repeat count: `{11}`",
  "a{3,2}": "invalid repeat count: `{3,2}`",
  "[b-a]": "invalid character class range: `b-a`",
  "[[:foo:]]": "invalid character class range: `[:foo:]`",
  "\\p{Foo}": "invalid character class range: `\\p{Foo}`",
  "a\\": "trailing backslash at end of expression: ``",
  "\\8": "invalid escape sequence: `\\8`",
  "(?=a)": "invalid or unsupported Perl syntax: `(?=`",
  "(?<=a)b": "invalid or unsupported Perl syntax: `(?<=`",
  "(?P<1-2>a)": "invalid named capture: `(?P<1-2>`",
};

for (const [pattern, why] of Object.entries(malformed)) {
  test(`pattern ${JSON.stringify(pattern)} is malformed`, () => {
    assert.throws(() => compilePattern(pattern), { name: "SyntaxError", message: `error parsing regexp: ${why}` });
  });
}

test("a pattern takes no longer on a text that is made to slow it down", () => {
  // Backtracking would take 2^40 steps; this needs one a character.
  assert.equal(compilePattern("^(([a-z])+.)+[A-Z]([a-z])+$")("a".repeat(40)), false);
  assert.equal(compilePattern("(x+x+)+y")("x".repeat(100_000)), false);
});

test("a pattern forgets what it remembers before that grows without bound", () => {
  const matches = compilePattern("^[^x]*x$");
  let text = "";
  for (let codePoint = 0x4e00; codePoint < 0x4e00 + 25_000; codePoint++) text += String.fromCodePoint(codePoint);
  assert.equal(matches(text), false);
  assert.equal(matches(`${text}x`), true);
});
