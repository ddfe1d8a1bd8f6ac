import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplates } from "./compile-templates.ts";

const limits = { steps: 200_000, characters: 2_000_000 };
const tooLong = "Cannot render c/t.yaml: it takes more than 200000 steps";
const tooLarge = "Cannot render c/t.yaml: it makes more than 2000000 characters of text";
const tooDeep = "Cannot render c/t.yaml: its templates nest too deeply";
const tooMany = /^Cannot render c\/t\.yaml: one value holds more than \d+ others$/;

const cases: Record<string, string | RegExp> = {
  "{{ range 1000000000000 }}{{ end }}": tooLong,
  "{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}": tooLong,
  '{{ range until 9 }}{{ bcrypt "x" }}{{ end }}': tooLong,
  '{{ range until 9 }}{{ genPrivateKey "rsa" }}{{ end }}': tooLong,
  '{{ regexFindAll "a" (repeat 200000 "a") -1 }}': tooLong,
  "{{ until 1000000000000 }}": tooLarge,
  '{{ repeat 1000000000000 "a" }}': tooLarge,
  '{{ indent 1000000000 "a" }}': tooLarge,
  '{{ replace "" (repeat 10000 "x") (repeat 10000 "y") }}': tooLarge,
  '{{ $x := "a" }}{{ range until 99 }}{{ $x = print $x $x }}{{ end }}': tooLarge,
  "{{ $l := list 1 }}{{ range until 99999 }}{{ $l = append $l 1 }}{{ end }}": tooLarge,
  "{{ range until 9999 }}{{ range until 999 }}more and more{{ end }}{{ end }}": tooLarge,
  '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}': tooDeep,
  '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}': tooDeep,
  '{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}': tooDeep,
  "{{ $l := list }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}": tooMany,
  "{{ $l := list }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}": tooMany,
  "{{ $l := list }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toToml $l }}": tooMany,
};

test("a template that would run or grow without end is stopped, and named", () => {
  for (const [text, message] of Object.entries(cases)) {
    const bundle = compileTemplates([{ name: "c/t.yaml", text }]);
    const options = { now: () => 0, random: (size: number) => new Uint8Array(size).fill(7), limits };
    assert.throws(
      () => bundle.render("c/t.yaml", {}, options),
      { name: "TemplateError", template: "c/t.yaml", message },
      text,
    );
  }
});

test("a stopped render does no harm to the next one", () => {
  const bundle = compileTemplates([{ name: "c/t.yaml", text: "{{ range .n }}x{{ end }}" }]);
  const options = { now: () => 0, random: (size: number) => new Uint8Array(size), limits: { steps: 100 } };
  assert.throws(() => bundle.render("c/t.yaml", { n: Array.from({ length: 1000 }, () => 1) }, options));
  assert.equal(bundle.render("c/t.yaml", { n: [1, 2] }, options), "xx");
});
