import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;
const own = "labelSelector=for%3Dlists";
const names = ({ items }: Json) => items.map(({ metadata }: Json) => metadata.name);

before(async () => {
  for (const [name, tier] of Object.entries({ a: "front", b: "back", c: "front", d: "back", e: "none" })) {
    const labels = { for: "lists", tier };
    await cluster.ok("POST", maps, { body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels } } });
  }
});

test("a list has a kind of its own, and its items none", async () => {
  const list = await cluster.ok("GET", `${maps}?${own}`);
  assert.deepEqual([list.kind, list.apiVersion], ["ConfigMapList", "v1"]);
  assert.match(list.metadata.resourceVersion, /^\d+$/);
  assert.deepEqual(names(list), ["a", "b", "c", "d", "e"]);
  assert.equal(list.items[0].kind, undefined);
});

const selectors: Record<string, string[]> = {
  "tier=front": ["a", "c"],
  "tier==front": ["a", "c"],
  "tier!=front": ["b", "d", "e"],
  "tier in (front,none)": ["a", "c", "e"],
  "tier notin (front)": ["b", "d", "e"],
  "tier,tier!=none": ["a", "b", "c", "d"],
  "!tier": [],
};
for (const [selector, want] of Object.entries(selectors)) {
  test(`labels are selected by ${selector}`, async () => {
    const query = encodeURIComponent(`for=lists,${selector}`);
    assert.deepEqual(names(await cluster.ok("GET", `${maps}?labelSelector=${query}`)), want);
  });
}

test("fields are selected by name and namespace, others are refused", async () => {
  assert.deepEqual(names(await cluster.ok("GET", `${maps}?${own}&fieldSelector=metadata.name%3Db`)), ["b"]);
  const others = await cluster.ok("GET", `${maps}?${own}&fieldSelector=metadata.name!%3Db`);
  assert.deepEqual(names(others), ["a", "c", "d", "e"]);
  const { namespace } = cluster;
  const everywhere = `/api/v1/configmaps?${own}&fieldSelector=metadata.namespace%3D${namespace}`;
  assert.equal(names(await cluster.ok("GET", everywhere)).length, 5);
  const refused = await cluster.send("GET", `${maps}?fieldSelector=data.x%3D1`);
  assert.deepEqual(
    [refused.status, refused.body.message],
    [400, '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  );
});

test("a selector that cannot be read is refused", async () => {
  const { status, body } = await cluster.send("GET", `${maps}?labelSelector=${encodeURIComponent("a in b")}`);
  assert.equal(status, 400);
  assert.equal(body.message, "unable to parse requirement: found 'b' expected: '('");
});

test("pages show one moment, and tell how much is left", async () => {
  const first = await cluster.ok("GET", `${maps}?limit=2`);
  assert.equal(first.items.length, 2);
  assert.ok(first.metadata.remainingItemCount >= 3);
  const created = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "zz-later" } };
  await cluster.ok("POST", maps, { body: created });
  let page = first;
  const seen: string[] = names(first);
  while (page.metadata.continue) {
    page = await cluster.ok("GET", `${maps}?limit=2&continue=${encodeURIComponent(page.metadata.continue)}`);
    assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion);
    seen.push(...names(page));
  }
  assert.equal(page.metadata.remainingItemCount, undefined);
  assert.deepEqual(
    seen.filter((name) => name.length === 1),
    ["a", "b", "c", "d", "e"],
  );
  assert.ok(!seen.includes("zz-later"));
  await cluster.ok("DELETE", `${maps}/zz-later`);
});

test("a page of what is selected does not say how much is left", async () => {
  const { metadata } = await cluster.ok("GET", `${maps}?${own}&limit=2`);
  assert.equal(metadata.remainingItemCount, undefined);
  assert.ok(metadata.continue);
});

