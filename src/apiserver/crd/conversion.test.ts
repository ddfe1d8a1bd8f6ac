import assert from "node:assert/strict";
import { test } from "node:test";
import { startWebhookServer, type WebhookServer } from "../admission/webhooks/testing/webhook-server.ts";
import { type Json, openTestServer, type TestServer } from "../testing.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const objects = (version: string) => `/apis/stable.example.com/${version}/namespaces/default/crontabs`;

/** `v1` has `host`, `v2` calls it `hostPort`. */
function convert(path: string, { apiVersion, request }: Json): Json {
  const { uid, desiredAPIVersion, objects: sent } = request;
  const convertedObjects = sent.map(({ spec, ...object }: Json) => {
    const value = spec?.host ?? spec?.hostPort;
    const { host: _1, hostPort: _2, ...rest } = spec ?? {};
    const converted = {
      ...object,
      apiVersion: desiredAPIVersion,
      spec: { ...rest, [desiredAPIVersion.endsWith("v1") ? "host" : "hostPort"]: value },
    };
    return misdeeds[path]?.(converted) ?? converted;
  });
  const review = (response: Json) => ({ apiVersion, kind: "ConversionReview", response: { uid, ...response } });
  const result = { status: "Success" };
  switch (path) {
    case "/fail":
      return review({ result: { status: "Failed", message: "cannot do it" }, convertedObjects: [] });
    case "/fail-silently":
      return review({ result: { status: "Failed" }, convertedObjects: [] });
    case "/few":
      return review({ result, convertedObjects: convertedObjects.slice(1) });
    case "/other-uid":
      return review({ uid: "zz", result, convertedObjects });
    case "/no-response":
      return { apiVersion, kind: "ConversionReview" };
    case "/500":
      return { raw: "boom", status: 500 };
    default:
      return review({ result, convertedObjects });
  }
}

const misdeeds: Record<string, (object: Json) => Json> = {
  "/name": (object) => ({ ...object, metadata: { ...object.metadata, name: "other" } }),
  "/no-metadata": ({ metadata: _gone, ...object }) => object,
  "/kind": (object) => ({ ...object, kind: "Other" }),
  "/version": (object) => ({ ...object, apiVersion: "stable.example.com/v9" }),
  "/labels": (object) => ({ ...object, metadata: { ...object.metadata, labels: { l: "1" }, finalizers: ["a/b"] } }),
};

function definition(hook: WebhookServer, path: string): Json {
  const version = (name: string, field: string) => ({
    name,
    served: true,
    storage: name === "v1",
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: {
            type: "object",
            properties: {
              [field]: { type: "string" },
              x: { type: "integer" },
              kept: { type: "string", default: `by ${name}` },
            },
          },
        },
      },
    },
    selectableFields: [{ jsonPath: `.spec.${field}` }],
  });
  const clientConfig = { url: hook.url(path), caBundle: hook.caBundle };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "crontabs.stable.example.com" },
    spec: {
      group: "stable.example.com",
      scope: "Namespaced",
      names: { plural: "crontabs", singular: "crontab", kind: "CronTab", listKind: "CronTabList" },
      versions: [version("v1", "host"), version("v2", "hostPort")],
      conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } },
    },
  };
}

async function redirect(server: TestServer, hook: WebhookServer, path: string): Promise<void> {
  await server.ok("PATCH", `${definitions}/crontabs.stable.example.com`, {
    body: { spec: { conversion: { webhook: { clientConfig: { url: hook.url(path) } } } } },
    contentType: "application/merge-patch+json",
  });
}

const cronTab = (version: string, name: string, spec: Json): Json => ({
  apiVersion: `stable.example.com/${version}`,
  kind: "CronTab",
  metadata: { name },
  spec,
});

test("objects are written and read in every version, and stored in one", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  await server.ok("POST", objects("v1"), { body: cronTab("v1", "a", { host: "h1" }) });
  const made = await server.ok("POST", objects("v2"), { body: cronTab("v2", "b", { hostPort: "h2" }) });
  assert.deepEqual([made.apiVersion, made.spec], ["stable.example.com/v2", { hostPort: "h2", kept: "by v2" }]);
  const stored = Buffer.from(server.store.get("/root/crontabs.stable.example.com/default/b")?.value ?? []).toString();
  assert.match(stored, /^\{"apiVersion":"stable.example.com\/v1".*"host":"h2"/);
  assert.deepEqual((await server.ok("GET", `${objects("v1")}/b`)).spec, { host: "h2", kept: "by v2" });
  const list = await server.ok("GET", objects("v2"));
  assert.deepEqual(
    list.items.map(({ apiVersion, spec }: Json) => `${apiVersion} ${spec.hostPort}`),
    ["stable.example.com/v2 h1", "stable.example.com/v2 h2"],
  );
  const { request } = hook.calls[0]?.body ?? {};
  assert.equal(request.desiredAPIVersion, "stable.example.com/v1");
  assert.equal(request.objects[0].metadata.resourceVersion, undefined);
});

test("what has been converted is not converted again", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  for (const name of ["a", "b", "c"])
    await server.ok("POST", objects("v1"), { body: cronTab("v1", name, { host: "h" }) });
  assert.equal(hook.calls.length, 0);
  await server.ok("GET", objects("v2"));
  assert.deepEqual(
    hook.calls.map(({ body }) => body.request.objects.length),
    [3],
  );
  await server.ok("GET", objects("v2"));
  await server.ok("GET", `${objects("v2")}/b`);
  assert.equal(hook.calls.length, 1);
});

