import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Rooms by level; a room imports only rooms of lower levels. docs/architecture.md explains them. */
const levels: string[][] = [
  ["lib"],
  ["apimachinery"],
  ["apis", "cel", "client", "storage", "git", "render"],
  ["apiserver", "charts", "controller-runtime", "templates"],
  ["controllers", "gitops", "packages"],
  ["gateway"],
  ["platform", "control-plane"],
  ["cli"],
];

/** The one room that may import each npm package. */
const owners: Record<string, string> = {
  "@peculiar/x509": "gateway",
  ws: "gateway",
  "@cdktn/hcl2json": "templates",
  ajv: "templates",
  "ajv-formats": "templates",
  nunjitsu: "templates",
  commander: "cli",
};

const levelOf = new Map(levels.flatMap((rooms, level) => rooms.map((room) => [room, level] as const)));
const sources = globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.includes("testdata"));
const isTest = (file: string) => /\.(test|conformance)\.ts$/.test(file) || file.includes("/testing/");

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function roomOf(file: string): string {
  return file.split("/")[1] ?? "";
}

test("every folder of src is a room with a level and a door", () => {
  for (const room of new Set(sources.map(roomOf))) {
    assert.ok(levelOf.has(room), `src/${room} has no level in this test and in docs/architecture.md`);
    assert.ok(existsSync(join(root, "src", room, "index.ts")) || room === "cli", `src/${room} has no index.ts`);
  }
});

test("rooms import only doors of lower rooms", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const target = relative(root, join(root, dirname(file), specifier));
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from === to || !target.startsWith("src/")) continue;
      if (target !== `src/${to}/index.ts`) wrong.push(`${file} imports ${target}, not the door src/${to}/index.ts`);
      // A test may bring up the rooms above its own: the real thing beats a mock.
      if (!isTest(file) && (levelOf.get(to) ?? 0) >= (levelOf.get(from) ?? 0))
        wrong.push(`${file} imports ${to}, which is not below ${from}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("each npm package is imported by its owner alone", () => {
  const wrong: string[] = [];
  for (const file of sources.filter((name) => !isTest(name))) {
    for (const specifier of importsOf(file).filter((name) => !name.startsWith(".") && !name.startsWith("node:"))) {
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      if (owners[name] !== roomOf(file))
        wrong.push(`${file} imports ${name}, which belongs to ${owners[name] ?? "no room"}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("every dependency has an owner and an exact version", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies).sort(), Object.keys(owners).sort());
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  for (const [name, version] of Object.entries(all)) assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
});

test("the lockfile names no registry host", () => {
  assert.doesNotMatch(readFileSync(join(root, "package-lock.json"), "utf8"), /"resolved"/);
});
