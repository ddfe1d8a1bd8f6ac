import assert from "node:assert/strict";
import { test } from "node:test";
import { loadChart, loadChartArchive } from "./load.ts";
import { chartFiles, packArchive } from "./testing/pack.ts";

const start = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

test("a chart says what is in its Chart.yaml, its lock and its charts", () => {
  const chart = loadChart(
    chartFiles({
      "Chart.yaml": `${start}appVersion: 1.2\ntype: application\ndeprecated: true\nkubeVersion: ">=1.20"
dependencies:
  - {name: here, version: ^1.0.0, repository: "https://example.com", alias: other, tags: [a], condition: x.y}
  - {name: gone, version: 2.x, repository: "oci://example.com/charts"}\n`,
      "Chart.lock":
        "dependencies:\n- {name: here, version: 1.2.3, repository: https://example.com}\ngenerated: 2024-01-01T00:00:00Z\n",
      "charts/here/Chart.yaml": "name: here\nversion: 1.2.3\n",
    }),
  );
  const { name, version, appVersion, type, deprecated, kubeVersion } = chart;
  assert.deepEqual(
    { name, version, appVersion, type, deprecated, kubeVersion },
    { name: "c", version: "1.0.0", appVersion: "1.2", type: "application", deprecated: true, kubeVersion: ">=1.20" },
  );
  const [here] = chart.dependencies;
  assert.deepEqual(here, {
    name: "here",
    version: "^1.0.0",
    repository: "https://example.com",
    alias: "other",
    condition: "x.y",
    tags: ["a"],
    importValues: [],
  });
  assert.deepEqual(
    chart.lock?.map((one) => one.version),
    ["1.2.3"],
  );
  assert.deepEqual(
    chart.missingDependencies.map((one) => `${one.name} ${one.version} ${one.repository}`),
    ["gone 2.x oci://example.com/charts"],
  );
});

test("charts inside are directories and archives", () => {
  const inner = packArchive([
    { name: "packed/Chart.yaml", bytes: "name: packed\nversion: 1.0.0\n" },
    { name: "packed/charts/deep/Chart.yaml", bytes: "name: deep\nversion: 1.0.0\n" },
  ]);
  const files = chartFiles({
    "charts/plain/Chart.yaml": "name: plain\nversion: 1.0.0\n",
    "charts/_old/Chart.yaml": "broken: [",
    "charts/.git/config": "x",
    "charts/packed-1.0.0.tgz.prov": "signed",
  });
  files.set("charts/packed-1.0.0.tgz", inner);
  const chart = loadChart(files);
  assert.deepEqual(
    chart.contents.charts.map(({ name }) => name),
    ["packed", "plain"],
  );
  assert.deepEqual(
    chart.contents.charts[0]?.contents.charts.map(({ name }) => name),
    ["deep"],
  );
  assert.deepEqual(
    chart.contents.files.map(({ path }) => path),
    ["charts/packed-1.0.0.tgz.prov"],
  );
});

test("an archive is loaded like a directory, but its .helmignore does not count", () => {
  const entries = Object.entries({
    "Chart.yaml": start,
    ".helmignore": "*.txt\n",
    "a.txt": "x",
    "values.yaml": "a: 1\n",
  });
  const packed = loadChartArchive(packArchive(entries.map(([path, bytes]) => ({ name: `c/${path}`, bytes }))));
  assert.deepEqual(
    packed.contents.files.map(({ path }) => path),
    [".helmignore", "a.txt"],
  );
  const unpacked = loadChart(chartFiles(Object.fromEntries(entries)));
  assert.deepEqual(
    unpacked.contents.files.map(({ path }) => path),
    [".helmignore"],
  );
  assert.deepEqual({ ...packed.contents.values }, { ...unpacked.contents.values });
});

const refused: Record<string, [files: Record<string, string>, message: string]> = {
  "without a name": [
    { "Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n" },
    "validation: chart.metadata.name is required",
  ],
  "of a format of its own": [{ "Chart.yaml": "apiVersion: v7\nname: c\n" }, "unsupported chart version"],
  "with values that are broken": [
    { "values.yaml": "a: [" },
    "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 1: did not find expected node content",
  ],
  "with a chart inside that has no name": [
    { "charts/d/Chart.yaml": "version: 1.0.0" },
    "error unpacking subchart d in c: validation: chart.metadata.name is required",
  ],
  "with an archive where a directory is": [
    { "charts/d.tgz/Chart.yaml": start },
    "error unpacking subchart tar in c: expected d.tgz, got d.tgz/Chart.yaml",
  ],
};

for (const [what, [files, message]] of Object.entries(refused)) {
  test(`a chart ${what} is refused in Helm's words`, () => {
    assert.throws(() => loadChart(chartFiles(files)), { name: "ChartError", message });
  });
}

test("what is no chart at all is told apart", () => {
  assert.throws(() => loadChart(new Map()), { name: "ChartError", message: "Chart.yaml file is missing" });
  const message = "stream does not appear to be a valid chart file (details: gzip: invalid header)";
  assert.throws(() => loadChartArchive(Buffer.from("values: 1, 2, 3")), { name: "ChartError", message });
  const empty = packArchive([{ name: "c/values.yaml" }]);
  assert.throws(() => loadChartArchive(empty), { message: "unable to detect chart version, no Chart.yaml found" });
});
