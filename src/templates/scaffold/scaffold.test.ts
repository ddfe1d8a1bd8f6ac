import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, parseYaml, valueAt } from "../../apimachinery/index.ts";
import { orderedYaml } from "../targets/ordered-yaml.ts";
import { type ScaffoldRequest, type ScaffoldResult, scaffold } from "./scaffold.ts";
import type { ScaffoldFile } from "./workspace.ts";

function run(steps: JsonObject[], request: Partial<ScaffoldRequest> = {}, output: JsonObject = {}): ScaffoldResult {
  const template = orderedYaml({
    apiVersion: "scaffolder.backstage.io/v1beta3",
    kind: "Template",
    spec: { steps, output },
  });
  return scaffold({ template, file: "template.yaml", files: [], answers: {}, ...request });
}

function texts({ files }: ScaffoldResult): Record<string, string> {
  return Object.fromEntries(
    files.map(({ path, content }) => [path, typeof content === "string" ? content : `${content.length} bytes`]),
  );
}

/** The input that an expression ends up as. */
function rendered(value: JsonObject[string], answers: JsonObject = {}): unknown {
  const { steps } = run([{ id: "a", action: "none", input: { value } }], { answers });
  return valueAt(steps[0]?.inputs[0], "value");
}

const user = "${{ user.entity.metadata.name }}";
const values: Record<string, { value: JsonObject[string]; answers?: JsonObject; want: unknown }> = {
  "an expression alone keeps its type": {
    value: "${{ parameters.a }}",
    answers: { a: { b: [1, true] } },
    want: { b: [1, true] },
  },
  "text around makes it text": { value: "n=${{ parameters.a }}", answers: { a: 5 }, want: "n=5" },
  "text of digits stays text": { value: "${{ parameters.a }}", answers: { a: "5" }, want: "5" },
  "nothing goes away": { value: { x: "${{ parameters.nope }}", y: 1 }, want: { y: 1 } },
  "in text it is empty": { value: "a${{ parameters.nope }}b", want: "ab" },
  "braces of other languages stay": { value: "{{ x }} ${y} $${{ 1 }}", want: "{{ x }} ${y} $1" },
  "lists of objects are filled in": {
    value: [{ a: "${{ parameters.a }}" }],
    answers: { a: null },
    want: [{ a: null }],
  },
  "keys are not": { value: { "${{ parameters.a }}": 1 }, answers: { a: "x" }, want: { "${{ parameters.a }}": 1 } },
  "who runs it": { value: user, want: "guest" },
  parseRepoUrl: {
    value: "${{ parameters.u | parseRepoUrl }}",
    answers: { u: "git.example:3000/x?owner=o&repo=r" },
    want: { host: "git.example:3000", owner: "o", repo: "r" },
  },
  projectSlug: { value: "${{ parameters.u | projectSlug }}", answers: { u: "h?owner=o&repo=r" }, want: "o/r" },
  pick: { value: "${{ parameters.u | parseRepoUrl | pick('repo') }}", answers: { u: "h?owner=o&repo=r" }, want: "r" },
  parseEntityRef: {
    value: "${{ parameters.o | parseEntityRef }}",
    answers: { o: "group:Default/Team" },
    want: { kind: "group", namespace: "default", name: "team" },
  },
  "parseEntityRef with defaults": {
    value: "${{ parameters.o | parseEntityRef({ defaultKind: 'User' }) | pick('kind') }}",
    answers: { o: "me" },
    want: "user",
  },
  dump: { value: "x: ${{ parameters.a | dump }}", answers: { a: { b: 1 } }, want: 'x: {"b":1}' },
};
for (const [name, { value, answers, want }] of Object.entries(values)) {
  test(`expressions: ${name}`, () => assert.deepEqual(rendered(value, answers), want));
}

test("an expression that cannot be evaluated stays as it is and is told", () => {
  const { steps, unrendered } = run([{ id: "a", action: "none", input: { value: "${{ parameters.a | nofilter }}" } }]);
  assert.equal(valueAt(steps[0]?.inputs[0], "value"), "${{ parameters.a | nofilter }}");
  assert.match(unrendered.join(), /^\$\{\{ parameters\.a \| nofilter \}\}: .*nofilter/);
});

