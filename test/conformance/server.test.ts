import assert from "node:assert/strict";
import { test } from "node:test";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();

test("/version tells the release, in digits and in full", async () => {
  const version = await cluster.ok("GET", "/version");
  assert.deepEqual([version.major, version.minor], ["1", "34"]);
  assert.match(version.gitVersion, /^v1\.34\.\d+/);
  for (const field of ["gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"])
    assert.equal(typeof version[field], "string", field);
  assert.deepEqual(
    [version.emulationMajor, version.emulationMinor, version.minCompatibilityMajor, version.minCompatibilityMinor],
    ["1", "34", "1", "33"],
  );
});

for (const endpoint of ["livez", "readyz", "healthz"]) {
  test(`/${endpoint} says ok, its checks one by one when asked, and each alone`, async () => {
    const { status, text, headers } = await cluster.send("GET", `/${endpoint}`);
    assert.deepEqual([status, text], [200, "ok"]);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    const verbose = await cluster.send("GET", `/${endpoint}?verbose`);
    assert.match(verbose.text, new RegExp(`^\\[\\+\\]ping ok\n([^\n]+ ok\n)*${endpoint} check passed\n$`));
    const excluded = await cluster.send("GET", `/${endpoint}?verbose&exclude=ping`);
    assert.match(excluded.text, /^\[\+\]ping excluded: ok\n/);
    const unknown = await cluster.send("GET", `/${endpoint}?verbose&exclude=nope`);
    const warning = 'warn: some health checks cannot be excluded: no matches for "nope"';
    assert.ok(unknown.text.endsWith(`\n${warning}\n${endpoint} check passed\n`), unknown.text);
    assert.equal((await cluster.send("GET", `/${endpoint}/ping`)).text, "ok");
    assert.equal((await cluster.send("GET", `/${endpoint}/nope`)).status, 404);
  });
}

test("health checks have the names that probes and dashboards ask for", async () => {
  const names = async (endpoint: string) => {
    const { text } = await cluster.send("GET", `/${endpoint}?verbose`);
    return text.split("\n").flatMap((line) => /^\[\+\](\S+) ok$/.exec(line)?.[1] ?? []);
  };
  const live = await names("livez");
  for (const name of ["ping", "log", "etcd", "poststarthook/rbac/bootstrap-roles", "autoregister-completion"]) {
    assert.ok(live.includes(name), name);
    assert.equal((await cluster.send("GET", `/livez/${name}`)).text, "ok");
  }
  assert.equal(live.filter((name) => name.startsWith("poststarthook/")).length, 27);
  assert.deepEqual(await names("healthz"), live);
  const readyOnly = (await names("readyz")).filter((name) => !live.includes(name));
  assert.deepEqual(readyOnly, ["etcd-readiness", "informer-sync", "shutdown"]);
});

test("/metrics/slis tells how health checks went", async () => {
  await cluster.ok("GET", "/readyz");
  const { status, text } = await cluster.send("GET", "/metrics/slis");
  assert.equal(status, 200);
  assert.match(text, /^kubernetes_healthcheck\{name="etcd",type="readyz"\} 1$/m);
  assert.match(text, /^kubernetes_healthchecks_total\{name="ping",status="success",type="readyz"\} \d+$/m);
});

test("a token that nobody gave is refused", async () => {
  const { status, body } = await cluster.send("GET", "/api/v1/namespaces", {
    headers: { authorization: "Bearer nope" },
  });
  assert.deepEqual([status, body.reason, body.message], [401, "Unauthorized", "Unauthorized"]);
});

test("JSON is indented for people, who ask for it or are known by their programs", async () => {
  const path = `/api/v1/namespaces/${cluster.namespace}`;
  assert.equal((await cluster.send("GET", path)).text.trimEnd().split("\n").length, 1);
  const asked = await cluster.send("GET", `${path}?pretty=true`);
  const known = await cluster.send("GET", path, { headers: { "user-agent": "curl/8.0" } });
  for (const { text } of [asked, known]) assert.match(text, /^\{\n {2}"(kind|apiVersion)": "/);
});

test("what a client accepts decides the form, and nothing it knows is refused", async () => {
  const path = `/api/v1/namespaces/${cluster.namespace}`;
  const yaml = await cluster.send("GET", path, { accept: "application/yaml" });
  assert.equal(yaml.headers["content-type"], "application/yaml");
  assert.match(yaml.text, /^apiVersion: v1\nkind: Namespace\n/);
  const refused = await cluster.send("GET", path, { accept: "text/html" });
  assert.deepEqual([refused.status, refused.body.reason], [406, "NotAcceptable"]);
  const any = await cluster.send("GET", path, { accept: "text/html,*/*;q=0.8" });
  assert.equal(any.headers["content-type"], "application/json");
});

test("a large answer is compressed for those who read gzip, a small one is not", async () => {
  const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;
  const text = "x".repeat(200_000);
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "large" }, data: { text } };
  await cluster.ok("POST", maps, { body });
  const headers = { "accept-encoding": "gzip" };
  const large = await cluster.send("GET", `${maps}/large`, { headers });
  assert.deepEqual([large.headers["content-encoding"], large.headers["vary"]], ["gzip", "Accept-Encoding"]);
  assert.ok(large.bytes.byteLength < 10_000);
  const small = await cluster.send("GET", `/api/v1/namespaces/${cluster.namespace}`, { headers });
  assert.equal(small.headers["content-encoding"], undefined);
});

test("a body larger than three megabytes is refused", async () => {
  const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;
  const data = { text: "x".repeat(3 * 2 ** 20) };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "huge" }, data };
  const { status, body: refusal } = await cluster.send("POST", maps, { body });
  assert.deepEqual([status, refusal.reason], [413, "RequestEntityTooLarge"]);
  assert.equal(refusal.message, "Request entity too large: limit is 3145728");
});
