import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goTemplates, placeholders } from "./expand.ts";

const data = {
  name: "in-cluster",
  path: { basename: "my_app", segments: ["apps", "my_app"] },
  metadata: { labels: { env: "prod" }, annotations: { "example.com/key": "v" } },
  values: { size: 3, on: true },
};

const templates: Record<string, string> = {
  "no template": "no template",
  "{{.name}}": "in-cluster",
  "a-{{ .path.basename }}-b": "a-my_app-b",
  "{{ $.name }}": "in-cluster",
  '{{ index .metadata.annotations "example.com/key" }}': "v",
  "{{ index .path.segments 1 }}": "my_app",
  "{{ .values.size }}{{ .values.on }}": "3true",
  "{{ .missing }}": "<no value>",
  '{{ .missing | default "x" }}': "x",
  '{{ default "x" .name }}': "in-cluster",
  '{{ index .metadata.labels "none" | default "dev" }}': "dev",
  "{{ .path.basename | normalize }}": "my-app",
  "{{ .name | upper | quote }}": '"IN-CLUSTER"',
  '{{ replace "_" "." .path.basename }}': "my.app",
  "{{ (index .path.segments 0) | upper }}": "APPS",
  "a {{- .name -}} b": "ain-clusterb",
  "{{/* nothing */}}x": "x",
  "{{ `raw {{` }}": "raw {{",
};
for (const [template, want] of Object.entries(templates)) {
  test(`go template ${template}`, () => assert.equal(goTemplates(data, { missingKey: "default" })(template), want));
}

const failures: Record<string, RegExp> = {
  "{{ .missing }}": /map has no entry for key "missing"$/,
  "{{ .name.deeper }}": /nil data; no entry for key "deeper"$/,
  "{{ if .name }}a{{ end }}": /action "if" is not supported yet$/,
  "{{ range .path.segments }}{{ end }}": /action "range" is not supported yet$/,
  "{{ frobnicate .name }}": /function "frobnicate" is not supported yet$/,
  '{{ .name "x" }}': /unexpected x$/,
};
for (const [template, message] of Object.entries(failures)) {
  test(`go template refuses ${template}`, () =>
    assert.throws(() => goTemplates(data, { missingKey: "error" })(template), message));
}

test("placeholders are replaced everywhere, unknown ones stay", () => {
  const expand = placeholders({ name: "a", "metadata.labels.env": "prod" });
  assert.deepEqual(
    expand({ "{{name}}": ["{{ metadata.labels.env }}-{{other}}", 1, null, { x: "{{name}}{{name}}" }] }),
    {
      a: ["prod-{{other}}", 1, null, { x: "aa" }],
    },
  );
});

test("parameters are flat for placeholders", () => {
  assert.deepEqual(flatten({ a: { b: 1, c: [true, { d: "x" }] }, e: null }), {
    "a.b": "1",
    "a.c.0": "true",
    "a.c.1.d": "x",
    e: "",
  });
});