test("later steps see what earlier ones said, and conditions decide", () => {
  const { steps, files, output } = run(
    [
      { id: "make", action: "roadiehq:utils:serialize:json", input: { data: { a: "${{ parameters.a }}" } } },
      {
        id: "write",
        action: "roadiehq:utils:fs:write",
        input: { path: "a.json", content: "${{ steps['make'].output.serialized }}" },
      },
      {
        id: "no",
        if: "${{ parameters.a === 2 }}",
        action: "roadiehq:utils:fs:write",
        input: { path: "b", content: "b" },
      },
      {
        id: "empty",
        if: "${{ parameters.list }}",
        action: "roadiehq:utils:fs:write",
        input: { path: "c", content: "c" },
      },
      { id: "never", if: false, action: "nothing:of:the:kind" },
      { id: "odd", action: "my:own:action" },
    ],
    { answers: { a: 1, list: [] } },
    {
      links: [
        { title: "A", url: "${{ steps.write.output.path }}" },
        { title: "B", if: "${{ parameters.list }}" },
      ],
    },
  );
  assert.deepEqual(
    steps.map(({ id, state }) => `${id} ${state}`),
    ["make ran", "write ran", "no skipped", "empty skipped", "never skipped", "odd unknown"],
  );
  assert.deepEqual(files, [{ path: "a.json", content: '{"a":1}' }]);
  assert.deepEqual(output, { links: [{ title: "A", url: "a.json" }] });
});

test("each repeats a step, with conditions by item and outputs in lists", () => {
  const { steps, files, log } = run(
    [
      {
        id: "write",
        each: "${{ parameters.items }}",
        if: "${{ each.value !== 'skip' }}",
        action: "roadiehq:utils:fs:write",
        input: { path: "${{ each.key }}.txt", content: "${{ each.value }}" },
      },
      { id: "log", action: "debug:log", input: { message: "${{ steps.write.output.path | join(',') }}" } },
    ],
    { answers: { items: { a: "1", b: "skip", c: "3" } } },
  );
  assert.equal(steps[0]?.inputs.length, 2);
  assert.deepEqual(
    files.map(({ path }) => path),
    ["a.txt", "c.txt"],
  );
  assert.deepEqual(log, ["a.txt,c.txt"]);
  assert.throws(
    () => run([{ id: "x", each: "${{ parameters.nope }}", action: "debug:log" }]),
    /step x: each has to be a list or an object/,
  );
});

const skeleton: ScaffoldFile[] = [
  { path: "skeleton/${{ values.name }}/readme.md", content: "Hi ${{ values.name }} {{ x }}" },
  { path: "skeleton/${{ values.dir if values.isOn else '' }}/only.md", content: "x" },
  { path: "skeleton/raw/keep.yaml", content: "${{ values.name }}" },
  { path: "skeleton/picture.png", content: new Uint8Array([137, 80, 78, 71, 0, 36, 123, 123]) },
  { path: "skeleton/bytes.txt", content: Buffer.from("é ${{ values.name }}") },
];
const fetch = (input: JsonObject) => ({
  id: "fetch",
  action: "fetch:template",
  input: { url: "./skeleton", values: { name: "app", dir: "d" }, ...input },
});

test("fetch:template fills in names and contents, leaves out what has no name, and copies what is no text", () => {
  const answers = texts(run([fetch({})], { files: skeleton }));
  assert.deepEqual(answers, {
    "app/readme.md": "Hi app {{ x }}",
    "bytes.txt": "é app",
    "picture.png": "8 bytes",
    "raw/keep.yaml": "app",
  });
  const on = texts(
    run([fetch({ values: { name: "app", dir: "d", isOn: true }, targetPath: "sub" })], { files: skeleton }),
  );
  assert.equal(on["sub/d/only.md"], "x");
});

