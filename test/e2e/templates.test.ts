import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type TestContext, test } from "node:test";
import { mainModule } from "../../scripts/bundle.mjs";
import { parseYaml, valueAt } from "../../src/apimachinery/index.ts";
import { eventually, freePort, type Machine, newMachine, root } from "../support/platform.ts";

const examples = join(root, "examples", "templates");

/** A process that stays, and what it has said so far. */
type Running = { child: ChildProcess; stdout(): string; stderr(): string; ended: Promise<number | null> };

async function start(t: TestContext, machine: Machine, ...args: string[]): Promise<Running> {
  const main = await mainModule(root);
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    env: machine.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  t.after(() => child.kill("SIGKILL"));
  return { child, stdout: () => out, stderr: () => err, ended };
}

/** Every file below a directory, by path. */
function tree(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [relative(directory, path), readFileSync(path, "utf8")]));
}

function crd(kind: string, fields: number): string {
  const properties = Array.from({ length: fields }, (_, index) => `field${index}: {type: string, maxLength: 20}`);
  const plural = `${kind.toLowerCase()}s`;
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.many.example.com}
spec:
  group: many.example.com
  scope: Namespaced
  names: {kind: ${kind}, plural: ${plural}}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {${properties.join(", ")}}}}
`;
}

function writeTree(directory: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

test("every kind of source becomes templates that pass their test, the same bytes each time, unchanged files untouched", async () => {
  await using machine = await newMachine();
  const out = join(machine.home, "out");
  const made = await machine.skiff("template", "auto", examples, "-o", out);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(made.stdout, "");
  assert.match(made.stderr, /Made 8 templates/);
  const before = tree(out);
  const names = [
    "apps.example.com.webapplication",
    "create-order",
    "messaging.example.com.queue",
    "object-store",
    "platform.example.com.database",
    "storage.example.com.bucket",
    "team",
    "web",
  ];
  assert.deepEqual(
    [...before.keys()].filter((path) => path.endsWith("/template.yaml")),
    names.map((name) => `${name}/template.yaml`),
  );
  const time = statSync(join(out, "web/template.yaml")).mtimeMs;

  const again = await machine.skiff("template", "auto", "-i", examples, "-o", out);
  assert.match(again.stderr, /0 files written/);
  assert.equal(statSync(join(out, "web/template.yaml")).mtimeMs, time);
  assert.deepEqual(tree(out), before);

  const tested = await machine.skiff(
    "template",
    "test",
    out,
    "--crds",
    join(examples, "custom-resources"),
    "-o",
    "json",
  );
  assert.equal(tested.code, 0, tested.stdout + tested.stderr);
  const results = JSON.parse(tested.stdout);
  const verdicts = Object.fromEntries(
    results.templates.map(({ template, verdict }: Record<string, string>) => [relative(out, template ?? ""), verdict]),
  );
  assert.equal(verdicts["storage.example.com.bucket/template.yaml"], "accepted");
  assert.equal(verdicts["platform.example.com.database/template.yaml"], "unjudged");

  const fromSources = await machine.skiff(
    "template",
    "test",
    join(examples, "composite"),
    join(examples, "graphs"),
    join(examples, "custom-resources"),
  );
  assert.equal(fromSources.code, 0, fromSources.stdout);
  assert.match(
    fromSources.stdout,
    /4 templates: 4 accepted, 0 refused, 0 not judged by a control plane in this process/,
  );
});

test("cnoe-cli's modes make its files", async () => {
  await using machine = await newMachine();
  const [crds, given] = [join(examples, "custom-resources"), join(examples, "given-template.yaml")];
  const run = async (...args: string[]) => {
    const out = join(machine.home, "out");
    rmSync(out, { recursive: true, force: true });
    const result = await machine.skiff("template", "crd", "-i", crds, "-o", out, ...args);
    assert.equal(result.code, 0, result.stderr);
    return tree(out);
  };
  const inserted = await run("-t", given, "-v", "example-storage");
  assert.deepEqual([...inserted.keys()], ["messaging.example.com.queue.yaml", "storage.example.com.bucket.yaml"]);
  const template = parseYaml(inserted.get("storage.example.com.bucket.yaml") ?? "");
  const page = valueAt(template, "spec", "parameters");
  assert.ok(Array.isArray(page));
  assert.deepEqual(valueAt(page[0], "properties", "verifiers", "default"), ["example-storage"]);
  assert.deepEqual(valueAt(page[0], "properties", "config", "required"), ["region"]);
  assert.deepEqual(valueAt(page[0], "required"), ["name"]);

  const collapsed = await run("-t", given, "--colllapse");
  assert.deepEqual(
    [...collapsed.keys()],
    ["resources/messaging.example.com.queue.yaml", "resources/storage.example.com.bucket.yaml", "template.yaml"],
  );
  assert.match(collapsed.get("template.yaml") ?? "", /\$yaml: resources\/storage\.example\.com\.bucket\.yaml/);

  const raw = await run("--raw", "-c", "-t", given);
  assert.deepEqual(Object.keys(parseYaml(raw.get("storage.example.com.bucket.yaml") ?? "") ?? {}), ["properties"]);
  const clean = await run("--raw", "--schema", "form");
  assert.doesNotMatch(clean.get("storage.example.com.bucket.yaml") ?? "", /x-kubernetes/);
});

test("a run that is killed in the middle leaves whole files, and the next one ends as a fresh one", async (t) => {
  await using machine = await newMachine();
  const [input, out, fresh] = ["in", "out", "fresh"].map((name) => join(machine.home, name));
  assert.ok(input !== undefined && out !== undefined && fresh !== undefined);
  writeTree(
    input,
    Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`${index}.yaml`, crd(`Kind${index}`, 40)])),
  );
  for (const moment of ["reading", "a draft", "the first file"]) {
    const running = await start(t, machine, "template", "crd", input, "-o", out);
    const isReached = () => {
      if (moment === "reading") return true;
      const names = existsSync(out) ? readdirSync(out) : [];
      return names.some((name) => name.startsWith(".skiff-draft.") === (moment === "a draft"));
    };
    while (!isReached() && running.child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
    running.child.kill("SIGKILL");
    await running.ended;
  }
  assert.equal((await machine.skiff("template", "crd", input, "-o", out)).code, 0);
  assert.equal((await machine.skiff("template", "crd", input, "-o", fresh)).code, 0);
  assert.deepEqual(tree(out), tree(fresh));
  assert.equal(tree(out).size > 150, true);
});

test("an interruption ends a run without leaving anything", async (t) => {
  await using machine = await newMachine();
  const [input, out] = [join(machine.home, "in"), join(machine.home, "out")];
  writeTree(
    input,
    Object.fromEntries(Array.from({ length: 800 }, (_, index) => [`${index}.yaml`, crd(`Kind${index}`, 200)])),
  );
  const running = await start(t, machine, "template", "crd", input, "-o", out, "--progress");
  await eventually(
    async () => running.stderr(),
    (text) => /Reading|Making/.test(text),
  );
  running.child.kill("SIGINT");
  assert.equal(await running.ended, 1);
  assert.match(running.stderr(), /command interrupted/);
  assert.equal(existsSync(out) && readdirSync(out).some((name) => name.startsWith(".")), false);
});

test("an interruption ends a run that waits for standard input", async (t) => {
  await using machine = await newMachine();
  const main = await mainModule(root);
  const child = spawn(process.execPath, [main, "template", "crd", "-"], {
    env: machine.env,
    cwd: machine.home,
    stdio: ["pipe", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  let text = "";
  child.stderr.on("data", (chunk) => (text += chunk));
  // It reads when it has taken the first part.
  await new Promise<void>((resolve, reject) =>
    child.stdin.write("a: b\n".repeat(100_000), (error) => (error ? reject(error) : resolve())),
  );
  child.kill("SIGINT");
  assert.equal(await ended, 1);
  assert.match(text, /command interrupted/);
});

test("with --watch a change makes again what it changes, broken input is survived, and Ctrl-C ends it with 0", async (t) => {
  await using machine = await newMachine();
  const [input, out] = [join(machine.home, "in"), join(machine.home, "out")];
  writeTree(input, { "a.yaml": crd("Apple", 1), "b.yaml": crd("Berry", 1) });
  const running = await start(t, machine, "template", "crd", "--raw", "-i", input, "-o", out, "--watch");
  const says = async (pattern: RegExp) =>
    await eventually(
      async () => running.stderr(),
      (text) => pattern.test(text),
    );
  await says(/Watching 1 path/);
  const time = statSync(join(out, "many.example.com.berry.yaml")).mtimeMs;

  writeFileSync(join(input, "a.yaml"), crd("Apple", 2));
  await says(/made .*many\.example\.com\.apple\.yaml/);
  assert.match(readFileSync(join(out, "many.example.com.apple.yaml"), "utf8"), /field1/);
  assert.equal(statSync(join(out, "many.example.com.berry.yaml")).mtimeMs, time);

  writeFileSync(join(input, "a.yaml"), `${crd("Apple", 3)}broken: [\n`);
  await says(/a\.yaml:\d+:\d+: /);
  assert.equal(existsSync(join(out, "many.example.com.apple.yaml")), true);
  writeFileSync(join(input, "a.yaml"), crd("Apple", 4));
  await eventually(
    async () => readFileSync(join(out, "many.example.com.apple.yaml"), "utf8"),
    (text) => text.includes("field3"),
  );

  rmSync(join(input, "b.yaml"));
  await says(/removed .*many\.example\.com\.berry\.yaml/);
  running.child.kill("SIGINT");
  assert.equal(await running.ended, 0, running.stderr());
  assert.deepEqual(readdirSync(out), ["many.example.com.apple.yaml"]);
});

test("preview shows a form in the terminal, and serves a page that knows when its sources change", async (t) => {
  await using machine = await newMachine();
  const input = machine.copy("examples/templates/custom-resources");
  const shown = await machine.skiff("template", "preview", join(input, "bucket.yaml"));
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /region \* +text, one of eu-north, eu-south, us-east/);

  const port = await freePort();
  const running = await start(t, machine, "template", "preview", input, "--port", String(port));
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    async () => running.stdout(),
    (text) => text === `${url}/\n`,
  );
  const page = await fetch(`${url}/`);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.match(await page.text(), /form-page\.js/);
  assert.match(await (await fetch(`${url}/form-page.js`)).text(), /experimental_defaultFormStateBehavior/);
  const form = JSON.parse(await (await fetch(`${url}/form`)).text());
  assert.deepEqual(
    form.templates.map(({ name }: { name: string }) => name),
    ["storage.example.com.bucket/template.yaml", "messaging.example.com.queue/template.yaml"],
  );
  const ask = async (body: unknown, type = "application/json") =>
    await fetch(`${url}/result`, { method: "POST", headers: { "content-type": type }, body: JSON.stringify(body) });
  const answers = { name: "photos", namespace: "team", config: { region: "eu-north" } };
  const result = JSON.parse(
    await (await ask({ template: "storage.example.com.bucket/template.yaml", answers })).text(),
  );
  const manifest = result.files.find(({ path }: { path: string }) => path === "manifests/bucket.yaml");
  assert.match(manifest.content, /region: eu-north/);
  assert.equal((await ask({ answers }, "text/plain")).status, 405);
  assert.equal((await fetch(`${url}/../../etc/passwd`)).status, 404);

  const events = await fetch(`${url}/events`);
  const reader = events.body?.getReader();
  await reader?.read();
  writeFileSync(join(input, "queue.yaml"), crd("Apple", 1));
  const change = await reader?.read();
  assert.match(Buffer.from(change?.value ?? []).toString(), /event: change/);
  await reader?.cancel();
  assert.match(await (await fetch(`${url}/form`)).text(), /many\.example\.com\.apple/);
  running.child.kill("SIGINT");
  assert.equal(await running.ended, 0, running.stderr());
});

test("a platform gives its definitions, verifies prerequisites and judges templates in a logical cluster that is gone afterwards", async () => {
  await using machine = await newMachine();
  const created = await machine.skiff("create", "--port", String(machine.port));
  assert.equal(created.code, 0, created.stderr);
  const prerequisite = join(examples, "prerequisite.yaml");
  const before = await machine.skiff("k8s", "verify", "-c", prerequisite);
  assert.equal(before.code, 1);
  assert.equal(
    before.stdout,
    "X example-storage - storage.example.com/v1, Kind=Buckets\nX example-storage - messaging.example.com/v1alpha1, Kind=Queues\n",
  );
  assert.equal(
    before.stderr,
    "2 errors occurred:\n\t* storage.example.com/v1, Kind=Buckets not found\n\t* messaging.example.com/v1alpha1, Kind=Queues not found\n\n\n",
  );

  const out = join(machine.home, "out");
  await machine.skiff("template", "crd", join(examples, "custom-resources"), "-o", out);
  const unknown = await machine.skiff("template", "test", out, "--cluster");
  assert.equal(unknown.code, 0, unknown.stdout);
  assert.match(unknown.stdout, /cannot judge: no kind Bucket in storage\.example\.com\/v1/);

  const crds = join(examples, "custom-resources");
  const passed = await machine.skiff("template", "test", out, "--crds", crds);
  assert.equal(passed.code, 0, passed.stdout + passed.stderr);
  assert.match(passed.stdout, /2 templates: 2 accepted, 0 refused, 0 not judged by logical cluster template-test-/);
  assert.equal((await machine.skiff("cluster", "list", "-o", "json")).stdout, "[]\n");

  const apply = join(machine.home, "apply.yaml");
  writeFileSync(apply, readFileSync(join(crds, "bucket.yaml")));
  const kubeconfig = await machine.skiff("kubeconfig");
  assert.equal(kubeconfig.code, 0);
  await storeDefinition(machine, parseYaml(readFileSync(apply, "utf8")));
  const after = await machine.skiff("template", "verify", "-c", prerequisite, "--name", "localdev");
  assert.match(after.stdout, /^✓ example-storage - storage\.example\.com\/v1, Kind=Buckets\nX /);

  const fromCluster = join(machine.home, "from-cluster");
  const read = await machine.skiff(
    "template",
    "crd",
    "--from-cluster",
    "--group",
    "storage.example.com",
    "-o",
    fromCluster,
  );
  assert.equal(read.code, 0, read.stderr);
  assert.deepEqual(
    tree(join(fromCluster, "storage.example.com.bucket")),
    tree(join(out, "storage.example.com.bucket")),
  );
  const judged = await machine.skiff("template", "test", join(out, "storage.example.com.bucket"), "--cluster");
  assert.match(judged.stdout, /1 template: 1 accepted/);
});

/** What kubectl apply would do, on machines without it too. */
async function storeDefinition(machine: Machine, object: unknown): Promise<void> {
  const { connectKubeconfig } = await import("../../src/cli/connect.ts");
  using connection = connectKubeconfig(machine.env["KUBECONFIG"] ?? "", "localdev");
  const definitions = {
    group: "apiextensions.k8s.io",
    version: "v1",
    resource: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
  };
  await connection.client.patch(definitions, { name: String(valueAt(object, "metadata", "name")) }, "apply", object, {
    fieldManager: "test",
    force: true,
  });
}

test("what a template makes and the server refuses fails its test, with the place, the words and the answers", async () => {
  await using machine = await newMachine();
  const [out, kept] = [join(machine.home, "out"), join(machine.home, "kept")];
  const crds = join(examples, "custom-resources");
  await machine.skiff("template", "crd", crds, "-o", out);
  const file = join(out, "storage.example.com.bucket", "skeleton", "manifests", "bucket.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8").trimEnd()}\ncolor: red\n`);
  const result = await machine.skiff("template", "test", out, "--crds", crds, "--keep", kept);
  assert.equal(result.code, 1);
  assert.match(result.stdout, /✗ .*storage\.example\.com\.bucket\/template\.yaml/);
  assert.match(result.stdout, /least answers, apply, manifests\/bucket\.yaml, Bucket [^:]+: .*color/);
  assert.match(result.stdout, /with \{"name":/);
  assert.match(result.stdout, /2 templates: 1 accepted, 1 refused/);
  const answers = [...tree(kept)].find(([path]) => path.endsWith("bucket/least/answers.json"));
  assert.equal(valueAt(JSON.parse(answers?.[1] ?? "null"), "config", "region"), "eu-north");

  const own = join(machine.home, "answers.yaml");
  writeFileSync(own, "{name: q, namespace: default, config: {order: backwards}}\n");
  const given = await machine.skiff(
    "template",
    "test",
    join(out, "messaging.example.com.queue"),
    "--crds",
    crds,
    "--answers",
    own,
  );
  assert.equal(given.code, 1);
  assert.match(given.stdout, /given answers, form/);
});

