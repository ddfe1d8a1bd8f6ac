import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { functionTable } from "../../src/render/template/function-table.ts";
import { compareWithHelm, helm, type RenderCase, readTree } from "./support/compare-with-helm.ts";

const charts = join(import.meta.dirname, "..", "testdata", "charts");

const text = (name: string, content: string) => ({ name, text: content });

/** What each chart of the test data is rendered with besides nothing at all. */
const cases: Record<string, Record<string, RenderCase>> = {
  metadata: {
    "a cluster of its own": {
      kubeVersion: "1.27.3-gke.1",
      apiVersions: ["example.com/v1", "apps/v1"],
      isUpgrade: true,
    },
    "a version with two numbers": { kubeVersion: "v1.30" },
    "a version that is too old": { kubeVersion: "1.19.0" },
    "a version that is none": { kubeVersion: "latest" },
    "without the chart in it": { values: { set: ["inner.enabled=false", "renamed.enabled=true"] } },
    "another release": { releaseName: "other.name", namespace: "elsewhere" },
    "a release name that is too long": { releaseName: "x".repeat(54) },
    "a release name with capital letters": { releaseName: "Rel" },
    "one template": { showOnly: ["templates/mark.yaml"] },
    "templates by a pattern": { showOnly: ["templates/*.json", "charts/*/templates/*.yaml", "templates/mark.yaml"] },
    "a template that is not there": { showOnly: ["templates/none.yaml"] },
    "values of all kinds": {
      values: {
        files: [
          text("a.yaml", "greeting: one\nlist: null\nnested:\n  a: null\n"),
          text("b.yaml", "nested: {d: 1}\n---\nmore: 1"),
        ],
        object: { big: 1, nested: { e: [1, { f: true }] } },
        setJson: ['nested.g={"h":[1.5]}', '{"top": {"i": "j"}}'],
        set: ["list[2]=x", "nested.k={a,b}", "big=2"],
        setString: ["big=3"],
        setFile: ["fromFile=note.txt"],
        setLiteral: ["raw=a,b=c\\d"],
        setFileContents: new Map([["note.txt", Buffer.from("two\nlines")]]),
      },
    },
    "values that are no YAML": { values: { files: [text("bad.yaml", "a: [1")] } },
    "values that are no map": { values: { files: [text("list.yaml", "- a")] } },
  },
  hooks: {
    "with CRDs": { includeCrds: true },
    "without hooks": { skipHooks: true },
    "without tests": { skipTests: true, includeCrds: true },
    "only CRDs": { includeCrds: true, showOnly: ["crds/*"] },
    "only tests": { showOnly: ["templates/tests/connect.yaml"] },
    "a document that is broken": { values: { setString: ["broken=a: b: c"] } },
    "a document that is a list": { values: { setLiteral: ["broken=---\n- a"] } },
    "an annotation that is no text": { values: { setLiteral: ["broken=---\nmetadata: {annotations: {a: [b]}}"] } },
    "metadata that is no map": { values: { setLiteral: ["broken=---\nmetadata: text"] } },
    nothing: { values: { setJson: ["events=[]", "kinds=[]"] } },
  },
  umbrella: {
    "without what conditions say": { values: { set: ["web.enabled=false", "data.on=false", "tags.extra=false"] } },
    "a condition in globals": { values: { set: ["global.web=false"] } },
    "conditions that are no truth values": { values: { set: ["web.enabled=maybe", "tags.extra=1"] } },
    "a condition of a chart inside": { values: { set: ["web.cache.enabled=false", "tags.caching=true"] } },
    "tags of a chart inside": { values: { set: ["tags.caching=false"] } },
    "values for charts inside": {
      values: { set: ["web.cache.size=7", "second.cache.size=8", "web.replicas=null", "global.settings.a=null"] },
    },
    "values for what is imported": {
      values: { setJson: ["shared=null", 'more={"inner":{"k":null,"z":1}}', "extra=2"] },
    },
    "globals that are no map": { values: { set: ["global=x"] } },
    "values of a chart that are no map": { values: { set: ["web=x"] } },
    "a list in place of values of a chart": { values: { setJson: ['web=[1,"a",null]'] } },
    "a map over a text and a text over a map": { values: { setJson: ['web={"replicas":{"a":1},"deep":5}', "own=1"] } },
  },
  functions: { "for an upgrade": { isUpgrade: true } },
  schemas: {
    "everything wrong": {
      values: {
        setJson: [
          'image={"tag":1,"x":2}',
          "replicas=0",
          'mode="slow"',
          "hosts=[1]",
          "storage={}",
          'strict={"ports":["a",1],"x-y":"long","z":1}',
        ],
      },
    },
    "one thing wrong": { values: { set: ["image=nope"] } },
    "wrong in a chart inside": { values: { setJson: ["strict.more=true"] } },
    "a rule that another value brings": { values: { set: ["mode=safe"] } },
    "two of what only one may be": { values: { setJson: ['storage={"size":1,"claim":"x"}'] } },
    "twice the same": { values: { setJson: ['hosts=["a","b","a"]'] } },
    "nobody looks": { skipSchemaValidation: true, values: { set: ["replicas=x", "image=null"] } },
    "no values for a chart inside": { values: { setJson: ["strict=null"] } },
  },
};

for (const name of readdirSync(charts).sort()) {
  test(`the chart ${name} renders as Helm renders it`, { skip: helm === undefined, concurrency: 2 }, async (t) => {
    const files = await readTree(join(charts, name));
    const named = Object.entries<RenderCase>({ "as it is": {}, ...cases[name] });
    await Promise.all(named.map(([title, options]) => t.test(title, () => compareWithHelm(files, options))));
  });
}

test("the chart functions uses every function", async () => {
  const files = await readTree(join(charts, "functions"));
  const templates = [...files].filter(([path]) => path.startsWith("templates/"));
  const used = new Set(
    templates.flatMap(([, bytes]) =>
      Buffer.from(bytes)
        .toString()
        .match(/[A-Za-z_][A-Za-z0-9_]*/g),
    ),
  );
  const unused = Object.keys(functionTable).filter((name) => !used.has(name));
  assert.deepEqual(unused, []);
});

test("every chart with cases is there", async () => {
  const names = readdirSync(charts);
  for (const name of Object.keys(cases)) {
    assert.ok(names.includes(name), name);
    assert.ok((await readFile(join(charts, name, "Chart.yaml"))).length > 0);
  }
});
