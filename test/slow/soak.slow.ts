import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, newMachine } from "../support/platform.ts";
import { type ConfigMap, configMaps, connect, stateOf, succeed } from "./support/machine.ts";
import { seededRandom } from "./support/random.ts";

const saves = 1000;
const burstMax = 60;
/** How long after the last save everything must be equal. */
const equalWithinMs = 10_000;
const random = seededRandom("soak");

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: soak, namespace: argocd}
spec:
  project: default
  source: {repoURL: cnoe://content, path: ., targetRevision: HEAD, directory: {recurse: true}}
  destination: {server: https://kubernetes.default.svc, namespace: soak}
  syncPolicy: {automated: {prune: true, selfHeal: true, allowEmpty: true}, syncOptions: [CreateNamespace=true]}
`;

test(`${saves} files saved in bursts, as editors do it, end up equal in Git and in the cluster`, {
  timeout: 180_000,
}, async () => {
  await using machine = await newMachine();
  const folder = join(machine.home, "package");
  const content = join(folder, "content");
  mkdirSync(content, { recursive: true });
  writeFileSync(join(folder, "soak.yaml"), application);
  writeFileSync(join(content, "first.yaml"), manifest("first", "0"));
  await succeed(machine.skiff("create", "--port", String(machine.port), "--package", folder, "--timeout", "60s"));

  const present = new Set(["first"]);
  for (let saved = 0; saved < saves; ) {
    const burst = Math.min(1 + Math.floor(random() * burstMax), saves - saved);
    for (let count = 0; count < burst; count++) {
      if (random() < 0.1) removeOne(present, content);
      saved++;
      const name = random() < 0.8 ? `item-${saved}` : oneOf([...present]);
      save(fileOf(content, name), manifest(name, String(saved)));
      present.add(name);
    }
    await delay(random() * 150);
  }
  const savedMs = performance.now();

  using client = connect(machine);
  const expected = new Map(
    [...present].map((name) => [name, /value: "(\d+)"/.exec(readFileSync(fileOf(content, name), "utf8"))?.[1]]),
  );
  const live = async () => {
    const { items } = await client.list<ConfigMap>(configMaps, { namespace: "soak" });
    const ours = items.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt");
    return new Map(ours.map(({ metadata, data }) => [metadata.name ?? "", data?.["value"]]));
  };
  await eventually(live, (found) => isEqual(found, expected), equalWithinMs);
  const tookMs = performance.now() - savedMs;

  const clone = join(machine.home, "clone");
  const authority = join(stateOf(machine), "ca/ca/ca.crt");
  const url = `https://git.skiff.localhost:${machine.port}/giteaAdmin/idpbuilder-localdev-soak-content.git`;
  await succeed(machine.run("git", ["-c", `http.sslCAInfo=${authority}`, "clone", "-q", url, clone]));
  assert.deepEqual(filesIn(clone), filesIn(content));
  await succeed(machine.run("git", ["-C", clone, "fsck", "--full"]));
  const commits = await succeed(machine.run("git", ["-C", clone, "rev-list", "--count", "HEAD"]));
  const summary = `${saves} saves became ${expected.size} objects in ${commits.trim()} commits`;
  console.log(`${summary}, all equal ${Math.round(tookMs)} ms after the last`);
});

function oneOf(names: readonly string[]): string {
  return names[Math.floor(random() * names.length)] ?? "first";
}

function manifest(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
}

/** Ten directories, which come with their first file. */
function fileOf(content: string, name: string): string {
  return name === "first" ? join(content, "first.yaml") : join(content, `part-${name.slice(-1)}`, `${name}.yaml`);
}

/** In place, through a file beside it that takes its name, or after removing it. */
function save(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const way = random();
  if (way < 0.4) writeFileSync(file, text);
  else if (way < 0.8) {
    writeFileSync(`${file}~`, text);
    renameSync(`${file}~`, file);
  } else {
    rmSync(file, { force: true });
    writeFileSync(file, text);
  }
}

/** A file, or a whole directory now and then. */
function removeOne(present: Set<string>, content: string): void {
  const all = [...present].filter((name) => name !== "first");
  if (all.length === 0) return;
  const name = oneOf(all);
  const file = fileOf(content, name);
  if (random() > 0.02) {
    rmSync(file);
    present.delete(name);
    return;
  }
  rmSync(dirname(file), { recursive: true });
  for (const other of all) if (dirname(fileOf(content, other)) === dirname(file)) present.delete(other);
}

function filesIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !path.startsWith(".git/"))
    .sort();
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

function isEqual(found: ReadonlyMap<string, unknown>, expected: ReadonlyMap<string, unknown>): boolean {
  return found.size === expected.size && [...expected].every(([name, value]) => found.get(name) === value);
}
