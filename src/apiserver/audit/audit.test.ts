import assert from "node:assert/strict";
import { test } from "node:test";
import type { User } from "../../lib/index.ts";
import { admin, configMap, type Json, openTestServer, testTime } from "../testing.ts";
import { parseAuditPolicy } from "./policy.ts";

const dev: User = { name: "dev", groups: [] };
const time = testTime.toISOString().replace("Z", "000Z");
const maps = "/api/v1/namespaces/default/configmaps";

/** A server that writes down what the rules say, and what it has written. */
async function openAudited(rules: string, more = "") {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), [Symbol.asyncDispose]: async () => {} };
  const policy = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${more}\nrules:\n${rules}`);
  const server = await openTestServer({ audit: { policy, sink } });
  const events = (): Json[] => lines.map((line) => JSON.parse(line));
  return { server, events, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const stages = (events: Json[]) => events.map(({ stage }) => stage);

test("a create is told as kube-apiserver tells it", async () => {
  await using audited = await openAudited("- level: RequestResponse");
  const { server, events } = audited;
  const body = configMap("one", { data: { a: "b" } });
  const headers = { "x-forwarded-for": "192.0.2.1, 192.0.2.2", "x-real-ip": "192.0.2.3", "audit-id": "my-id" };
  const answer = await server.send("POST", `${maps}?fieldManager=test`, { body, headers });
  assert.equal(answer.headers["audit-id"], "my-id");
  const shared = {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "RequestResponse",
    auditID: "my-id",
    requestURI: `${maps}?fieldManager=test`,
    verb: "create",
    user: { username: "admin", groups: ["system:masters", "system:authenticated"] },
    sourceIPs: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    userAgent: "test/1.0",
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
  const objectRef = { resource: "configmaps", namespace: "default", apiVersion: "v1" };
  assert.deepEqual(events(), [
    { ...shared, stage: "RequestReceived", objectRef },
    {
      ...shared,
      stage: "ResponseComplete",
      objectRef: { ...objectRef, name: "one" },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: body,
      responseObject: answer.body,
      annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    },
  ]);
});

test("less is told at lower levels", async () => {
  await using audited = await openAudited("- level: Request\n  verbs: [create]\n- level: Metadata");
  await audited.server.ok("POST", maps, { body: configMap("one") });
  await audited.server.ok("GET", `${maps}/one`);
  const [, created, , read] = audited.events();
  assert.deepEqual([created.requestObject.metadata.name, created.responseObject], ["one", undefined]);
  assert.deepEqual([read.objectRef.name, read.requestObject, read.responseObject], ["one", undefined, undefined]);
});

test("refusals are told with their status, and who was impersonated", async () => {
  await using audited = await openAudited("- level: Metadata\n  omitStages: [RequestReceived]");
  const { server, events } = audited;
  await server.send("GET", `${maps}/nope`);
  await server.send("GET", maps, { headers: { "impersonate-user": "jane" } });
  await server.send("GET", maps, { user: dev });
  const [absent, impersonated, refused] = events();
  assert.deepEqual(absent.responseStatus, {
    metadata: {},
    status: "Failure",
    message: 'configmaps "nope" not found',
    reason: "NotFound",
    details: { name: "nope", kind: "configmaps" },
    code: 404,
  });
  assert.deepEqual(impersonated.impersonatedUser, { username: "jane", groups: ["system:authenticated"] });
  assert.equal(impersonated.user.username, "admin");
  assert.equal(refused.annotations["authorization.k8s.io/decision"], "forbid");
});

test("who was not recognised is told once, without a user", async () => {
  await using audited = await openAudited("- level: Metadata");
  await audited.server.send("GET", "/api", { user: null, headers: { authorization: "Bearer bad" } });
  const [event, ...more] = audited.events();
  assert.deepEqual(more, []);
  assert.deepEqual([event.stage, event.user, event.responseStatus.code], ["ResponseStarted", {}, 401]);
});

test("a watch is told when it starts and when it ends", async () => {
  await using audited = await openAudited("- level: RequestResponse\n  verbs: [watch]");
  const watch = await audited.server.watch(`${maps}?watch=true`);
  assert.deepEqual(stages(audited.events()), ["RequestReceived", "ResponseStarted"]);
  await watch[Symbol.asyncDispose]();
  assert.deepEqual(stages(audited.events()), ["RequestReceived", "ResponseStarted", "ResponseComplete"]);
  assert.equal(audited.events()[2].responseObject, undefined);
});

test("a delete and a patch show what was sent", async () => {
  await using audited = await openAudited(
    "- level: Request\n  verbs: [patch, delete]\n  omitStages: [RequestReceived]",
  );
  const { server, events } = audited;
  await server.ok("POST", maps, { body: configMap("one") });
  const contentType = "application/merge-patch+json";
  await server.ok("PATCH", `${maps}/one`, { contentType, body: { data: { x: "1" } } });
  await server.ok("DELETE", `${maps}/one`, { body: { kind: "DeleteOptions", propagationPolicy: "Background" } });
  const [patched, deleted] = events();
  assert.deepEqual(patched.requestObject, { data: { x: "1" } });
  assert.deepEqual(deleted.requestObject, {
    kind: "DeleteOptions",
    apiVersion: "meta.k8s.io/__internal",
    propagationPolicy: "Background",
  });
  assert.equal(deleted.responseStatus.status, "Success");
});

test("the record of who owns which field can be left out, of lists and tables too", async () => {
  const rules = "- level: RequestResponse\n  omitStages: [RequestReceived]";
  await using audited = await openAudited(rules, "omitManagedFields: true");
  const { server, events } = audited;
  await server.ok("POST", maps, { body: configMap("one") });
  await server.ok("GET", maps);
  await server.ok("GET", maps, { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" });
  assert.equal(events().length, 3);
  assert.doesNotMatch(JSON.stringify(events()), /managedFields/);
});

const attributes = { group: "", version: "v1", resource: "pods", subresource: "", namespace: "default", name: "p" };
const matches: Record<string, { rule: string; asked?: Json; want: boolean }> = {
  "a user": { rule: "users: [admin]", want: true },
  "another user": { rule: "users: [jane]", want: false },
  "a group": { rule: "userGroups: [a, 'system:masters']", want: true },
  "another group": { rule: "userGroups: [a]", want: false },
  "a verb": { rule: "verbs: [get]", want: true },
  "another verb": { rule: "verbs: [list]", want: false },
  "a namespace": { rule: "namespaces: [default]", want: true },
  "another namespace": { rule: "namespaces: ['']", want: false },
  "a resource": { rule: "resources: [{group: '', resources: [pods]}]", want: true },
  "a resource, not its subresource": {
    rule: "resources: [{resources: [pods]}]",
    asked: { ...attributes, subresource: "log" },
    want: false,
  },
  "all subresources of a resource": {
    rule: "resources: [{resources: ['pods/*']}]",
    asked: { ...attributes, subresource: "log" },
    want: true,
  },
  "a subresource of all resources": {
    rule: "resources: [{resources: ['*/log']}]",
    asked: { ...attributes, subresource: "log" },
    want: true,
  },
  "a group's resources": { rule: "resources: [{group: apps}]", want: false },
  "a name": { rule: "resources: [{resources: [pods], resourceNames: [p]}]", want: true },
  "another name": { rule: "resources: [{resources: [pods], resourceNames: [q]}]", want: false },
  "a path": { rule: "nonResourceURLs: ['/healthz*']", asked: { path: "/healthz/ping" }, want: true },
  "another path": { rule: "nonResourceURLs: ['/healthz']", asked: { path: "/healthz/ping" }, want: false },
  "a path when a resource is asked for": { rule: "nonResourceURLs: ['*']", want: false },
};
for (const [name, { rule, asked = attributes, want }] of Object.entries(matches)) {
  test(`a rule about ${name} ${want ? "matches" : "does not match"}`, () => {
    const policy = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  ${rule}`);
    assert.equal(policy.decide({ user: admin, verb: "get", ...asked }).level, want ? "Metadata" : "None");
  });
}

const wrong: Record<string, { policy: string; want: RegExp }> = {
  "of another kind": {
    policy: "apiVersion: v1\nkind: ConfigMap",
    want: /it is a v1 ConfigMap, not an audit.k8s.io\/v1 Policy/,
  },
  "without rules": { policy: "apiVersion: audit.k8s.io/v1\nkind: Policy", want: /loaded illegal policy with 0 rules/ },
  "with an unknown level": {
    policy: "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]",
    want: /rules\[0\]\.level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"/,
  },
  "with an unknown stage": {
    policy: "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [Never]\nrules: [{level: None}]",
    want: /omitStages\[0\]: Invalid value: "Never": allowed stages are RequestReceived,/,
  },
  "with a rule about both paths and resources": {
    policy: "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]",
    want: /rules cannot apply to both regular resources and non-resource URLs/,
  },
};
for (const [name, { policy, want }] of Object.entries(wrong)) {
  test(`a policy ${name} is refused`, () => assert.throws(() => parseAuditPolicy(policy), want));
}
