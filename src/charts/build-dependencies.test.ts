import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { DependencySources } from "./build-dependencies.ts";
import { chartArchive, chartFiles, findHelm, makeDirectory, openStore, writeFiles } from "./testing/charts.ts";
import { startRegistry } from "./testing/registry.ts";
import { serve } from "./testing/serve.ts";

type Needs = { name: string; version: string; repository?: string; more?: string };

function dependencies(needs: readonly Needs[]): string {
  const items = needs.map(
    ({ name, version, repository, more = "" }) =>
      `- name: ${name}\n  version: "${version}"\n${repository === undefined ? "" : `  repository: "${repository}"\n`}${more}`,
  );
  return `dependencies:\n${items.join("")}`;
}

function parent(needs: readonly Needs[], more: Record<string, string> = {}): Map<string, Uint8Array> {
  return chartFiles("parent", "1.0.0", {
    "Chart.yaml": `apiVersion: v2\nname: parent\nversion: 1.0.0\n${dependencies(needs)}`,
    ...more,
  });
}

/** A repository with two charts in some versions. */
async function startRepository(t: TestContext) {
  const charts = [
    ["db", "1.0.0"],
    ["db", "1.5.0"],
    ["db", "2.0.0"],
    ["cache", "0.1.0"],
  ] as const;
  const entries = ["db", "cache"].map((name) => {
    const versions = charts.filter(([one]) => one === name);
    return `  ${name}:\n${versions.map(([, version]) => `  - apiVersion: v2\n    name: ${name}\n    version: ${version}\n    urls: [${name}-${version}.tgz]\n`).join("")}`;
  });
  return await serve(t, ({ url }) => {
    if (url === "/index.yaml") return { body: `apiVersion: v1\nentries:\n${entries.join("")}` };
    const found = charts.find(([name, version]) => url === `/${name}-${version}.tgz`);
    return found && { body: chartArchive(found[0], found[1]) };
  });
}

function archivesIn(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files.keys()].filter((path) => path.endsWith(".tgz")).sort();
}

test("the highest versions that a chart allows are put into charts/", async (t) => {
  const { url } = await startRepository(t);
  const files = parent([
    { name: "db", version: "^1.0", repository: url },
    { name: "cache", version: "*", repository: `${url}/` },
    { name: "db", version: "2.x.x", repository: url, more: "  alias: second\n" },
  ]);
  const built = await openStore(t).buildDependencies(files, {});
  assert.deepEqual(archivesIn(built), ["charts/cache-0.1.0.tgz", "charts/db-1.5.0.tgz", "charts/db-2.0.0.tgz"]);
  assert.equal(files.size + 3, built.size);
});

test("archives that were there make place, and directories stay", async (t) => {
  const { url } = await startRepository(t);
  const files = parent([{ name: "db", version: "^1.0", repository: url }]);
  files.set("charts/db-1.0.0.tgz", chartArchive("db", "1.0.0"));
  files.set("charts/notes.txt", Buffer.from("no archive"));
  files.set("charts/inner/Chart.yaml", Buffer.from("apiVersion: v2\nname: inner\nversion: 1.0.0\n"));
  const built = await openStore(t).buildDependencies(files, {});
  const inCharts = [...built.keys()].filter((path) => path.startsWith("charts/")).sort();
  assert.deepEqual(inCharts, ["charts/db-1.5.0.tgz", "charts/inner/Chart.yaml", "charts/notes.txt"]);
});

