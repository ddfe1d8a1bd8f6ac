import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseYaml } from "../../apimachinery/index.ts";
import { createCapabilities } from "./capabilities.ts";
import { ChartFiles } from "./chart-files.ts";
import { ChartValues } from "./chart-values.ts";
import { compileTemplates, TemplateError } from "./compile-templates.ts";
import { toBytes } from "./go-text.ts";
import type { RenderOptions } from "./run.ts";
import { entriesOf, type GoMap, goInt, goInt64, type Value } from "./values.ts";

const options: RenderOptions = { now: () => 0, random: (size) => new Uint8Array(size) };

/** What Helm gives a chart that is called `chart` and installed as `rel`. */
function dataOf(values: Value, name: string): GoMap {
  const files = { "a.txt": Buffer.from("hello\nworld\n"), bin: Buffer.from([0xff, 0, 0x61, 0x62]) };
  return {
    Chart: parseYaml(chart),
    Capabilities: createCapabilities({ kubeVersion: "v1.35.0", apiVersions: ["v1", "apps/v1"], helmVersion: "v4.1" }),
    Files: new ChartFiles(new Map(Object.entries(files))),
    Release: { Name: "rel", Namespace: "ns", IsUpgrade: false, IsInstall: true, Revision: goInt(1), Service: "Helm" },
    Subcharts: {},
    Template: new ChartValues({ Name: name, BasePath: "chart/templates" }),
    Values: new ChartValues(entriesOf(values) ?? {}),
  };
}

const chart = `{APIVersion: v2, Annotations: {a: b}, AppVersion: "4.5", Condition: "", Dependencies: [], Deprecated: false,
  Description: a chart, Home: "", Icon: "", IsRoot: true, Keywords: [k1, k2], KubeVersion: "", Maintainers: [], Name: chart,
  Sources: [], Tags: "", Type: "", Version: 1.2.3}`;

function renderOne(text: string, values: Value = {}, more: Partial<RenderOptions> = {}): string {
  const name = "chart/templates/x.yaml";
  return compileTemplates([{ name, text }]).render(name, dataOf(values, name), { ...options, ...more });
}

/** Templates with what Helm 4.1.4 makes of them: its output, or its error without `Error: `. */
const expressions: { values: string; cases: { template: string; output?: string; error?: string }[] } = JSON.parse(
  readFileSync(new URL("testdata/expressions.json", import.meta.url), "utf8"),
);

test("templates give what Helm gives, errors word for word", () => {
  for (const { template, output, error } of expressions.cases) {
    const values = parseYaml(expressions.values);
    let got: { output?: string; error?: string };
    try {
      got = { output: renderOne(template, values) };
    } catch (caught) {
      assert.ok(caught instanceof TemplateError, `${template}: ${String(caught)}`);
      got = { error: caught.message };
    }
    assert.deepEqual(got, output === undefined ? { error } : { output }, template);
  }
});

test("a definition in a shorter path replaces one in a longer path", () => {
  const define = (text: string) => `{{ define "who" }}${text}{{ end }}`;
  const bundle = compileTemplates([
    { name: "a/templates/x.yaml", text: '{{ include "who" . }}' },
    { name: "a/templates/_h.tpl", text: define("parent") },
    { name: "a/charts/b/templates/_h.tpl", text: define("child") },
  ]);
  assert.deepEqual(bundle.names, ["a/templates/x.yaml"]);
  assert.equal(bundle.render("a/templates/x.yaml", {}, options), "parent");
});

test("files are rendered from the longest path to the shortest, and from Z to A", () => {
  const names = ["a/templates/a.yaml", "a/templates/_p.tpl", "a/charts/b/templates/x.yaml", "a/templates/b.yaml"];
  assert.deepEqual(compileTemplates(names.map((name) => ({ name, text: "" }))).names, [
    "a/charts/b/templates/x.yaml",
    "a/templates/b.yaml",
    "a/templates/a.yaml",
  ]);
});

test("what a text given to tpl defines is known to it alone", () => {
  const text = `{{ define "d" }}outer{{ end }}{{ tpl "{{ define \\"d\\" }}inner{{ end }}{{ include \\"d\\" . }}" . }} {{ include "d" . }}`;
  assert.equal(renderOne(text), "inner outer");
});

test("a template may be rendered again with other data", () => {
  const bundle = compileTemplates([
    { name: "x", text: "{{ $n := .n }}{{ range $n }}{{ $n = add $n . }}{{ end }}{{ $n }}" },
  ]);
  assert.equal(bundle.render("x", { n: goInt(3) }, options), "6");
  assert.equal(bundle.render("x", { n: goInt(1) }, options), "1");
});

test("functions that change maps change the data that was given", () => {
  const values: GoMap = { a: { b: 1 } };
  renderOne('{{ $_ := set .Values.a "c" 2 }}{{ $_ := unset .Values.a "b" }}', values);
  assert.deepEqual(Object.keys(entriesOf(values.a) ?? {}), ["c"]);
});

test("integers of --set keep all their digits and are no floats", () => {
  const values = { port: goInt64(9007199254740993n), scale: 1_000_000 };
  const text =
    "{{ .Values.port }} {{ typeOf .Values.port }} {{ .Values.scale }} {{ .Values | toJson }} {{ .Values | toYaml }}";
  const json = '{"port":9007199254740993,"scale":1000000}';
  assert.equal(renderOne(text, values), `9007199254740993 int64 1e+06 ${json} port: 9007199254740993\nscale: 1000000`);
});

test("bytes that are not UTF-8 come through unchanged", () => {
  assert.equal(renderOne('{{ .Files.Get "bin" | b64enc }}'), "/wBhYg==");
  assert.deepEqual([...toBytes(renderOne('{{ .Files.Get "bin" }}é'))], [0xff, 0, 0x61, 0x62, 0xc3, 0xa9]);
  assert.equal(renderOne('{{ trunc 2 "aé" | b64enc }}{{ print (trunc 2 "aé") (b64dec "qQ==") }}'), "YcM=aé");
});

test("lookup asks the function that was given", () => {
  const lookup = (...args: string[]): GoMap => ({ asked: args });
  const text = '{{ lookup "v1" "Pod" "ns" "x" | toJson }}';
  assert.equal(renderOne(text, {}, { lookup }), '{"asked":["v1","Pod","ns","x"]}');
  assert.equal(renderOne(text), "{}");
});

test("arguments of methods see the variables around them, though methods are known only when they are reached", () => {
  const text =
    '{{ range $name, $_ := .Files.Glob "*.txt" }}{{ with $x := 1 }}{{ len ($.Files.Lines $name) }}{{ end }}{{ end }}';
  assert.equal(renderOne(text), "2");
});

test("missing keys are errors when the caller says so", () => {
  assert.throws(() => renderOne("{{ .Values.a }}", {}, { missingKey: "error" }), {
    name: "TemplateError",
    template: "chart/templates/x.yaml",
    message:
      'chart/templates/x.yaml:1:10\n  executing "chart/templates/x.yaml" at <.Values.a>:\n    map has no entry for key "a"',
  });
});

test("keys that JavaScript knows are keys like any other", () => {
  const text =
    '{{ .Values.constructor }}{{ .Values.toString }}{{ $d := dict "__proto__" 1 }}{{ $d }}{{ hasKey $d "valueOf" }}';
  assert.equal(renderOne(text), "map[__proto__:1]false");
});
