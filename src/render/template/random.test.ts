import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplates } from "./compile-templates.ts";
import { functionTable } from "./function-table.ts";
import type { GoMap } from "./values.ts";

/** The same numbers in every run, so that a failure can be seen again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Next = (below: number) => number;

const pick = <T>(next: Next, from: readonly [T, ...T[]]): T => from[next(from.length)] ?? from[0];

const data: GoMap = { a: 1, s: "text", l: ["x", 2, null], m: { k: "v", n: { o: true } }, n: null };
const options = {
  now: () => 0,
  random: (size: number) => new Uint8Array(size).fill(3),
  systemKeys: true,
  limits: { steps: 20_000, characters: 200_000 },
};

/** A template that cannot be read or run says so; anything else is a fault of ours. */
function renderOrRefuse(text: string): void {
  try {
    const bundle = compileTemplates([{ name: "t", text }]);
    assert.equal(typeof bundle.render("t", structuredClone(data), options), "string");
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "TemplateError", `${JSON.stringify(text)}: ${String(error)}`);
  }
}

const letters = [
  ..."{}{}--/**/ \t\n.$|,:=()\"'`\\abcx019eE+",
  "{{",
  "}}",
  "{{-",
  " -}}",
  "{{/*",
  "*/}}",
  "é",
  "\ud800",
] as const;

test("any characters are read or refused", { timeout: 60_000 }, () => {
  const next = generator(1);
  for (let round = 0; round < 20_000; round++) {
    renderOrRefuse(Array.from({ length: next(40) }, () => letters[next(letters.length)]).join(""));
  }
});

const words = (
  "if else end range with define template block break continue nil true false not and or eq len index print printf include " +
  "tpl dict list .a .s .l .m.k .n . $ $x $y := = , | ( ) \"x\" `y` 'c' 1 -2 0x1F 1.5 1e3 1i . .nope.x"
).split(" ");

test("any words of the language are read or refused", { timeout: 60_000 }, () => {
  const next = generator(2);
  for (let round = 0; round < 20_000; round++) {
    const action = () =>
      `{{${next(3) === 0 ? "- " : " "}${Array.from({ length: next(7) }, () => words[next(words.length)]).join(" ")} }}`;
    renderOrRefuse(Array.from({ length: next(6) }, () => (next(4) === 0 ? " text " : action())).join(""));
  }
});

/** Functions that are slow on purpose. */
const slow = /^(?:gen|bcrypt|htpasswd|derivePassword|encryptAES|buildCustomCert)/;
const names = Object.keys(functionTable).filter((name) => !slow.test(name));
const atoms = [
  ..."1 0 -1 2.5 true nil .a .s .l .m .n . $ $v (list) (dict)".split(" "),
  ...[
    '""',
    '"a,b"',
    '"(["',
    '"é\\xff"',
    '"%d %s"',
    '"1.2.3"',
    '"2006-01-02"',
    '(list 1 "b" nil)',
    '(dict "k" (list 1))',
    "9223372036854775807",
  ],
] as const;

function expression(next: Next, depth: number): string {
  const name = names[next(names.length)] ?? "len";
  const args = Array.from({ length: next(4) }, () => {
    return depth > 0 && next(3) === 0 ? `(${expression(next, depth - 1)})` : (atoms[next(atoms.length)] ?? "1");
  });
  return [name, ...args].join(" ");
}

function block(next: Next, depth: number): string {
  const inner = () => (depth > 0 ? block(next, depth - 1) : "text");
  const value = expression(next, 2);
  return pick(next, [
    () => `{{ ${value} }}`,
    () => `{{ $v := ${value} }}{{ $v }}`,
    () => `{{ if ${value} }}${inner()}{{ else if .a }}${inner()}{{ else }}${inner()}{{ end }}`,
    () => `{{ range $i, $e := ${value} }}${inner()}{{ $i }}{{ else }}${inner()}{{ end }}`,
    () => `{{ with $w := ${value} }}${inner()}{{ end }}`,
    () => `{{ ${value} | ${expression(next, 0)} }}`,
    () => `{{ define "d${next(3)}" }}${inner()}{{ end }}{{ template "d${next(3)}" . }}`,
  ])();
}

test("any template of the right form is rendered or refused", { timeout: 100_000 }, () => {
  const next = generator(3);
  for (let round = 0; round < 6000; round++) renderOrRefuse(`{{ $v := .m }}${block(next, 3)}`);
});
