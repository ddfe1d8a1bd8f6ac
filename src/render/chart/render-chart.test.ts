import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { loadChart } from "./load.ts";
import { type HelmOptions, type RenderedChart, renderChart } from "./render-chart.ts";
import { chartFiles } from "./testing/pack.ts";

const environment = { now: () => 0, random: (size: number) => randomBytes(size) };

function render(files: Record<string, string>, options: Partial<HelmOptions> = {}): RenderedChart {
  return renderChart(loadChart(chartFiles(files)), { ...environment, ...options });
}

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

test("a chart gives text, objects with their places, hooks, CRDs and notes", () => {
  const rendered = render(
    {
      "templates/b.yaml": `# first\n${configMap("one")}---\n\n${configMap("two")}`,
      "templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
      "templates/hook.yaml": `${configMap("hook")}  annotations: {helm.sh/hook: "test,post-install", helm.sh/hook-weight: "-3"}\n`,
      "templates/NOTES.txt": "for {{ .Release.Name }}",
      "crds/c.yaml":
        "apiVersion: v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n---\napiVersion: v1\nkind: CustomResourceDefinition\nmetadata: {name: d}\n",
    },
    { includeCrds: true },
  );
  const shown = rendered.manifests.map(
    ({ object, file, line }) => `${file}:${line} ${object.kind} ${object.metadata.name}`,
  );
  assert.deepEqual(shown, [
    "c/crds/c.yaml:1 CustomResourceDefinition c",
    "c/crds/c.yaml:5 CustomResourceDefinition d",
    "c/templates/b.yaml:1 ConfigMap one",
    "c/templates/b.yaml:8 ConfigMap two",
    "c/templates/a.yaml:1 Secret s",
    "c/templates/hook.yaml:1 ConfigMap hook",
  ]);
  assert.equal(rendered.notes, "for release-name");
  assert.deepEqual(
    rendered.crds.map(({ file }) => file),
    ["c/crds/c.yaml"],
  );
  const [hook] = rendered.hooks;
  assert.deepEqual([hook?.name, hook?.events, hook?.weight], ["hook", ["test", "post-install"], -3]);
  assert.ok(rendered.manifest.startsWith("---\n# Source: c/crds/c.yaml\n"));
});

test("objects belong to the caller, though the next render remembers what it read", () => {
  const chart = loadChart(chartFiles({ "templates/a.yaml": configMap("a") }));
  const [first] = renderChart(chart, environment).manifests;
  if (first !== undefined) first.object.metadata.name = "changed";
  assert.equal(renderChart(chart, environment).manifests[0]?.object.metadata.name, "a");
});

test("a block scalar at the end of a document keeps its line break, which helm prints again", () => {
  const text = `${configMap("a")}data:\n  text: |\n    one\n`;
  const hook = text.replace("name: a", "name: b\n  annotations: {helm.sh/hook: pre-install}");
  const { manifests } = render({ "templates/a.yaml": `${text}---\n${text}`, "templates/hook.yaml": hook });
  assert.deepEqual(
    manifests.map(({ object }) => object["data"]),
    [{ text: "one\n" }, { text: "one\n" }, { text: "one\n" }],
  );
});

test("what is no object is text, but no manifest", () => {
  const rendered = render({ "templates/a.yaml": "just: text\n" });
  assert.match(rendered.manifest, /just: text/);
  assert.throws(() => rendered.manifests, { name: "RenderError", file: "c/templates/a.yaml" });
});

test("a render leaves nothing behind for the next one", () => {
  const chart = loadChart(
    chartFiles({
      "values.yaml": "a: {b: 1}\n",
      "templates/a.yaml":
        '{{ $_ := set .Values.a "b" 2 }}{{ $_ := set .Values "c" (list .Values.a) }}v: {{ toJson .Values }}\n',
    }),
  );
  const texts = [1, 2].map(() => renderChart(chart, environment).manifest);
  assert.equal(texts[0], '---\n# Source: c/templates/a.yaml\nv: {"a":{"b":2},"c":[{"b":2}]}\n');
  assert.equal(texts[1], texts[0]);
});

test("dependencies that are enabled differ from render to render", () => {
  const chart = loadChart(
    chartFiles({
      "Chart.yaml":
        "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: d, version: '*', condition: d.on}]\n",
      "charts/d/Chart.yaml": "name: d\nversion: 1.0.0\n",
      "charts/d/templates/d.yaml": configMap("{{ .Values.name }}"),
    }),
  );
  const namesWith = (set: string[]) =>
    renderChart(chart, { ...environment, values: { set } }).manifests.map(({ object }) => object.metadata.name);
  assert.deepEqual(namesWith(["d.on=false"]), []);
  assert.deepEqual(namesWith(["d.name=x"]), ["x"]);
  assert.deepEqual(namesWith(["d.on=false"]), []);
});

