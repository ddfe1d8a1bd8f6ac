import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonValue, parseYaml } from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";
import { readKubernetesDefinitions } from "./kubernetes.ts";
import { withCompositions } from "./with-compositions.ts";

const widget = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.shop.example.com
spec:
  group: shop.example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1alpha1
      served: false
      storage: false
      schema: {openAPIV3Schema: {type: object, description: Oldest.}}
    - name: v1
      served: true
      storage: false
      schema: {openAPIV3Schema: {type: object, description: Newest.}}
    - name: v1beta1
      served: true
      storage: true
      deprecated: true
      schema: {openAPIV3Schema: {type: object, description: " A thing to sell. "}}
`;
const settings = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
`;

test("the stored version of a definition is taken, and what cnoe-cli would take is kept", () => {
  const { definitions, problems, notes } = readKubernetesDefinitions(widget, { file: "widget.yaml" });
  assert.deepEqual([problems, notes], [[], []]);
  const [definition] = definitions;
  const { schema, written, ...rest } = definition ?? {};
  assert.deepEqual(rest, {
    name: "shop.example.com.widget",
    title: "Widget",
    description: "A thing to sell.",
    source: "crd",
    origin: { file: "widget.yaml", line: 1 },
    subject: {
      kind: "resource",
      apiVersion: "shop.example.com/v1beta1",
      resourceKind: "Widget",
      plural: "widgets",
      namespaced: true,
    },
    dialect: "kubernetes",
    prominent: [],
    notes: [{ at: "", message: "v1beta1: this version is deprecated" }],
  });
  assert.equal(schema?.["description"], " A thing to sell. ");
  assert.deepEqual(
    [written?.scope, written?.version, written?.schema["description"]],
    ["Namespaced", "v1alpha1", "Oldest."],
  );
});

test("another version can be chosen, if it is served", () => {
  const read = (version: string) => readKubernetesDefinitions(widget, { file: "w.yaml", version });
  const [chosen] = read("v1").definitions;
  assert.equal(chosen?.description, "Newest.");
  assert.equal(chosen?.written?.version, "v1");
  for (const version of ["v1alpha1", "v3"]) {
    const { definitions, problems } = read(version);
    assert.deepEqual(definitions, []);
    assert.deepEqual(
      problems.map(({ message }) => message),
      [
        `w.yaml:1: CustomResourceDefinition widgets.shop.example.com has no version ${version} that is served, only v1, v1beta1`,
      ],
    );
  }
});

test("a definition of v1beta1 has one schema and one version for all", () => {
  const text = `
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: jobs.example.com}
spec:
  group: example.com
  version: v2
  names: {kind: Job, plural: jobs}
  validation:
    openAPIV3Schema: {properties: {spec: {type: object}}}
`;
  const [definition] = readKubernetesDefinitions(text, { file: "job.yaml" }).definitions;
  assert.deepEqual(definition?.subject, {
    kind: "resource",
    apiVersion: "example.com/v2",
    resourceKind: "Job",
    plural: "jobs",
    namespaced: true,
  });
  assert.deepEqual(definition?.schema, { properties: { spec: { type: "object" } } });
  assert.equal("scope" in (definition?.written ?? {}), false);
});

test("every document counts, lists are taken apart, and what is no definition is named with its line", () => {
  const list = JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinitionList",
    items: [{ spec: { group: "a.io", names: { kind: "A" }, versions: [version("v1")] } }],
  });
  const text = `# first\n${settings}---\n${widget}---\n---\nkind: List\nitems:\n- ${list}\n---\njust text\n`;
  const { definitions, notes, problems } = readKubernetesDefinitions(text, { file: "all.yaml" });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    definitions.map(({ name, origin }) => [name, origin.line]),
    [
      ["shop.example.com.widget", 6],
      ["a.io.a", 30],
    ],
  );
  assert.deepEqual(notes, [
    { at: "all.yaml:2", message: "ConfigMap settings is passed over" },
    { at: "all.yaml:34", message: "what is no object of Kubernetes is passed over" },
  ]);
});

