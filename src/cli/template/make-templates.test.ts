import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { SourceChoice } from "./find-inputs.ts";
import { createMaker } from "./make-templates.ts";
import { stepProgress } from "./step-progress.ts";
import { completeTemplateFlags, type TemplateFlags } from "./template-flags.ts";

const options = {
  progress: stepProgress({ write: () => {} }, { forced: false, nowMs: () => 0 }),
  signal: new AbortController().signal,
};

function newTree(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "skiff-make-"));
  t.after(() => rmSync(root, { recursive: true }));
  writeTree(root, files);
  return root;
}

function writeTree(root: string, files: Record<string, string>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
}

function maker(choice: SourceChoice, path: string, flags: Partial<TemplateFlags> = {}) {
  return createMaker(choice, { ...completeTemplateFlags, ...flags }, [path]);
}

const crd = (kind: string, spec = "{type: object}") => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: ${spec}}}}}]
`;

test("what is of other kinds is counted, what is no YAML named, and only broken sources are problems", async (t) => {
  const root = newTree(t, {
    "a.yaml": crd("Apple"),
    "b.yaml": "kind: Service\n",
    "c.yaml": "a: [\n",
    "d.yaml": "{{ if .Values.x }}\na: [\n{{ end }}",
    "e.yaml": `${crd("Elder")}x: [\n`,
    "f.txt": "CustomResourceDefinition is a word here",
    "g.yaml": crd("Grape").replace("properties: {spec: {type: object}}", "properties: fail"),
  });
  const made = await maker("crd", root, { raw: true }).make(options);
  assert.deepEqual(
    made.files.map(({ path }) => path),
    ["example.com.apple.yaml"],
  );
  assert.equal(made.others, 3);
  assert.deepEqual(
    made.skipped.map((text) => text.slice(root.length + 1, root.length + 9)),
    ["c.yaml:2"],
  );
  assert.deepEqual(
    made.problems.map(({ message }) => /([a-z]\.yaml):\d+/.exec(message)?.[1]),
    ["e.yaml", "g.yaml"],
  );
});

test("modules of the same directory name are all made, and keep the characters of it where cnoe-cli does", async (t) => {
  const variable = 'variable "x" {\n  type = string\n}\n';
  const root = newTree(t, { "one/My_Net/main.tf": variable, "two/My_Net/main.tf": variable.replace("x", "y") });
  const raw = await maker("tf", root, { raw: true }).make(options);
  assert.deepEqual(
    raw.files.map(({ path }) => path),
    ["My_Net.yaml", "two-My_Net.yaml"],
  );
  assert.match(raw.notes.map(({ message }) => message).join(), /is called two-My_Net/);
  const complete = await maker("tf", root).make(options);
  assert.deepEqual(
    complete.files.map(({ path }) => path).filter((path) => path.endsWith("template.yaml")),
    ["my-net/template.yaml", "two-my-net/template.yaml"],
  );
});

test("of a kind that is defined twice the last counts, and a note says so unless they are the same", async (t) => {
  const root = newTree(t, {
    "a.yaml": crd("Apple"),
    "b.yaml": crd("Apple"),
    "c.yaml": crd("Apple", "{type: object, properties: {c: {type: string}}}"),
  });
  const made = await maker("crd", root, { raw: true }).make(options);
  assert.equal(made.files.length, 1);
  assert.match(made.files[0]?.content ?? "", /c:\n/);
  assert.match(made.notes.map(({ message }) => message).join(), /Apple is left out: it is defined again in .*c\.yaml/);
});

test("what has not changed is the same object the next time, what has is made again", async (t) => {
  const root = newTree(t, { "a.yaml": crd("Apple"), "b.yaml": crd("Berry"), "t.txt": "spec: {parameters: [{}]}\n" });
  const templatePath = join(root, "t.txt");
  const one = maker("crd", root, { templatePath });
  const first = await one.make(options);
  writeTree(root, { "a.yaml": crd("Apple", "{type: object, description: changed}") });
  const second = await one.make(options);
  assert.match(second.files[0]?.content ?? "", /changed/);
  assert.equal(second.files[1], first.files[1]);
  writeTree(root, { "t.txt": "spec: {parameters: [{title: Other}]}\n" });
  const third = await one.make(options);
  assert.match(third.files[1]?.content ?? "", /title: Other/);
});

test("compositions beside a definition put the fields that they read first", async (t) => {
  const root = newTree(t, {
    "xrd.yaml": `apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xthings.example.com}
spec:
  group: example.com
  names: {kind: XThing, plural: xthings}
  versions:
    - name: v1
      served: true
      referenceable: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {alpha: {type: string}, omega: {type: string}}}}}}
`,
    "zz/composition.yaml": `apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: things}
spec:
  compositeTypeRef: {apiVersion: example.com/v1, kind: XThing}
  resources:
    - name: a
      base: {apiVersion: example.org/v1, kind: A}
      patches: [{fromFieldPath: spec.omega, toFieldPath: spec.x}]
`,
  });
  const { definitions } = await maker("crd", root).make(options);
  assert.deepEqual(definitions[0]?.prominent[0], ["spec", "omega"]);
});

test("an installed module is named by its address, and called by it", async (t) => {
  const root = newTree(t, {
    ".terraform/modules/modules.json": JSON.stringify({
      Modules: [
        { Key: "", Source: "", Dir: "." },
        {
          Key: "net",
          Source: "registry.terraform.io/example/net/aws",
          Version: "1.2.3",
          Dir: ".terraform/modules/net",
        },
      ],
    }),
    ".terraform/modules/net/main.tf": 'variable "x" {}\n',
    ".terraform/modules/net/modules/inner/main.tf": 'variable "x" {}\n',
  });
  const subject = async (path: string) => (await maker("tf", path).make(options)).definitions[0]?.subject;
  const of = async (path: string) => {
    const found = await subject(join(root, path));
    return found?.kind === "module" ? [found.address, found.version] : undefined;
  };
  assert.deepEqual(await of(".terraform/modules/net"), ["example/net/aws", "1.2.3"]);
  assert.deepEqual(await of(".terraform/modules/net/modules/inner"), ["example/net/aws//modules/inner", "1.2.3"]);
  const before = process.cwd();
  process.chdir(root);
  t.after(() => process.chdir(before));
  const named = await subject("example/net/aws");
  assert.equal(named?.kind === "module" && named.address, "example/net/aws");
});

test("an interruption ends the making", async (t) => {
  const controller = new AbortController();
  controller.abort();
  const root = newTree(t, { "a.yaml": crd("Apple") });
  await assert.rejects(maker("crd", root).make({ ...options, signal: controller.signal }), { name: "AbortError" });
});
