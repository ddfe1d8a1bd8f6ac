import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsAt, textsAt } from "../../../apimachinery/index.ts";
import { defaultPolicy } from "./default-policy.ts";

const named = (name: string) => defaultPolicy.get(`clusterroles.rbac.authorization.k8s.io/${name}`);

test("there is what Kubernetes 1.34 starts with", () => {
  const counts = Map.groupBy(defaultPolicy.values(), ({ kind }) => kind);
  assert.deepEqual([...counts].map(([kind, objects]) => `${objects.length} ${kind}`).sort(), [
    "49 ClusterRoleBinding",
    "68 ClusterRole",
    "7 Role",
    "7 RoleBinding",
  ]);
});

test("every rule has verbs and either resources in groups or paths", () => {
  for (const [name, object] of defaultPolicy) {
    for (const rule of itemsAt(object, "rules")) {
      const texts = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"].map((f) =>
        textsAt(rule, f),
      );
      const [verbs = [], groups = [], resources = [], , urls = []] = texts;
      assert.ok(verbs.length > 0, name);
      assert.equal(groups.length > 0 && resources.length > 0, urls.length === 0, name);
      assert.ok(
        texts.flat().every((text) => !text.includes(" ")),
        name,
      );
      for (const list of [verbs, resources, urls]) assert.ok(!list.includes(""), `${name}: an empty word`);
    }
  }
});

test("every binding names a role that is there", () => {
  for (const [name, object] of defaultPolicy) {
    const { roleRef, metadata } = object as typeof object & { roleRef?: { kind: string; name: string } };
    if (roleRef === undefined) continue;
    const path = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
    const place = roleRef.kind === "ClusterRole" ? roleRef.name : `${metadata.namespace}/${roleRef.name}`;
    assert.ok(defaultPolicy.has(`${path}.rbac.authorization.k8s.io/${place}`), name);
  }
});

test("the roles for users have the rules of what is gathered into them", () => {
  const count = (name: string) => itemsAt(named(name), "rules").length;
  const parts = { view: count("system:aggregate-to-view"), edit: count("system:aggregate-to-edit") };
  assert.equal(count("view"), parts.view);
  assert.equal(count("edit"), parts.edit + parts.view);
  assert.equal(count("admin"), parts.edit + parts.view + count("system:aggregate-to-admin"));
});
