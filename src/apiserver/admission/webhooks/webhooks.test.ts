import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntil } from "../../../lib/index.ts";
import { configMap, deployment, type Json, openTestServer, type TestServer } from "../../testing.ts";
import { startWebhookServer, type WebhookServer } from "./testing/webhook-server.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const group = "/apis/admissionregistration.k8s.io/v1";
const anything = [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["configmaps"] }];

/** Answers by the path: what webhooks do, and what they do wrong. */
function answers(path: string, { apiVersion, request: { uid } }: Json): Json {
  const review = (response: Json) => ({ apiVersion, kind: "AdmissionReview", response: { uid, ...response } });
  const patch = (operations: Json, patchType: Json = "JSONPatch") =>
    review({ allowed: true, patchType, patch: Buffer.from(JSON.stringify(operations)).toString("base64") });
  if (path.startsWith("/patch/")) return patch(JSON.parse(decodeURIComponent(path.slice("/patch/".length))));
  switch (path) {
    case "/deny":
      return review({ allowed: false, status: { message: "nope", reason: "Teapot", code: 418 }, warnings: ["w", "w"] });
    case "/deny-silently":
      return review({ allowed: false });
    case "/deny-for-a-reason":
      return review({ allowed: false, status: { reason: "Forbidden" } });
    case "/500":
      return { raw: "boom", status: 500, type: "text/plain" };
    case "/404":
      return { raw: "404 page not found\n", status: 404, type: "text/plain" };
    case "/empty":
      return { raw: "", status: 200 };
    case "/other-uid":
      return review({ allowed: true, uid: "x" });
    case "/no-response":
      return { apiVersion, kind: "AdmissionReview" };
    case "/other-version":
      return { ...review({ allowed: true }), apiVersion: "admission.k8s.io/v1beta1" };
    case "/untyped-patch":
      return review({ allowed: true, patch: Buffer.from("[]").toString("base64") });
    case "/bad-patch":
      return patch({ op: 1 });
    case "/other-patch":
      return patch([{ op: "add", path: "/data/x", value: "y" }], "Other");
    default:
      return review({ allowed: true });
  }
}

type Kind = "Mutating" | "Validating";

function configuration(kind: Kind, hook: WebhookServer, path: string, fields: Json = {}): Json {
  const { name = "hook", ...rest } = fields;
  const webhook = {
    name: `${name}.example.com`,
    clientConfig: { url: hook.url(path), caBundle: hook.caBundle },
    rules: anything,
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    ...rest,
  };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks: [webhook],
  };
}

async function install(
  server: TestServer,
  kind: Kind,
  hook: WebhookServer,
  path: string,
  fields?: Json,
): Promise<void> {
  const body = configuration(kind, hook, path, fields);
  await server.ok("POST", `${group}/${kind.toLowerCase()}webhookconfigurations`, { body });
}

const create = (server: TestServer, name = "a", query = "") =>
  server.send("POST", `${maps}${query}`, { body: configMap(name, { data: { a: "b" } }) });

const patchPath = (operations: Json) => `/patch/${encodeURIComponent(JSON.stringify(operations))}`;

const failed = (why: string) => `Internal error occurred: failed calling webhook "hook.example.com": ${why}`;