test("a broken document costs only itself", () => {
  const cases: Record<string, { text: string; problems: string[]; names: string[] }> = {
    "between others": {
      text: `${widget}---\na: [1\nb: 2\n---\n${widget}`,
      problems: ["x.yaml:25:2: did not find expected ',' or ']'"],
      names: ["shop.example.com.widget", "shop.example.com.widget"],
    },
    "a template of a chart": {
      text: `{{- if .Values.crds }}\n${widget}{{- end }}\n`,
      problems: ["x.yaml:1:3: did not find expected node content; a template of a chart has to be rendered first"],
      names: [],
    },
    "without a schema": {
      text: `${settings}---\n${widget.replace(/ {6}schema: .*A thing.*\n/, "")}`,
      problems: ["x.yaml:5: CustomResourceDefinition widgets.shop.example.com has no schema in version v1beta1"],
      names: [],
    },
    "without versions": {
      text: "kind: CustomResourceDefinition\nspec: {group: a.io, names: {kind: A}}",
      problems: ["x.yaml:1: CustomResourceDefinition has no spec.versions"],
      names: [],
    },
    "without a group": {
      text: "kind: CustomResourceDefinition\nmetadata: {name: as.a.io}",
      problems: ["x.yaml:1: CustomResourceDefinition as.a.io has no spec.group"],
      names: [],
    },
    "with no version served": {
      text: "kind: CustomResourceDefinition\nspec: {group: a.io, names: {kind: A}, versions: [{name: v1, served: false}]}",
      problems: ["x.yaml:1: CustomResourceDefinition has no version that is served"],
      names: [],
    },
    "JSON objects in a row": {
      text: `${crdJson("B")}\n${crdJson("C")}\n{"kind": "X",}\n`,
      problems: ["x.yaml:3:14: invalid character '}' looking for beginning of object key string"],
      names: ["a.io.b", "a.io.c"],
    },
  };
  for (const [name, { text, problems, names }] of Object.entries(cases)) {
    const found = readKubernetesDefinitions(text, { file: "x.yaml" });
    assert.deepEqual(
      found.problems.map(({ message }) => message),
      problems,
      name,
    );
    assert.deepEqual(
      found.definitions.map((definition) => definition.name),
      names,
      name,
    );
    for (const problem of found.problems) assert.ok(problem instanceof SourceError && problem.line !== undefined, name);
  }
});

test("names of files cannot leave their directory", () => {
  const text = JSON.stringify({
    kind: "CustomResourceDefinition",
    spec: { group: "../..", names: { kind: "/Etc\\passwd" }, versions: [version("v1")] },
  });
  const [definition] = readKubernetesDefinitions(text, { file: "x.json" }).definitions;
  assert.equal(definition?.name, "etc-passwd");
});

test("whatever a file says, reading it ends in definitions, notes or problems with a line", () => {
  const sources = [widget, settings, crdJson("D"), xrd, composition, graph];
  const random = randomFrom(1);
  const parts = '{ } [ : " | *a &a true {{ null 42 %'.split(" ").concat("- ", "\n", "---\n", "  ", "\t", "\u0000");
  for (let round = 0; round < 1000; round++) {
    let text = [...Array(1 + random(3))].map(() => sources[random(sources.length)] ?? "").join("---\n");
    for (let edits = random(6); edits >= 0; edits--) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + (parts[random(parts.length)] ?? "") + text.slice(at + random(12));
    }
    readAll(text);
  }
});

test("whatever stands in the fields of definitions, reading them ends in the same", () => {
  const sources = [widget, xrd, composition, graph].map((text) => parseYaml(text));
  const random = randomFrom(2);
  const values: JsonValue[] = [
    null,
    true,
    0,
    -1.5,
    "",
    "x",
    "a.b[0]",
    "[]T",
    "string | required=true",
    [],
    {},
    [null],
    [[{}]],
  ];
  const mutate = (value: JsonValue): JsonValue => {
    const chance = random(30);
    if (chance === 0) return values[random(values.length)] ?? null;
    if (Array.isArray(value)) return chance === 1 ? [...value, ...value] : value.map(mutate);
    if (!isJsonObject(value)) return value;
    const fields = Object.entries(value).filter(() => random(40) > 0);
    const named = fields.map(([name, field]) => [random(60) === 0 ? "__proto__" : name, mutate(field)]);
    return Object.fromEntries(named);
  };
  for (let round = 0; round < 3000; round++) {
    const items = [0, 1, 2].map(() => mutate(sources[random(sources.length)] ?? null));
    readAll(JSON.stringify({ kind: "List", items }));
  }
});

function readAll(text: string): void {
  const { definitions, compositions, problems } = readKubernetesDefinitions(text, { file: "f" });
  for (const definition of withCompositions(definitions, compositions)) {
    assert.match(definition.name, /^[a-z0-9.-]+$/);
    assert.ok(customResourceDefinitions(definition).length > 0);
    for (const path of definition.prominent) assert.ok(path.length > 1);
  }
  for (const { message } of problems) assert.match(message, /^f:\d+/);
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

const xrd = `apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xbuckets.a.io}
spec:
  group: a.io
  names: {kind: XBucket, plural: xbuckets}
  claimNames: {kind: Bucket, plural: buckets}
  versions: [{name: v1, served: true, referenceable: true, schema: {openAPIV3Schema: {type: object}}}]
`;
const composition = `apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: c}
spec:
  compositeTypeRef: {apiVersion: a.io/v1, kind: XBucket}
  pipeline:
  - step: s
    input:
      kind: GoTemplate
      inline: {template: "{{ $x := .observed.composite.resource }}{{ index $x.spec \\"a\\" }}"}
  resources:
  - base: {kind: B}
    patches: [{fromFieldPath: "spec.a[0]", toFieldPath: b}]
`;
const graph = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: g}
spec:
  schema:
    apiVersion: v1
    kind: G
    types: {T: {a: "string | default=1"}}
    spec: {a: "[]T | minItems=1", b: {c: integer}}
`;

function crdJson(kind: string): string {
  return JSON.stringify({
    kind: "CustomResourceDefinition",
    spec: { group: "a.io", names: { kind }, versions: [version("v1")] },
  });
}

function version(name: string): object {
  return { name, served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } };
}
