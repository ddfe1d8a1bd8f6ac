import assert from "node:assert/strict";
import { test } from "node:test";
import { selectableField, selectableFields } from "./selectable.ts";

const object = (fields: Record<string, unknown>) => ({
  apiVersion: "v1",
  kind: "K",
  metadata: { name: "x", namespace: "n" },
  ...fields,
});
const pod = { group: "", kind: "Pod" };

test("fields are compared as texts, absent ones as Go's zeros", () => {
  assert.equal(selectableField(pod, object({ spec: { nodeName: "a" } }), "spec.nodeName"), "a");
  assert.equal(selectableField(pod, object({}), "spec.nodeName"), "");
  assert.equal(selectableField(pod, object({}), "spec.hostNetwork"), "false");
  assert.equal(selectableField(pod, object({ spec: { hostNetwork: true } }), "spec.hostNetwork"), "true");
  assert.equal(
    selectableField({ group: "batch", kind: "Job" }, object({ status: { succeeded: 2 } }), "status.successful"),
    "2",
  );
  assert.equal(
    selectableField({ group: "", kind: "Event" }, object({ source: { component: "kubelet" } }), "source"),
    "kubelet",
  );
});

test("names can always be selected, other fields only where the kind offers them", () => {
  const configMap = { group: "", kind: "ConfigMap" };
  assert.deepEqual(selectableFields(configMap), []);
  assert.equal(selectableField(configMap, object({}), "metadata.name"), "x");
  assert.equal(selectableField(configMap, object({}), "metadata.namespace"), "n");
  assert.equal(selectableField(configMap, object({ data: { a: "b" } }), "data.a"), undefined);
});
