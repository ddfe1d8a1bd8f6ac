import assert from "node:assert/strict";
import { test } from "node:test";
import { applyStrategicMergePatch, findUnknownFields, type Schema } from "../../apimachinery/index.ts";
import { builtinDefinitions, builtinSchema } from "./definitions.ts";
import { builtinResources } from "./resources.ts";

function at(schema: Schema | undefined, ...path: string[]): Schema {
  let here = schema;
  for (const name of path) here = name === "[]" ? here?.items : here?.properties?.[name];
  assert.ok(here, path.join("."));
  return here;
}

const podSpec = at(builtinSchema("io.k8s.api.apps.v1.Deployment"), "spec", "template", "spec");

test("every kind has a schema with what every object has", () => {
  for (const { definition } of builtinResources) {
    const schema = builtinSchema(definition);
    assert.equal(builtinSchema(definition), schema, "the same one each time");
    for (const field of ["apiVersion", "kind", "metadata"]) at(schema, field);
  }
  assert.throws(
    () => builtinSchema("io.k8s.api.core.v1.Nothing"),
    /There is no definition io\.k8s\.api\.core\.v1\.Nothing/,
  );
});

test("schemas say how lists merge", () => {
  const ports = at(podSpec, "containers", "[]", "ports");
  assert.equal(ports["x-kubernetes-list-type"], "map");
  assert.deepEqual(ports["x-kubernetes-list-map-keys"], ["containerPort", "protocol"]);
  assert.equal(ports["x-kubernetes-patch-merge-key"], "containerPort");
  assert.equal(at(ports, "[]", "protocol").default, "TCP");
  assert.equal(at(podSpec, "volumes")["x-kubernetes-patch-strategy"], "merge,retainKeys");
  assert.equal(at(podSpec, "nodeSelector")["x-kubernetes-map-type"], "atomic");
  assert.equal(at(podSpec, "tolerations")["x-kubernetes-list-type"], undefined);
  const metadata = builtinSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  assert.equal(at(metadata, "finalizers")["x-kubernetes-list-type"], "set");
  assert.equal(
    at(builtinSchema("io.k8s.api.core.v1.PersistentVolume"), "spec", "claimRef")["x-kubernetes-map-type"],
    "granular",
  );
  assert.equal(builtinSchema("io.k8s.api.core.v1.ObjectReference")["x-kubernetes-map-type"], "atomic");
});

test("structs that are no pointers in Go are there, empty, also when nobody wrote them", () => {
  const job = builtinSchema("io.k8s.api.batch.v1.Job");
  for (const path of [["spec"], ["spec", "template"], ["spec", "template", "metadata"], ["spec", "template", "spec"]]) {
    assert.deepEqual(at(job, ...path).default, {}, path.join("."));
  }
  assert.equal(at(job, "spec", "selector").default, undefined);
  assert.equal(at(job, "spec", "suspend").default, undefined);
  assert.equal(at(podSpec, "securityContext").default, undefined);
  assert.equal(at(podSpec, "volumes", "[]", "configMap").default, undefined);
  const definition = builtinDefinitions()["io.k8s.api.batch.v1.JobSpec"];
  assert.match(JSON.stringify(definition), /"default":\{\},"allOf":\[\{"\$ref":"[^"]+PodTemplateSpec"\}\]/);
});

test("strategic merge works on them", () => {
  const service = {
    spec: {
      ports: [
        { port: 80, name: "http" },
        { port: 443, name: "https" },
      ],
      selector: { a: "b" },
    },
  };
  const patch = { spec: { ports: [{ port: 443, targetPort: 8443 }], selector: { c: "d" } } };
  assert.deepEqual(applyStrategicMergePatch(service, patch, builtinSchema("io.k8s.api.core.v1.Service")), {
    spec: {
      ports: [
        { port: 80, name: "http" },
        { port: 443, name: "https", targetPort: 8443 },
      ],
      selector: { a: "b", c: "d" },
    },
  });
});

test("fields that are not there are found, and what is open stays open", () => {
  const deployment = {
    spec: { replicas: 1, replica: 1, template: { spec: { containers: [{ name: "c", images: "i" }] } } },
  };
  const schema = builtinSchema("io.k8s.api.apps.v1.Deployment");
  assert.deepEqual(findUnknownFields(deployment, schema).sort(), [
    "spec.replica",
    "spec.template.spec.containers[0].images",
  ]);
  const revision = { data: { anything: { goes: true } } };
  assert.deepEqual(findUnknownFields(revision, builtinSchema("io.k8s.api.apps.v1.ControllerRevision")), []);
  const properties = { a: { items: { type: "string" }, additionalProperties: false } };
  const definition = { spec: { versions: [{ schema: { openAPIV3Schema: { properties } } }] } };
  assert.deepEqual(
    findUnknownFields(
      definition,
      builtinSchema("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"),
    ),
    [],
  );
});

test("OpenAPI definitions refer only to each other", () => {
  const definitions = builtinDefinitions();
  const references = [...JSON.stringify(definitions).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  assert.ok(references.length > 500);
  for (const name of new Set(references)) assert.ok(Object.hasOwn(definitions, name), name);
  for (const { definition, verbs } of builtinResources) {
    assert.ok(Object.hasOwn(definitions, definition));
    assert.equal(Object.hasOwn(definitions, `${definition}List`), verbs.includes("list"));
  }
});

test("OpenAPI definitions carry kind, docs and merge rules", () => {
  const only = builtinDefinitions(["io.k8s.api.core.v1.ConfigMap"]);
  assert.ok(Object.keys(only).length < 10);
  const map = only["io.k8s.api.core.v1.ConfigMap"] as {
    properties: Record<string, Record<string, unknown>>;
    [field: string]: unknown;
  };
  assert.deepEqual(map["x-kubernetes-group-version-kind"], [{ group: "", version: "v1", kind: "ConfigMap" }]);
  assert.match(String(map["description"]), /^ConfigMap holds configuration data/);
  assert.match(String(map.properties["data"]?.["description"]), /^Data contains the configuration data/);
  const container = builtinDefinitions()["io.k8s.api.core.v1.Container"] as typeof map;
  assert.equal(container.properties["env"]?.["x-kubernetes-patch-merge-key"], "name");
  assert.equal(container.properties["args"]?.["x-kubernetes-list-type"], "atomic");
});

test("fields that came after 1.34 are not there", () => {
  assert.equal(podSpec.properties?.["schedulingGroup"], undefined);
  assert.ok(podSpec.properties?.["resources"]);
});