const refusals: Record<string, { path: string; kind?: Kind; code: number; message: string }> = {
  "a denial with its status": {
    path: "/deny",
    code: 418,
    message: 'admission webhook "hook.example.com" denied the request: nope',
  },
  "a denial without a word": {
    path: "/deny-silently",
    code: 400,
    message: 'admission webhook "hook.example.com" denied the request without explanation',
  },
  "a denial with a reason": {
    path: "/deny-for-a-reason",
    code: 400,
    message: 'admission webhook "hook.example.com" denied the request: Forbidden',
  },
  "an error of the webhook": {
    path: "/500",
    code: 500,
    message: failed(
      'failed to call webhook: an error on the server ("boom") has prevented the request from succeeding',
    ),
  },
  "a path that the webhook does not have": {
    path: "/404",
    code: 500,
    message: failed("failed to call webhook: the server could not find the requested resource"),
  },
  "an empty answer": {
    path: "/empty",
    code: 500,
    message: failed(
      "failed to call webhook: 0-length response with status code: 200 and content type: application/json",
    ),
  },
  "a review without a response": {
    path: "/no-response",
    code: 500,
    message: failed("received invalid webhook response: webhook response was absent"),
  },
  "a review of another version": {
    path: "/other-version",
    code: 500,
    message: failed(
      "failed to call webhook: converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
    ),
  },
  "a patch from a webhook that validates": {
    path: "/untyped-patch",
    code: 500,
    message: failed("received invalid webhook response: validating webhook may not return response.patch"),
  },
  "a patch without a type": {
    kind: "Mutating",
    path: "/untyped-patch",
    code: 500,
    message: failed("received invalid webhook response: webhook returned response.patch but not response.patchType"),
  },
  "a patch of another type": {
    kind: "Mutating",
    path: "/other-patch",
    code: 500,
    message: failed('unsupported patch type "Other"'),
  },
  "a patch that is none": {
    kind: "Mutating",
    path: "/bad-patch",
    code: 500,
    message: failed(
      "received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    ),
  },
  "a patch that does not apply": {
    kind: "Mutating",
    path: patchPath([{ op: "test", path: "/data/a", value: "q" }]),
    code: 500,
    message: "Internal error occurred: testing value /data/a failed: test failed",
  },
  "a patch to another type of value": {
    kind: "Mutating",
    path: patchPath([{ op: "add", path: "/data/x", value: 5 }]),
    code: 500,
    message:
      "Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
  },
  "a patch of the namespace": {
    kind: "Mutating",
    path: patchPath([{ op: "replace", path: "/metadata/namespace", value: "kube-system" }]),
    code: 400,
    message: "the namespace of the provided object does not match the namespace sent on the request",
  },
};

for (const [name, { path, kind = "Validating", code, message }] of Object.entries(refusals)) {
  test(`a write is refused for ${name}`, async () => {
    await using hook = await startWebhookServer(answers);
    await using server = await openTestServer();
    await install(server, kind, hook, path);
    const answer = await create(server);
    assert.equal(answer.body.message, message);
    assert.equal(answer.status, code);
    assert.equal((await server.send("GET", `${maps}/a`)).status, 404);
  });
}

test("who is refused gets the webhook's warnings, each once, and its reason", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await install(server, "Validating", hook, "/deny");
  const { headers, body } = await create(server);
  assert.deepEqual(headers["warning"], ['299 - "w"']);
  assert.equal(body.reason, "Teapot");
});

test("a webhook that cannot be reached fails the write in Go's words, unless that is to be ignored", async () => {
  await using hook = await startWebhookServer(answers, { dnsNames: ["other.example.com"], ipAddresses: [] });
  await using server = await openTestServer();
  const cases: Record<string, { clientConfig: Json; why: RegExp }> = {
    refused: {
      clientConfig: { url: "https://127.0.0.1:1/x", caBundle: hook.caBundle },
      why: /: Post "https:\/\/127.0.0.1:1\/x\?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused$/,
    },
    unknown: {
      clientConfig: { url: hook.url("/x") },
      why: /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    },
    misnamed: {
      clientConfig: { url: hook.url("/x"), caBundle: hook.caBundle },
      why: /: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs$/,
    },
    absent: {
      clientConfig: { service: { namespace: "default", name: "nosvc", path: "/p" }, caBundle: hook.caBundle },
      why: /: Post "https:\/\/nosvc.default.svc:443\/p\?timeout=10s": service "nosvc" not found$/,
    },
    portless: {
      clientConfig: { service: { namespace: "default", name: "kubernetes", port: 99 }, caBundle: hook.caBundle },
      why: /: no service port 99 found for service "kubernetes"$/,
    },
  };
  for (const [name, { clientConfig, why }] of Object.entries(cases)) {
    await install(server, "Validating", hook, "/x", { name, clientConfig });
    assert.match((await create(server)).body.message, why);
    await server.ok("PATCH", `${group}/validatingwebhookconfigurations/${name}`, {
      body: [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }],
      contentType: "application/json-patch+json",
    });
    assert.equal((await create(server, name)).status, 201);
    await server.ok("DELETE", `${group}/validatingwebhookconfigurations/${name}`);
  }
});