test("fetch:template copies what it is told to, with or without filling in its name", () => {
  const named: ScaffoldFile[] = [{ path: "skeleton/raw/${{ values.name }}.txt", content: "${{ values.name }}" }];
  const copied = (input: JsonObject) => texts(run([fetch(input)], { files: named }));
  assert.deepEqual(copied({ copyWithoutTemplating: ["raw"] }), { "raw/app.txt": "${{ values.name }}" });
  assert.deepEqual(copied({ copyWithoutTemplating: ["**/*.txt"] }), { "raw/app.txt": "${{ values.name }}" });
  assert.deepEqual(copied({ copyWithoutTemplating: ["*.txt"] }), { "raw/app.txt": "app" });
  assert.deepEqual(copied({ copyWithoutTemplating: ["raw/**", "!raw/*.txt"] }), { "raw/app.txt": "app" });
  assert.deepEqual(copied({ copyWithoutRender: ["raw/*"] }), { "raw/${{ values.name }}.txt": "${{ values.name }}" });
  assert.throws(
    () => copied({ copyWithoutRender: ["a"], copyWithoutTemplating: ["a"] }),
    /step fetch \(fetch:template\): .* at the same time/,
  );
});

test("fetch:template knows extensions, cookiecutter's braces and trimmed blocks", () => {
  const files: ScaffoldFile[] = [
    { path: "skeleton/a.txt.njk", content: "${{ values.name }}" },
    { path: "skeleton/${{ values.name }}.txt", content: "${{ values.name }}" },
  ];
  assert.deepEqual(texts(run([fetch({ templateFileExtension: true })], { files })), {
    "a.txt": "app",
    "app.txt": "${{ values.name }}",
  });
  const compat: ScaffoldFile[] = [
    { path: "skeleton/{{ cookiecutter.name }}", content: "{{ cookiecutter.name | jsonify }}" },
  ];
  assert.deepEqual(texts(run([fetch({ cookiecutterCompat: true })], { files: compat })), { app: '"app"' });
  const blocks: ScaffoldFile[] = [{ path: "skeleton/x", content: "  {% if true %}\na\n  {% endif %}\n" }];
  assert.deepEqual(texts(run([fetch({ trimBlocks: true, lstripBlocks: true })], { files: blocks })), { x: "a\n" });
  assert.deepEqual(texts(run([fetch({})], { files: blocks })), { x: "  \na\n  \n" });
});

test("a file that is there stays unless it is to be replaced", () => {
  const before = { id: "w", action: "roadiehq:utils:fs:write", input: { path: "raw/keep.yaml", content: "mine" } };
  assert.equal(texts(run([before, fetch({})], { files: skeleton }))["raw/keep.yaml"], "mine");
  assert.equal(texts(run([before, fetch({ replace: true })], { files: skeleton }))["raw/keep.yaml"], "app");
});

test("fetch:plain copies folders and files as they are", () => {
  const steps = [
    { id: "a", action: "fetch:plain", input: { url: "skeleton/raw", targetPath: "copy" } },
    { id: "b", action: "fetch:plain:file", input: { url: "./skeleton/raw/keep.yaml", targetPath: "one.yaml" } },
  ];
  assert.deepEqual(texts(run(steps, { files: skeleton })), {
    "copy/keep.yaml": "${{ values.name }}",
    "one.yaml": "${{ values.name }}",
  });
  const away = run([{ id: "a", action: "fetch:plain", input: { url: "https://git.example/x" } }]);
  assert.equal(away.steps[0]?.state, "outside");
});

test("files are renamed, deleted, appended to, searched and merged", () => {
  const write = (path: string, content: string) => ({ action: "roadiehq:utils:fs:write", input: { path, content } });
  const result = run([
    write("d/a.txt", "one two one"),
    write("d/.hidden", "one"),
    write("gone.txt", "x"),
    write("v.yaml", "a: 1\nb: [1, 2]\n"),
    { action: "fs:rename", input: { files: [{ from: "d", to: "e" }] } },
    { action: "fs:delete", input: { files: ["gone.txt"] } },
    { action: "roadiehq:utils:fs:append", input: { path: "e/a.txt", content: "!" } },
    {
      action: "roadiehq:utils:fs:replace",
      input: { files: [{ file: "e/*", find: "o(n)e", matchRegex: true, replaceWith: "$1" }] },
    },
    { action: "roadiehq:utils:merge", input: { path: "v.yaml", content: { b: [3], c: { d: "x" } } } },
  ]);
  assert.deepEqual(texts(result), {
    "e/.hidden": "one",
    "e/a.txt": "n two n!",
    "v.yaml": "a: 1\nb:\n  - 3\n  - 2\nc:\n  d: x\n",
  });
  assert.throws(
    () =>
      run([
        write("a", "1"),
        write("b", "2"),
        { id: "r", action: "fs:rename", input: { files: [{ from: "a", to: "b" }] } },
      ]),
    /step r .*b exists already/,
  );
  assert.throws(
    () => run([{ id: "r", action: "fs:delete", input: { files: ["../x"] } }]),
    /leads out of the directory/,
  );
});

