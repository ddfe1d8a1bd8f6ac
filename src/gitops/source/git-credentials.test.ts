import assert from "node:assert/strict";
import { test } from "node:test";
import type { GitSources } from "./file-tree.ts";
import { withGitCredentials } from "./git-credentials.ts";

const asked: string[] = [];
const git: GitSources = {
  isLocal: (url) => (url.startsWith("https://ours/") ? { owner: "a", name: "b" } : undefined),
  resolve: async (url) => {
    asked.push(url);
    return "commit";
  },
  entry: async (url) => {
    asked.push(url);
    return undefined;
  },
  tree: async () => undefined,
  blob: async () => new Uint8Array(),
};
const known = {
  repositories: [{ url: "https://git.example.com/team/app", username: "ann", password: "p@ss" }],
  templates: [{ url: "https://git.example.com/", username: "all", password: "x" }],
};

test("names and passwords of Secrets go to the repositories that they are for", async () => {
  const sources = withGitCredentials(git, async () => known);
  const urls = [
    "https://git.example.com/team/app.git",
    "https://git.example.com/other",
    "https://own:word@git.example.com/other",
    "https://elsewhere.example.com/x.git",
    "https://ours/a/b.git",
    "git@git.example.com:team/app.git",
  ];
  for (const url of urls) {
    await sources.resolve(url, "main");
    await sources.entry(url, "commit", "");
  }
  const want = [
    "https://ann:p%40ss@git.example.com/team/app.git",
    "https://all:x@git.example.com/other",
    "https://own:word@git.example.com/other",
    "https://elsewhere.example.com/x.git",
    "https://ours/a/b.git",
    "git@git.example.com:team/app.git",
  ];
  assert.deepEqual(
    asked,
    want.flatMap((url) => [url, url]),
  );
});