test("a webhook that takes too long fails the write when its time is up", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using hook = await startWebhookServer(async (path, body) => {
    await promise;
    return answers(path, body);
  });
  await using server = await openTestServer();
  await install(server, "Validating", hook, "/allow", { timeoutSeconds: 1 });
  const why = `failed to call webhook: Post "${hook.url("/allow")}?timeout=1s": context deadline exceeded`;
  assert.equal((await create(server)).body.message, failed(why));
  resolve();
});

test("a review says all that a webhook may want to know", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await install(server, "Validating", hook, "/v");
  await install(server, "Mutating", hook, "/m");
  const user = { name: "jane", uid: "u1", groups: ["system:masters"], extra: { team: ["a"] } };
  const query = "?fieldManager=me&dryRun=All&fieldValidation=Strict";
  await server.ok("POST", `${maps}${query}`, {
    user,
    body: { ...configMap("x", { data: { a: "b" } }), metadata: { generateName: "x-" } },
  });
  const [mutating, validating] = hook.calls;
  assert.equal(mutating?.headers["content-type"], "application/json");
  const { uid, object, ...request } = mutating?.body.request ?? {};
  assert.match(uid, /^[0-9a-f-]{36}$/);
  assert.deepEqual(request, {
    kind: { group: "", version: "v1", kind: "ConfigMap" },
    resource: { group: "", version: "v1", resource: "configmaps" },
    requestKind: { group: "", version: "v1", kind: "ConfigMap" },
    requestResource: { group: "", version: "v1", resource: "configmaps" },
    namespace: "default",
    operation: "CREATE",
    userInfo: {
      username: "jane",
      uid: "u1",
      groups: ["system:masters", "system:authenticated"],
      extra: { team: ["a"] },
    },
    oldObject: null,
    dryRun: true,
    options: {
      kind: "CreateOptions",
      apiVersion: "meta.k8s.io/v1",
      dryRun: ["All"],
      fieldManager: "me",
      fieldValidation: "Strict",
    },
  });
  assert.deepEqual(Object.keys(object.metadata).sort(), ["generateName", "managedFields", "namespace"]);
  assert.match(validating?.body.request.name, /^x-/);
  assert.equal(validating?.body.request.object.metadata.name, validating?.body.request.name);

  await create(server);
  hook.calls.splice(0);
  await server.ok("PATCH", `${maps}/a`, { body: { data: { c: "d" } }, contentType: "application/merge-patch+json" });
  const update = hook.calls[0]?.body.request;
  assert.deepEqual([update.operation, update.name, update.options.kind], ["UPDATE", "a", "UpdateOptions"]);
  assert.deepEqual([update.object.data, update.oldObject.data], [{ a: "b", c: "d" }, { a: "b" }]);
  hook.calls.splice(0);
  await server.ok("DELETE", `${maps}/a`, { body: { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 } });
  const removal = hook.calls[0]?.body.request;
  assert.deepEqual([removal.operation, removal.object, removal.oldObject.metadata.name], ["DELETE", null, "a"]);
  assert.deepEqual(removal.options, { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", gracePeriodSeconds: 0 });
});

test("a webhook's patch is taken as what the server would have been sent, and is nobody's", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const operations = [
    { op: "add", path: "/data/x", value: "y" },
    { op: "add", path: "/unknown", value: 1 },
    { op: "add", path: "/metadata/generation", value: 9 },
    { op: "add", path: "/metadata/labels", value: { l: "1" } },
  ];
  await install(server, "Mutating", hook, patchPath(operations));
  const { body } = await create(server);
  assert.deepEqual(body.data, { a: "b", x: "y" });
  assert.equal(body.metadata.generation, undefined);
  assert.equal("unknown" in body, false);
  assert.deepEqual(body.metadata.managedFields[0].fieldsV1, { "f:data": { ".": {}, "f:a": {} } });
  const updated = await server.ok("PUT", `${maps}/a`, { body: configMap("a", { data: { a: "c" } }) });
  assert.deepEqual(updated.data, { a: "c", x: "y" });
  assert.deepEqual(updated.metadata.managedFields[0].fieldsV1, { "f:data": { ".": {}, "f:a": {} } });
});

