import assert from "node:assert/strict";
import { test } from "node:test";
import type { User } from "../../lib/index.ts";
import { admin, configMap, type Json, openTestServer } from "../testing.ts";

const dev: User = { name: "dev", groups: [] };
const tokens = new Map<string, User>([
  ["good", { name: "admin", groups: ["system:masters"] }],
  ["plain", dev],
]);
const reviews = "/apis/authorization.k8s.io/v1";

const credentials: Record<string, { authorization?: string; want: number }> = {
  "a known token": { authorization: "Bearer good", want: 200 },
  "a token of somebody who may not": { authorization: "Bearer plain", want: 403 },
  "an unknown token": { authorization: "Bearer bad", want: 401 },
  "another scheme": { authorization: "Basic Z29vZA==", want: 403 },
  nothing: { want: 403 },
};
for (const [name, { authorization, want }] of Object.entries(credentials)) {
  test(`a request from the network with ${name} gets ${want}`, async () => {
    await using server = await openTestServer({ tokens });
    const answer = await server.send("GET", "/api/v1/namespaces", {
      user: null,
      headers: authorization === undefined ? {} : { authorization },
    });
    assert.equal(answer.status, want, answer.text);
  });
}

test("a client certificate names user and groups", async () => {
  await using server = await openTestServer({ tokens });
  const ask = (organizations: string[]) =>
    server.handler({
      method: "GET",
      target: "/api/v1/namespaces",
      headers: {},
      signal: new AbortController().signal,
      clientCertificate: { commonName: "jane", organizations },
    });
  assert.equal((await ask(["system:masters"])).status, 200);
  const { status, body } = await ask(["developers"]);
  assert.equal(status, 403);
  const message =
    'namespaces is forbidden: User "jane" cannot list resource "namespaces" in API group "" at the cluster scope';
  assert.equal(JSON.parse(String(body)).message, message);
});

const refusals: Record<string, { method: string; target: string; message: string }> = {
  "one object": {
    method: "GET",
    target: "/api/v1/namespaces/a/pods/b",
    message: 'pods "b" is forbidden: User "dev" cannot get resource "pods" in API group "" in the namespace "a"',
  },
  "a subresource": {
    method: "PUT",
    target: "/apis/apps/v1/namespaces/a/deployments/b/scale",
    message:
      'deployments.apps "b" is forbidden: User "dev" cannot update resource "deployments/scale" in API group "apps" in the namespace "a"',
  },
  "a collection": {
    method: "DELETE",
    target: "/api/v1/namespaces/a/configmaps",
    message:
      'configmaps is forbidden: User "dev" cannot deletecollection resource "configmaps" in API group "" in the namespace "a"',
  },
  "a watch": {
    method: "GET",
    target: "/api/v1/nodes?watch=1",
    message: 'nodes is forbidden: User "dev" cannot watch resource "nodes" in API group "" at the cluster scope',
  },
  "a path": { method: "GET", target: "/metrics", message: 'forbidden: User "dev" cannot get path "/metrics"' },
};
for (const [name, { method, target, message }] of Object.entries(refusals)) {
  test(`who may not reach ${name} is told so in Kubernetes' words`, async () => {
    await using server = await openTestServer();
    const { status, body } = await server.send(method, target, { user: dev });
    assert.deepEqual([status, body.reason, body.message], [403, "Forbidden", message]);
  });
}

test("everybody who is known may discover the API and ask about themselves", async () => {
  await using server = await openTestServer();
  for (const target of ["/api", "/apis/apps/v1", "/openapi/v3", "/version"]) {
    assert.equal((await server.send("GET", target, { user: dev })).status, 200, target);
  }
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const { status } = await server.ok("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", { user: dev, body });
  assert.deepEqual(status.userInfo, { username: "dev", groups: ["system:authenticated"] });
});

