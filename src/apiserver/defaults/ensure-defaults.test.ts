import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../storage/index.ts";
import { type Json, openTestServer } from "../testing.ts";

const flowSchemas = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas";
const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
const ranges = "/apis/networking.k8s.io/v1/servicecidrs";

test("a cluster has the bootstrap configuration of Kubernetes 1.34 from the start", async () => {
  await using server = await openTestServer();
  const names = async (path: string) => (await server.ok("GET", path)).items.map(({ metadata }: Json) => metadata.name);
  assert.equal((await names(flowSchemas)).length, 11);
  assert.equal((await names("/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations")).length, 8);
  assert.deepEqual(await names(classes), ["system-cluster-critical", "system-node-critical"]);
  const { spec, status, metadata } = await server.ok("GET", `${ranges}/kubernetes`);
  assert.deepEqual([spec.cidrs, status.conditions[0].status], [["10.96.0.0/16"], "True"]);
  assert.deepEqual(
    metadata.managedFields.map((one: Json) => [one.manager, one.operation, one.subresource]),
    [
      ["service-cidr-controller", "Apply", "status"],
      ["kube-apiserver", "Update", undefined],
    ],
  );
  const exempt = await server.ok("GET", `${flowSchemas}/exempt`);
  assert.deepEqual(exempt.metadata.managedFields[0].fieldsV1, {
    "f:status": {
      "f:conditions": {
        'k:{"type":"Dangling"}': {
          ".": {},
          "f:lastTransitionTime": {},
          "f:message": {},
          "f:reason": {},
          "f:status": {},
          "f:type": {},
        },
      },
    },
  });
});

test("the next start makes defaults anew that were deleted, and gives flow control its content back", async () => {
  await using store = openMemoryStore();
  const merge = "application/merge-patch+json";
  const precedence = (value: number, auto?: string) => ({
    contentType: merge,
    body: {
      spec: { matchingPrecedence: value },
      ...(auto === undefined ? {} : { metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": auto } } }),
    },
  });
  let uid: string;
  {
    await using server = await openTestServer({ store });
    ({ uid } = (await server.ok("GET", `${classes}/system-node-critical`)).metadata);
    await server.ok("DELETE", `${flowSchemas}/probes`);
    await server.ok("DELETE", `${ranges}/kubernetes`);
    await server.ok("PATCH", `${flowSchemas}/service-accounts`, precedence(1234));
    await server.ok("PATCH", `${flowSchemas}/system-nodes`, precedence(1234, "false"));
  }
  await using server = await openTestServer({ store });
  assert.equal((await server.ok("GET", `${classes}/system-node-critical`)).metadata.uid, uid);
  const probes = await server.ok("GET", `${flowSchemas}/probes`);
  assert.deepEqual([probes.spec.matchingPrecedence, probes.status.conditions[0].status], [2, "False"]);
  assert.equal((await server.ok("GET", `${ranges}/kubernetes`)).spec.cidrs[0], "10.96.0.0/16");
  const at = async (name: string) => (await server.ok("GET", `${flowSchemas}/${name}`)).spec.matchingPrecedence;
  assert.deepEqual([await at("service-accounts"), await at("system-nodes")], [9000, 1234]);
});

test("the server tells who signs clients' certificates, and follows when that changes", async () => {
  await using store = openMemoryStore();
  const path = "/api/v1/namespaces/kube-system/configmaps";
  const data = async (caCertificate: string, name: string) => {
    await using server = await openTestServer({ store, caCertificate });
    return (await server.ok("GET", `${path}/${name}`)).data;
  };
  const authentication = "extension-apiserver-authentication";
  assert.deepEqual(await data("one", authentication), { "client-ca-file": "one" });
  assert.deepEqual(await data("two", authentication), { "client-ca-file": "two" });
  const tracking = await data("two", "kube-apiserver-legacy-service-account-token-tracking");
  assert.deepEqual(tracking, { since: "2026-01-02" });
});
