import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";
import { objectAt } from "./json-at.ts";
import { readXrd } from "./xrd.ts";

const place = { file: "definition.yaml", line: 7 };

test("a composite resource that can be claimed makes a definition of the claim", () => {
  const definition = readXrd(xrd({ claimNames: { kind: "Database", plural: "databases" } }), place);
  assert.equal(definition.name, "example.com.database");
  assert.equal(definition.description, "Where data live.");
  assert.deepEqual(definition.subject, {
    kind: "resource",
    apiVersion: "example.com/v1beta1",
    resourceKind: "Database",
    plural: "databases",
    namespaced: true,
  });
  assert.deepEqual([definition.written?.version, definition.written?.scope], ["v1alpha1", undefined]);
});

test("where composite resources live follows from scope, claims and the version of the definition", () => {
  const cases: [version: string, scope: string | undefined, namespaced: boolean][] = [
    ["v1", undefined, false],
    ["v1", "LegacyCluster", false],
    ["v2", undefined, true],
    ["v2", "Namespaced", true],
    ["v2", "Cluster", false],
  ];
  for (const [version, scope, namespaced] of cases) {
    const object = xrd({ ...(scope !== undefined && { scope }) }, version);
    const { subject, written } = readXrd(object, place);
    assert.equal(subject.kind === "resource" && subject.resourceKind, "XDatabase");
    assert.equal(subject.kind === "resource" && subject.namespaced, namespaced, `${version} ${scope}`);
    assert.equal(written?.scope, scope);
  }
});

test("the schema is what Crossplane takes over from the one that is written", () => {
  const { schema } = readXrd(xrd({}), place);
  assert.deepEqual(schema, {
    type: "object",
    required: ["spec"],
    description: "Where data live.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: { type: "string", maxLength: 20 } } },
      spec: { type: "object", required: ["size"], properties: { size: { type: "integer" } } },
      status: { type: "object", properties: { address: { type: "string" } } },
    },
  });
});

test("a claim with connection details can say which secret they go to; in v2 there is none", () => {
  const keys = { connectionSecretKeys: ["host", "password"] };
  const claim = readXrd(xrd({ ...keys, claimNames: { kind: "Database", plural: "databases" } }), place);
  const fieldsOf = (schema: JsonObject) => objectAt(schema, "properties", "spec", "properties") ?? {};
  assert.deepEqual(fieldsOf(claim.schema)["writeConnectionSecretToRef"], {
    type: "object",
    title: "Connection secret",
    description: "Secret that Crossplane writes connection details to: host, password.",
    required: ["name"],
    properties: { name: { type: "string" } },
  });
  const modern = readXrd(xrd({ ...keys, scope: "Namespaced" }, "v2"), place);
  assert.deepEqual(Object.keys(fieldsOf(modern.schema)), ["size"]);
  assert.match(modern.notes[0]?.message ?? "", /no effect on a resource of scope Namespaced/);
});

test("what Crossplane installs has its own fields, where the role of the resource has them", () => {
  const fieldsOf = (object: JsonObject) =>
    customResourceDefinitions(readXrd(object, place)).map((crd) => {
      const { scope, names, versions } = crd["spec"] as {
        scope: string;
        names: { kind: string; categories: string[] };
        versions: { name: string; storage: boolean; schema: { openAPIV3Schema: JsonObject } }[];
      };
      assert.deepEqual(
        versions.map(({ name, storage }) => [name, storage]),
        [
          ["v1alpha1", false],
          ["v1beta1", true],
        ],
      );
      const fields = objectAt(versions[1]?.schema.openAPIV3Schema, "properties", "spec", "properties") ?? {};
      return [scope, names.kind, names.categories.at(-1), Object.keys(fields).sort().join(" ")];
    });
  const choice =
    "compositionRef compositionRevisionRef compositionRevisionSelector compositionSelector compositionUpdatePolicy";
  assert.deepEqual(fieldsOf(xrd({ claimNames: { kind: "Database", plural: "databases" } })), [
    [
      "Cluster",
      "XDatabase",
      "composite",
      `claimRef ${choice} publishConnectionDetailsTo resourceRefs size writeConnectionSecretToRef`,
    ],
    [
      "Namespaced",
      "Database",
      "claim",
      `compositeDeletePolicy ${choice} publishConnectionDetailsTo resourceRef size writeConnectionSecretToRef`,
    ],
  ]);
  assert.deepEqual(fieldsOf(xrd({}, "v2")), [["Namespaced", "XDatabase", "composite", "crossplane size"]]);
});

function xrd(spec: JsonObject, version = "v1"): JsonObject {
  const schema: JsonObject = {
    type: "object",
    description: "Where data live.",
    minProperties: 2,
    properties: {
      metadata: { type: "object", properties: { name: { type: "string", maxLength: 20, pattern: "^db" } } },
      spec: {
        type: "object",
        required: ["size"],
        anyOf: [{ required: ["size"] }],
        properties: { size: { type: "integer" } },
      },
      status: { type: "object", properties: { address: { type: "string" } } },
    },
  };
  return {
    apiVersion: `apiextensions.crossplane.io/${version}`,
    kind: "CompositeResourceDefinition",
    metadata: { name: "xdatabases.example.com" },
    spec: {
      group: "example.com",
      names: { kind: "XDatabase", plural: "xdatabases" },
      versions: [
        { name: "v1alpha1", served: true, referenceable: false, schema: { openAPIV3Schema: { type: "object" } } },
        { name: "v1beta1", served: true, referenceable: true, schema: { openAPIV3Schema: schema } },
      ],
      ...spec,
    },
  };
}
