import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChartRepository, findRepository, isOciRepository } from "./credentials.ts";

const repositories: ChartRepository[] = [
  { name: "own", url: "https://charts.example.com/own", username: "own", password: "p" },
  { name: "bare", url: "https://charts.example.com/team/bare", insecure: true },
  { url: "registry.example.com/team", enableOCI: true, username: "registry", password: "p" },
];
const templates: ChartRepository[] = [
  { url: "https://charts.example.com", username: "all", password: "p" },
  { url: "https://charts.example.com/team", username: "team", password: "p", caData: "CA" },
  { url: "oci://registry.example.com", username: "registries", password: "p" },
];

const cases: [url: string, username: string | undefined][] = [
  ["https://charts.example.com/own", "own"],
  ["https://charts.example.com/own/", "own"],
  ["https://Charts.Example.com/own", "own"],
  ["https://charts.example.com/other", "all"],
  ["https://charts.example.com/team/other", "team"],
  ["https://charts.example.com/team/bare", "team"],
  ["oci://registry.example.com/team", "registry"],
  ["registry.example.com/other", "registries"],
  ["https://elsewhere.example.com", undefined],
];
for (const [url, username] of cases) {
  test(`${url} is let in as ${username ?? "anybody"}`, () => {
    const found = findRepository(url, { repositories, templates });
    assert.equal(found?.username, username);
    if (found !== undefined) assert.equal(found.url, url);
  });
}

test("a repository without credentials keeps what else it says", () => {
  const found = findRepository("https://charts.example.com/team/bare", { repositories, templates });
  assert.deepEqual(found, { ...templates[1], ...repositories[1], url: "https://charts.example.com/team/bare" });
});

test("registries are known by their scheme, or by having none", () => {
  const registries = ["oci://ghcr.io/team", "ghcr.io/team", "localhost:5000/team"];
  const others = ["https://charts.example.com", "http://localhost/charts"];
  assert.deepEqual(
    [...registries, ...others].map((url) => isOciRepository(url)),
    [true, true, true, false, false],
  );
  assert.equal(isOciRepository("https://registry.example.com", true), true);
});
