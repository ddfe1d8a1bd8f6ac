import assert from "node:assert/strict";
import { test } from "node:test";
import { detectSourceType, type SourceTools, type SourceType } from "./source-type.ts";

const cases: Record<string, { source: SourceTools; paths: string[]; want: SourceType }> = {
  "plain files": { source: {}, paths: ["a.yaml", "sub/Chart.yaml"], want: "Directory" },
  "a chart": { source: {}, paths: ["Chart.yaml", "templates/a.yaml"], want: "Helm" },
  "a kustomization": { source: {}, paths: ["kustomization.yml"], want: "Kustomize" },
  "a kustomization beside a chart": { source: {}, paths: ["kustomization.yaml", "Chart.yaml"], want: "Kustomize" },
  "the tool that is named": { source: { directory: { recurse: true } }, paths: ["Chart.yaml"], want: "Directory" },
  "options without content": {
    source: { directory: {}, helm: { parameters: [] } },
    paths: ["Chart.yaml"],
    want: "Helm",
  },
  "a chart by name": { source: { chart: "nginx" }, paths: [], want: "Helm" },
  "a plugin": { source: { plugin: {} }, paths: ["a.yaml"], want: "Plugin" },
};
for (const [name, { source, paths, want }] of Object.entries(cases)) {
  test(`detects ${name}`, () => assert.equal(detectSourceType(source, paths), want));
}

test("refuses a source that names two tools", () => {
  const source = { helm: { values: "a: 1" }, directory: { recurse: true } };
  assert.throws(() => detectSourceType(source, []), {
    message: "multiple application sources defined: Helm,Directory",
  });
});