test("a webhook may rename what is made, not what is there", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await create(server);
  await install(server, "Mutating", hook, patchPath([{ op: "replace", path: "/metadata/name", value: "renamed" }]));
  assert.equal((await create(server, "b")).body.metadata.name, "renamed");
  const update = await server.send("PUT", `${maps}/a`, { body: configMap("a") });
  assert.equal(
    update.body.message,
    'ConfigMap "renamed" is invalid: metadata.name: Invalid value: "renamed": field is immutable',
  );
  const removal = await server.send("DELETE", `${maps}/a`);
  assert.match(removal.body.message, /attempted to modify the object, which is not supported for this operation$/);
});

test("a webhook that spoils managedFields is told, and does not get its way", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const value = [{ manager: "x", operation: "Bad" }];
  await install(server, "Mutating", hook, patchPath([{ op: "replace", path: "/metadata/managedFields", value }]));
  const { status, headers, body } = await create(server);
  assert.equal(status, 201);
  assert.match(String(headers["warning"]), /invalid state after admission.*operation must be `Apply` or `Update`/);
  assert.equal(body.metadata.managedFields[0].manager, "test");
});

test("a custom resource is pruned and defaulted after a webhook has changed it", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const spec = { type: "object", properties: { size: { type: "integer" }, color: { type: "string", default: "red" } } };
  const openAPIV3Schema = { type: "object", properties: { spec } };
  const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }];
  const names = { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" };
  await server.ok("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    body: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "things.example.com" },
      spec: { group: "example.com", scope: "Namespaced", names, versions },
    },
  });
  const operations = [{ op: "add", path: "/spec", value: { size: 1, other: true } }];
  const rules = [{ operations: ["CREATE"], apiGroups: ["example.com"], apiVersions: ["*"], resources: ["*"] }];
  await install(server, "Mutating", hook, patchPath(operations), { rules });
  const thing = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "t" } };
  const made = await server.ok("POST", "/apis/example.com/v1/namespaces/default/things", { body: thing });
  assert.deepEqual(made.spec, { size: 1, color: "red" });
});

test("webhooks are asked by name, and those that want it again when others have changed the object", async () => {
  await using hook = await startWebhookServer((path, body) => {
    if (path !== "/second" || body.request.object.data.second !== undefined) return answers("/allow", body);
    return answers(patchPath([{ op: "add", path: "/data/second", value: "1" }]), body);
  });
  await using server = await openTestServer();
  await install(server, "Mutating", hook, "/second", { name: "b" });
  await install(server, "Mutating", hook, "/first", { name: "a", reinvocationPolicy: "IfNeeded" });
  await install(server, "Mutating", hook, "/third", { name: "c", reinvocationPolicy: "IfNeeded" });
  assert.equal((await create(server)).body.data.second, "1");
  assert.deepEqual(
    hook.calls.map(({ path, body }) => `${path} ${body.request.object.data.second ?? 0}`),
    ["/first 0", "/second 0", "/third 1", "/first 1"],
  );
});

