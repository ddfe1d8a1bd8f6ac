import assert from "node:assert/strict";
import { test } from "node:test";
import { type KubeObject, StatusError } from "../../apimachinery/index.ts";
import { decodeBuiltin } from "./decode.ts";
import { builtinResources } from "./resources.ts";

function decoded(kind: string, fields: Record<string, unknown>): KubeObject {
  const resource = builtinResources.find((one) => one.kind === kind);
  assert.ok(resource);
  const object: KubeObject = { apiVersion: resource.version, kind, metadata: { name: "x" }, ...fields };
  decodeBuiltin(resource, object);
  return object;
}

const container = (fields: Record<string, unknown>) => ({ containers: [{ name: "c", image: "i", ...fields }] });

test("decode gives quantities, times and base64 their one form and drops nulls", () => {
  const pod = decoded("Pod", {
    spec: {
      ...container({ resources: { limits: { cpu: 0.5, memory: "1024Mi" } }, ports: null }),
      nodeSelector: { zone: null },
    },
    status: { startTime: "2024-01-01T02:00:00.5+02:00" },
  });
  assert.deepEqual(pod["spec"], {
    containers: [{ name: "c", image: "i", resources: { limits: { cpu: "500m", memory: "1Gi" } } }],
    nodeSelector: { zone: "" },
  });
  assert.deepEqual(pod["status"], { startTime: "2024-01-01T00:00:00Z" });
  assert.equal(
    decoded("Lease", { spec: { renewTime: "2024-01-01T00:00:00.12Z" } })["spec"]?.["renewTime" as never],
    "2024-01-01T00:00:00.120000Z",
  );
  assert.deepEqual(decoded("Secret", { data: { a: "aGVs\nbG8=" } })["data"], { a: "aGVsbG8=" });
});

const refusals: Record<string, { kind: string; fields: Record<string, unknown>; want: string }> = {
  "text for a number": {
    kind: "Deployment",
    fields: { spec: { replicas: "3" } },
    want: "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
  },
  "a fraction for a whole number": {
    kind: "Deployment",
    fields: { spec: { replicas: 1.5 } },
    want: "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
  },
  "a number for text deep inside": {
    kind: "Deployment",
    fields: { spec: { template: { spec: container({ env: [{ name: "A", value: 1 }] }) } } },
    want: "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
  },
  "a bool in the data of a config map": {
    kind: "ConfigMap",
    fields: { data: { a: true } },
    want: "json: cannot unmarshal bool into Go struct field ConfigMap.data of type string",
  },
  "an object for a list": {
    kind: "Pod",
    fields: { spec: { containers: {} } },
    want: "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
  },
  "a list for an object": {
    kind: "Service",
    fields: { spec: [] },
    want: "json: cannot unmarshal array into Go struct field Service.spec of type v1.ServiceSpec",
  },
  "what is no quantity": {
    kind: "PersistentVolumeClaim",
    fields: { spec: { resources: { requests: { storage: "1 Gi" } } } },
    want: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  },
  "what is no base64": {
    kind: "Secret",
    fields: { data: { a: "not base64" } },
    want: "illegal base64 data at input byte 3",
  },
  "base64 without padding": {
    kind: "Secret",
    fields: { data: { a: "aGVsbG8" } },
    want: "illegal base64 data at input byte 4",
  },
  "a bool for a port": {
    kind: "Service",
    fields: { spec: { ports: [{ port: 80, targetPort: true }] } },
    want: "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
  },
};
for (const [name, { kind, fields, want }] of Object.entries(refusals)) {
  test(`decode refuses ${name} in Go's words`, () => {
    assert.throws(
      () => decoded(kind, fields),
      (error) =>
        error instanceof StatusError &&
        error.reason === "BadRequest" &&
        error.message === `${kind} in version "v1" cannot be handled as a ${kind}: ${want}`,
    );
  });
}

test("decode keeps fields that the kind does not have, and everything in a raw extension", () => {
  const object = decoded("ControllerRevision", { revision: 1, data: { a: null }, surplus: null });
  assert.deepEqual([object["data"], object["surplus"]], [{ a: null }, null]);
});

test("decode follows a schema that contains itself", () => {
  const schema = { openAPIV3Schema: { properties: { a: { properties: { b: { maxLength: "3" } } } } } };
  const versions = [{ name: "v1", served: true, storage: true, schema }];
  assert.throws(
    () => decoded("CustomResourceDefinition", { spec: { versions } }),
    /JSONSchemaProps\.spec\.versions\.schema\.openAPIV3Schema\.properties\.properties\.maxLength of type int64/,
  );
});
