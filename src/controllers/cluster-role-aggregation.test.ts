import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiServer } from "../apiserver/index.ts";
import { createClient, type Resource } from "../client/index.ts";
import { createSharedInformers } from "../controller-runtime/index.ts";
import { silentLog, waitUntil } from "../lib/index.ts";
import { openMemoryStore } from "../storage/index.ts";
import { type ClusterRole, gatheredRules, startClusterRoleAggregation } from "./cluster-role-aggregation.ts";

const clusterRoles: Resource = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  resource: "clusterroles",
  kind: "ClusterRole",
  namespaced: false,
};

const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });

function role(name: string, labels: Record<string, string>, ...resources: string[]): ClusterRole {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name, labels },
    rules: resources.map(rule),
  };
}

function whole(name: string, ...selectors: Record<string, string>[]): ClusterRole {
  const clusterRoleSelectors = selectors.map((matchLabels) => ({ matchLabels }));
  return { ...role(name, {}, "old"), aggregationRule: { clusterRoleSelectors } };
}

const parts = [
  role("c", { x: "1" }, "pods", "nodes"),
  role("a", { x: "1", y: "1" }, "secrets", "pods"),
  role("b", { y: "1" }, "events"),
];
const cases: Record<string, { role: ClusterRole; want: string[] | undefined }> = {
  "a role with rules of its own": { role: role("r", {}, "pods"), want: undefined },
  "what a selector selects, by name, each rule once": {
    role: whole("r", { x: "1" }),
    want: ["secrets", "pods", "nodes"],
  },
  "selector by selector": { role: whole("r", { y: "1" }, { x: "1" }), want: ["secrets", "pods", "events", "nodes"] },
  "nothing without selectors": { role: whole("r"), want: [] },
  "not itself": {
    role: { ...whole("c", { x: "1" }), metadata: { name: "c", labels: { x: "1" } } },
    want: ["secrets", "pods"],
  },
};
for (const [name, { role: gathering, want }] of Object.entries(cases)) {
  test(`gatheredRules: ${name}`, () => assert.deepEqual(gatheredRules(gathering, parts), want?.map(rule)));
}

test("the roles for users take up what is labelled for them, and nothing is written before", async () => {
  await using store = openMemoryStore();
  await using server = await openApiServer({ store, log: silentLog });
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  await using informers = createSharedInformers(client, silentLog);
  const before = store.revision;
  await using _controller = startClusterRoleAggregation({ client, informers, log: silentLog, now: () => new Date() });
  await informers.of(clusterRoles).synced();
  const view = () => client.get<ClusterRole>(clusterRoles, { name: "view" });
  const countOf = async (name: string) => (await client.get<ClusterRole>(clusterRoles, { name }))?.rules?.length ?? 0;
  const [rulesOfView, rulesOfAdmin] = [await countOf("view"), await countOf("admin")];
  await client.create(
    clusterRoles,
    role("crontabs-viewer", { "rbac.authorization.k8s.io/aggregate-to-view": "true" }, "crontabs"),
  );
  const counts = async (more: number) =>
    (await countOf("view")) === rulesOfView + more && (await countOf("admin")) === rulesOfAdmin + more
      ? true
      : undefined;
  await waitUntil(() => counts(1), { timeoutMs: 5000, what: "the rules of view and admin to grow" });
  assert.deepEqual((await view())?.rules?.[0], { verbs: ["get"], apiGroups: [""], resources: ["crontabs"] });
  await client.delete(clusterRoles, { name: "crontabs-viewer" });
  await waitUntil(() => counts(0), { timeoutMs: 5000, what: "the rules of view and admin to shrink" });
  const owners = (await view())?.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]);
  assert.deepEqual(owners, [
    ["clusterrole-aggregation-controller", "Apply"],
    ["kube-apiserver", "Update"],
  ]);
  assert.equal(store.revision - before, 8, "the part, and each of view, edit and admin, written and written back");
});
