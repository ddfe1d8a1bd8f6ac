import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { readCrd } from "./crd.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";
import { objectAt } from "./json-at.ts";
import { readXrd } from "./xrd.ts";

const place = { file: "x.yaml", line: 1 };

test("a definition of v1 is installed as it is", () => {
  const object: JsonObject = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: {
      group: "a.io",
      names: { kind: "A", plural: "as" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  };
  assert.deepEqual(customResourceDefinitions(readCrd(object, place)), [object]);
});

test("in a definition of v1beta1 each version gets what was said once for all", () => {
  const object: JsonObject = {
    apiVersion: "apiextensions.k8s.io/v1beta1",
    kind: "CustomResourceDefinition",
    metadata: { name: "as.a.io" },
    spec: {
      group: "a.io",
      version: "v1",
      names: { kind: "A", plural: "as" },
      subresources: { status: {} },
      additionalPrinterColumns: [{ name: "Size", type: "integer", JSONPath: ".spec.size" }],
      validation: { openAPIV3Schema: { properties: { spec: { type: "object" } } } },
      versions: [
        { name: "v1", served: true, storage: true },
        { name: "v2", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } }, subresources: {} },
      ],
    },
  };
  const shared = {
    served: true,
    additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
  };
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  assert.deepEqual(customResourceDefinitions(readCrd(object, place)), [
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "as.a.io" },
      spec: {
        group: "a.io",
        scope: "Namespaced",
        names: { kind: "A", plural: "as" },
        conversion: { strategy: "None" },
        versions: [
          {
            ...shared,
            name: "v1",
            storage: true,
            subresources: { status: {} },
            schema: { openAPIV3Schema: { ...open, properties: { spec: { type: "object" } } } },
          },
          { ...shared, name: "v2", storage: false, subresources: {}, schema: { openAPIV3Schema: open } },
        ],
      },
    },
  ]);
});

test("what Crossplane does not understand of a schema is not installed", () => {
  const schema: JsonObject = {
    type: "object",
    properties: { spec: { type: "object", properties: { enum: { type: "string", enums: ["a"], title: "Kept" } } } },
  };
  const object: JsonObject = {
    kind: "CompositeResourceDefinition",
    apiVersion: "apiextensions.crossplane.io/v2",
    spec: {
      group: "a.io",
      names: { kind: "A", plural: "as" },
      versions: [{ name: "v1", served: true, referenceable: true, schema: { openAPIV3Schema: schema } }],
    },
  };
  const [crd] = customResourceDefinitions(readXrd(object, place));
  const versions = objectAt(crd, "spec")?.["versions"];
  const [version] = Array.isArray(versions) ? versions : [];
  const fields = objectAt(version, "schema", "openAPIV3Schema", "properties", "spec", "properties");
  assert.deepEqual(fields?.["enum"], { type: "string", title: "Kept" });
});
