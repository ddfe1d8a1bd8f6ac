import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../../storage/index.ts";
import { configMap, type Json, openTestServer, type TestServer } from "../../testing.ts";
import { binding, create, may, places, role } from "./testing.ts";

const reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const pods = { verb: "get", resource: "pods", namespace: "default" };

async function ask(server: TestServer, spec: Json): Promise<Json> {
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec };
  return (await server.ok("POST", reviews, { body })).status;
}

async function allowed(server: TestServer, user: string, resourceAttributes: Json = pods): Promise<boolean> {
  return (await ask(server, { user, resourceAttributes })).allowed;
}

const reason = (text: string) => ({ allowed: true, reason: `RBAC: allowed by ${text}` });
const answers: Record<string, { objects: Json[]; spec: Json; want: Json }> = {
  "a user through a ClusterRoleBinding": {
    objects: [binding("ClusterRoleBinding", "b", "ClusterRole/view", "User/jane")],
    spec: { user: "jane", resourceAttributes: pods },
    want: reason('ClusterRoleBinding "b" of ClusterRole "view" to User "jane"'),
  },
  "a group through a RoleBinding of a Role": {
    objects: [role("Role", "r", may("get", "pods")), binding("RoleBinding", "b", "Role/r", "User/zoe", "Group/devs")],
    spec: { user: "jane", groups: ["devs"], resourceAttributes: pods },
    want: reason('RoleBinding "b/default" of Role "r" to Group "devs"'),
  },
  "the first of several subjects": {
    objects: [binding("RoleBinding", "b", "ClusterRole/view", "Group/devs", "User/jane")],
    spec: { user: "jane", groups: ["devs"], resourceAttributes: pods },
    want: reason('RoleBinding "b/default" of ClusterRole "view" to Group "devs"'),
  },
  "a ServiceAccount": {
    objects: [binding("ClusterRoleBinding", "b", "ClusterRole/view", "ServiceAccount/ns/bot")],
    spec: { user: "system:serviceaccount:ns:bot", resourceAttributes: pods },
    want: reason('ClusterRoleBinding "b" of ClusterRole "view" to ServiceAccount "bot/ns"'),
  },
  "a ServiceAccount of the binding's own namespace": {
    objects: [binding("RoleBinding", "b", "ClusterRole/view", "ServiceAccount/bot")],
    spec: { user: "system:serviceaccount:default:bot", resourceAttributes: pods },
    want: reason('RoleBinding "b/default" of ClusterRole "view" to ServiceAccount "bot/default"'),
  },
  "a RoleBinding for its namespace alone": {
    objects: [binding("RoleBinding", "b", "ClusterRole/view", "User/jane")],
    spec: { user: "jane", resourceAttributes: { verb: "get", resource: "pods", namespace: "kube-system" } },
    want: { allowed: false },
  },
  "a binding of a role that is missing": {
    objects: [binding("ClusterRoleBinding", "b", "ClusterRole/ghost", "User/jane")],
    spec: { user: "jane", resourceAttributes: pods },
    want: { allowed: false, reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "ghost" not found' },
  },
  "several roles that are missing": {
    objects: [
      binding("ClusterRoleBinding", "b", "ClusterRole/ghost", "User/jane", "Group/devs"),
      binding("RoleBinding", "b", "Role/spirit", "User/jane"),
    ],
    spec: { user: "jane", groups: ["devs"], resourceAttributes: pods },
    want: {
      allowed: false,
      reason:
        'RBAC: [clusterrole.rbac.authorization.k8s.io "ghost" not found, role.rbac.authorization.k8s.io "spirit" not found]',
    },
  },
  "a master, whom no role is needed for": {
    objects: [],
    spec: { user: "root", groups: ["system:masters"], resourceAttributes: pods },
    want: { allowed: true },
  },
  "a controller": {
    objects: [],
    spec: {
      user: "system:serviceaccount:kube-system:job-controller",
      resourceAttributes: { verb: "update", group: "batch", resource: "jobs", subresource: "status", namespace: "a" },
    },
    want: reason(
      'ClusterRoleBinding "system:controller:job-controller" of ClusterRole "system:controller:job-controller" to ServiceAccount "job-controller/kube-system"',
    ),
  },
};
for (const [name, { objects, spec, want }] of Object.entries(answers)) {
  test(`RBAC judges ${name}`, async () => {
    await using server = await openTestServer();
    await create(server, ...objects);
    assert.deepEqual(await ask(server, spec), want);
  });
}

test("a write counts from the moment it is acknowledged, and so does its end", async () => {
  await using server = await openTestServer();
  const seen: boolean[] = [];
  const look = async () => void seen.push(await allowed(server, "jane"));
  await look();
  await create(server, role("Role", "r", may("get", "pods")));
  await create(server, binding("RoleBinding", "b", "Role/r", "User/jane"));
  await look();
  await server.ok("PUT", `${places["Role"]}/r`, { body: role("Role", "r", may("list", "pods")) });
  await look();
  await server.ok("PUT", `${places["Role"]}/r`, { body: role("Role", "r", may("get", "pods")) });
  await server.ok("PUT", `${places["RoleBinding"]}/b`, { body: binding("RoleBinding", "b", "Role/r", "User/zoe") });
  await look();
  await server.ok("PUT", `${places["RoleBinding"]}/b`, { body: binding("RoleBinding", "b", "Role/r", "User/jane") });
  await look();
  await server.ok("DELETE", `${places["Role"]}/r`);
  await look();
  assert.deepEqual(seen, [false, true, false, false, true, false]);
});

test("defaults can be changed and deleted, and the authorizer goes by what they are now", async () => {
  await using store = openMemoryStore();
  await using server = await openTestServer({ store });
  const jane = { name: "jane", groups: [] };
  const discovers = async () => (await server.send("GET", "/api", { user: jane })).status === 200;
  assert.equal(await discovers(), true);
  await server.ok("DELETE", `${places["ClusterRoleBinding"]}/system:discovery`);
  assert.equal(await discovers(), false);
  await create(server, binding("ClusterRoleBinding", "system:discovery", "ClusterRole/system:discovery", "User/jane"));
  assert.equal(await discovers(), true);
  const rules = [{ verbs: ["get"], nonResourceURLs: ["/apis"] }];
  await server.ok("PATCH", `${places["ClusterRole"]}/system:discovery`, {
    body: { rules },
    contentType: "application/merge-patch+json",
  });
  assert.equal(await discovers(), false);
  await server.ok("DELETE", `${places["ClusterRole"]}/system:discovery`);
  const { body } = await server.send("GET", "/api", { user: jane });
  assert.equal(
    body.message,
    'forbidden: User "jane" cannot get path "/api": RBAC: clusterrole.rbac.authorization.k8s.io "system:discovery" not found',
  );
});

test("what was there before the server started counts", async () => {
  await using store = openMemoryStore();
  {
    await using server = await openTestServer({ store });
    await create(server, binding("ClusterRoleBinding", "b", "ClusterRole/view", "User/jane"));
  }
  await using server = await openTestServer({ store });
  assert.equal(await allowed(server, "jane"), true);
});

test("clusters in one store do not know each other's roles", async () => {
  await using store = openMemoryStore();
  await using one = await openTestServer({ store, cluster: "one" });
  await using two = await openTestServer({ store, cluster: "two" });
  await create(one, binding("ClusterRoleBinding", "b", "ClusterRole/view", "User/jane"));
  await two.ok("DELETE", `${places["ClusterRole"]}/view`);
  assert.deepEqual([await allowed(one, "jane"), await allowed(two, "jane")], [true, false]);
});

const selections: Record<string, number> = {
  "": 403,
  "?fieldSelector=metadata.name%3Done": 200,
  "?fieldSelector=metadata.name%3D%3Done,metadata.namespace%3Ddefault": 200,
  "?fieldSelector=metadata.name%3Dtwo": 403,
  "?fieldSelector=metadata.name%21%3Done": 403,
  "?fieldSelector=metadata.name%3Done&watch=true&timeoutSeconds=1": 200,
  "?fieldSelector=x%3D%3D%3Dy": 403,
  "/one": 200,
  "/two": 403,
};
for (const [target, want] of Object.entries(selections)) {
  test(`who may read one object by its name gets ${want} for configmaps${target}`, async () => {
    await using server = await openTestServer();
    await create(
      server,
      role("Role", "r", may("get list watch", "configmaps", "", { resourceNames: ["one"] })),
      binding("RoleBinding", "b", "Role/r", "User/jane"),
    );
    const maps = "/api/v1/namespaces/default/configmaps";
    await server.ok("POST", maps, { body: configMap("one") });
    const user = { name: "jane", groups: [] };
    assert.equal((await server.send("GET", `${maps}${target}`, { user })).status, want);
  });
}
