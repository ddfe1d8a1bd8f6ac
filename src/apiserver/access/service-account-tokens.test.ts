import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { waitUntil } from "../../lib/index.ts";
import { admin, type Json, openTestServer, type TestServer, testTime } from "../testing.ts";
import { createServiceAccountIssuer } from "./service-account-issuer.ts";

const issuerUrl = "https://kubernetes.default.svc.cluster.local";
const accounts = "/api/v1/namespaces/default/serviceaccounts";
const reviews = "/apis/authentication.k8s.io/v1/tokenreviews";

async function openServer(options: Parameters<typeof openTestServer>[0] = {}) {
  const server = await openTestServer(options);
  await server.ok("POST", accounts, { body: { metadata: { name: "bot" } } });
  return server;
}

function tokenRequest(server: TestServer, spec: Json = {}, metadata?: Json, name = "bot") {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec, ...(metadata && { metadata }) };
  return server.send("POST", `${accounts}/${name}/token`, { body });
}

async function newToken(server: TestServer, spec: Json = {}): Promise<string> {
  const answer = await tokenRequest(server, spec);
  assert.equal(answer.status, 201, answer.text);
  return answer.body.status.token;
}

async function review(server: TestServer, token: string, audiences?: string[]): Promise<Json> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token, audiences } };
  return (await server.ok("POST", reviews, { body })).status;
}

function claimsOf(token: string): Json {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/** The status of a request that shows the token and nothing else. */
async function statusWith(server: TestServer, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await server.send("GET", "/api", { user: null, headers })).status;
}

const pod = (name: string, serviceAccountName = "bot") => ({
  metadata: { name },
  spec: { serviceAccountName, containers: [{ name: "main", image: "nginx" }] },
});