test("a document is serialized and sanitized as CNOE's steps do, and what would be applied is told", () => {
  const { steps } = run(
    [
      {
        id: "serialize",
        action: "roadiehq:utils:serialize:yaml",
        input: { data: { apiVersion: "v1", kind: "${{ parameters.kind }}", spec: "${{ parameters.config }}" } },
      },
      {
        id: "sanitize",
        action: "cnoe:utils:sanitize",
        input: { document: "${{ steps['serialize'].output.serialized }}" },
      },
      {
        id: "apply",
        action: "cnoe:kubernetes:apply",
        input: { namespaced: true, manifest: "${{ steps['sanitize'].output.sanitized }}" },
      },
      { id: "object", action: "kube:apply", input: { namespaced: true, manifestObject: { kind: "ConfigMap" } } },
    ],
    {
      answers: { kind: "Table", config: { a: {}, b: [], c: null, d: "", e: [{ f: {} }], g: 0, h: false, n: 1000000 } },
    },
  );
  assert.deepEqual(parseYaml(steps[2]?.manifests?.[0] ?? ""), {
    apiVersion: "v1",
    kind: "Table",
    spec: { d: "", g: 0, h: false, n: 1000000 },
  });
  assert.deepEqual(steps[3]?.manifests, ["kind: ConfigMap\n"]);
  assert.throws(
    () => run([{ id: "x", action: "kube:apply", input: { namespaced: true, manifestPath: "no.yaml" } }]),
    /there is no file no\.yaml to apply/,
  );
});

test("what needs the world has outputs of the right shape", () => {
  const write = {
    action: "roadiehq:utils:fs:write",
    input: { path: "catalog-info.yaml", content: "kind: System\nmetadata: {name: shop}\n" },
  };
  const { output } = run(
    [
      write,
      { id: "publish", action: "publish:gitea", input: { repoUrl: "git.example:8443/gitea?repo=shop" } },
      {
        id: "register",
        action: "catalog:register",
        input: {
          repoContentsUrl: "${{ steps.publish.output.repoContentsUrl }}",
          catalogInfoPath: "/catalog-info.yaml",
        },
      },
    ],
    {},
    {
      a: "${{ steps.publish.output.remoteUrl }}",
      b: "${{ steps.register.output.entityRef }}",
      c: "${{ steps.register.output.catalogInfoUrl }}",
    },
  );
  assert.deepEqual(output, {
    a: "https://git.example:8443/owner/shop.git",
    b: "system:default/shop",
    c: "https://git.example:8443/owner/shop/src/branch/main/catalog-info.yaml",
  });
});

test("secrets are seen by inputs of steps only", () => {
  const { steps, output } = run(
    [{ id: "a", action: "none", input: { s: "${{ secrets.token }}" } }],
    { secrets: { token: "t" } },
    { s: "${{ secrets.token }}" },
  );
  assert.deepEqual(steps[0]?.inputs, [{ s: "t" }]);
  assert.deepEqual(output, {});
});

const wrong: Record<string, { template: string; want: RegExp }> = {
  "broken YAML": { template: "a: [", want: /^SourceError: t\.yaml:\d+:\d+: / },
  "no template": { template: "kind: Component\n", want: /t\.yaml: holds no Template/ },
  "an old version": {
    template: "apiVersion: backstage.io/v1beta2\nkind: Template\n",
    want: /is a Template of backstage\.io\/v1beta2/,
  },
};
for (const [name, { template, want }] of Object.entries(wrong)) {
  test(`scaffold refuses ${name}`, () =>
    assert.throws(
      () => scaffold({ template, file: "t.yaml", files: [], answers: {} }),
      (error) => want.test(String(error)),
    ));
}