const pods = { verb: "get", resource: "pods", namespace: "default" };
const questions: Record<string, { resource: string; user?: User; spec: Json; want: Json }> = {
  "an administrator about themselves": {
    resource: "selfsubjectaccessreviews",
    spec: { resourceAttributes: pods },
    want: { allowed: true },
  },
  "somebody else about themselves": {
    resource: "selfsubjectaccessreviews",
    user: dev,
    spec: { resourceAttributes: pods },
    want: { allowed: false },
  },
  "somebody else about a path": {
    resource: "selfsubjectaccessreviews",
    user: dev,
    spec: { nonResourceAttributes: { path: "/apis", verb: "get" } },
    want: {
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    },
  },
  "an administrator about a user": {
    resource: "subjectaccessreviews",
    spec: { user: "dev", resourceAttributes: pods },
    want: { allowed: false },
  },
  "an administrator about a group": {
    resource: "subjectaccessreviews",
    spec: { groups: ["system:masters"], resourceAttributes: pods },
    want: { allowed: true },
  },
};
for (const [name, { resource, user = admin, spec, want }] of Object.entries(questions)) {
  test(`an access review answers ${name}`, async () => {
    await using server = await openTestServer();
    const kinds: Record<string, string> = {
      selfsubjectaccessreviews: "SelfSubjectAccessReview",
      subjectaccessreviews: "SubjectAccessReview",
    };
    const body = { apiVersion: "authorization.k8s.io/v1", kind: kinds[resource], spec };
    const answer = await server.send("POST", `${reviews}/${resource}`, { user, body });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.body.status, want);
  });
}

test("rules and tokens are reviewed", async () => {
  await using server = await openTestServer({ tokens });
  const rules = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectRulesReview",
    spec: { namespace: "default" },
  };
  const { status } = await server.ok("POST", `${reviews}/selfsubjectrulesreviews`, { body: rules });
  assert.deepEqual(status.resourceRules[0], { verbs: ["*"], apiGroups: ["*"], resources: ["*"] });
  const review = (token: string) =>
    server.ok("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
    });
  assert.deepEqual((await review("plain")).status, {
    authenticated: true,
    user: { username: "dev", groups: ["system:authenticated"] },
    audiences: ["https://kubernetes.default.svc.cluster.local"],
  });
  assert.deepEqual((await review("bad")).status, { user: {}, error: "invalid bearer token" });
});

test("an authorizer can be replaced, and apply asks whether a create is allowed", async () => {
  const asked: string[] = [];
  const authorizer = {
    decide: ({ verb }: { verb: string }) => {
      asked.push(verb);
      return { allowed: verb !== "create", reason: "because" };
    },
    rules: () => ({ resourceRules: [], nonResourceRules: [] }),
  };
  await using server = await openTestServer({ authorizer });
  const target = "/api/v1/namespaces/default/configmaps/a?fieldManager=m";
  const { status, body } = await server.send("PATCH", target, {
    body: configMap("a"),
    contentType: "application/apply-patch+yaml",
  });
  assert.equal(status, 403);
  assert.match(body.message, /cannot create resource "configmaps" .*: because$/);
  assert.deepEqual(asked, ["patch", "create"]);
});

const impersonations: Record<string, { headers: Record<string, string>; user?: User; status: number; want?: Json }> = {
  "a user": {
    headers: { "impersonate-user": "jane" },
    status: 201,
    want: { username: "jane", groups: ["system:authenticated"] },
  },
  "a user in groups": {
    headers: { "impersonate-user": "jane", "impersonate-group": "cn=a,ou=b", "impersonate-extra-acme.com%2fteam": "x" },
    status: 201,
    want: { username: "jane", groups: ["cn=a,ou=b", "system:authenticated"], extra: { "acme.com/team": ["x"] } },
  },
  "a user who is to be unknown": {
    headers: { "impersonate-user": "system:anonymous" },
    status: 403,
  },
  "a user in a name that is no account's": {
    headers: { "impersonate-user": "system:serviceaccount:NS:bot" },
    status: 201,
    want: { username: "system:serviceaccount:NS:bot", groups: ["system:authenticated"] },
  },
  "a uid": {
    headers: { "impersonate-user": "jane", "impersonate-uid": "u1" },
    status: 201,
    want: { username: "jane", uid: "u1", groups: ["system:authenticated"] },
  },
  "a service account": {
    headers: { "impersonate-user": "system:serviceaccount:ns:bot" },
    status: 201,
    want: {
      username: "system:serviceaccount:ns:bot",
      groups: ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"],
    },
  },
  "groups without a user": { headers: { "impersonate-group": "a" }, status: 500 },
  "somebody without being allowed to": { headers: { "impersonate-user": "admin" }, user: dev, status: 403 },
};
for (const [name, { headers, user = admin, status, want }] of Object.entries(impersonations)) {
  test(`impersonating ${name}`, async () => {
    await using server = await openTestServer();
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const answer = await server.send("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      user,
      headers,
      body,
    });
    assert.equal(answer.status, status, answer.text);
    if (want !== undefined) assert.deepEqual(answer.body.status.userInfo, want);
  });
}
