import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFieldPath } from "./field-path.ts";
import { goTemplateReads } from "./go-template-reads.ts";

const functions = { whole: ["data", "all"] };
const cases: Record<string, { template: string; want: string[] }> = {
  fields: { template: "a: {{ .data.spec.size }} {{- .data.name -}}", want: ["data.spec.size", "data.name"] },
  "the root from inside of a block": { template: "{{ with .a }}{{ $.b.c }}{{ end }}", want: ["a", "b.c"] },
  "variables where they are used": {
    template:
      "{{ $spec := .data.spec }}{{ $spec.size | default 3 }}{{ $unused := .data.other }}{{ $spec = .b }}{{ $spec.c }}",
    want: ["data.spec.size", "b.c"],
  },
  "what with and range are in": {
    template: "{{ with .a.b }}{{ .c }}{{ else }}{{ .d }}{{ end }}{{ range .list }}{{ .e }}{{ end }}{{ .f }}",
    want: ["a.b", "a.b.c", "d", "list", "list[*].e", "f"],
  },
  "variables of range": {
    template: "{{ range $i, $item := .list }}{{ $item.name }}{{ $i }}{{ end }}",
    want: ["list[*].name"],
  },
  index: {
    template: `{{ index .a "x.y" 0 }}{{ (index .a "b").c }}{{ index .list $i }}{{ get .m \`k\` }}`,
    want: ["a[x.y][0]", "a.b.c", "list[*]", "m.k"],
  },
  dig: { template: `{{ dig "a" "b" "none" .data }}{{ .data | dig "c" "none" }}`, want: ["data.a.b", "data.c"] },
  "functions of the caller": {
    template: "{{ (whole .).spec.a }}{{ $x := whole . }}{{ $x.b }}",
    want: ["data.all.spec.a", "data.all.b"],
  },
  conditions: {
    template: `{{ if and .a (eq .b "}}") }}{{ else if .c }}{{ .d }}{{ end }}{{ if hasKey .m "k" }}{{ end }}`,
    want: ["b", "a", "c", "d", "m.k"],
  },
  "no comments, strings or text": { template: `{{/* .a }} */}}{{ ".b" }} .c {{ print "\\"" \`.d\` }}`, want: [] },
  "nothing of a defined template": { template: `{{ define "t" }}{{ .a }}{{ end }}{{ template "t" .b }}`, want: ["b"] },
  "actions that do not end": { template: "{{ .a }}{{ .b", want: ["a"] },
};

for (const [name, { template, want }] of Object.entries(cases)) {
  test(`a Go template reads ${name}`, () => {
    const reads = goTemplateReads(template, { functions });
    assert.deepEqual(
      reads.map(({ steps }) => formatFieldPath(steps)),
      want,
    );
  });
}

test("delimiters can be others", () => {
  const [read, ...others] = goTemplateReads("{{ .a }} [[ .b ]]", { left: "[[", right: "]]" });
  assert.deepEqual([read?.steps, read?.at, others], [[{ field: "b" }], 9, []]);
});