test("updates start from the version that they are in, and change nothing when they say nothing new", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  await server.ok("POST", objects("v1"), { body: cronTab("v1", "a", { host: "h1" }) });
  const patch = { body: { spec: { x: 1 } }, contentType: "application/merge-patch+json" };
  const changed = await server.ok("PATCH", `${objects("v2")}/a`, patch);
  assert.deepEqual([changed.spec.hostPort, changed.spec.x, changed.metadata.generation], ["h1", 1, 2]);
  assert.deepEqual(
    changed.metadata.managedFields.map(({ apiVersion, fieldsV1 }: Json) => [apiVersion, fieldsV1["f:spec"]]),
    [
      ["stable.example.com/v1", { ".": {}, "f:host": {}, "f:kept": {} }],
      ["stable.example.com/v2", { "f:x": {} }],
    ],
  );
  const again = await server.ok("PATCH", `${objects("v2")}/a`, patch);
  assert.equal(again.metadata.resourceVersion, changed.metadata.resourceVersion);
  const gone = await server.ok("DELETE", `${objects("v2")}/a`);
  assert.equal(gone.status, "Success");
});

test("a watch tells of changes in the version that it asks for, whoever makes them", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  await server.ok("POST", objects("v1"), { body: cronTab("v1", "a", { host: "h1" }) });
  await using watch = await server.watch(`${objects("v2")}?watch=true`);
  await using chosen = await server.watch(`${objects("v2")}?watch=true&fieldSelector=spec.hostPort%3Dh2`);
  assert.equal((await watch.next()).object.spec.hostPort, "h1");
  await server.ok("PATCH", `${objects("v1")}/a`, {
    body: { spec: { host: "h2" } },
    contentType: "application/merge-patch+json",
  });
  await server.ok("DELETE", `${objects("v1")}/a`);
  const seen = [await watch.next(), await watch.next()];
  assert.deepEqual(
    seen.map(({ type, object }) => [type, object.apiVersion, object.spec.hostPort]),
    [
      ["MODIFIED", "stable.example.com/v2", "h2"],
      ["DELETED", "stable.example.com/v2", "h2"],
    ],
  );
  const [added, removed] = [await chosen.next(), await chosen.next()];
  assert.deepEqual([added.type, added.object.spec.hostPort, removed.type], ["ADDED", "h2", "DELETED"]);
});

test("a list selects by fields of its own version", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  for (const name of ["a", "b"]) await server.ok("POST", objects("v1"), { body: cronTab("v1", name, { host: name }) });
  const list = await server.ok("GET", `${objects("v2")}?fieldSelector=spec.hostPort%3Db`);
  assert.deepEqual(
    list.items.map(({ metadata }: Json) => metadata.name),
    ["b"],
  );
});

const about = "conversion webhook for stable.example.com/v1, Kind=CronTab";
const failures: Record<string, string> = {
  "/name": `${about} returned invalid object: must have the same name: a != other`,
  "/no-metadata": `${about} returned invalid object: must have the same name: a != `,
  "/kind": `${about} returned invalid object at index 0: invalid kind (expected CronTab, received Other)`,
  "/version": `${about} returned invalid object at index 0: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v9)`,
  "/fail": `${about} failed: cannot do it`,
  "/fail-silently": `${about} failed: response.result.status was 'Failed', not 'Success'`,
  "/few": `${about} returned 0 objects, expected 1`,
  "/no-response": `${about} failed: no response provided`,
  "/500": `${about} failed: an error on the server ("unknown") has prevented the request from succeeding`,
};

test("a webhook that converts badly fails reads, lists, writes and watches, and nothing else", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/") });
  await server.ok("POST", objects("v1"), { body: cronTab("v1", "a", { host: "h1" }) });
  for (const [path, message] of Object.entries(failures)) {
    await redirect(server, hook, path);
    const { status, body } = await server.send("GET", `${objects("v2")}/a`);
    assert.deepEqual([status, body.code, body.reason, body.message], [500, 500, undefined, message]);
    assert.equal((await server.send("GET", objects("v2"))).body.message, message);
    assert.equal((await server.send("DELETE", `${objects("v2")}/a`)).body.message, message);
    await using watch = await server.watch(`${objects("v2")}?watch=true`);
    assert.deepEqual([(await watch.next()).object.message, await watch.next()], [message, undefined]);
  }
  await redirect(server, hook, "/fail");
  const create = await server.send("POST", objects("v2"), { body: cronTab("v2", "z", { hostPort: "h" }) });
  assert.equal(create.body.message, "conversion webhook for stable.example.com/v2, Kind=CronTab failed: cannot do it");
  assert.equal((await server.ok("GET", `${objects("v1")}/a`)).spec.host, "h1");
  assert.equal((await server.ok("DELETE", `${objects("v1")}/a`)).status, "Success");
});

test("a webhook changes labels and annotations, and nothing else of the metadata", async () => {
  await using hook = await startWebhookServer(convert);
  await using server = await openTestServer();
  await server.ok("POST", definitions, { body: definition(hook, "/labels") });
  const { metadata } = await server.ok("POST", objects("v1"), { body: cronTab("v1", "a", { host: "h1" }) });
  const shown = await server.ok("GET", `${objects("v2")}/a`);
  assert.deepEqual(shown.metadata, { ...metadata, labels: { l: "1" } });
});
