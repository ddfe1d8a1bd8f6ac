import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const base = `/apis/resource.k8s.io/v1/namespaces/${cluster.namespace}`;
const label = "resource.kubernetes.io/admin-access";
const apiVersion = "resource.k8s.io/v1";

const devices = (adminAccess: boolean): Json => ({
  devices: {
    requests: [
      { name: "a", exactly: { deviceClassName: "any.example.com" } },
      { name: "b", exactly: { deviceClassName: "any.example.com", adminAccess } },
    ],
  },
});
const kinds: Record<string, { collection: string; spec: (adminAccess: boolean) => Json }> = {
  ResourceClaim: { collection: `${base}/resourceclaims`, spec: devices },
  ResourceClaimTemplate: {
    collection: `${base}/resourceclaimtemplates`,
    spec: (adminAccess) => ({ spec: devices(adminAccess) }),
  },
};

test("devices that others use are only for namespaces that are marked for it", async () => {
  const create = (kind: string, name: string, adminAccess: boolean) => {
    const { collection = "", spec = devices } = kinds[kind] ?? {};
    const body = { apiVersion, kind, metadata: { name }, spec: spec(adminAccess) };
    return cluster.send("POST", collection, { body });
  };
  for (const kind of Object.keys(kinds)) {
    assert.equal((await create(kind, "plain", false)).status, 201);
    const { status, body } = await create(kind, "admin", true);
    const why = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
    const field = "spec.devices.requests[1].adminAccess";
    assert.equal(status, 422);
    assert.equal(body.message, `${kind}.resource.k8s.io "admin" is invalid: ${field}: Forbidden: ${why}`);
    assert.deepEqual(body.details.causes, [{ reason: "FieldValueForbidden", message: `Forbidden: ${why}`, field }]);
  }
  await cluster.ok("PATCH", `/api/v1/namespaces/${cluster.namespace}`, {
    contentType: "application/merge-patch+json",
    body: { metadata: { labels: { [label]: "true" } } },
  });
  for (const kind of Object.keys(kinds)) assert.equal((await create(kind, "admin", true)).status, 201, kind);
});