test("a continue token says where it goes on; one that cannot be read is refused", async () => {
  const { metadata } = await cluster.ok("GET", `${maps}?limit=1`);
  const token = JSON.parse(Buffer.from(metadata.continue, "base64url").toString());
  assert.deepEqual([token.v, String(token.rv)], ["meta.k8s.io/v1", metadata.resourceVersion]);
  const { status, body } = await cluster.send("GET", `${maps}?limit=1&continue=nonsense`);
  assert.deepEqual([status, body.reason], [400, "BadRequest"]);
  assert.match(body.message, /^invalid continue token: continue key is not valid: invalid character /);
});

test("a list may be of a revision, exactly or at least", async () => {
  const { metadata } = await cluster.ok("GET", `${maps}?${own}`);
  const at = `${maps}?${own}&resourceVersion=${metadata.resourceVersion}`;
  await cluster.ok("DELETE", `${maps}/e`);
  const exactly = await cluster.ok("GET", `${at}&resourceVersionMatch=Exact`);
  assert.deepEqual([names(exactly).length, exactly.metadata.resourceVersion], [5, metadata.resourceVersion]);
  const atLeast = await cluster.ok("GET", `${at}&resourceVersionMatch=NotOlderThan`);
  assert.ok(BigInt(atLeast.metadata.resourceVersion) >= BigInt(metadata.resourceVersion));
  assert.deepEqual(names(await cluster.ok("GET", `${maps}?${own}`)), ["a", "b", "c", "d"]);
  assert.ok(names(await cluster.ok("GET", `${maps}?${own}&resourceVersion=0`)).length >= 4);
});

const refused: Record<string, { query: string; cause: string }> = {
  "a match without a revision": {
    query: "resourceVersionMatch=Exact",
    cause: "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
  },
  "a match of another name": {
    query: "resourceVersion=1&resourceVersionMatch=Near",
    cause: 'Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""',
  },
  "exactly any revision": {
    query: "resourceVersion=0&resourceVersionMatch=Exact",
    cause: 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  },
  "initial events of a list": {
    query: "sendInitialEvents=true",
    cause: "Forbidden: sendInitialEvents is forbidden for list",
  },
};
for (const [name, { query, cause }] of Object.entries(refused)) {
  test(`a list is refused for ${name}`, async () => {
    const { status, body } = await cluster.send("GET", `${maps}?${query}`);
    assert.deepEqual([status, body.reason], [422, "Invalid"]);
    assert.match(body.message, /^ListOptions\.meta\.k8s\.io "" is invalid: /);
    assert.ok(
      body.details.causes.some(({ message }: Json) => message === cause),
      body.message,
    );
  });
}

test("a revision that is not there yet is waited for, and then given up", async () => {
  const { metadata } = await cluster.ok("GET", maps);
  const later = BigInt(metadata.resourceVersion) + 1_000_000n;
  const { status, body, headers } = await cluster.send("GET", `${maps}?resourceVersion=${later}`);
  assert.deepEqual([status, body.reason, headers["retry-after"]], [504, "Timeout", "1"]);
  assert.match(body.message, /^Timeout: Too large resource version: \d+, current: \d+$/);
  assert.deepEqual(body.details.causes, [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }]);
});

test("one object is read, and one that is absent is named in full", async () => {
  const map = await cluster.ok("GET", `${maps}/a`);
  assert.deepEqual([map.kind, map.metadata.name], ["ConfigMap", "a"]);
  const { status, body } = await cluster.send("GET", `${maps}/absent`);
  assert.equal(status, 404);
  assert.deepEqual(body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'configmaps "absent" not found',
    reason: "NotFound",
    details: { name: "absent", kind: "configmaps" },
    code: 404,
  });
  const deployments = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments`;
  const other = await cluster.send("GET", `${deployments}/absent`);
  assert.equal(other.body.message, 'deployments.apps "absent" not found');
  assert.deepEqual(other.body.details, { name: "absent", group: "apps", kind: "deployments" });
});