const matching: Record<string, { fields: Json; asked: boolean }> = {
  "another operation": { fields: { rules: [{ ...anything[0], operations: ["DELETE"] }] }, asked: false },
  "another group": { fields: { rules: [{ ...anything[0], apiGroups: ["apps"] }] }, asked: false },
  "another version": { fields: { rules: [{ ...anything[0], apiVersions: ["v2"] }] }, asked: false },
  "all resources": { fields: { rules: [{ ...anything[0], resources: ["*"] }] }, asked: true },
  "only a subresource": { fields: { rules: [{ ...anything[0], resources: ["*/status"] }] }, asked: false },
  "cluster-wide objects": { fields: { rules: [{ ...anything[0], scope: "Cluster" }] }, asked: false },
  "objects in namespaces": { fields: { rules: [{ ...anything[0], scope: "Namespaced" }] }, asked: true },
  "its namespace": {
    fields: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } } },
    asked: true,
  },
  "other namespaces": {
    fields: {
      namespaceSelector: {
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["default"] }],
      },
    },
    asked: false,
  },
  "other labels": { fields: { objectSelector: { matchLabels: { a: "b" } } }, asked: false },
};
for (const [name, { fields, asked }] of Object.entries(matching)) {
  test(`a webhook for ${name} is ${asked ? "" : "not "}asked`, async () => {
    await using hook = await startWebhookServer(answers);
    await using server = await openTestServer();
    await install(server, "Validating", hook, "/deny", fields);
    assert.equal((await create(server)).status, asked ? 418 : 201);
  });
}

test("a webhook sees other versions of its resource in the one that it names, unless it wants exactly that", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const rules = [
    { operations: ["*"], apiGroups: ["autoscaling"], apiVersions: ["v1"], resources: ["horizontalpodautoscalers"] },
  ];
  await install(server, "Mutating", hook, patchPath([{ op: "replace", path: "/spec/maxReplicas", value: 7 }]), {
    rules,
  });
  await install(server, "Validating", hook, "/deny", { rules, matchPolicy: "Exact" });
  const autoscaler = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h" },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" } },
  };
  const path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
  const made = await server.ok("POST", path, { body: autoscaler });
  assert.deepEqual([made.apiVersion, made.spec.maxReplicas], ["autoscaling/v2", 7]);
  const { kind, requestKind, object } = hook.calls[0]?.body.request ?? {};
  assert.deepEqual([kind.version, requestKind.version, object.apiVersion], ["v1", "v2", "autoscaling/v1"]);
});

test("a scale, a binding and an eviction are reviewed as what they are", async () => {
  await using hook = await startWebhookServer((path, body) => {
    const isScale = path === "/scale" && body.request.kind.kind === "Scale";
    return isScale
      ? answers(patchPath([{ op: "replace", path: "/spec/replicas", value: 2 }]), body)
      : answers("/", body);
  });
  await using server = await openTestServer();
  const rules = [
    { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["deployments/scale", "pods/*"] },
  ];
  await install(server, "Mutating", hook, "/scale", { rules });
  const deployments = "/apis/apps/v1/namespaces/default/deployments";
  await server.ok("POST", deployments, { body: deployment("d") });
  const scaled = await server.ok("PATCH", `${deployments}/d/scale`, {
    body: { spec: { replicas: 5 } },
    contentType: "application/merge-patch+json",
  });
  assert.equal(scaled.spec.replicas, 2);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "i" }] },
  };
  const pods = "/api/v1/namespaces/default/pods";
  await server.ok("POST", pods, { body: pod });
  await server.ok("POST", `${pods}/p/binding`, {
    body: { apiVersion: "v1", kind: "Binding", metadata: { name: "p" }, target: { kind: "Node", name: "n" } },
  });
  await server.ok("POST", `${pods}/p/eviction`, {
    body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } },
  });
  assert.deepEqual(
    hook.calls.map(({ body: { request } }) => [request.operation, request.subResource, request.kind.kind].join(" ")),
    ["UPDATE scale Scale", "CREATE  Pod", "CREATE binding Binding", "CREATE eviction Eviction"],
  );
});

