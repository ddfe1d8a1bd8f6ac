import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, stringifyYaml } from "../../apimachinery/index.ts";
import { type Definition, SourceError } from "../definition.ts";
import { readOpenApiDefinitions } from "./openapi.ts";
import { createRandom, randomSchema } from "./testing/random-source.ts";

function read(document: object): Definition[] {
  const text = JSON.stringify(document);
  const definitions = readOpenApiDefinitions(text, { file: "api.json" });
  const fromYaml = readOpenApiDefinitions(stringifyYaml(JSON.parse(text)), { file: "api.yaml" });
  // Maps have no order in YAML that Go wrote.
  const inOrder = (list: readonly Definition[]) => list.map(({ name, schema }) => [name, schema]).sort();
  assert.deepEqual(inOrder(fromYaml), inOrder(definitions));
  return definitions;
}

const order = {
  type: "object",
  required: ["item"],
  properties: { item: { $ref: "#/components/schemas/Item" }, note: { type: "string", nullable: true } },
};
const components = {
  schemas: {
    Order: order,
    Item: { properties: { parent: { $ref: "#/components/schemas/Item" }, name: { type: "string" } } },
    Unused: { type: "object", properties: { a: {} } },
    Names: { type: "array", items: { type: "string" } },
  },
  parameters: { id: { name: "id", in: "path", required: true, schema: { type: "integer" }, description: "Which" } },
  requestBodies: {
    order: {
      required: true,
      content: { "application/json; charset=utf-8": { schema: { $ref: "#/components/schemas/Order" } } },
    },
  },
};

test("an operation with a JSON body is a definition of its answers", () => {
  const [create, replace, ...others] = read({
    openapi: "3.0.3",
    paths: {
      "/orders": {
        get: { operationId: "listOrders" },
        post: {
          operationId: "createOrder",
          summary: "Buys something",
          description: "Longer text",
          requestBody: { $ref: "#/components/requestBodies/order" },
        },
      },
      "/orders/{id}": {
        parameters: [
          { $ref: "#/components/parameters/id" },
          { name: "X-Trace", in: "header", schema: { type: "string" } },
        ],
        put: {
          parameters: [{ name: "dry", in: "query", schema: { type: "boolean" } }],
          requestBody: { description: "What is bought", content: { "application/json": { schema: order } } },
        },
        patch: { requestBody: { content: { "text/plain": { schema: { type: "string" } } } } },
        delete: {},
      },
    },
    components,
  });
  assert.deepEqual(others, []);
  assert.deepEqual(create, {
    name: "create-order",
    title: "Buys something",
    description: "Longer text\n\nPOST /orders",
    source: "openapi",
    origin: { file: "api.json" },
    subject: { kind: "document" },
    dialect: "openapi-3.0",
    schema: { ...order, components: { schemas: { Item: components.schemas.Item } } },
    prominent: [],
    notes: [],
  });
  assert.deepEqual(
    [replace?.name, replace?.title, replace?.prominent],
    ["put-orders-id", "PUT /orders/{id}", [["id"]]],
  );
  assert.deepEqual(replace?.schema, {
    type: "object",
    properties: {
      id: { type: "integer", description: "Which" },
      dry: { type: "boolean" },
      body: { ...order, description: "What is bought" },
    },
    required: ["id"],
    components: { schemas: { Item: components.schemas.Item } },
  });
});

test("a body that is no object is a field", () => {
  const [names] = read({
    openapi: "3.1.0",
    paths: {
      "/names": {
        post: {
          requestBody: {
            required: true,
            content: { "application/json": { schema: { $ref: "#/components/schemas/Names" } } },
          },
        },
      },
    },
    components,
  });
  assert.equal(names?.dialect, "json-schema");
  assert.deepEqual(names?.schema, {
    type: "object",
    properties: { body: { $ref: "#/components/schemas/Names" } },
    required: ["body"],
    components: { schemas: { Names: components.schemas.Names } },
  });
});

test("a document without operations has a definition for each schema of an object", () => {
  const definitions = read({ openapi: "3.0.0", paths: { "/x": { get: {} } }, components });
  assert.deepEqual(
    definitions.map(({ name, title }) => [name, title]),
    [
      ["order", "Order"],
      ["item", "Item"],
      ["unused", "Unused"],
    ],
  );
  assert.deepEqual(definitions[1]?.schema, {
    type: "object",
    ...components.schemas.Item,
    components: { schemas: { Item: components.schemas.Item } },
  });
});