test("a dependency in a registry, in a directory beside the chart and in the chart itself is found", async (t) => {
  const registry = await startRegistry(t);
  for (const version of ["1.0.0", "1.1.0"]) {
    const layer = registry.putBlob(chartArchive("queue", version));
    registry.put("team/queue", version, {
      config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...registry.putBlob(Buffer.from("{}")) },
      layers: [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...layer }],
    });
  }
  const needs = [
    { name: "queue", version: "^1.0", repository: `oci://${registry.host}/team` },
    { name: "common", version: "*", repository: "file://../common" },
    { name: "inner", version: "1.x", repository: "file://./vendor/inner" },
    { name: "kept", version: ">=0.1.0" },
  ];
  const files = parent(needs, {
    "vendor/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 1.2.3\n",
    "charts/kept/Chart.yaml": "apiVersion: v2\nname: kept\nversion: 0.2.0\n",
  });
  const common = chartFiles("common", "4.0.0", {
    ".helmignore": "*.md\nsecret/\n",
    "README.md": "",
    "secret/key": "",
    "files/a-very-long-name/that-does-not-fit-into-the-hundred-bytes/which-a-header-has/for-names-in-it.txt": "x",
  });
  const asked: string[] = [];
  const directory = async (path: string) => {
    asked.push(path);
    return common;
  };
  const store = openStore(t);
  const built = await store.buildDependencies(files, { directory });
  assert.deepEqual(archivesIn(built), ["charts/common-4.0.0.tgz", "charts/inner-1.2.3.tgz", "charts/queue-1.1.0.tgz"]);
  assert.deepEqual([...new Set(asked)], ["../common"]);
  const again = await store.buildDependencies(files, { directory });
  assert.deepEqual(again.get("charts/common-4.0.0.tgz"), built.get("charts/common-4.0.0.tgz"));
});

const failures: [what: string, needs: Needs, why: RegExp][] = [
  [
    "a version that nobody has",
    { name: "db", version: "^7.0", repository: "URL" },
    /^can't get a valid version for 1 subchart\(s\): "db" \(repository "http:.*", version "\^7\.0"\)\. Make sure a matching chart version exists in the repo, or change the version constraint in Chart\.yaml$/,
  ],
  [
    "no constraint",
    { name: "db", version: "", repository: "URL" },
    /^dependency "db" has an invalid version\/constraint format: improper constraint: $/,
  ],
  [
    "a chart that nobody has",
    { name: "none", version: "*", repository: "URL" },
    /^none chart not found in repo http:.*$/,
  ],
  [
    "a word for a repository",
    { name: "db", version: "*", repository: "stable" },
    /^no repository definition for stable\. Please add them via 'helm repo add'\nNote that repositories must be URLs or aliases\./,
  ],
  [
    "a name that nobody has configured",
    { name: "db", version: "*", repository: "@nobody" },
    /^no repository definition for @nobody\. Please add them via 'helm repo add'$/,
  ],
  [
    "a directory that is not there",
    { name: "x", version: "*", repository: "file://../x" },
    /^directory \.\.\/x not found$/,
  ],
  ["no directory in charts/", { name: "x", version: "*" }, /^directory charts\/x not found$/],
];
for (const [what, needs, why] of failures) {
  test(`a dependency with ${what} is refused in Helm's words`, async (t) => {
    const { url } = await startRepository(t);
    const files = parent([{ ...needs, repository: needs.repository?.replace("URL", url) }]);
    await assert.rejects(
      openStore(t).buildDependencies(files, {}),
      (error: Error) => why.test(error.message) || assert.match(error.message, why),
    );
  });
}

test("names of repositories mean what is configured, with its credentials", async (t) => {
  const { url, seen } = await startRepository(t);
  const files = parent([
    { name: "db", version: "^1.0", repository: "@internal" },
    { name: "cache", version: "*", repository: "alias:internal" },
  ]);
  const asked: string[] = [];
  const sources: DependencySources = {
    repositories: [{ name: "internal", url }],
    credentialsFor(one) {
      asked.push(one);
      return { username: "a", password: "b" };
    },
  };
  const built = await openStore(t).buildDependencies(files, sources);
  assert.deepEqual(archivesIn(built), ["charts/cache-0.1.0.tgz", "charts/db-1.5.0.tgz"]);
  assert.deepEqual([...new Set(asked)], [url]);
  assert.ok(seen.every(({ authorization }) => authorization !== undefined));
});

/** A chart and the lock that the real helm writes for it, at a time when the newest version is an older one. */
async function lockWithHelm(t: TestContext, needs: (url: string) => Needs[], apiVersion = "v2") {
  const home = makeDirectory(t);
  const helm = findHelm(home);
  if (helm === undefined) return undefined;
  const { url } = await startRepository(t);
  const list = dependencies(needs(url));
  const chart = `apiVersion: ${apiVersion}\nname: parent\nversion: 1.0.0\n`;
  const files = chartFiles(
    "parent",
    "1.0.0",
    apiVersion === "v1" ? { "Chart.yaml": chart, "requirements.yaml": list } : { "Chart.yaml": chart + list },
  );
  writeFiles(join(home, "parent"), files);
  writeFiles(join(home, "common"), chartFiles("common", "3.2.1"));
  await helm("repo", "add", "internal", url);
  const updated = await helm("dependency", "update", "parent");
  assert.equal(updated.code, 0, updated.stderr);
  const lockFile = apiVersion === "v1" ? "requirements.lock" : "Chart.lock";
  files.set(lockFile, readFileSync(join(home, "parent", lockFile)));
  const charts = readdirSync(join(home, "parent", "charts"))
    .sort()
    .map((name) => `charts/${name}`);
  const sources: DependencySources = {
    repositories: [{ name: "internal", url }],
    directory: async (path) => (path === "../common" ? chartFiles("common", "3.2.1") : undefined),
  };
  return { files, charts, sources, url, helm, home };
}