test("a dry run asks only webhooks without effects", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await install(server, "Validating", hook, "/allow", { name: "none" });
  assert.equal((await create(server, "a", "?dryRun=All")).status, 201);
  const { store } = server;
  const key = "/root/validatingwebhookconfigurations.admissionregistration.k8s.io/none";
  const stored = store.get(key);
  assert.ok(stored);
  // Only old objects can say so: today's validation refuses it.
  const older = Buffer.from(stored.value).toString().replace('"sideEffects":"None"', '"sideEffects":"Some"');
  await store.put(key, stored.modRevision, () => Buffer.from(older));
  const { status, body } = await create(server, "a", "?dryRun=All");
  assert.equal(status, 400);
  assert.equal(body.message, 'admission webhook "none.example.com" does not support dry run');
});

test("webhooks are never asked about webhooks", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const rules = [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }];
  await install(server, "Validating", hook, "/deny", { rules });
  await server.ok("DELETE", `${group}/validatingwebhookconfigurations/hook`);
  assert.equal((await create(server)).status, 201);
});

test("a webhook reads v1beta1 when it reads nothing newer", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await install(server, "Validating", hook, "/other-uid", { admissionReviewVersions: ["v1beta1"] });
  // That version never had to repeat the uid.
  assert.equal((await create(server)).status, 201);
  assert.equal(hook.calls[0]?.body.apiVersion, "admission.k8s.io/v1beta1");
});

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "hook" },
  spec: { selector: { app: "hook" }, ports: [{ name: "https", port: 443, targetPort: 8443 }] },
};

function slice(port: number, endpoint: Json): Json {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "hook-1", labels: { "kubernetes.io/service-name": "hook" } },
    addressType: "IPv4",
    ports: [{ name: "https", port, protocol: "TCP" }],
    endpoints: [endpoint],
  };
}

test("a Service leads to its endpoints, and its certificate names the Service", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await server.ok("POST", "/api/v1/namespaces/default/services", { body: service });
  const clientConfig = { service: { namespace: "default", name: "hook", path: "/deny" }, caBundle: hook.caBundle };
  await install(server, "Validating", hook, "", { clientConfig });
  await server.ok("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    body: slice(hook.port, { addresses: ["127.0.0.1"], conditions: { ready: true } }),
  });
  assert.equal((await create(server)).status, 418);
  assert.equal(hook.calls[0]?.headers["host"], "hook.default.svc:443");
});

test("a webhook behind which nothing runs is skipped, with a warning and one event", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  await server.ok("POST", "/api/v1/namespaces/default/services", { body: service });
  const clientConfig = { service: { namespace: "default", name: "hook", path: "/deny" }, caBundle: hook.caBundle };
  await install(server, "Validating", hook, "", { clientConfig });
  const warning = [
    '299 - "admission webhook \\"hook.example.com\\" was not called: nothing runs behind service default/hook"',
  ];
  assert.deepEqual((await create(server, "a")).headers["warning"], warning);

  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "hook" },
    spec: { containers: [{ name: "c", image: "i" }], nodeName: "n" },
  };
  await server.ok("POST", "/api/v1/namespaces/default/pods", { body: pod });
  await server.ok("PATCH", "/api/v1/namespaces/default/pods/hook/status", {
    body: { status: { phase: "Running", conditions: [{ type: "skiff.dev/Simulated", status: "True" }] } },
    contentType: "application/merge-patch+json",
  });
  await server.ok("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    body: slice(hook.port, {
      addresses: ["127.0.0.1"],
      conditions: { ready: true },
      targetRef: { kind: "Pod", name: "hook", namespace: "default" },
    }),
  });
  assert.deepEqual((await create(server, "b")).headers["warning"], warning);
  assert.deepEqual(hook.calls, []);
  const events = async () => (await server.ok("GET", "/api/v1/namespaces/default/events")).items;
  const probe = async () => ((await events()).length > 0 ? true : undefined);
  await waitUntil(probe, { timeoutMs: 5000, intervalMs: 5, what: "the event" });
  const [event, ...others] = await events();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [event.reason, event.type, event.involvedObject.kind, event.involvedObject.name],
    ["WebhookSkipped", "Warning", "ValidatingWebhookConfiguration", "hook"],
  );
});