test("what Helm logs are warnings, each once", () => {
  const { warnings } = render(
    { "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndeprecated: true\n", "values.yaml": "a: {b: 1}\nc: 1\n" },
    { values: { setJson: ["a=1", 'c={"d":1}'] } },
  );
  assert.deepEqual(warnings, ["this chart is deprecated", "warning: skipped value for c.c: Not a table."]);
});

test("a seed makes random values the same in every render, template by template", () => {
  const secret = 'v: {{ randAlphaNum 20 }} {{ uuidv4 }} {{ genPrivateKey "ecdsa" | sha256sum }}\n';
  const files = { "templates/a.yaml": secret, "templates/b.yaml": secret };
  const lines = (seed: string, more: Record<string, string> = {}) =>
    render({ ...files, ...more }, { seed }).manifest.split("\n");
  const [once, again] = [lines("s"), lines("s", { "templates/0.yaml": `x: {{ randAlpha 5 }}\n` })];
  assert.deepEqual(
    again.filter((line) => line.startsWith("v:")),
    once.filter((line) => line.startsWith("v:")),
  );
  assert.equal(new Set(once).size, 6);
  assert.notDeepEqual(lines("t"), once);
});

test("lookup finds what the caller gives, and nothing without", () => {
  const files = { "templates/a.yaml": 'v: {{ (lookup "v1" "Secret" "ns" "s").data | toJson }} # found\n' };
  assert.match(render(files).manifest, /^v: null # found$/m);
  const lookup = (...asked: string[]) => ({ data: asked });
  assert.match(render(files, { lookup }).manifest, /^v: \["v1","Secret","ns","s"\] # found$/m);
});

test("the cluster is the one that the caller names", () => {
  const files = { "templates/a.yaml": "v: {{ .Capabilities.APIVersions | len }} {{ .Capabilities.KubeVersion }}\n" };
  const lineOf = (options: Partial<HelmOptions>) => render(files, options).manifest.split("\n")[2];
  assert.equal(lineOf({}), "v: 57 v1.35.0");
  assert.equal(lineOf({ apiVersions: ["a/v1"], kubeVersion: "1.30" }), "v: 58 v1.30");
  assert.equal(lineOf({ apiVersions: ["a/v1", "v1"], onlyApiVersions: true }), "v: 2 v1.35.0");
});

test("a template that runs without end is stopped, and chart and template are named", () => {
  const files = { "templates/a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" };
  const message = "Cannot render c/templates/a.yaml: it takes more than 1000 steps";
  assert.throws(() => render(files, { limits: { steps: 1000 } }), { name: "TemplateError", message });
});

test("schemas that refer to others get them from the caller", () => {
  const url = "https://example.com/port.json";
  const files = { "values.yaml": "port: x\n", "values.schema.json": `{"properties": {"port": {"$ref": "${url}"}}}` };
  assert.deepEqual(loadChart(chartFiles(files)).schemaUrls, [url]);
  assert.throws(
    () => render(files),
    /failing loading "https:\/\/example\.com\/port\.json": rendering a chart does not reach/,
  );
  const remoteSchemas = new Map([[url, Buffer.from('{"type": "integer"}')]]);
  assert.throws(() => render(files, { remoteSchemas }), /\n- at '\/port': got string, want integer\n$/);
  const urn = { ...files, "values.schema.json": '{"properties": {"port": {"$ref": "urn:x"}}}' };
  assert.deepEqual(render(urn).warnings, ["unresolved URN reference ignored; using permissive schema urn=urn:x"]);
});

test("integers that numbers cannot hold keep their digits in objects", () => {
  const files = {
    "templates/a.yaml":
      "apiVersion: example.com/v1\nkind: Big\nmetadata: {name: a}\nspec: {big: 9007199254740993, small: 1}\n",
  };
  const [manifest] = render(files).manifests;
  assert.deepEqual(manifest?.object["spec"], { big: 9007199254740993n, small: 1 });
});

test("a map that holds itself ends with an error", () => {
  const files = { "templates/a.yaml": '{{ $_ := set .Values "v" .Values }}{{ toYaml .Values }}' };
  const { manifest } = render(files);
  assert.equal(manifest, "\n");
});
