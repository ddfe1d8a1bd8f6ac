import assert from "node:assert/strict";
import { test } from "node:test";
import { type DirectoryOptions, RenderError, renderDirectory, type SourceFile } from "./directory.ts";

const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function filesOf(texts: Record<string, string>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({
    path,
    sizeBytes: Buffer.byteLength(text),
    read: async () => Buffer.from(text),
  }));
}

const list =
  "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: one}}\n- {apiVersion: v1, kind: A, metadata: {name: two}}\n";

const cases: Record<string, { files: Record<string, string>; options?: DirectoryOptions; want: string[] }> = {
  "reads only its own directory": { files: { "a.yaml": object("a"), "sub/b.yaml": object("b") }, want: ["a"] },
  "recurses when told, in the order of a walk": {
    files: { "b.yaml": object("b"), "a/z.yml": object("z"), "a.yaml": object("a") },
    options: { recurse: true },
    want: ["z", "a", "b"],
  },
  "reads YAML and JSON and nothing else": {
    files: {
      "a.yml": object("a"),
      "b.json": '{"apiVersion":"v1","kind":"A","metadata":{"name":"b"}}',
      "c.txt": object("c"),
      README: "",
    },
    want: ["a", "b"],
  },
  "reads every extension when told": {
    files: { "c.txt": object("c") },
    options: { disableExtensionFilter: true },
    want: ["c"],
  },
  "includes by glob": {
    files: { "a.yaml": object("a"), "b.yaml": object("b"), "d/c.yaml": object("c") },
    options: { include: "{a.yaml,d/*}", recurse: true },
    want: ["a", "c"],
  },
  "excludes beat includes": {
    files: { "a.yaml": object("a"), "catalog-info.yaml": object("b") },
    options: { include: "*.yaml", exclude: "catalog-info.yaml" },
    want: ["a"],
  },
  "may exclude everything": { files: { "a.yaml": object("a") }, options: { exclude: "*" }, want: [] },
  "skips marked files": { files: { "a.yaml": `# +argocd:skip-file-rendering\n${object("a")}` }, want: [] },
  "reads several documents and drops empty ones": {
    files: { "a.yaml": `---\n# nothing\n---\n${object("a")}---\n${object("b")}---\n` },
    want: ["a", "b"],
  },
  "makes lists flat": { files: { "a.yaml": list }, want: ["one", "two"] },
  "takes a list without items for nothing": {
    files: { "a.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems: null\n" },
    want: [],
  },
  "leaves other YAML alone": {
    files: { "values.yaml": "replicas: 2\n", "t.yaml": "{{ if .x }}\na: b\n{{ end }}" },
    want: [],
  },
};
for (const [name, { files, options, want }] of Object.entries(cases)) {
  test(`renderDirectory ${name}`, async () => {
    const rendered = await renderDirectory(filesOf(files), options);
    assert.deepEqual(
      rendered.map((manifest) => manifest.object.metadata.name),
      want,
    );
  });
}

const failures: Record<string, { files: Record<string, string>; message: RegExp }> = {
  "YAML that is broken, with file and line": {
    files: { "bad.yaml": "apiVersion: v1\nkind: A\nmetadata:\n  name: [x\n" },
    message: /^Failed to unmarshal "bad\.yaml": line 4, column 9: /,
  },
  "a document without a kind after one with": {
    files: { "a.yaml": `${object("a")}---\nfoo: 1\n` },
    message: /^Failed to unmarshal "a\.yaml": line 6, column 1: Object 'Kind' is missing$/,
  },
  "JSON that is broken": {
    files: { "a.json": '{"a": ' },
    message: /^Failed to unmarshal "a\.json": json parse error: unexpected end of JSON input at line 1/,
  },
  jsonnet: { files: { "a.jsonnet": "{}" }, message: /^Jsonnet is not supported yet: "a\.jsonnet"/ },
};
for (const [name, { files, message }] of Object.entries(failures)) {
  test(`renderDirectory refuses ${name}`, async () => {
    await assert.rejects(renderDirectory(filesOf(files)), (error: unknown) => {
      assert(error instanceof RenderError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("renderDirectory names files from the root of the repository when told its path", async () => {
  const [manifest] = await renderDirectory(filesOf({ "a.yaml": object("a") }), { root: "deploy/prod" });
  assert.equal(manifest?.file, "deploy/prod/a.yaml");
  const broken = renderDirectory(filesOf({ "a.yaml": "apiVersion: v1\nkind: [\nmetadata: {}\n" }), {
    root: "deploy/prod",
  });
  await assert.rejects(broken, /^RenderError: Failed to unmarshal "deploy\/prod\/a\.yaml": line 2, /);
});

test("renderDirectory says where each object stands", async () => {
  const [first, second] = await renderDirectory(filesOf({ "a.yaml": `${object("a")}---\n${object("b")}` }));
  assert.deepEqual([first?.line, second?.line], [1, 6]);
});

test("renderDirectory takes the last line of a file as ended", async () => {
  const text = `${object("a")}data:\n  text: |\n    one`;
  const data = async (content: string) => (await renderDirectory(filesOf({ "a.yaml": content })))[0]?.object["data"];
  assert.deepEqual(await data(text), { text: "one\n" });
  assert.deepEqual(await data(`${text}\n`), { text: "one\n" });
});
