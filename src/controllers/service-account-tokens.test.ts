import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import { createServiceAccountIssuer, openApiServer } from "../apiserver/index.ts";
import { createClient, type Resource } from "../client/index.ts";
import { createSharedInformers } from "../controller-runtime/index.ts";
import { readBody, silentLog, waitUntil } from "../lib/index.ts";
import { openMemoryStore } from "../storage/index.ts";
import { startServiceAccountTokenController } from "./service-account-tokens.ts";

type Secret = KubeObject & { type?: string; data?: Record<string, string> };

const core = { group: "", version: "v1", namespaced: true };
const secrets: Resource = { ...core, resource: "secrets", kind: "Secret" };
const serviceAccounts: Resource = { ...core, resource: "serviceaccounts", kind: "ServiceAccount" };
const namespace = "default";

async function openCluster() {
  const stack = new AsyncDisposableStack();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const issuer = createServiceAccountIssuer({ privateKey: pem });
  const store = stack.use(openMemoryStore());
  const server = stack.use(await openApiServer({ store, log: silentLog, serviceAccountIssuer: issuer }));
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const informers = stack.use(createSharedInformers(client, silentLog));
  const context = { client, informers, log: silentLog, now: () => new Date() };
  stack.use(startServiceAccountTokenController(context, { caCertificate: "CA", sign: issuer.sign }));
  const whoIs = async (token: string): Promise<string | undefined> => {
    const response = await server.handler({
      method: "POST",
      target: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: Buffer.from('{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'),
      signal: new AbortController().signal,
    });
    const body = JSON.parse(Buffer.from(await readBody(response.body, 2 ** 20)).toString());
    return body.status?.userInfo?.username;
  };
  const eventually = <T>(what: string, probe: () => Promise<T | undefined>) =>
    waitUntil(probe, { what, timeoutMs: 5000, intervalMs: 10 });
  return { client, whoIs, eventually, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const account = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace },
});
const tokenSecret = (name: string, owner: string): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace, annotations: { "kubernetes.io/service-account.name": owner } },
  type: "kubernetes.io/service-account-token",
});

test("a Secret for a token is filled, works, and goes with its account", async () => {
  await using cluster = await openCluster();
  const { client, whoIs, eventually } = cluster;
  const { metadata } = await client.create(serviceAccounts, account("bot"));
  await client.create(secrets, tokenSecret("t", "bot"));
  const filled = await eventually("the token", async () => {
    const live = await client.get<Secret>(secrets, { namespace, name: "t" });
    return live?.data?.["token"] === undefined ? undefined : live;
  });
  const { annotations } = filled.metadata;
  assert.equal(annotations?.["kubernetes.io/service-account.uid"], metadata.uid);
  const text = (key: string) => Buffer.from(filled.data?.[key] ?? "", "base64").toString();
  assert.deepEqual([text("ca.crt"), text("namespace")], ["CA", namespace]);
  assert.equal(await whoIs(text("token")), "system:serviceaccount:default:bot");

  await client.delete(serviceAccounts, { namespace, name: "bot" });
  assert.equal(await whoIs(text("token")), undefined);
  await eventually("the Secret to go", async () =>
    (await client.get(secrets, { namespace, name: "t" })) === undefined ? true : undefined,
  );
});

test("a Secret for the token of nobody is removed, and one of another type is let alone", async () => {
  await using cluster = await openCluster();
  const { client, eventually } = cluster;
  await client.create(secrets, { ...tokenSecret("other", "nobody"), type: "Opaque" });
  await client.create(secrets, tokenSecret("t", "nobody"));
  await eventually("the Secret to go", async () =>
    (await client.get(secrets, { namespace, name: "t" })) === undefined ? true : undefined,
  );
  assert.equal((await client.get<Secret>(secrets, { namespace, name: "other" }))?.data, undefined);
});

test("an account ceases to list a Secret that is gone", async () => {
  await using cluster = await openCluster();
  const { client, eventually } = cluster;
  await client.create(serviceAccounts, { ...account("bot"), secrets: [{ name: "t" }, { name: "kept" }] });
  await client.create(secrets, tokenSecret("t", "bot"));
  await eventually("the token", async () => (await client.get<Secret>(secrets, { namespace, name: "t" }))?.data);
  await client.delete(secrets, { namespace, name: "t" });
  const left = await eventually("the reference to go", async () => {
    const live = await client.get<KubeObject & { secrets?: { name: string }[] }>(serviceAccounts, {
      namespace,
      name: "bot",
    });
    return live?.secrets?.length === 1 ? live.secrets : undefined;
  });
  assert.deepEqual(left, [{ name: "kept" }]);
});
