import assert from "node:assert/strict";
import { test } from "node:test";
import { startWebhookServer } from "../admission/webhooks/testing/webhook-server.ts";
import { type Json, openTestServer, type TestServer } from "../testing.ts";

const pods = "/api/v1/namespaces/default/pods";
const group = "/apis/admissionregistration.k8s.io/v1";
const connects = (...resources: string[]) => [
  { apiGroups: [""], apiVersions: ["v1"], operations: ["CONNECT"], resources },
];

/** A server with a webhook that denies connections to what is called `closed`. */
async function withWebhook(run: (server: TestServer, requests: Json[]) => Promise<void>): Promise<void> {
  const requests: Json[] = [];
  await using hook = await startWebhookServer((_path, { apiVersion, request }) => {
    requests.push(request);
    const allowed = request.name !== "closed";
    const status = { message: `connecting to '${request.name}' is not allowed` };
    return { apiVersion, kind: "AdmissionReview", response: { uid: request.uid, allowed, status } };
  });
  await using server = await openTestServer();
  const body = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "hook" },
    webhooks: [
      {
        name: "hook.example.com",
        clientConfig: { url: hook.url("/"), caBundle: hook.caBundle },
        rules: connects("pods/*", "services/proxy", "nodes/proxy"),
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
  await server.ok("POST", `${group}/validatingwebhookconfigurations`, { body });
  await run(server, requests);
}

const shown: Record<string, { path: string; object: Json; method?: string }> = {
  "a command": {
    path: `${pods}/a/exec?command=ls&command=-l&container=c&stdin=1&stdout=true&stderr=false`,
    object: { kind: "PodExecOptions", command: ["ls", "-l"], container: "c", stdin: true, stdout: true },
  },
  "streams of a container": {
    path: `${pods}/a/attach?stdout=1&tty=true`,
    object: { kind: "PodAttachOptions", stdout: true, tty: true },
    method: "POST",
  },
  ports: { path: `${pods}/a/portforward?ports=80,443`, object: { kind: "PodPortForwardOptions", ports: [80, 443] } },
  "a path in a pod": { path: `${pods}/a/proxy/x/y`, object: { kind: "PodProxyOptions", path: "/x/y" } },
  "the root of a service": {
    path: "/api/v1/namespaces/default/services/https:a:443/proxy/",
    object: { kind: "ServiceProxyOptions", path: "/" },
  },
  "a path of a kubelet": {
    path: "/api/v1/nodes/a/proxy/metrics",
    object: { kind: "NodeProxyOptions", path: "/metrics" },
    method: "POST",
  },
};

for (const [name, { path, object, method = "GET" }] of Object.entries(shown)) {
  test(`admission sees who connects to ${name}`, async () => {
    await withWebhook(async (server, requests) => {
      assert.equal((await server.send(method, path)).status, 404);
      const [seen] = requests;
      assert.deepEqual(seen.object, { apiVersion: "v1", ...object });
      assert.deepEqual(seen.kind, { group: "", version: "v1", kind: object.kind });
      assert.deepEqual([seen.operation, seen.oldObject, seen.options], ["CONNECT", null, null]);
    });
  });
}

test("a webhook denies a connection before anybody looks for the pod", async () => {
  await withWebhook(async (server) => {
    const { status, body } = await server.send("POST", `${pods}/closed/attach?stdout=1`);
    const why = `admission webhook "hook.example.com" denied the request: connecting to 'closed' is not allowed`;
    assert.deepEqual([status, body.message], [400, why]);
  });
});

test("whoever reads a log does not connect", async () => {
  await withWebhook(async (server, requests) => {
    assert.equal((await server.send("GET", `${pods}/closed/log`)).status, 404);
    assert.deepEqual(requests, []);
  });
});

const unreadable: Record<string, { method?: string; path: string; code: number; message: string }> = {
  "for a dry run": { path: "exec?command=ls&dryRun=All", code: 400, message: "dryRun is not supported" },
  "to a port that is none": {
    path: "portforward?ports=80&ports=x",
    code: 400,
    message: 'cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax',
  },
  "by a method that it does not have": {
    method: "PUT",
    path: "exec?command=ls",
    code: 405,
    message: "the server does not allow this method on the requested resource",
  },
};

for (const [name, { method = "POST", path, code, message }] of Object.entries(unreadable)) {
  test(`nobody connects ${name}`, async () => {
    await using server = await openTestServer();
    const { status, body } = await server.send(method, `${pods}/a/${path}`);
    assert.deepEqual([status, body.message], [code, message]);
  });
}
