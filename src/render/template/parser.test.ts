import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplates, TemplateError } from "./compile-templates.ts";
import { formatNode } from "./nodes.ts";
import { parseTemplate } from "./parser.ts";

/** Numbers that look random and are the same every time. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const pieces = (
  "{{ | }} |{{-| -}}|{{/*|*/}}| |\n|\t|(|)|.|..|.a|.Values.x|$|$x|$x := |$x = |, |:=|=|'|\"|`|\\|-|+|0x|1e|1i|'a'|\"s\"|`r`|nil|true|" +
  '{{if 1}}|{{else}}|{{else if .}}|{{end}}|{{range .}}|{{with .}}|{{break}}|{{continue}}|{{define "t"}}|{{template "t"}}|' +
  '{{block "b" .}}|print|list|include "t" .|upper|and|or|not|foo|text|é|😀|\u2028|\ud800|\0|}}{{'
).split("|");

test("any text is a template or an error that names it", () => {
  const random = createRandom(1);
  const options = { now: () => 0, random: (size: number) => new Uint8Array(size), limits: { steps: 10_000 } };
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: 1 + random(25) }, () => pieces[random(pieces.length)] ?? "|").join("");
    try {
      const bundle = compileTemplates([{ name: "c/t.yaml", text }]);
      bundle.render("c/t.yaml", { Values: { x: [1, "a", { a: null }] } }, options);
    } catch (error) {
      assert.ok(
        error instanceof TemplateError,
        `${JSON.stringify(text)}: ${error instanceof Error ? error.stack : error}`,
      );
      assert.match(error.message, /c\/t\.yaml|gotpl/, text);
    }
  }
});

test("a template that is written out again means the same", () => {
  const text = [
    'a{{ $x := 1 }}{{if and .a (.b.c | f "x" `y`)}}1{{else if $x.z}}2{{else}}3{{end}}',
    "{{range $i, $e := .l}}{{$e}}{{break}}{{else}}{{$x = 2}}{{end}}",
    "{{with (f 1 -2.5 'c' nil true).g}}{{.}}{{end}}{{template \"t\" $x}}",
  ].join("");
  const print = (source: string) => {
    const tree = parseTemplate({ name: "t.yaml", text: source }, () => true).get("t.yaml");
    return tree === undefined ? "" : formatNode(tree.root);
  };
  const printed = print(text);
  assert.notEqual(printed, "");
  assert.equal(print(printed), printed);
});

test("deep nesting is an error, not the end of the stack", () => {
  for (const text of [
    `{{ ${"(".repeat(5000)}`,
    "{{if 1}}".repeat(5000),
    `{{if 1}}${"{{else if 1}}".repeat(5000)}{{end}}`,
  ]) {
    assert.throws(() => compileTemplates([{ name: "t", text }]), { name: "TemplateError", message: /depth exceeded/ });
  }
});
