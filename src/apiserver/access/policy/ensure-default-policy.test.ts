import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../../storage/index.ts";
import { restoreSnapshot, takeSnapshot } from "../../snapshot.ts";
import { type Json, openTestServer } from "../../testing.ts";
import { binding, places } from "../rbac/testing.ts";

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";
const dns = `${places["ClusterRole"]}/system:kube-dns`;
const edit = `${places["ClusterRole"]}/edit`;
const discovery = `${places["ClusterRoleBinding"]}/system:discovery`;
const basic = `${places["ClusterRoleBinding"]}/system:basic-user`;

const patches: Record<string, { target: string; body: Json; want: Json }> = {
  "rules that are missing, and keeps those that were added": {
    target: dns,
    body: { rules: [{ verbs: ["list", "get"], apiGroups: [""], resources: ["services"] }] },
    want: {
      rules: [
        { verbs: ["list", "get"], apiGroups: [""], resources: ["services"] },
        { verbs: ["list"], apiGroups: [""], resources: ["endpoints"] },
        { verbs: ["watch"], apiGroups: [""], resources: ["endpoints"] },
        { verbs: ["watch"], apiGroups: [""], resources: ["services"] },
      ],
    },
  },
  "annotations that are missing, and keeps labels that were changed": {
    target: dns,
    body: { metadata: { labels: { "kubernetes.io/bootstrapping": "mine", a: "b" }, annotations: null } },
    want: {
      metadata: { labels: { "kubernetes.io/bootstrapping": "mine", a: "b" }, annotations: { [autoupdate]: "true" } },
    },
  },
  "nothing to what is to be left alone": {
    target: dns,
    body: { metadata: { annotations: { [autoupdate]: "false" } }, rules: [] },
    want: { rules: [] },
  },
  "selectors that are missing": {
    target: edit,
    body: { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } },
    want: {
      aggregationRule: {
        clusterRoleSelectors: [
          { matchLabels: { a: "b" } },
          { matchLabels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" } },
        ],
      },
    },
  },
  "subjects that are missing": {
    target: discovery,
    body: { subjects: [{ kind: "User", name: "zoe" }] },
    want: {
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "zoe" },
        { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" },
      ],
    },
  },
};
for (const [name, { target, body, want }] of Object.entries(patches)) {
  test(`the next start gives defaults ${name}`, async () => {
    await using store = openMemoryStore();
    {
      await using server = await openTestServer({ store });
      await server.ok("PATCH", target, { body, contentType: "application/merge-patch+json" });
    }
    await using server = await openTestServer({ store });
    const { metadata, ...rest } = await server.ok("GET", target);
    const { labels, annotations } = metadata;
    assert.partialDeepStrictEqual({ ...rest, metadata: { labels, annotations } }, want);
    for (const field of Object.keys(want)) if (field !== "metadata") assert.deepEqual(rest[field], want[field]);
    const { revision } = store;
    await (await openTestServer({ store }))[Symbol.asyncDispose]();
    assert.equal(store.revision, revision, "and the one after that has nothing to do");
  });
}

test("the next start makes defaults anew that were deleted or bind another role", async () => {
  await using store = openMemoryStore();
  const uids: string[] = [];
  {
    await using server = await openTestServer({ store });
    uids.push((await server.ok("GET", dns)).metadata.uid);
    await server.ok("DELETE", dns);
    await server.ok("DELETE", basic);
    const other = binding("ClusterRoleBinding", "system:basic-user", "ClusterRole/view", "User/zoe");
    await server.ok("POST", places["ClusterRoleBinding"] ?? "", { body: other });
    assert.equal((await server.send("GET", dns)).status, 404);
  }
  await using server = await openTestServer({ store });
  const { metadata, rules } = await server.ok("GET", dns);
  assert.equal(rules.length, 1);
  assert.ok(!uids.includes(metadata.uid));
  const { roleRef, subjects } = await server.ok("GET", basic);
  assert.deepEqual([roleRef.name, subjects.length, subjects[0].name], ["system:basic-user", 1, "system:authenticated"]);
});

test("a start of an untouched cluster writes no roles", async () => {
  await using store = openMemoryStore();
  await (await openTestServer({ store }))[Symbol.asyncDispose]();
  assert.equal(store.count("/root/clusterroles.rbac.authorization.k8s.io/"), 0);
  const { revision } = store;
  await (await openTestServer({ store }))[Symbol.asyncDispose]();
  assert.equal(store.revision, revision);
});

test("defaults go through reads, writes and watches of the API like other objects", async () => {
  await using server = await openTestServer();
  const list = await server.ok(
    "GET",
    `${places["ClusterRole"]}?labelSelector=kubernetes.io/bootstrapping%3Drbac-defaults`,
  );
  assert.equal(list.items.length, 68);
  await using watch = await server.watch(
    `${places["ClusterRole"]}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
  );
  const before = await server.ok("GET", edit);
  const conflict = await server.send("PUT", edit, {
    body: { ...before, metadata: { ...before.metadata, resourceVersion: "1", labels: { a: "b" } } },
  });
  assert.equal(conflict.status, 409);
  const same = await server.ok("PUT", edit, { body: before });
  assert.equal(same.metadata.resourceVersion, before.metadata.resourceVersion, "a write that changes nothing is none");
  const labelled = await server.ok("PATCH", edit, {
    body: { metadata: { labels: { a: "b" } } },
    contentType: "application/merge-patch+json",
  });
  assert.equal(labelled.metadata.uid, before.metadata.uid);
  assert.equal(
    (await server.send("POST", places["ClusterRole"] ?? "", { body: { ...before, metadata: { name: "edit" } } }))
      .status,
    409,
  );
  await server.ok("DELETE", edit);
  const events = [await watch.next(), await watch.next()];
  assert.deepEqual(
    events.map(({ type, object }) => [type, object.metadata.name, object.metadata.labels.a]),
    [
      ["MODIFIED", "edit", "b"],
      ["DELETED", "edit", "b"],
    ],
  );
});

test("a snapshot brings defaults back as they were, and watchers see it", async () => {
  await using store = openMemoryStore();
  await using server = await openTestServer({ store });
  const first = takeSnapshot(store);
  const before = await server.ok("GET", edit);
  const patch = { body: { metadata: { labels: { a: "b" } } }, contentType: "application/merge-patch+json" };
  await server.ok("PATCH", edit, patch);
  await server.ok("DELETE", dns);
  const second = takeSnapshot(store);
  await using watch = await server.watch(`${places["ClusterRole"]}?watch=true&resourceVersion=${store.revision}`);
  await restoreSnapshot(store, first);
  const seen = [await watch.next(), await watch.next()].map(({ type, object }) => [type, object.metadata.name]);
  assert.deepEqual(seen.sort(), [
    ["ADDED", "system:kube-dns"],
    ["MODIFIED", "edit"],
  ]);
  const after = await server.ok("GET", edit);
  const { resourceVersion: _older, ...unchanged } = before.metadata;
  assert.partialDeepStrictEqual(after, { ...before, metadata: unchanged });
  assert.equal(after.metadata.labels.a, undefined);
  const { revision } = store;
  await restoreSnapshot(store, first);
  assert.equal(store.revision, revision, "there is nothing more to restore");
  await restoreSnapshot(store, second);
  assert.equal((await server.ok("GET", edit)).metadata.labels.a, "b");
  assert.equal((await server.send("GET", dns)).status, 404);
});