const wrong: Record<string, { args: string[]; files?: Record<string, string>; code: number; says: RegExp }> = {
  "no input": { args: ["crd"], code: 2, says: /nothing to read: give files or directories/ },
  "an input directory that is none": { args: ["crd", "-i", "gone"], code: 2, says: /inputDir must be a directory/ },
  "a file as input directory with cnoe-cli's flags": {
    args: ["crd", "-i", "a.yaml", "--raw"],
    files: { "a.yaml": "" },
    code: 2,
    says: /inputDir must be a directory/,
  },
  "collapsing without a template": {
    args: ["crd", "-i", ".", "-c"],
    code: 2,
    says: /templatePath flag must be specified when using the `collapse` flag \(optionally you can use `insertAt` as well\)/,
  },
  "a template that is none": {
    args: ["crd", "-i", ".", "-t", "gone.yaml"],
    code: 2,
    says: /templatePath must be a file/,
  },
  "a broken template": {
    args: ["crd", "in", "-t", "t.yaml"],
    files: { "t.yaml": "a: [\n", "in/a.yaml": crd("Apple", 1) },
    code: 1,
    says: /t\.yaml:\d+:\d+: /,
  },
  "a path that the template has not": {
    args: ["crd", "in", "-t", "t.yaml", "-p", ".spec.nothing[0]"],
    files: { "t.yaml": "spec: {nothing: text}\n", "in/a.yaml": crd("Apple", 1) },
    code: 1,
    says: /Cannot use t\.yaml: /,
  },
  "a depth that is none": { args: ["crd", "-i", ".", "--depth", "-1"], code: 2, says: /is no number of levels/ },
  "a flag of whole templates with --raw": {
    args: ["crd", ".", "--raw", "--publish", "github"],
    code: 2,
    says: /--publish is for templates that are made whole/,
  },
  "a cluster's flag without a cluster": { args: ["crd", ".", "--group", "x"], code: 2, says: /are for --from-cluster/ },
  "watching standard input": { args: ["crd", "-", "--watch"], code: 2, says: /--watch is for files/ },
  "a chart on standard input": { args: ["helm", "-"], code: 2, says: /cannot be read from standard input/ },
  "a missing file": { args: ["crd", "gone.yaml"], code: 1, says: /gone\.yaml: there is no such file or directory/ },
  "output into a file": {
    args: ["crd", "in", "-o", "t.yaml"],
    files: { "t.yaml": "", "in/a.yaml": crd("Apple", 1) },
    code: 1,
    says: /Cannot write into t\.yaml: it is a file/,
  },
  "output over an input": {
    args: ["crd", "many.example.com.apple.yaml", "--raw"],
    files: { "many.example.com.apple.yaml": crd("Apple", 1) },
    code: 1,
    says: /many\.example\.com\.apple\.yaml was read as an input/,
  },
  "broken YAML": {
    args: ["crd", "in", "-o", "out"],
    files: { "in/a.yaml": `${crd("Apple", 1)}x: [\n` },
    code: 1,
    says: /in\/a\.yaml:\d+:\d+: /,
  },
  "broken HCL": {
    args: ["tf", "in", "-o", "out"],
    files: { "in/main.tf": 'variable "a" {\n  type = \n}\n' },
    code: 1,
    says: /in\/main\.tf:2:\d+: /,
  },
  "a definition without a schema": {
    args: ["crd", "in"],
    files: { "in/a.yaml": crd("Apple", 1).replace(/versions:[\s\S]*/, "") },
    code: 1,
    says: /in\/a\.yaml:1: CustomResourceDefinition apples\.many\.example\.com has no/,
  },
  "an empty directory": {
    args: ["crd", "in"],
    files: { "in/note.txt": "" },
    code: 0,
    says: /Nothing to make templates of; 1 file of other kinds left out/,
  },
  "a template to test that is none": {
    args: ["test", "in"],
    files: { "in/note.txt": "" },
    code: 1,
    says: /There is no template in in, and nothing to make one of/,
  },
  "a format that is none": { args: ["test", ".", "-o", "xml"], code: 2, says: /output format xml is not supported/ },
  "answers that are none": {
    args: ["test", ".", "--answers", "a.yaml"],
    files: { "a.yaml": "- 1\n" },
    code: 1,
    says: /answers are an object/,
  },
  "no Prerequisite": { args: ["verify"], code: 2, says: /required flag\(s\) "config" not set/ },
  "a Prerequisite that nobody knows": {
    args: ["verify", "-c", "nothing"],
    code: 1,
    says: /verifier not found: nothing/,
  },
};

