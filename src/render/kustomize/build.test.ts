import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildKustomization,
  type KustomizeOptions,
  parseKustomizeBuildOptions,
  stringifyKustomization,
} from "./build.ts";
import type { HelmTemplateRequest } from "./helm-charts.ts";
import type { KustomizeFiles } from "./loader.ts";

type Tree = Readonly<Record<string, string>>;

function treeOf(files: Tree): KustomizeFiles {
  return {
    read: async (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    async kind(path) {
      if (files[path] !== undefined) return "file";
      return Object.keys(files).some((file) => file.startsWith(`${path}/`)) ? "directory" : undefined;
    },
  };
}

async function build(files: Tree, root = "", options: KustomizeOptions = {}): Promise<string> {
  return stringifyKustomization((await buildKustomization(treeOf(files), root, options)).manifests);
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

test("manifests name the file and line that they come from", async () => {
  const files = {
    "app/kustomization.yaml": "resources: [../base/all.yaml]\nconfigMapGenerator: [{name: made}]\n",
    "base/all.yaml": `${configMap("a")}---\n${configMap("b")}`,
  };
  const { manifests } = await buildKustomization(treeOf(files), "app", { loadRestrictor: "LoadRestrictionsNone" });
  assert.deepEqual(
    manifests.map(({ object, file, line }) => [object.metadata.name, file, line]),
    [
      ["a", "base/all.yaml", 1],
      ["b", "base/all.yaml", 6],
      ["made-6ct58987ht", "app/kustomization.yaml", 1],
    ],
  );
});

test("deprecated fields are warnings", async () => {
  const { warnings } = await buildKustomization(treeOf({ "kustomization.yaml": "bases: []\nnamePrefix: a\n" }), "");
  assert.deepEqual(warnings, [
    "# Warning: 'bases' is deprecated. Please use 'resources' instead. Run 'kustomize edit fix' to update your Kustomization automatically.",
  ]);
});

test("files outside are refused unless restrictions are off", async () => {
  const files = { "app/kustomization.yaml": "resources: [../cm.yaml]\n", "cm.yaml": configMap("a") };
  await assert.rejects(build(files, "app"), /security; file '\/cm\.yaml' is not in or below '\/app'/);
  assert.equal(await build(files, "app", { loadRestrictor: "LoadRestrictionsNone" }), configMap("a"));
});

test("the order is kubectl's, or that of the files", async () => {
  const files = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": `${configMap("b")}---\n${configMap("a")}` };
  assert.equal(await build(files), `${configMap("a")}---\n${configMap("b")}`);
  assert.equal(await build(files, "", { reorder: "none" }), `${configMap("b")}---\n${configMap("a")}`);
});

test("a base in a repository is cloned, and what is in it stays in it", async () => {
  const asked: unknown[] = [];
  const remote = {
    async clone(repository: object) {
      asked.push(repository);
      return treeOf({
        "deploy/kustomization.yaml": "resources: [cm.yaml, ../shared]\n",
        "deploy/cm.yaml": configMap("a"),
        "shared/kustomization.yaml": "configMapGenerator: [{name: b, options: {disableNameSuffixHash: true}}]\n",
        "bad/kustomization.yaml": "resources: [../../outside]\n",
      });
    },
    download: async () => ({ status: 404, body: new Uint8Array() }),
  };
  const app = (path: string) => ({
    "kustomization.yaml": `resources: ["https://github.com/org/repo//${path}?ref=v1"]\n`,
  });
  assert.equal(await build(app("deploy"), "", { remote }), `${configMap("a")}---\n${configMap("b")}`);
  assert.deepEqual(asked, [{ url: "https://github.com/org/repo", ref: "v1", submodules: true, timeoutMs: 27_000 }]);
  await assert.rejects(
    build(app("bad"), "", { remote }),
    /bases in kustomizations found in cloned git repos must be within/,
  );
  await assert.rejects(build(app("deploy")), /remote resources are not available here/);
});

test("a resource is downloaded, and a server that refuses it ends the build", async () => {
  let status = 200;
  const remote = {
    clone: async () => await Promise.reject(new Error("not asked for")),
    download: async () => ({ status, body: new TextEncoder().encode(configMap("far")) }),
  };
  const files = { "kustomization.yaml": 'resources: ["https://example.org/far.yaml"]\n' };
  assert.equal(await build(files, "", { remote }), configMap("far"));
  status = 403;
  await assert.rejects(build(files, "", { remote }), {
    message:
      "accumulating resources: accumulating resources from 'https://example.org/far.yaml': HTTP Error: status code 403 (Forbidden)",
  });
});

const chart = {
  "kustomization.yaml": `helmCharts:
- name: shop
  releaseName: demo
  namespace: ns
  includeCRDs: true
  additionalValuesFiles: [more.yaml]
  valuesInline: {a: 2, list: [x]}
namePrefix: p-
`,
  "more.yaml": "b: 3\n",
  "charts/shop/Chart.yaml": "name: shop\n",
  "charts/shop/values.yaml": "a: 1\nc: 1\nlist: [y, z]\n",
};

test("a chart beside the kustomization is rendered with the values over those of the chart", async () => {
  const asked: HelmTemplateRequest[] = [];
  const helm = {
    pull: async () => await Promise.reject(new Error("the chart is there")),
    async template(request: HelmTemplateRequest) {
      asked.push(request);
      return `---\n# Source: shop/templates/cm.yaml\n${configMap("rendered")}`;
    },
  };
  assert.equal(await build(chart, "", { enableHelm: true, helm }), configMap("p-rendered"));
  const [request] = asked;
  assert.deepEqual(
    [request?.chart, request?.releaseName, request?.namespace, request?.includeCrds],
    ["charts/shop", "demo", "ns", true],
  );
  assert.deepEqual(
    request?.values.map(({ text }) => text),
    ["a: 2\nc: 1\nlist:\n- x\n", "b: 3\n"],
  );
  await assert.rejects(build(chart, "", { helm }), /must specify --enable-helm$/);
});

test("a chart of a repository is pulled", async () => {
  const files = {
    "kustomization.yaml":
      "helmCharts: [{name: shop, version: 1.0.0, repo: 'https://charts.example.org', valuesMerge: merge, valuesInline: {a: 2, b: 2}}]\n",
  };
  const values: string[] = [];
  const helm = {
    async pull(request: object) {
      assert.deepEqual(request, {
        name: "shop",
        repository: "https://charts.example.org",
        version: "1.0.0",
        devel: false,
      });
      return treeOf({ "Chart.yaml": "name: shop\n", "values.yaml": "a: 1\n" });
    },
    async template(request: HelmTemplateRequest) {
      values.push(...request.values.map(({ text }) => text));
      return configMap("a");
    },
  };
  assert.equal(await build(files, "", { enableHelm: true, helm }), configMap("a"));
  assert.deepEqual(values, ["a: 1\nb: 2\n"]);
});

test("Argo CD's options change the kustomization; missing components may be left out", async () => {
  const files = {
    "app/kustomization.yaml": "resources: [cm.yaml]\n",
    "app/cm.yaml": configMap("a"),
    "part/kustomization.yaml": "kind: Component\nlabels: [{pairs: {part: 'yes'}}]\n",
  };
  const argo = { namePrefix: "p-", components: ["../part", "../none"], ignoreMissingComponents: true };
  assert.equal(
    await build(files, "app", { argo }),
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    part: "yes"\n  name: p-a\n',
  );
  await assert.rejects(
    build(files, "app", { argo: { ...argo, ignoreMissingComponents: false } }),
    /accumulating components/,
  );
});

test("bases nest only so deep", async () => {
  const files: Record<string, string> = {};
  for (let level = 0; level < 105; level++) {
    files[`${"d/".repeat(level)}kustomization.yaml`] = level === 104 ? "namePrefix: a\n" : "resources: [d]\n";
  }
  await assert.rejects(build(files), /kustomizations nest deeper than 100/);
});

test("parseKustomizeBuildOptions reads the flags of kustomize build", () => {
  const text = "--enable-helm --load-restrictor LoadRestrictionsNone --helm-api-versions=a/v1,b/v1 --reorder=none";
  assert.deepEqual(parseKustomizeBuildOptions(text), {
    enableHelm: true,
    loadRestrictor: "LoadRestrictionsNone",
    helmApiVersions: ["a/v1", "b/v1"],
    reorder: "none",
  });
  assert.deepEqual(parseKustomizeBuildOptions(""), {});
  assert.throws(() => parseKustomizeBuildOptions("--nonsense"), /unknown flag: --nonsense/);
  assert.throws(() => parseKustomizeBuildOptions("--enable-exec"), /not supported/);
});
