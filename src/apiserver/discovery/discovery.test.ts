import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions } from "../catalog.ts";
import { type Json, openTestServer } from "../testing.ts";

const aggregated = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

test("versions are ordered as Kubernetes prefers them", () => {
  const versions = ["foo1", "v1", "v10", "v2beta1", "foo10", "v11beta2", "v12alpha1", "v11alpha2", "v2"];
  assert.deepEqual(versions.sort(compareVersions), [
    "v10",
    "v2",
    "v1",
    "v11beta2",
    "v2beta1",
    "v12alpha1",
    "v11alpha2",
    "foo1",
    "foo10",
  ]);
});

test("the old discovery lists versions, groups and resources", async () => {
  await using server = await openTestServer();
  const core = await server.ok("GET", "/api", { headers: { host: "127.0.0.1:6443" } });
  assert.deepEqual(core, {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "127.0.0.1:6443" }],
  });
  const { groups } = await server.ok("GET", "/apis");
  const apps = groups.find(({ name }: Json) => name === "apps");
  assert.deepEqual(apps, {
    name: "apps",
    versions: [{ groupVersion: "apps/v1", version: "v1" }],
    preferredVersion: { groupVersion: "apps/v1", version: "v1" },
  });
  assert.deepEqual(await server.ok("GET", "/apis/apps/"), { kind: "APIGroup", apiVersion: "v1", ...apps });
  const autoscaling = groups.find(({ name }: Json) => name === "autoscaling");
  assert.deepEqual(
    autoscaling.versions.map(({ version }: Json) => version),
    ["v2", "v1"],
  );
  const { resources } = await server.ok("GET", "/apis/apps/v1");
  const found = resources.find(({ name }: Json) => name === "deployments");
  assert.match(found.storageVersionHash, /^[A-Za-z0-9+/]{11}=$/);
  assert.deepEqual(
    { ...found, storageVersionHash: "" },
    {
      name: "deployments",
      singularName: "deployment",
      namespaced: true,
      kind: "Deployment",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["deploy"],
      categories: ["all"],
      storageVersionHash: "",
    },
  );
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
  for (const path of ["/apis/nope", "/apis/apps/v2", "/api/v2"])
    assert.equal((await server.send("GET", path)).status, 404);
});

test("nothing is offered that nothing answers", async () => {
  await using server = await openTestServer();
  const { resources } = await server.ok("GET", "/api/v1");
  const below = resources.map(({ name }: Json) => name).filter((name: string) => name.startsWith("pods/"));
  assert.deepEqual(below, ["pods/binding", "pods/ephemeralcontainers", "pods/eviction", "pods/resize", "pods/status"]);
  const pods = "/api/v1/namespaces/default/pods";
  const pod = `${pods}/a`;
  const containers = [{ name: "c", image: "nginx" }];
  const made = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { containers } };
  await server.ok("POST", pods, { body: made });
  await server.ok("POST", pods, { body: { ...made, metadata: { name: "played" } } });
  const conditions = [{ type: "skiff.dev/Simulated", status: "True" }];
  await server.ok("PATCH", `${pods}/played/status`, {
    body: { status: { conditions } },
    contentType: "application/merge-patch+json",
  });
  for (const [method, subresource] of [
    ["GET", "log"],
    ["POST", "exec"],
    ["GET", "exec"],
    ["POST", "portforward"],
  ]) {
    const { status, body } = await server.send(String(method), `${pod}/${subresource}?container=c`);
    assert.deepEqual([status, body.reason], [400, "BadRequest"]);
    assert.match(body.message, /^pod default\/a does not run: this platform does not run pods, so there is no/);
    const played = await server.send(String(method), `${pods}/played/${subresource}?container=c`);
    assert.match(played.body.message, /^pod default\/played is simulated: its life cycle is played and nothing runs/);
    assert.equal((await server.send(String(method), `${pods}/absent/${subresource}`)).status, 404);
  }
  assert.equal((await server.send("GET", `${pod}/nope`)).status, 404);
});