test("classes that inherit keep their parents, and discriminators what they choose between", () => {
  const schemas = {
    Pet: {
      oneOf: [{ $ref: "#/components/schemas/Cat" }],
      discriminator: {
        propertyName: "kind",
        mapping: { cat: "#/components/schemas/Cat", dog: "#/components/schemas/Dog" },
      },
    },
    Cat: {
      allOf: [{ $ref: "#/components/schemas/Base" }, { type: "object", properties: { lives: { type: "integer" } } }],
    },
    Dog: { allOf: [{ $ref: "#/components/schemas/Base" }] },
    Base: { type: "object", properties: { kind: { type: "string" } } },
  };
  const [pet] = read({ openapi: "3.0.0", components: { schemas } });
  const { Cat, Dog, Base } = schemas;
  assert.deepEqual(pet?.schema, { type: "object", ...schemas.Pet, components: { schemas: { Cat, Dog, Base } } });
});

test("Swagger 2.0 has its body among the parameters", () => {
  const Pet = { type: "object", properties: { name: { type: "string" } } };
  const [update, ...others] = read({
    swagger: "2.0",
    consumes: ["application/json", "application/xml"],
    paths: {
      "/pets/{id}": {
        put: {
          operationId: "pets_update",
          parameters: [
            { name: "id", in: "path", required: true, type: "string", pattern: "^a" },
            {
              name: "tags",
              in: "query",
              type: "array",
              items: { type: "string" },
              collectionFormat: "multi",
              description: "More",
            },
            { name: "pet", in: "body", required: true, schema: { $ref: "#/definitions/Pet" } },
          ],
        },
        post: { consumes: ["multipart/form-data"], parameters: [{ name: "file", in: "formData", type: "file" }] },
      },
    },
    definitions: { Pet },
  });
  assert.deepEqual(others, []);
  assert.equal(update?.name, "pets-update");
  assert.deepEqual(update?.schema, {
    type: "object",
    properties: {
      id: { type: "string", pattern: "^a" },
      tags: { type: "array", items: { type: "string" }, description: "More" },
      body: { $ref: "#/definitions/Pet" },
    },
    required: ["id", "body"],
    definitions: { Pet },
  });
});

test("fields of forms are the answers where no operation is sent JSON", () => {
  const schema = { type: "object", properties: { amount: { type: "integer" } } };
  const [charge] = read({
    openapi: "3.0.0",
    paths: { "/charges": { post: { requestBody: { content: { "application/x-www-form-urlencoded": { schema } } } } } },
    components,
  });
  assert.deepEqual(charge?.schema, schema);
  const [send, ...others] = read({
    swagger: "2.0",
    paths: {
      "/send": {
        post: {
          consumes: ["multipart/form-data"],
          parameters: [
            { name: "text", in: "formData", required: true, type: "string", description: "What to say" },
            { name: "file", in: "formData", type: "file" },
          ],
        },
      },
      "/upload": { post: { parameters: [{ name: "file", in: "formData", type: "file" }] } },
    },
  });
  assert.deepEqual(others, []);
  assert.deepEqual(send?.schema, {
    type: "object",
    properties: { text: { description: "What to say", type: "string" } },
    required: ["text"],
  });
});

test("two operations of one name have two files", () => {
  const body = { requestBody: { content: { "application/json": { schema: { properties: { a: {} } } } } } };
  const definitions = read({
    openapi: "3.0.0",
    paths: { "/a": { post: { operationId: "x", ...body }, put: { operationId: "X", ...body } } },
  });
  assert.deepEqual(
    definitions.map(({ name }) => name),
    ["x", "x-2"],
  );
});

const gvk = (group: string, version: string, kind: string) => ({
  "x-kubernetes-group-version-kind": [{ group, version, kind }],
});
const kindSchema = (group: string, version: string, kind: string, properties: JsonObject = {}) => ({
  description: `${kind} is a kind`,
  type: "object",
  properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, ...properties },
  ...gvk(group, version, kind),
});