test("wrong input is refused with what is wrong, and where", async (t) => {
  await using machine = await newMachine();
  const main = await mainModule(root);
  for (const [name, { args, files = {}, code, says }] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const cwd = join(machine.home, name.replace(/\W+/g, "-"));
      mkdirSync(cwd);
      writeTree(cwd, files);
      const result = await machine.run(process.execPath, [main, "template", ...args], { cwd });
      assert.match(result.stderr + result.stdout, says);
      assert.equal(result.code, code, result.stderr);
      assert.doesNotMatch(result.stderr, /\n\s+at /);
      for (const [path, content] of Object.entries(files)) assert.equal(readFileSync(join(cwd, path), "utf8"), content);
    });
  }
});

test("the examples of the documentation work as they stand there", async (t) => {
  await using machine = await newMachine();
  const main = await mainModule(root);
  machine.copy("examples");
  const [cwd = ""] = readdirSync(join(machine.home, "copies")).map((name) => join(machine.home, "copies", name));
  for (const file of ["README.md", "docs/templates.md"]) {
    const lines = readFileSync(join(root, file), "utf8").matchAll(/^ {4}npm run skiff -- (template .*)$/gm);
    const commands = [...lines].map(([, command = ""]) => command);
    assert.ok(commands.length > 2, file);
    for (const command of commands) {
      await t.test(command, async () => {
        const result = await machine.run(process.execPath, [main, ...command.split(" ")], { cwd });
        assert.equal(result.code, 0, result.stdout + result.stderr);
      });
    }
  }
});

test("what is read from standard input is a source", async () => {
  await using machine = await newMachine();
  const main = await mainModule(root);
  const out = join(machine.home, "out");
  const result = await machine.run(process.execPath, [main, "template", "auto", "-", "--raw", "-o", out], {
    input: crd("Apple", 1),
  });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(readdirSync(out), ["many.example.com.apple.yaml"]);
});