const locks: [what: string, apiVersion: string, needs: (url: string) => Needs[]][] = [
  [
    "of all kinds",
    "v2",
    (url) => [
      {
        name: "db",
        version: ">=1.0 <2",
        repository: url,
        more: "  condition: db.enabled,global.db\n  tags: [back, end]\n  import-values:\n  - data\n  - child: a\n    parent: b\n",
      },
      { name: "cache", version: "~0.1.0", repository: "@internal", more: "  alias: second\n  enabled: true\n" },
      { name: "common", version: "3.x.x", repository: "file://../common" },
    ],
  ],
  ["of an old chart", "v1", (url) => [{ name: "db", version: "^1.0", repository: url }]],
];
for (const [what, apiVersion, needs] of locks) {
  test(`a lock ${what} that the real helm has written is in sync, and gives the same archives`, async (t) => {
    const locked = await lockWithHelm(t, needs, apiVersion);
    if (locked === undefined) return t.skip("there is no helm for this machine");
    const { files, charts, sources } = locked;
    const built = await openStore(t).buildDependencies(files, sources);
    assert.deepEqual(archivesIn(built), charts);
  });
}

test("a lock is honoured though there are newer versions, and refused when the chart has changed", async (t) => {
  const locked = await lockWithHelm(t, (url) => [{ name: "db", version: "1.0.0", repository: url }]);
  if (locked === undefined) return t.skip("there is no helm for this machine");
  const { files, sources, helm, home } = locked;
  const lock = Buffer.from(files.get("Chart.lock") ?? []).toString();
  const changed = new Map(files).set(
    "Chart.yaml",
    Buffer.from(
      Buffer.from(files.get("Chart.yaml") ?? [])
        .toString()
        .replace('"1.0.0"', '"^1.0.0"'),
    ),
  );
  const message =
    "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies";
  await assert.rejects(openStore(t).buildDependencies(changed, sources), { message });
  writeFiles(join(home, "parent"), changed);
  assert.match((await helm("dependency", "build", "parent")).stderr, new RegExp(message.replace(/[().]/g, "\\$&")));
  assert.match(lock, /version: 1\.0\.0/);
  const built = await openStore(t).buildDependencies(files, sources);
  assert.deepEqual(archivesIn(built), ["charts/db-1.0.0.tgz"]);
});

test("a chart without dependencies is as it was", async (t) => {
  const files = chartFiles("plain", "1.0.0");
  assert.deepEqual(await openStore(t).buildDependencies(files, {}), files);
});

test("the real helm renders what was built as what it has built itself", async (t) => {
  const home = makeDirectory(t);
  const helm = findHelm(home);
  if (helm === undefined) return t.skip("there is no helm for this machine");
  const { url } = await startRepository(t);
  const files = parent([
    { name: "db", version: "^1.0", repository: url },
    { name: "common", version: "*", repository: "file://../common" },
  ]);
  const common = chartFiles("common", "4.0.0", {
    ".helmignore": "left-out.yaml\n",
    "templates/left-out.yaml": "kind: Wrong\n",
  });
  writeFiles(join(home, "theirs"), files);
  writeFiles(join(home, "common"), common);
  assert.equal((await helm("dependency", "build", "theirs")).code, 0);
  writeFiles(join(home, "ours"), await openStore(t).buildDependencies(files, { directory: async () => common }));
  const [ours, theirs] = [await helm("template", "ours"), await helm("template", "theirs")];
  assert.equal(ours.code, 0, ours.stderr);
  assert.equal(ours.stdout, theirs.stdout);
  assert.match(ours.stdout, /# Source: parent\/charts\/common\/templates\/config\.yaml/);
});