test("a proxy says that nothing is behind a service or a node", async () => {
  await using server = await openTestServer();
  const spec = { ports: [{ name: "http", port: 80 }] };
  const services = "/api/v1/namespaces/default/services";
  await server.ok("POST", services, { body: { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec } });
  const cases: [string, number, string][] = [
    [`${services}/web/proxy`, 503, 'no endpoints available for service "web"'],
    [`${services}/http:web:http/proxy/api/v1/query?query=up`, 503, 'no endpoints available for service "web"'],
    [`${services}/ftp:web:http/proxy/`, 400, 'invalid service request "ftp:web:http"'],
    [`${services}/none/proxy/`, 404, 'services "none" not found'],
    ["/api/v1/nodes/none/proxy/stats/summary", 404, 'nodes "none" not found'],
  ];
  for (const [target, status, message] of cases) {
    const answer = await server.send("GET", target);
    assert.deepEqual([answer.status, answer.body.message], [status, message]);
  }
});

test("aggregated discovery says everything at once, once", async () => {
  await using server = await openTestServer();
  const accept = `${aggregated("v2")},application/json`;
  const answer = await server.send("GET", "/apis", { accept });
  assert.equal(answer.headers["content-type"], aggregated("v2"));
  assert.equal(answer.body.apiVersion, "apidiscovery.k8s.io/v2");
  const apps = answer.body.items.find(({ metadata }: Json) => metadata.name === "apps");
  const deployments = apps.versions[0].resources.find(({ resource }: Json) => resource === "deployments");
  assert.deepEqual(
    [deployments.scope, deployments.singularResource, deployments.responseKind.kind],
    ["Namespaced", "deployment", "Deployment"],
  );
  assert.deepEqual(
    deployments.subresources.map(({ subresource }: Json) => subresource),
    ["scale", "status"],
  );
  const { etag } = answer.headers;
  assert.equal((await server.send("GET", "/apis", { accept, headers: { "if-none-match": String(etag) } })).status, 304);
  const core = await server.ok("GET", "/api", { accept });
  assert.deepEqual(
    core.items.map(({ metadata }: Json) => metadata.name),
    [undefined],
  );
});

test("the beta of aggregation is gone: a client that knows no other gets the old form, or nothing", async () => {
  await using server = await openTestServer();
  const old = aggregated("v2beta1");
  assert.equal((await server.ok("GET", "/apis", { accept: `${old},application/json` })).kind, "APIGroupList");
  assert.equal((await server.send("GET", "/apis", { accept: old })).status, 406);
});

