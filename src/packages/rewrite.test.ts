import assert from "node:assert/strict";
import { test } from "node:test";
import { cnoePaths, rewriteCnoeUrls } from "./rewrite.ts";

const object = (spec: unknown) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "a" },
  spec,
});
const urlOf = (path: string) => `https://git/${path || "itself"}.git`;

const cases: Record<string, { spec: unknown; want: unknown }> = {
  "the source of an Application": {
    spec: { source: { repoURL: "cnoe://manifests", path: "." } },
    want: { source: { repoURL: "https://git/manifests.git", path: "." } },
  },
  "each of several sources, and leaves others alone": {
    spec: {
      sources: [
        { repoURL: "cnoe://a/b" },
        { repoURL: "https://charts.example.com", chart: "x" },
        { repoURL: "cnoe://../c/" },
      ],
    },
    want: {
      sources: [
        { repoURL: "https://git/a/b.git" },
        { repoURL: "https://charts.example.com", chart: "x" },
        { repoURL: "https://git/../c.git" },
      ],
    },
  },
  "the bare form": {
    spec: { source: { repoURL: "cnoe://" } },
    want: { source: { repoURL: "https://git/itself.git" } },
  },
  "strings at any depth of Helm values": {
    spec: { source: { helm: { valuesObject: { a: [{ b: "cnoe://x" }], n: 1 } } } },
    want: { source: { helm: { valuesObject: { a: [{ b: "https://git/x.git" }], n: 1 } } } },
  },
  "URLs inside text": {
    spec: { source: { helm: { values: "repo: cnoe://x\nother: 'cnoe://y/z'\n" } } },
    want: { source: { helm: { values: "repo: https://git/x.git\nother: 'https://git/y/z.git'\n" } } },
  },
  "generators of an ApplicationSet": {
    spec: {
      generators: [{ matrix: { generators: [{ git: { repoURL: "cnoe://envs" } }] } }],
      template: { spec: { source: { repoURL: "cnoe://app" } } },
    },
    want: {
      generators: [{ matrix: { generators: [{ git: { repoURL: "https://git/envs.git" } }] } }],
      template: { spec: { source: { repoURL: "https://git/app.git" } } },
    },
  },
};
for (const [name, { spec, want }] of Object.entries(cases)) {
  test(`rewriteCnoeUrls replaces ${name}`, () => assert.deepEqual(rewriteCnoeUrls(object(spec), urlOf)["spec"], want));
}

test("cnoePaths names each directory once", () => {
  assert.deepEqual(
    cnoePaths(object({ sources: [{ repoURL: "cnoe://a" }, { repoURL: "cnoe://a/" }, { repoURL: "cnoe://" }] })),
    ["a", ""],
  );
});
