import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestServer } from "../../testing.ts";
import { binding, create, may, places, role } from "./testing.ts";

const rbac = "rbac.authorization.k8s.io";
const writes = "clusterroles clusterrolebindings roles rolebindings";

/** A server with `jane`, who writes roles and bindings and reads pods, `max`, who may bind `view`, and `eve`, who may escalate. */
async function openGuarded(): Promise<TestServer> {
  const server = await openTestServer();
  await create(
    server,
    role("ClusterRole", "writer", may("create update patch delete get", writes, rbac), may("get list", "pods")),
    role("ClusterRole", "binder", may("bind", "clusterroles", rbac, { resourceNames: ["view"] })),
    role("ClusterRole", "escalator", may("escalate", "clusterroles", rbac)),
    role("ClusterRole", "half", may("escalate", "clusterroles", rbac, { resourceNames: ["mine"] })),
    role("ClusterRole", "wide", may("*", "*", "*")),
    binding("ClusterRoleBinding", "writer", "ClusterRole/writer", "User/jane", "User/max", "User/eve", "User/half"),
    binding("ClusterRoleBinding", "binder", "ClusterRole/binder", "User/max"),
    binding("ClusterRoleBinding", "escalator", "ClusterRole/escalator", "User/eve"),
    binding("ClusterRoleBinding", "half", "ClusterRole/half", "User/half"),
  );
  return server;
}

const aggregated = {
  ...role("ClusterRole", "x"),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
};
const lacking = (user: string, ...lines: string[]) =>
  `user "${user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}`;

