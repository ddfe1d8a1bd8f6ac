import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer } from "../testing.ts";

/** The published schema of a kind whose `spec` is the schema given. */
async function published(spec: Json, more: Json = {}): Promise<Json> {
  await using server = await openTestServer();
  const openAPIV3Schema = { type: "object", properties: { spec }, ...more };
  await server.ok("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    body: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "gears.example.com" },
      spec: {
        group: "example.com",
        names: { plural: "gears", kind: "Gear" },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
      },
    },
  });
  const { definitions } = await server.ok("GET", "/openapi/v2");
  return definitions["com.example.v1.Gear"];
}

const open = { "x-kubernetes-preserve-unknown-fields": true };
const text = { type: "string" };
const anyObject = { type: "object", properties: { x: text } };

/** What kubectl would refuse, were it published as it is. */
const cases: Record<string, { schema: Json; expected: Json }> = {
  "null for an object": { schema: { ...anyObject, nullable: true }, expected: {} },
  "null for a list": { schema: { type: "array", items: text, nullable: true }, expected: {} },
  "null for a text": { schema: { ...text, nullable: true }, expected: {} },
  "null for a required field": {
    schema: {
      type: "object",
      required: ["a", "b"],
      properties: { a: { ...text, nullable: true }, b: text },
    },
    expected: { type: "object", required: ["b"], properties: { a: {}, b: text } },
  },
  "unknown fields": { schema: { ...anyObject, ...open }, expected: open },
  "items of any kind": { schema: { type: "array", items: text, ...open }, expected: open },
  "integers beside texts": {
    schema: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, text] },
    expected: { "x-kubernetes-int-or-string": true },
  },
  "one of several forms of an object": {
    schema: { ...anyObject, oneOf: [{ required: ["x"] }, { not: { required: ["x"] } }] },
    expected: anyObject,
  },
};
for (const [name, { schema, expected }] of Object.entries(cases)) {
  test(`OpenAPI v2 allows ${name}`, async () => {
    assert.deepEqual((await published(schema)).properties.spec, expected);
  });
}

test("OpenAPI v2 allows unknown fields of a whole kind", async () => {
  const gear = await published(anyObject, open);
  assert.deepEqual(Object.keys(gear).sort(), ["type", "x-kubernetes-group-version-kind"]);
});

test("OpenAPI v2 says that quantities and ports are texts", async () => {
  await using server = await openTestServer();
  const { definitions } = await server.ok("GET", "/openapi/v2");
  assert.equal(definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"].type, "string");
  assert.deepEqual(definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"], {
    description: "IntOrString is an integer or a string.",
    format: "int-or-string",
    type: "string",
  });
});