test("Kubernetes' own documents have a definition for each kind that can be created", () => {
  const post = (group: string, version: string, kind: string) => {
    const {
      "x-kubernetes-group-version-kind": [one = {}],
    } = gvk(group, version, kind);
    return { get: {}, post: { "x-kubernetes-group-version-kind": one } };
  };
  const definitions = read({
    swagger: "2.0",
    paths: {
      "/api/v1/namespaces/{namespace}/pods": post("", "v1", "Pod"),
      "/api/v1/namespaces/{namespace}/pods/{name}/eviction": post("policy", "v1", "Eviction"),
      "/apis/authorization.k8s.io/v1/reviews": { post: post("authorization.k8s.io", "v1", "Review").post },
      "/api/v1/nodes": post("", "v1", "Node"),
      "/apis/autoscaling/v1/namespaces/{namespace}/scalers": post("autoscaling", "v1", "Scaler"),
      "/apis/autoscaling/v2beta1/namespaces/{namespace}/scalers": post("autoscaling", "v2beta1", "Scaler"),
    },
    definitions: {
      pod: kindSchema("", "v1", "Pod", { spec: { $ref: "#/definitions/podSpec" } }),
      podSpec: { type: "object", properties: { a: { type: "string" } } },
      podList: kindSchema("", "v1", "PodList"),
      node: kindSchema("", "v1", "Node"),
      review: kindSchema("authorization.k8s.io", "v1", "Review"),
      eviction: kindSchema("policy", "v1", "Eviction"),
      scaler1: kindSchema("autoscaling", "v1", "Scaler"),
      scaler2: kindSchema("autoscaling", "v2beta1", "Scaler"),
      options: { ...kindSchema("", "v1", "DeleteOptions"), "x-kubernetes-group-version-kind": [{}, {}] },
    },
  });
  assert.deepEqual(
    definitions.map(({ name, title, dialect, subject }) => [name, title, dialect, subject]),
    [
      [
        "pod",
        "Pod",
        "kubernetes",
        { kind: "resource", apiVersion: "v1", resourceKind: "Pod", plural: "pods", namespaced: true },
      ],
      [
        "node",
        "Node",
        "kubernetes",
        { kind: "resource", apiVersion: "v1", resourceKind: "Node", plural: "nodes", namespaced: false },
      ],
      [
        "autoscaling.scaler",
        "Scaler",
        "kubernetes",
        { kind: "resource", apiVersion: "autoscaling/v1", resourceKind: "Scaler", plural: "scalers", namespaced: true },
      ],
      [
        "autoscaling.scaler.v2beta1",
        "Scaler",
        "kubernetes",
        {
          kind: "resource",
          apiVersion: "autoscaling/v2beta1",
          resourceKind: "Scaler",
          plural: "scalers",
          namespaced: true,
        },
      ],
    ],
  );
  const carried = definitions[0]?.schema["definitions"];
  assert.deepEqual(Object.keys(Object(carried)), ["podSpec"]);
});

test("schemas of Kubernetes without paths are kinds in namespaces", () => {
  const [policy, ...others] = read({
    openapi: "3.0.0",
    components: { schemas: { a: kindSchema("x.io", "v1", "Policy"), b: kindSchema("x.io", "v1", "PolicyList") } },
  });
  assert.deepEqual(others, []);
  assert.deepEqual(policy?.subject, {
    kind: "resource",
    apiVersion: "x.io/v1",
    resourceKind: "Policy",
    plural: "policies",
    namespaced: true,
  });
});

test("references to other documents are noted", () => {
  const [found] = read({
    openapi: "3.0.0",
    components: { schemas: { A: { properties: { b: { $ref: "other.yaml#/B" } } } } },
  });
  assert.deepEqual(found?.notes, [
    { at: "other.yaml#/B", message: "The reference leads to another document, so any value is accepted there" },
  ]);
});

const refused: Record<string, { text: string; message: RegExp }> = {
  "another document": { text: '{"a": 1}', message: /^api\.json:1: is no OpenAPI document/ },
  "a version of long ago": { text: '{"swagger": "1.2"}', message: /^api\.json:1: is no OpenAPI document/ },
  "one without anything to fill in": {
    text: '{"openapi": "3.0.0", "paths": {}}',
    message: /^api\.json:1: has no operation/,
  },
  "one whose paths are elsewhere": {
    text: '{"openapi": "3.0.0", "paths": {"/a": {"post": {"$ref": "a.yaml"}}}}',
    message: /^api\.json:1: has its paths in other documents, such as a\.yaml: bundle them into one$/,
  },
  "broken JSON": { text: '{"openapi": "3.0.0",', message: /^api\.json:1:21: unexpected end of JSON input$/ },
};
for (const [name, { text, message }] of Object.entries(refused)) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => readOpenApiDefinitions(text, { file: "api.json" }),
      (error) => error instanceof SourceError && message.test(error.message),
    );
  });
}

test("any document is read or refused", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = createRandom(seed);
    const schema = () => randomSchema(random);
    const body = { content: { "application/json": { schema: schema() } } };
    const document = {
      openapi: "3.1.0",
      paths: {
        "/{a}": {
          parameters: [{ name: "a", in: "path", schema: schema() }, schema()],
          post: { requestBody: body },
          put: schema(),
        },
        "/b": schema(),
      },
      components: { schemas: { a: schema(), b: schema() } },
    };
    try {
      readOpenApiDefinitions(JSON.stringify(document), { file: "api.json" });
    } catch (error) {
      assert.ok(error instanceof SourceError, `seed ${seed}: ${error}`);
    }
  }
});