const creations: Record<string, { user: string; body: Json; want: string | undefined }> = {
  "a role of what they may do": { user: "jane", body: role("Role", "x", may("list", "pods")), want: undefined },
  "a role of more": {
    user: "jane",
    body: role("ClusterRole", "x", may("get list watch", "pods nodes", ""), {
      verbs: ["get"],
      nonResourceURLs: ["/metrics"],
    }),
    want: `clusterroles.${rbac} "x" is forbidden: ${lacking(
      "jane",
      '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list" "watch"]}',
      '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}',
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    )}`,
  },
  "a role of more, with a name that is made up": {
    user: "jane",
    body: { ...role("ClusterRole", "x", may("get", "nodes")), metadata: { generateName: "x-" } },
    want: `clusterroles.${rbac} is forbidden: ${lacking("jane", '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}')}`,
  },
  "a role that is also wrong, of which they hear second": {
    user: "jane",
    body: role("ClusterRole", "x", may("get", "nodes"), { verbs: ["get"], apiGroups: [""] }),
    want: `clusterroles.${rbac} "x" is forbidden: ${lacking("jane", '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}')}`,
  },
  "an aggregated role": {
    user: "jane",
    body: aggregated,
    want: `clusterroles.${rbac} "x" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
  },
  "any role when they may escalate": {
    user: "eve",
    body: role("ClusterRole", "x", may("*", "*", "*")),
    want: undefined,
  },
  "an aggregated role when they may escalate": { user: "eve", body: aggregated, want: undefined },
  "a role by POST when they may escalate that name only": {
    user: "half",
    body: role("ClusterRole", "mine", may("get", "nodes")),
    want: `clusterroles.${rbac} "mine" is forbidden: ${lacking("half", '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}')}`,
  },
  "a binding of what they may do": {
    user: "jane",
    body: binding("RoleBinding", "x", "ClusterRole/writer", "User/zoe"),
    want: undefined,
  },
  "a binding of more": {
    user: "jane",
    body: binding("RoleBinding", "x", "ClusterRole/wide", "User/jane"),
    want: `rolebindings.${rbac} "x" is forbidden: ${lacking("jane", '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}')}`,
  },
  "a binding of more that they may bind": {
    user: "max",
    body: binding("ClusterRoleBinding", "x", "ClusterRole/view", "User/zoe"),
    want: undefined,
  },
  "a binding of what they may not bind": {
    user: "max",
    body: binding("ClusterRoleBinding", "x", "ClusterRole/wide", "User/zoe"),
    want: `clusterrolebindings.${rbac} "x" is forbidden: ${lacking("max", '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}')}`,
  },
  "a binding of a role that is missing": {
    user: "jane",
    body: binding("RoleBinding", "x", "Role/ghost", "User/zoe"),
    want: `rolebindings.${rbac} "ghost" not found`,
  },
};
for (const [name, { user, body, want }] of Object.entries(creations)) {
  test(`who writes roles may create ${name}${want === undefined ? "" : ": no"}`, async () => {
    await using server = await openGuarded();
    const answer = await server.send("POST", places[body.kind] ?? "", { user: { name: user, groups: [] }, body });
    assert.equal(answer.status === 201 ? undefined : answer.body.message, want, answer.text);
  });
}

const merge = "application/merge-patch+json";
const wide = `${places["ClusterRole"]}/wide`;
const updates: Record<string, { user: string; method?: string; target?: string; body: Json; status: number }> = {
  "a label of a role of more": { user: "jane", body: { metadata: { labels: { a: "b" } } }, status: 403 },
  "finalizers and owners of a role of more": {
    user: "jane",
    body: {
      metadata: {
        finalizers: ["a.b/c"],
        ownerReferences: [
          { apiVersion: "v1", kind: "ConfigMap", name: "c", uid: "00000000-0000-4000-8000-000000000000" },
        ],
      },
    },
    status: 200,
  },
  "rules to fewer": { user: "jane", body: { rules: [may("get", "pods")] }, status: 200 },
  "an aggregated role to a plain one": {
    user: "jane",
    target: `${places["ClusterRole"]}/edit`,
    body: { aggregationRule: null, rules: [] },
    status: 403,
  },
  "any role when they may escalate": { user: "eve", body: { rules: [may("*", "nodes")] }, status: 200 },
  "a role that they may escalate by its name, creating it": {
    user: "half",
    method: "PUT",
    target: `${places["ClusterRole"]}/mine`,
    body: role("ClusterRole", "mine", may("get", "nodes")),
    status: 201,
  },
  "a role that they may not escalate by its name": {
    user: "half",
    method: "PUT",
    target: `${places["ClusterRole"]}/other`,
    body: role("ClusterRole", "other", may("get", "nodes")),
    status: 403,
  },
  "the subjects of a binding of more": {
    user: "jane",
    target: `${places["ClusterRoleBinding"]}/cluster-admin`,
    body: { subjects: [{ kind: "User", name: "jane" }] },
    status: 403,
  },
  "a finalizer of a binding of more": {
    user: "jane",
    target: `${places["ClusterRoleBinding"]}/cluster-admin`,
    body: { metadata: { finalizers: ["a.b/c"] } },
    status: 200,
  },
};
for (const [name, { user, method = "PATCH", target = wide, body, status }] of Object.entries(updates)) {
  test(`who writes roles may change ${name}${status < 300 ? "" : ": no"}`, async () => {
    await using server = await openGuarded();
    const contentType = method === "PATCH" ? merge : "application/json";
    const answer = await server.send(method, target, { user: { name: user, groups: [] }, body, contentType });
    assert.equal(answer.status, status, answer.text);
  });
}

test("the refusal tells of bindings whose role is missing", async () => {
  await using server = await openGuarded();
  await create(server, binding("ClusterRoleBinding", "ghost", "ClusterRole/ghost", "User/jane"));
  const { body } = await server.send("POST", places["ClusterRole"] ?? "", {
    user: { name: "jane", groups: [] },
    body: role("ClusterRole", "x", may("get", "nodes")),
  });
  assert.match(body.message, /Verbs:\["get"\]\}; resolution errors: \[clusterroles\.rbac\S+ "ghost" not found\]$/);
});
