import assert from "node:assert/strict";
import { test } from "node:test";
import { type Path, parsePath } from "./path.ts";

const plain = {
  type: "resource",
  group: "",
  version: "v1",
  namespace: "",
  name: "",
  subresource: "",
  watch: false,
} as const;

const cases: Record<string, Path> = {
  "/": { type: "root" },
  "/api": { type: "api" },
  "/api/": { type: "api" },
  "/apis/": { type: "apis" },
  "/apis/apps": { type: "group", group: "apps" },
  "/api/v1": { type: "version", group: "", version: "v1" },
  "/apis/apps/v1/": { type: "version", group: "apps", version: "v1" },
  "/version": { type: "server-version" },
  "/livez": { type: "health", endpoint: "livez", check: "" },
  "/readyz/store": { type: "health", endpoint: "readyz", check: "store" },
  "/openapi/v2": { type: "openapi-v2" },
  "/openapi/v3": { type: "openapi-v3" },
  "/openapi/v3/apis/apps/v1": { type: "openapi-v3-document", name: "apis/apps/v1" },
  "/metrics": { type: "unknown" },
  "/api/v1/pods": { ...plain, resource: "pods" },
  "/api/v1/nodes/a/": { ...plain, resource: "nodes", name: "a" },
  "/api/v1/nodes/a/status": { ...plain, resource: "nodes", name: "a", subresource: "status" },
  "/api/v1/namespaces": { ...plain, resource: "namespaces" },
  "/api/v1/namespaces/a": { ...plain, resource: "namespaces", namespace: "a", name: "a" },
  "/api/v1/namespaces/a/finalize": {
    ...plain,
    resource: "namespaces",
    namespace: "a",
    name: "a",
    subresource: "finalize",
  },
  "/api/v1/namespaces/a/pods": { ...plain, resource: "pods", namespace: "a" },
  "/api/v1/namespaces/a/pods/b/binding": {
    ...plain,
    resource: "pods",
    namespace: "a",
    name: "b",
    subresource: "binding",
  },
  "/api/v1/watch/namespaces/a/pods": { ...plain, resource: "pods", namespace: "a", watch: true },
  "/apis/apps/v1/namespaces/a/deployments/b": {
    ...plain,
    group: "apps",
    resource: "deployments",
    namespace: "a",
    name: "b",
  },
  "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aadmin": {
    ...plain,
    group: "rbac.authorization.k8s.io",
    resource: "clusterroles",
    name: "system:admin",
  },
  "/api/v1/namespaces/a/pods/b/proxy/c": {
    ...plain,
    resource: "pods",
    namespace: "a",
    name: "b",
    subresource: "proxy",
  },
  "/api/v1/namespaces/a/pods/b/status/c": { type: "unknown", group: "" },
};
for (const [path, want] of Object.entries(cases)) {
  test(`parsePath reads ${path}`, () => assert.deepEqual(parsePath(path), want));
}

test("parsePath refuses broken percent-encoding", () => {
  assert.throws(() => parsePath("/api/v1/nodes/%zz"), { reason: "BadRequest" });
});