test("a CRD changes discovery at once, and no other document", async () => {
  await using server = await openTestServer();
  const accept = aggregated("v2");
  const before = await server.send("GET", "/apis", { accept });
  const indexBefore = await server.ok("GET", "/openapi/v3");
  const schema = {
    openAPIV3Schema: {
      type: "object",
      properties: {
        spec: { type: "object", description: "What it is.", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  };
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gears.example.com" },
    spec: {
      group: "example.com",
      scope: "Cluster",
      names: { plural: "gears", kind: "Gear" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
  await server.ok("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: crd });
  const after = await server.send("GET", "/apis", { accept });
  assert.notEqual(after.headers["etag"], before.headers["etag"]);
  assert.equal(after.body.items.at(-1).metadata.name, "example.com");
  const index = await server.ok("GET", "/openapi/v3");
  assert.equal(index.paths["apis/apps/v1"].serverRelativeURL, indexBefore.paths["apis/apps/v1"].serverRelativeURL);
  const document = await server.ok("GET", index.paths["apis/example.com/v1"].serverRelativeURL);
  const gear = document.components.schemas["com.example.v1.Gear"];
  assert.deepEqual(gear["x-kubernetes-group-version-kind"], [{ group: "example.com", kind: "Gear", version: "v1" }]);
  assert.equal(gear.properties.spec.description, "What it is.");
  assert.ok(document.components.schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]);
  const v2 = await server.ok("GET", "/openapi/v2");
  assert.ok(v2.definitions["com.example.v1.Gear"]);
  assert.ok(v2.paths["/apis/example.com/v1/gears/{name}"]);
});

test("OpenAPI v3 has what kubectl looks for", async () => {
  await using server = await openTestServer();
  const { paths } = await server.ok("GET", "/openapi/v3");
  const url = paths["apis/apps/v1"].serverRelativeURL;
  assert.match(url, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
  const answer = await server.send("GET", url);
  assert.match(String(answer.headers["cache-control"]), /immutable/);
  const { patch } = answer.body.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", version: "v1", kind: "Deployment" });
  assert.deepEqual(
    patch.parameters.map(({ name }: Json) => name),
    ["dryRun", "fieldManager", "fieldValidation", "force"],
  );
  assert.deepEqual(Object.keys(patch.requestBody.content).sort(), [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
  ]);
  const moved = await server.send("GET", "/openapi/v3/apis/apps/v1?hash=OLD");
  assert.deepEqual([moved.status, moved.headers["location"]], [301, url]);
  assert.equal(
    (await server.send("GET", url, { headers: { "if-none-match": String(answer.headers["etag"]) } })).status,
    304,
  );
  assert.equal((await server.send("GET", "/openapi/v3/apis/nope/v1")).status, 404);
  assert.equal((await server.send("GET", "/openapi/v3/v1")).status, 404);
});

test("every reference in the OpenAPI documents leads somewhere", async () => {
  await using server = await openTestServer();
  const { paths } = await server.ok("GET", "/openapi/v3");
  for (const { serverRelativeURL } of Object.values<Json>(paths)) {
    const { text, body } = await server.send("GET", serverRelativeURL);
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      assert.ok(body.components.schemas[name], `${serverRelativeURL}: ${name}`);
  }
  const { text, body } = await server.send("GET", "/openapi/v2");
  assert.equal(body.swagger, "2.0");
  assert.ok(!text.includes("#/components/"));
  for (const [, name = ""] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) assert.ok(body.definitions[name], name);
  const operation = body.paths["/api/v1/namespaces/{namespace}/configmaps"].post;
  assert.deepEqual(operation.parameters[0], {
    name: "body",
    in: "body",
    required: true,
    schema: { $ref: "#/definitions/io.k8s.api.core.v1.ConfigMap" },
  });
  const ids = Object.values<Json>(body.paths).flatMap((item) =>
    Object.values<Json>(item).flatMap(({ operationId }) => operationId ?? []),
  );
  assert.equal(new Set(ids).size, ids.length, "operation ids are unique");
});

test("health and version are for everybody, the rest for those who are known", async () => {
  await using server = await openTestServer({
    checks: [
      {
        name: "disk",
        run: () => {
          throw new Error("full");
        },
      },
    ],
  });
  const anonymous = { user: null };
  assert.equal((await server.send("GET", "/version", anonymous)).body.major, "1");
  assert.match((await server.send("GET", "/version", anonymous)).body.gitVersion, /^v1\.34\.\d+\+skiff$/);
  const ready = await server.send("GET", "/readyz?verbose", anonymous);
  assert.equal(ready.status, 500);
  assert.match(ready.text, /^\[\+\]ping ok\n.*\[-\]disk failed: reason withheld\nreadyz check failed\n$/s);
  assert.deepEqual(
    [
      (await server.send("GET", "/livez/ping")).text,
      (await server.send("GET", "/livez/nope")).status,
      (await server.send("GET", "/livez/ping", anonymous)).status,
    ],
    ["ok", 404, 403],
  );
  assert.equal((await server.send("GET", "/livez/disk")).text, "internal server error: full\n");
  assert.equal((await server.send("GET", "/livez?exclude=disk", anonymous)).text, "ok");
  assert.match((await server.send("GET", "/livez?exclude=disk&verbose", anonymous)).text, /livez check passed\n$/);
  for (const path of ["/", "/api", "/apis", "/openapi/v2", "/metrics"]) {
    const { status, body } = await server.send("GET", path, anonymous);
    const message = `forbidden: User "system:anonymous" cannot get path "${path}"`;
    assert.deepEqual([status, body.reason, body.message], [403, "Forbidden", message]);
  }
  assert.ok((await server.ok("GET", "/")).paths.includes("/apis/apps/v1"));
});