test("a token says what kube-apiserver's say, for an hour, to the API server", async () => {
  await using server = await openServer();
  const { body, status } = await tokenRequest(server);
  assert.equal(status, 201);
  const { uid } = await server.ok("GET", `${accounts}/bot`).then(({ metadata }) => metadata);
  const now = Math.floor(testTime.getTime() / 1000);
  const claims = claimsOf(body.status.token);
  assert.deepEqual(claims, {
    aud: [issuerUrl],
    exp: now + 3600,
    iat: now,
    iss: issuerUrl,
    jti: claims.jti,
    "kubernetes.io": { namespace: "default", serviceaccount: { name: "bot", uid } },
    nbf: now,
    sub: "system:serviceaccount:default:bot",
  });
  assert.deepEqual(Object.keys(claims), Object.keys(claims).sort());
  assert.equal(body.status.expirationTimestamp, "2026-01-02T04:04:05Z");
  assert.deepEqual(body.spec, { audiences: [issuerUrl], expirationSeconds: 3600, boundObjectRef: null });
  assert.deepEqual(body.metadata.managedFields[0].fieldsV1, { "f:spec": { "f:expirationSeconds": {} } });
  assert.deepEqual(await review(server, body.status.token), {
    authenticated: true,
    user: {
      username: "system:serviceaccount:default:bot",
      uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`] },
    },
    audiences: [issuerUrl],
  });
  assert.equal(await statusWith(server, body.status.token), 200);
});

const invalid = 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value:';
const refusals: Record<string, { spec?: Json; metadata?: Json; account?: string; status: number; message: string }> = {
  "for too short a time": {
    spec: { expirationSeconds: 599 },
    status: 422,
    message: `${invalid} 599: may not specify a duration less than 10 minutes`,
  },
  "for too long a time": {
    spec: { expirationSeconds: 2 ** 32 + 1 },
    status: 422,
    message: `${invalid} 4294967297: may not specify a duration larger than 2^32 seconds`,
  },
  "of nobody": { account: "nosuch", status: 404, message: 'serviceaccounts "nosuch" not found' },
  "bound to what is not there": {
    spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "x" } },
    status: 404,
    message: 'pods "x" not found',
  },
  "bound to what binds nothing": {
    spec: { boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "x" } },
    status: 400,
    message: "cannot bind token to object of type /v1, Kind=ConfigMap",
  },
  "under another name": {
    metadata: { name: "other" },
    status: 422,
    message:
      'TokenRequest.authentication.k8s.io "bot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
  },
  "in another namespace": {
    metadata: { namespace: "other" },
    status: 400,
    message: "the namespace of the provided object does not match the namespace sent on the request",
  },
  "for another uid": {
    metadata: { uid: "nope" },
    status: 409,
    message: "the UID in the token request (nope) does not match the UID of the service account",
  },
};
for (const [name, { spec, metadata, account, status, message }] of Object.entries(refusals)) {
  test(`a token ${name} is refused in Kubernetes' words`, async () => {
    await using server = await openServer();
    const answer = await tokenRequest(server, spec, metadata, account);
    assert.equal(answer.status, status, answer.text);
    assert.ok(answer.body.message.includes(message), answer.body.message);
  });
}

test("a token for others is theirs alone", async () => {
  await using server = await openServer();
  const token = await newToken(server, { audiences: ["vault"] });
  assert.equal(await statusWith(server, token), 401);
  assert.deepEqual(await review(server, token), {
    user: {},
    error: `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuerUrl}"]]`,
  });
  assert.deepEqual((await review(server, token, ["x", "vault"])).audiences, ["vault"]);
});

test("a forged token is nobody's", async () => {
  await using server = await openServer();
  const token = await newToken(server);
  const [header, payload, signature] = token.split(".");
  const forged = [
    header,
    Buffer.from(JSON.stringify({ ...claimsOf(token), exp: 1e12 })).toString("base64url"),
    signature,
  ];
  assert.match((await review(server, forged.join("."))).error, /error in cryptographic primitive/);
  const none = [Buffer.from('{"alg":"none"}').toString("base64url"), payload, "AA"].join(".");
  assert.equal((await review(server, none)).authenticated, undefined);
  const other = createServiceAccountIssuer({
    privateKey: generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString(),
  });
  const foreign = other.sign(claimsOf(token));
  assert.match((await review(server, foreign)).error, /invalid signature, no keys found/);
  assert.equal(await statusWith(server, foreign), 401);
});

test("a token ends with its time, a minute late", async () => {
  let nowMs = testTime.getTime();
  await using server = await openServer({ now: () => new Date(nowMs) });
  const token = await newToken(server, { expirationSeconds: 600 });
  assert.equal(await statusWith(server, token), 200);
  nowMs += 659_000;
  assert.equal(await statusWith(server, token), 200);
  nowMs += 2_000;
  assert.equal(await statusWith(server, token), 401);
  assert.match((await review(server, token)).error, /service account token has expired/);
});

test("a token ends with its account, also when another takes the name", async () => {
  await using server = await openServer();
  const token = await newToken(server);
  assert.equal(await statusWith(server, token), 200);
  await server.ok("DELETE", `${accounts}/bot`);
  assert.equal(await statusWith(server, token), 401);
  await server.ok("POST", accounts, { body: { metadata: { name: "bot" } } });
  assert.match((await review(server, token)).error, /service account UID \(.*\) does not match claim/);
});

test("a token bound to a pod says where it runs, and ends with it", async () => {
  await using server = await openServer();
  await server.ok("POST", "/api/v1/nodes", { body: { metadata: { name: "n1" } } });
  const made = await server.ok("POST", "/api/v1/namespaces/default/pods", {
    body: { ...pod("p"), spec: { ...pod("p").spec, nodeName: "n1" } },
  });
  const reference = { kind: "Pod", apiVersion: "v1", name: "p" };
  const token = await newToken(server, { boundObjectRef: reference });
  const { extra } = (await review(server, token)).user;
  assert.deepEqual(extra["authentication.kubernetes.io/pod-name"], ["p"]);
  assert.deepEqual(extra["authentication.kubernetes.io/pod-uid"], [made.metadata.uid]);
  assert.deepEqual(extra["authentication.kubernetes.io/node-name"], ["n1"]);
  const wrong = await tokenRequest(server, { boundObjectRef: { ...reference, uid: "nope" } });
  assert.equal(wrong.status, 409);
  assert.match(wrong.body.message, /on Pod "p": the UID in the bound object reference \(nope\)/);
  await server.ok("DELETE", "/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0");
  assert.match((await review(server, token)).error, /service account token has been invalidated/);
});

test("a pod of another account binds nothing", async () => {
  await using server = await openServer();
  await server.ok("POST", "/api/v1/namespaces/default/pods", { body: pod("p", "default") });
  const answer = await tokenRequest(server, { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" } });
  assert.equal(
    answer.body.message,
    'cannot bind token for serviceaccount "bot" to pod running with different serviceaccount name.',
  );
});

test("a mounted token lives on for a year, and the audit log learns when it is used late", async () => {
  await using server = await openServer();
  await server.ok("POST", "/api/v1/namespaces/default/pods", { body: pod("p") });
  const answer = await tokenRequest(server, {
    expirationSeconds: 3607,
    boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" },
  });
  const claims = claimsOf(answer.body.status.token);
  assert.equal(claims.exp - claims.iat, 365 * 24 * 3600);
  assert.equal(claims["kubernetes.io"].warnafter - claims.iat, 3607);
  assert.equal(answer.body.status.expirationTimestamp, "2026-01-02T04:04:12Z");
});

for (const kind of ["Secret", "Node"]) {
  test(`a token bound to a ${kind} ends with it`, async () => {
    await using server = await openServer();
    const collection = kind === "Node" ? "/api/v1/nodes" : "/api/v1/namespaces/default/secrets";
    await server.ok("POST", collection, { body: { metadata: { name: "o" } } });
    const token = await newToken(server, { boundObjectRef: { kind, apiVersion: "v1", name: "o" } });
    assert.equal(await statusWith(server, token), 200);
    await server.ok("DELETE", `${collection}/o`);
    assert.equal(await statusWith(server, token), 401);
  });
}

test("a token kept in a Secret is good as long as the Secret holds it", async () => {
  const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });
  const issuer = createServiceAccountIssuer({ privateKey: privateKey.toString() });
  await using server = await openServer({ serviceAccountIssuer: issuer });
  const { uid } = (await server.ok("GET", `${accounts}/bot`)).metadata;
  const prefix = "kubernetes.io/serviceaccount";
  const token = issuer.sign({
    iss: prefix.replace(".io", ""),
    sub: "system:serviceaccount:default:bot",
    [`${prefix}/namespace`]: "default",
    [`${prefix}/secret.name`]: "kept",
    [`${prefix}/service-account.name`]: "bot",
    [`${prefix}/service-account.uid`]: uid,
  });
  assert.equal(await statusWith(server, token), 401);
  const secrets = "/api/v1/namespaces/default/secrets";
  await server.ok("POST", secrets, { body: { metadata: { name: "kept" }, stringData: { token } } });
  assert.equal(await statusWith(server, token), 200);
  const labels = await waitUntil(async () => (await server.ok("GET", `${secrets}/kept`)).metadata.labels, {
    what: "the day of the last use",
    timeoutMs: 5000,
  });
  assert.deepEqual(labels, { "kubernetes.io/legacy-token-last-used": "2026-01-02" });
  await server.ok("PATCH", `${secrets}/kept`, {
    contentType: "application/merge-patch+json",
    body: { stringData: { token: "other" } },
  });
  assert.match((await review(server, token)).error, /Token does not match server's copy/);
});

test("the keys that tokens are signed with are published", async () => {
  await using server = await openServer();
  const token = await newToken(server);
  const keys = await server.send("GET", "/openid/v1/jwks", { user: admin });
  assert.equal(keys.headers["content-type"], "application/jwk-set+json");
  const [key] = keys.body.keys;
  assert.equal(key.kid, JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid);
  assert.equal(key.d, undefined);
  const discovery = await server.ok("GET", "/.well-known/openid-configuration", { headers: { host: "api.test:6443" } });
  assert.deepEqual(discovery, {
    issuer: issuerUrl,
    jwks_uri: "https://api.test:6443/openid/v1/jwks",
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  });
});
