import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster, until } from "./cluster.ts";

const cluster = await openCluster();
const aggregated = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

/** What Kubernetes 1.34 serves when no feature is turned on, preferred versions first. */
const groups: Record<string, string[]> = {
  "admissionregistration.k8s.io": ["v1"],
  "apiextensions.k8s.io": ["v1"],
  "apiregistration.k8s.io": ["v1"],
  apps: ["v1"],
  "authentication.k8s.io": ["v1"],
  "authorization.k8s.io": ["v1"],
  autoscaling: ["v2", "v1"],
  batch: ["v1"],
  "certificates.k8s.io": ["v1"],
  "coordination.k8s.io": ["v1"],
  "discovery.k8s.io": ["v1"],
  "events.k8s.io": ["v1"],
  "flowcontrol.apiserver.k8s.io": ["v1"],
  "networking.k8s.io": ["v1"],
  "node.k8s.io": ["v1"],
  policy: ["v1"],
  "rbac.authorization.k8s.io": ["v1"],
  "resource.k8s.io": ["v1"],
  "scheduling.k8s.io": ["v1"],
  "storage.k8s.io": ["v1"],
};

test("/api names the core version and where the server is", async () => {
  const { kind, versions, serverAddressByClientCIDRs } = await cluster.ok("GET", "/api");
  assert.deepEqual([kind, versions], ["APIVersions", ["v1"]]);
  assert.equal(serverAddressByClientCIDRs[0].clientCIDR, "0.0.0.0/0");
});

test("/apis names all groups with their versions in the order of preference", async () => {
  const list = await cluster.ok("GET", "/apis");
  assert.equal(list.kind, "APIGroupList");
  const builtin = list.groups.filter(({ name }: Json) => groups[name] !== undefined);
  const seen = builtin.map(({ name, versions }: Json) => [name, versions.map(({ version }: Json) => version)]);
  assert.deepEqual(Object.fromEntries(seen), groups);
  for (const { versions, preferredVersion } of list.groups) assert.deepEqual(preferredVersion, versions[0]);
});

test("each group and each version has a document of its own, with and without a slash at the end", async () => {
  const list = await cluster.ok("GET", "/apis");
  for (const name of Object.keys(groups)) {
    const entry = list.groups.find((group: Json) => group.name === name);
    const group = await cluster.ok("GET", `/apis/${name}/`);
    assert.deepEqual(group, { kind: "APIGroup", apiVersion: "v1", ...entry });
    for (const { groupVersion } of entry.versions) {
      const { kind, groupVersion: said, resources } = await cluster.ok("GET", `/apis/${groupVersion}`);
      assert.deepEqual([kind, said], ["APIResourceList", groupVersion]);
      assert.ok(resources.length > 0, groupVersion);
    }
  }
});

test("a resource is described with its names, verbs and categories", async () => {
  const { resources } = await cluster.ok("GET", "/apis/apps/v1");
  const deployments = resources.find(({ name }: Json) => name === "deployments");
  assert.deepEqual(deployments, {
    name: "deployments",
    singularName: "deployment",
    namespaced: true,
    kind: "Deployment",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["deploy"],
    categories: ["all"],
    storageVersionHash: "8aSe+NMegvE=",
  });
  assert.deepEqual(
    resources.find(({ name }: Json) => name === "deployments/scale"),
    {
      name: "deployments/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get", "patch", "update"],
    },
  );
});

test("aggregated discovery tells everything in one document, and nothing twice", async () => {
  const accept = `${aggregated("v2")},application/json`;
  const answer = await cluster.send("GET", "/apis", { accept });
  assert.equal(answer.headers["content-type"], aggregated("v2"));
  assert.deepEqual([answer.body.kind, answer.body.apiVersion], ["APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"]);
  const apps = answer.body.items.find(({ metadata }: Json) => metadata.name === "apps");
  const [{ version, freshness, resources }] = apps.versions;
  assert.deepEqual([version, freshness], ["v1", "Current"]);
  const deployments = resources.find(({ resource }: Json) => resource === "deployments");
  assert.equal(deployments.scope, "Namespaced");
  assert.deepEqual(deployments.responseKind, { group: "", version: "", kind: "Deployment" });
  assert.deepEqual(deployments.subresources, [
    {
      subresource: "scale",
      responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
      verbs: ["get", "patch", "update"],
    },
    {
      subresource: "status",
      responseKind: { group: "", version: "", kind: "Deployment" },
      verbs: ["get", "patch", "update"],
    },
  ]);
  const core = await cluster.ok("GET", "/api", { accept });
  assert.deepEqual(
    core.items.map(({ metadata }: Json) => metadata),
    [{}],
  );
});

