import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster, until } from "./cluster.ts";

const cluster = await openCluster();
const protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

test("OpenAPI v3 has an index of documents that may be kept for ever", async () => {
  const { paths } = await cluster.ok("GET", "/openapi/v3");
  const { serverRelativeURL } = paths["apis/apps/v1"];
  assert.match(serverRelativeURL, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
  const { status, headers } = await cluster.send("GET", serverRelativeURL);
  assert.equal(status, 200);
  assert.match(String(headers["cache-control"]), /immutable/);
  const etag = String(headers["etag"]);
  const again = await cluster.send("GET", serverRelativeURL, { headers: { "if-none-match": etag } });
  assert.equal(again.status, 304);
  const stale = await cluster.send("GET", "/openapi/v3/apis/apps/v1?hash=0");
  assert.deepEqual([stale.status, stale.headers["location"]], [301, serverRelativeURL]);
});

test("a kind is described with types, formats, defaults and how its lists merge", async () => {
  const { components } = await cluster.ok("GET", "/openapi/v3/apis/apps/v1");
  const { schemas } = components;
  const deployment = schemas["io.k8s.api.apps.v1.Deployment"];
  assert.deepEqual(deployment["x-kubernetes-group-version-kind"], [
    { group: "apps", kind: "Deployment", version: "v1" },
  ]);
  const spec = deployment.properties.spec;
  assert.deepEqual(spec.allOf, [{ $ref: "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec" }]);
  assert.deepEqual(spec.default, {});
  const { properties } = schemas["io.k8s.api.core.v1.Container"];
  const { description: _1, ...name } = properties.name;
  assert.deepEqual(name, { type: "string", default: "" });
  const { description: _2, ...ports } = properties.ports;
  assert.deepEqual(ports, {
    type: "array",
    items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ContainerPort" }], default: {} },
    "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    "x-kubernetes-list-type": "map",
    "x-kubernetes-patch-merge-key": "containerPort",
    "x-kubernetes-patch-strategy": "merge",
  });
  const { description: _3, ...command } = properties.command;
  assert.deepEqual(command, {
    type: "array",
    items: { type: "string", default: "" },
    "x-kubernetes-list-type": "atomic",
  });
  assert.deepEqual(properties.imagePullPolicy.enum, ["Always", "IfNotPresent", "Never"]);
  const { spec: _required } = schemas["io.k8s.api.apps.v1.DeploymentSpec"];
  assert.deepEqual([...schemas["io.k8s.api.apps.v1.DeploymentSpec"].required].sort(), ["selector", "template"]);
  assert.equal(schemas["io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"]["x-kubernetes-map-type"], "atomic");
});

test("an operation says what it is, which parameters and which patches it takes", async () => {
  const { paths } = await cluster.ok("GET", "/openapi/v3/apis/apps/v1");
  const { get, patch, delete: removal } = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  assert.deepEqual(
    [get.operationId, patch.operationId, removal.operationId],
    ["readAppsV1NamespacedDeployment", "patchAppsV1NamespacedDeployment", "deleteAppsV1NamespacedDeployment"],
  );
  assert.deepEqual([get.tags, get["x-kubernetes-action"]], [["apps_v1"], "get"]);
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", kind: "Deployment", version: "v1" });
  assert.deepEqual(
    patch.parameters.map(({ name }: Json) => name),
    ["dryRun", "fieldManager", "fieldValidation", "force"],
  );
  assert.deepEqual(Object.keys(patch.requestBody.content), [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
  ]);
  const collection = paths["/apis/apps/v1/namespaces/{namespace}/deployments"];
  assert.equal(collection.delete.operationId, "deleteAppsV1CollectionNamespacedDeployment");
  assert.equal(paths["/apis/apps/v1/watch/deployments"].get.operationId, "watchAppsV1DeploymentListForAllNamespaces");
});

test("OpenAPI v2 is one document, as JSON and as the protobuf of old kubectl", async () => {
  const json = await cluster.send("GET", "/openapi/v2");
  assert.equal(json.body.swagger, "2.0");
  const { resources } = json.body.definitions["io.k8s.api.core.v1.Container"].properties;
  assert.equal(resources.$ref, "#/definitions/io.k8s.api.core.v1.ResourceRequirements");
  assert.equal(resources.default, undefined);
  assert.equal(json.body.definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"].type, "string");
  // Other tests make CRDs meanwhile, each of which changes the document.
  await until(async () => {
    const { headers } = await cluster.send("GET", "/openapi/v2");
    const again = await cluster.send("GET", "/openapi/v2", { headers: { "if-none-match": String(headers["etag"]) } });
    return again.status === 304;
  }, "the document is not sent twice");
  const encoded = await cluster.send("GET", "/openapi/v2", { accept: protobuf });
  assert.equal(encoded.headers["content-type"], "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  // The first field of a gnostic Document is the text "2.0".
  assert.deepEqual([...encoded.bytes.subarray(0, 5)], [0x0a, 0x03, ...Buffer.from("2.0")]);
});

test("a custom resource is described in v3 as its CRD says, with the fields every object has", async () => {
  const schema = {
    type: "object",
    description: "A gear.",
    required: ["spec"],
    properties: {
      spec: {
        type: "object",
        properties: {
          teeth: { type: "integer", format: "int32", minimum: 3, default: 12 },
          port: { "x-kubernetes-int-or-string": true },
          inner: {
            type: "object",
            "x-kubernetes-embedded-resource": true,
            "x-kubernetes-preserve-unknown-fields": true,
          },
        },
      },
    },
  };
  const kind = await cluster.define({ schema, version: { selectableFields: [{ jsonPath: ".spec.teeth" }] } });
  const name = `com.example.${kind.group.split(".")[0]}.v1.Gear`;
  const document = `/openapi/v3/apis/${kind.group}/v1`;
  await until(async () => (await cluster.send("GET", document)).status === 200, document);
  const { components } = await cluster.ok("GET", document);
  const gear = components.schemas[name];
  assert.deepEqual([gear.description, gear.type, gear.required], ["A gear.", "object", ["spec"]]);
  assert.deepEqual(gear["x-kubernetes-group-version-kind"], [{ group: kind.group, kind: "Gear", version: "v1" }]);
  assert.deepEqual(gear["x-kubernetes-selectable-fields"], [{ fieldPath: "spec.teeth" }]);
  assert.match(gear.properties.apiVersion.description, /^APIVersion defines the versioned schema/);
  assert.match(gear.properties.kind.description, /^Kind is a string value representing the REST resource/);
  assert.match(gear.properties.metadata.description, /^Standard object's metadata/);
  assert.deepEqual(gear.properties.spec.properties.teeth, schema.properties.spec.properties.teeth);
  assert.equal(gear.properties.spec.properties.inner.properties.kind.type, "string");
});

test("a custom resource is described in v2 no more strictly than v2 can", async () => {
  const schema = {
    type: "object",
    properties: { spec: { type: "object", nullable: true, properties: { a: { type: "string" } } } },
  };
  const strict = await cluster.define({ schema });
  const open = await cluster.define({});
  const definition = (group: string) => `com.example.${group.split(".")[0]}.v1.Gear`;
  let definitions: Json;
  await until(async () => {
    ({ definitions } = await cluster.ok("GET", "/openapi/v2"));
    return definitions[definition(strict.group)] !== undefined && definitions[definition(open.group)] !== undefined;
  }, "both kinds to be in /openapi/v2");
  assert.deepEqual(definitions[definition(strict.group)].properties.spec, {});
  assert.deepEqual(definitions[definition(open.group)], {
    type: "object",
    "x-kubernetes-group-version-kind": [{ group: open.group, kind: "Gear", version: "v1" }],
  });
});
