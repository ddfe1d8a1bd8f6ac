import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuildEnvironment } from "./build-environment.ts";
import { memoryTree } from "./file-tree.ts";
import type { Reads } from "./reads.ts";
import { recordedFiles } from "./source-files.ts";
import { resolveValueFiles } from "./value-files.ts";

const tree = (...paths: string[]) => memoryTree(new Map(paths.map((path) => [path, Buffer.from(path)])));
const own = tree(
  "chart/Chart.yaml",
  "chart/values-dev.yaml",
  "chart/dev-values.yaml",
  "envs/z.yaml",
  "envs/a.yaml",
  "envs/nested/b.yaml",
  "envs/nested/deep/c.yaml",
  "prod/a.yaml",
  "prod/b.yaml",
  "prod/c.yml",
);
const reference = tree("apps/dev/values.yaml", "apps/prod/values.yaml", "common.yaml");
const environment = createBuildEnvironment({
  app: "dev",
  namespace: "work",
  project: "default",
  revision: "abc",
  repoURL: "https://git.test/a/b",
  path: "chart",
  targetRevision: "main",
  kubeVersion: "1.35.0",
  apiVersions: [],
});

async function resolve(entries: string[], ignoreMissing = false, reads: Reads = new Map()): Promise<string[]> {
  const files = recordedFiles(
    new Map([
      ["", own],
      ["$values", reference],
    ]),
    reads,
  );
  const found = await resolveValueFiles(entries, {
    files,
    app: { tree: "", path: "chart" },
    environment,
    ignoreMissing,
  });
  return found.map((file) => ("url" in file ? file.url : `${file.tree}/${file.path}`));
}

const cases: Record<string, { entries: string[]; want: string[] }> = {
  "relative to the chart": { entries: ["values-dev.yaml"], want: ["/chart/values-dev.yaml"] },
  "beside the chart": { entries: ["../envs/a.yaml"], want: ["/envs/a.yaml"] },
  "absolute, from the root": { entries: ["/envs/a.yaml"], want: ["/envs/a.yaml"] },
  "of another source": { entries: ["$values/common.yaml"], want: ["$values/common.yaml"] },
  "with variables": {
    entries: ["$ARGOCD_APP_NAME-values.yaml", "$values/apps/${ARGOCD_APP_NAME}/values.yaml"],
    want: ["/chart/dev-values.yaml", "$values/apps/dev/values.yaml"],
  },
  "normalised, also where .. leads through another directory": {
    entries: ["$values/apps/x/../dev/values.yaml"],
    want: ["$values/apps/dev/values.yaml"],
  },
  "from the web": { entries: ["https://example.com/v.yaml"], want: ["https://example.com/v.yaml"] },
  "that do not exist": { entries: ["nothing.yaml"], want: ["/chart/nothing.yaml"] },
  "by pattern, in order": { entries: ["/prod/*.yaml"], want: ["/prod/a.yaml", "/prod/b.yaml"] },
  "by pattern at any depth, own files first": {
    entries: ["/envs/**/*.yaml"],
    want: ["/envs/a.yaml", "/envs/z.yaml", "/envs/nested/b.yaml", "/envs/nested/deep/c.yaml"],
  },
  "by pattern with alternatives": { entries: ["/prod/[ab].{yaml,yml}"], want: ["/prod/a.yaml", "/prod/b.yaml"] },
  "where an entry by name keeps its place": {
    entries: ["/prod/*.yaml", "/prod/a.yaml"],
    want: ["/prod/b.yaml", "/prod/a.yaml"],
  },
  "where what was there stays": { entries: ["/prod/a.yaml", "/prod/*.yaml"], want: ["/prod/a.yaml", "/prod/b.yaml"] },
  "of another source by pattern": {
    entries: ["$values/apps/*/values.yaml"],
    want: ["$values/apps/dev/values.yaml", "$values/apps/prod/values.yaml"],
  },
};
for (const [name, { entries, want }] of Object.entries(cases)) {
  test(`value files ${name}`, async () => assert.deepEqual(await resolve(entries), want));
}

test("missing value files are left out when they may be", async () => {
  assert.deepEqual(await resolve(["nothing.yaml", "/none/*.yaml", "values-dev.yaml"], true), [
    "/chart/values-dev.yaml",
  ]);
});

test("value files are refused in Argo CD's words", async () => {
  await assert.rejects(
    resolve(["../../secret.yaml"]),
    new Error("error resolving value file path: file '../../secret.yaml' resolved to outside repository root"),
  );
  await assert.rejects(resolve(["$values/../x.yaml"]), /resolved to outside repository root/);
  await assert.rejects(
    resolve(["file:///etc/passwd"]),
    new Error("error resolving value file path: the URL scheme 'file' is not allowed"),
  );
  await assert.rejects(resolve(["/none/*.yaml"]), new Error('values file glob "/none/*.yaml" matched no files'));
});

test("what was looked for is written down, also what was not there", async () => {
  const reads: Reads = new Map();
  await resolve(["nothing.yaml", "/prod/*.yaml"], true, reads);
  assert.deepEqual([...reads.keys()], ["path :chart/nothing.yaml", "path :prod"]);
  assert.equal(reads.get("path :chart/nothing.yaml"), "");
});