const everything = [
  'request.operation == "CREATE" && request.userInfo.username == "admin" && "system:masters" in request.userInfo.groups',
  'request.kind.kind == "ConfigMap" && request.resource.resource == "configmaps" && request.namespace == "default"',
  '!request.dryRun && request.options.kind == "CreateOptions" && !has(request.subResource)',
  'oldObject == null && object.data.a == "b" && namespaceObject == null',
  'authorizer.group("").resource("configmaps").namespace("default").check("create").allowed()',
  'authorizer.requestResource.check("create").allowed()',
];
const noSuchKey = (field: string, value: number) =>
  `expression 'object.${field} == ${value}' resulted in error: no such key: ${field}`;
const conditions: Record<string, { expressions: string[]; fields?: Json; status: number; message?: string }> = {
  "conditions that hold": { expressions: everything, status: 418 },
  "a condition that does not": { expressions: ["true", 'object.data.a == "c"'], status: 201 },
  "conditions that cannot be computed": {
    expressions: ["object.x == 1", "object.y == 2"],
    status: 403,
    message: `configmaps "a" is forbidden: [${noSuchKey("x", 1)}, ${noSuchKey("y", 2)}]`,
  },
  "one that cannot be computed and one that does not hold": { expressions: ["object.x == 1", "false"], status: 201 },
  "one that cannot be computed, where failure is ignored": {
    expressions: ["object.x == 1"],
    fields: { failurePolicy: "Ignore" },
    status: 201,
  },
};
for (const [name, { expressions, fields, status, message }] of Object.entries(conditions)) {
  test(`a webhook with ${name} is answered with ${status}`, async () => {
    await using hook = await startWebhookServer(answers);
    await using server = await openTestServer();
    const matchConditions = expressions.map((expression, index) => ({ name: `c${index}`, expression }));
    await install(server, "Validating", hook, "/deny", { matchConditions, ...fields });
    const answer = await create(server);
    assert.equal(answer.status, status, answer.text);
    if (message !== undefined) assert.equal(answer.body.message, message);
  });
}

test("conditions that are no conditions are refused when they are configured", async () => {
  await using hook = await startWebhookServer(answers);
  await using server = await openTestServer();
  const refusal = async (...expressions: string[]) => {
    const matchConditions = expressions.map((expression) => ({ name: "c", expression }));
    const body = configuration("Validating", hook, "/allow", { matchConditions });
    const { message } = (await server.send("POST", `${group}/validatingwebhookconfigurations`, { body })).body;
    return message.replace(/^ValidatingWebhookConfiguration.*? is invalid: webhooks\[0\]\.matchConditions/, "");
  };
  assert.equal(await refusal("1"), '[0].expression: Invalid value: "1": must evaluate to bool but got int');
  assert.equal(
    await refusal("foo"),
    "[0].expression: Invalid value: \"foo\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^",
  );
  assert.equal(
    await refusal("has(request.uid)"),
    "[0].expression: Invalid value: \"has(request.uid)\": compilation failed: ERROR: <input>:1:4: undefined field 'uid'\n | has(request.uid)\n | ...^",
  );
  assert.equal(await refusal("true", "true"), '[1].name: Duplicate value: "c"');
});
