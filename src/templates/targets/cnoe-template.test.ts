import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, parseYaml, valueAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { collapseIntoTemplate, insertIntoTemplate, rawProperties } from "./cnoe-template.ts";
import { module, resource } from "./testing/definitions.ts";

const text = `# A comment, which is lost.
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: deploy
  title: Deploy
spec:
  owner: guest
  limit: 1000000
  parameters:
  - title: Choose
    properties:
      path: {type: string, default: base}
      kind: {title: Kind}
    required: [path]
  steps:
  - {id: verify, action: "cnoe:verify:dependency"}
`;
const given = { text, file: "template.yaml" };

const written: Definition = {
  ...resource,
  name: "db.example.com.database",
  schema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: { size: { type: "integer", maximum: 1000000 }, id: { type: "string", default: "1" } },
      },
    },
  },
};

test("rawProperties writes kind, version and the schema of the spec, sorted, whole numbers as Go writes floats", () => {
  assert.deepEqual(rawProperties(written), {
    path: "db.example.com.database.yaml",
    content: `properties:
  apiVersion:
    default: db.example.com/v1
    description: APIVersion for the resource
    type: string
  config:
    properties:
      id:
        default: "1"
        type: string
      size:
        maximum: 1e+06
        type: integer
    title: db.example.com.Database configuration options
    type: object
  kind:
    default: Database
    description: Kind for the resource
    type: string
  namespace:
    description: Namespace for the resource
    namespace: default
    type: string
`,
  });
});

test("insertIntoTemplate merges into the object at the path and leaves the rest", () => {
  const { path, content } = insertIntoTemplate(written, given, { verifiers: ["db"] });
  assert.equal(path, "db.example.com.database.yaml");
  assert.equal(
    content,
    `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: deploy
  title: Deploy
spec:
  limit: 1e+06
  owner: guest
  parameters:
    - properties:
        apiVersion:
          default: db.example.com/v1
          description: APIVersion for the resource
          type: string
        config:
          properties:
            id:
              default: "1"
              type: string
            size:
              maximum: 1000000
              type: integer
          title: db.example.com.Database configuration options
          type: object
        kind:
          default: Database
          description: Kind for the resource
          title: Kind
          type: string
        namespace:
          description: Namespace for the resource
          namespace: default
          type: string
        path:
          default: base
          type: string
        verifiers:
          default:
            - db
          description: verifiers to be used against the resource
          items:
            type: string
          type: array
      required:
        - path
      title: Choose
  steps:
    - action: cnoe:verify:dependency
      id: verify
`,
  );
});

test("a module adds what it requires, in the order of the alphabet", () => {
  const template = parseYaml(insertIntoTemplate(module, given).content);
  assert.deepEqual(valueAt(pageOf(template), "required"), ["path", "cidr", "password"]);
  const { required: _, ...open } = module.schema;
  const easy = parseYaml(insertIntoTemplate({ ...module, schema: open }, given).content);
  assert.deepEqual(valueAt(pageOf(easy), "required"), ["path"]);
  const bare = text.replace("    required: [path]\n", "");
  assert.deepEqual(
    valueAt(pageOf(parseYaml(insertIntoTemplate(module, { ...given, text: bare }).content)), "required"),
    ["cidr", "password"],
  );
});

test("collapseIntoTemplate offers a choice and a file for each", () => {
  const other: Definition = { ...module, name: "other" };
  const files = collapseIntoTemplate([written, other], given);
  assert.deepEqual(
    files.map(({ path }) => path),
    ["resources/db.example.com.database.yaml", "resources/other.yaml", "template.yaml"],
  );
  assert.deepEqual(valueAt(parseYaml(files[0]?.content ?? ""), "properties", "resources"), {
    enum: ["db.example.com.database"],
  });
  const page = pageOf(parseYaml(files[2]?.content ?? ""));
  assert.deepEqual(valueAt(page, "properties", "resources"), {
    type: "string",
    enum: ["db.example.com.database", "other"],
  });
  assert.deepEqual(valueAt(page, "dependencies"), {
    resources: { oneOf: [{ $yaml: "resources/db.example.com.database.yaml" }, { $yaml: "resources/other.yaml" }] },
  });
  assert.deepEqual(collapseIntoTemplate([], given), []);
});

