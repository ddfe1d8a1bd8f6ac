import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer } from "../testing.ts";

const pods = "/api/v1/namespaces/default/pods";
const accounts = "/api/v1/namespaces/default/serviceaccounts";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

function pod(spec: Json = {}, annotations: Record<string, string> = {}): Json {
  return { metadata: { name: "p", annotations }, spec: { containers: [{ name: "main", image: "nginx" }], ...spec } };
}

test("a pod gets the default account and its token in every container that has none", async () => {
  await using server = await openTestServer();
  const containers = [
    { name: "a", image: "nginx" },
    { name: "b", image: "nginx", volumeMounts: [{ name: "own", mountPath }] },
  ];
  const volumes = [{ name: "own", emptyDir: {} }];
  const { spec } = await server.ok("POST", pods, {
    body: pod({ containers, volumes, initContainers: [{ name: "i", image: "nginx" }] }),
  });
  assert.deepEqual([spec.serviceAccountName, spec.serviceAccount], ["default", "default"]);
  const [, token] = spec.volumes;
  assert.match(token.name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(token.projected, {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
    defaultMode: 420,
  });
  const mount = { name: token.name, readOnly: true, mountPath };
  assert.deepEqual(spec.containers[0].volumeMounts, [mount]);
  assert.deepEqual(spec.containers[1].volumeMounts, [{ name: "own", mountPath }]);
  assert.deepEqual(spec.initContainers[0].volumeMounts, [mount]);
});

const automount: Record<string, { account?: boolean; pod?: boolean; want: boolean }> = {
  "nobody says": { want: true },
  "the account says no": { account: false, want: false },
  "the pod says no": { pod: false, want: false },
  "the pod says yes and the account no": { account: false, pod: true, want: true },
};
for (const [name, { account, pod: wish, want }] of Object.entries(automount)) {
  test(`a token is ${want ? "" : "not "}mounted when ${name}`, async () => {
    await using server = await openTestServer();
    await server.ok("POST", accounts, { body: { metadata: { name: "bot" }, automountServiceAccountToken: account } });
    const spec = { serviceAccountName: "bot", automountServiceAccountToken: wish };
    const made = await server.ok("POST", pods, { body: pod(spec) });
    assert.equal(made.spec.volumes !== undefined, want);
  });
}

test("a pod without image pull secrets gets those of its account", async () => {
  await using server = await openTestServer();
  await server.ok("POST", accounts, { body: { metadata: { name: "bot" }, imagePullSecrets: [{ name: "registry" }] } });
  const made = await server.ok("POST", pods, { body: pod({ serviceAccountName: "bot" }) });
  assert.deepEqual(made.spec.imagePullSecrets, [{ name: "registry" }]);
});

test("the account must be there", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("POST", pods, { body: pod({ serviceAccountName: "nosuch" }) });
  const why = 'error looking up service account default/nosuch: serviceaccount "nosuch" not found';
  assert.deepEqual([status, body.message], [403, `pods "p" is forbidden: ${why}`]);
});

test("the default account of a new namespace is waited for", async () => {
  await using server = await openTestServer();
  await server.ok("POST", "/api/v1/namespaces", { body: { metadata: { name: "new" } } });
  const pending = server.send("POST", "/api/v1/namespaces/new/pods", { body: pod() });
  await server.ok("POST", "/api/v1/namespaces/new/serviceaccounts", { body: { metadata: { name: "default" } } });
  assert.equal((await pending).status, 201);
});

const mirror = { "kubernetes.io/config.mirror": "abc" };
const mirrors: Record<string, { spec: Json; want: string }> = {
  "an account": { spec: { serviceAccountName: "default" }, want: "a mirror pod may not reference service accounts" },
  "a Secret": {
    spec: { volumes: [{ name: "v", secret: { secretName: "s" } }] },
    want: "a mirror pod may not reference secrets",
  },
  "a token": {
    spec: { volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
    want: "a mirror pod may not use ServiceAccountToken volume projections",
  },
};
for (const [name, { spec, want }] of Object.entries(mirrors)) {
  test(`a mirror pod may not name ${name}`, async () => {
    await using server = await openTestServer();
    const { status, body } = await server.send("POST", pods, { body: pod({ nodeName: "n", ...spec }, mirror) });
    assert.equal(status, 403);
    assert.ok(body.message.includes(want), body.message);
  });
}

const used: Record<string, { spec: Json; want: string }> = {
  "in a volume": {
    spec: { volumes: [{ name: "v", secret: { secretName: "s" } }] },
    want: 'volume with secret.secretName="s" is not allowed because service account bot does not reference that secret',
  },
  "in a variable": {
    spec: {
      containers: [
        { name: "main", image: "nginx", env: [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
      ],
    },
    want: 'container main with envVar E referencing secret.secretName="s" is not allowed because service account bot does not reference that secret',
  },
  "in all variables": {
    spec: { containers: [{ name: "main", image: "nginx", envFrom: [{ secretRef: { name: "s" } }] }] },
    want: 'container main with envFrom referencing secret.secretName="s" is not allowed because service account bot does not reference that secret',
  },
  "for images": {
    spec: { imagePullSecrets: [{ name: "s" }] },
    want: 'imagePullSecrets[0].name="s" is not allowed because service account bot does not reference that imagePullSecret',
  },
};
for (const [name, { spec, want }] of Object.entries(used)) {
  test(`a pod may not use a Secret ${name} that its account must list and does not`, async () => {
    await using server = await openTestServer();
    const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
    await server.ok("POST", accounts, { body: { metadata: { name: "bot", annotations } } });
    const { status, body } = await server.send("POST", pods, { body: pod({ serviceAccountName: "bot", ...spec }) });
    assert.deepEqual([status, body.message], [403, `pods "p" is forbidden: ${want}`]);
  });
}