test("a client that has the aggregated document gets no second one", async () => {
  for (const path of ["/api", "/apis"]) {
    // Other tests make CRDs meanwhile, each of which changes the document.
    await until(async () => {
      const { headers } = await cluster.send("GET", path, { accept: aggregated("v2") });
      const again = await cluster.send("GET", path, {
        accept: aggregated("v2"),
        headers: { "if-none-match": String(headers["etag"]) },
      });
      return again.status === 304 && again.text === "" && again.headers["etag"] === headers["etag"];
    }, `${path} is not sent twice`);
  }
});

test("the beta of aggregated discovery is gone", async () => {
  const alone = await cluster.send("GET", "/apis", { accept: aggregated("v2beta1") });
  assert.equal(alone.status, 406);
  assert.equal(
    alone.body.message,
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
  const either = await cluster.ok("GET", "/apis", { accept: `${aggregated("v2beta1")},application/json` });
  assert.equal(either.kind, "APIGroupList");
});

test("discovery is also written as YAML", async () => {
  const { headers, text } = await cluster.send("GET", "/apis/apps", { accept: "application/yaml" });
  assert.equal(headers["content-type"], "application/yaml");
  assert.match(text, /^apiVersion: v1\nkind: APIGroup\nname: apps\n/);
});

test("what nobody serves is not found: a page outside of the API, a Status inside", async () => {
  for (const path of ["/nope", "/apis/nope.example.com", "/apis/nope.example.com/v1/things"]) {
    const { status, text, headers } = await cluster.send("GET", path);
    assert.deepEqual([status, text], [404, "404 page not found\n"], path);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  }
  for (const path of ["/api/v1/nope", "/apis/apps/v1/nope", "/api/v1/namespaces/default/nope/a"]) {
    const { status, body } = await cluster.send("GET", path);
    assert.equal(status, 404, path);
    assert.equal(body.message, "the server could not find the requested resource");
    assert.deepEqual([body.reason, body.details], ["NotFound", {}]);
  }
});

test("a method that nobody answers is not allowed", async () => {
  for (const [method, path] of [
    ["POST", "/apis/apps/v1/deployments"],
    ["PUT", `/api/v1/namespaces/${cluster.namespace}/configmaps`],
    ["POST", `/api/v1/namespaces/${cluster.namespace}/configmaps/a`],
    ["DELETE", "/api/v1/configmaps"],
  ] as const) {
    const { status, body } = await cluster.send(method, path, { body: {} });
    assert.equal(status, 405, `${method} ${path}`);
    assert.equal(body.message, "the server does not allow this method on the requested resource");
  }
});

test("a custom resource is in both forms of discovery", async () => {
  const names = { shortNames: ["gr"], categories: ["all", "tools"] };
  const kind = await cluster.define({ names, version: { subresources: { status: {} } } });
  const { resources } = await cluster.ok("GET", `/apis/${kind.group}/v1`);
  const [gears, status] = resources;
  assert.deepEqual(
    [gears.name, gears.singularName, gears.kind, gears.shortNames, gears.categories],
    ["gears", "gear", "Gear", ["gr"], ["all", "tools"]],
  );
  assert.deepEqual([...gears.verbs].sort(), [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
  ]);
  assert.deepEqual([status.name, [...status.verbs].sort()], ["gears/status", ["get", "patch", "update"]]);
  const list = await cluster.ok("GET", "/apis", { accept: aggregated("v2") });
  const group = list.items.find(({ metadata }: Json) => metadata.name === kind.group);
  const [resource] = group.versions[0].resources;
  assert.deepEqual(resource.responseKind, { group: kind.group, version: "v1", kind: "Gear" });
});