test("variables of every type have a field", () => {
  const properties: JsonObject = {
    any: {},
    guessed: { default: { a: 1 } },
    lists: { type: "object", additionalProperties: { type: "array", items: { type: "string" } } },
    maps: { type: "array", items: { type: "object", additionalProperties: { type: "number" } } },
    maybe: { type: ["string", "null"], default: null },
    object: {
      type: "object",
      description: "",
      required: ["b", "a"],
      properties: { a: { type: "boolean" }, b: { type: "integer" } },
    },
    set: { type: "array", uniqueItems: true, default: [], items: { type: "string" } },
    tuple: { type: "array", items: [{ type: "string" }, { type: "boolean" }] },
  };
  const { content } = rawProperties({ ...module, schema: { type: "object", properties } });
  assert.deepEqual(parseYaml(content), {
    properties: {
      any: { type: "string" },
      guessed: { title: "guessed", type: "object", additionalProperties: { type: "string" } },
      lists: { title: "lists", type: "object", additionalProperties: { type: "array", items: { type: "string" } } },
      maps: { type: "array", items: { title: "maps-a", type: "object", additionalProperties: { type: "number" } } },
      maybe: { type: "string" },
      object: {
        title: "object",
        type: "object",
        properties: { a: { type: "boolean" }, b: { type: "number" } },
        required: ["a", "b"],
      },
      set: { type: "array", default: [], items: { type: "string" }, uniqueItems: true },
      tuple: { type: "array", items: [{ type: "string" }, { type: "boolean" }] },
    },
    required: [],
  });
  assert.match(content, /^ {4}type: array\n {4}default: \[\]\n {4}items:\n {6}type: string\n {4}uniqueItems: true$/m);
});

test("the version and scope that were written count, and a claim has no namespace", () => {
  const object = { kind: "CompositeResourceDefinition" };
  const claim: Definition = {
    ...written,
    source: "xrd",
    written: { object, version: "v1alpha1", schema: written.schema },
  };
  const properties = valueAt(parseYaml(rawProperties(claim).content), "properties");
  assert.equal(valueAt(properties, "apiVersion", "default"), "db.example.com/v1alpha1");
  assert.equal(valueAt(properties, "namespace"), undefined);
  const scoped: Definition = {
    ...claim,
    written: { object, version: "v1", scope: "Namespaced", schema: written.schema },
  };
  assert.ok(valueAt(parseYaml(rawProperties(scoped).content), "properties", "namespace"));
});

test("a schema without spec is the configuration itself", () => {
  const properties = { data: { type: "string" } };
  const { content } = rawProperties({ ...written, schema: { type: "object", properties } });
  const title = "db.example.com.Database configuration options";
  assert.deepEqual(valueAt(parseYaml(content), "properties", "config"), { data: { type: "string" }, title });
});

test("name, title and description of the template are replaced where given", () => {
  const { content } = insertIntoTemplate(written, { ...given, metadata: { title: "New", description: "Told" } });
  assert.deepEqual(valueAt(parseYaml(content), "metadata"), { name: "deploy", title: "New", description: "Told" });
});

test("fields can be told by the caller", () => {
  const { content } = rawProperties(written, {
    fields: () => ({ properties: { a: { type: "string" } }, required: ["a"] }),
  });
  assert.equal(content, "properties:\n  a:\n    type: string\nrequired:\n  - a\n");
});

const refused: Record<string, { text?: string; insertAt?: string; want: RegExp }> = {
  "a path that names nothing": { insertAt: ".spec.parameters[7]", want: /cannot multiply: null and object/ },
  "a path to a text": { insertAt: ".spec.owner", want: /cannot multiply: string and object/ },
  "a path to a list": { insertAt: ".spec.parameters", want: /cannot multiply: array and object/ },
  "a path through a list": { insertAt: ".spec.parameters.x", want: /expected an object but got: array/ },
  "several documents": { text: `${text}---\na: 1\n`, want: /^SourceError: template\.yaml:19: a second document/ },
  "broken YAML": { text: "a: [1\nb: 2\n", want: /^SourceError: template\.yaml:\d+:\d+: / },
  "a list": { text: "- a\n", want: /holds no object/ },
  nothing: { text: "", want: /holds no object/ },
};
for (const [name, { want, ...changed }] of Object.entries(refused)) {
  test(`insertIntoTemplate refuses ${name}`, () =>
    assert.throws(
      () => insertIntoTemplate(written, { ...given, ...changed }),
      (error) => want.test(String(error)),
    ));
}

function pageOf(template: unknown): unknown {
  const pages = valueAt(template, "spec", "parameters");
  return Array.isArray(pages) ? pages[0] : undefined;
}
