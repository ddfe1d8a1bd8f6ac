import assert from "node:assert/strict";
import { test } from "node:test";
import { type Kubeconfig, mergeKubeconfig, withoutContext } from "./kubeconfig.ts";

const entry = (name: string, server: string): Kubeconfig => ({
  clusters: [{ name, cluster: { server } }],
  users: [{ name, user: {} }],
  contexts: [{ name, context: { cluster: name, user: name } }],
  "current-context": name,
});

test("a platform's context comes beside the others, replaces its own, and becomes current", () => {
  const before: Kubeconfig = { ...entry("work", "https://work"), preferences: { colors: true } };
  const once = mergeKubeconfig(before, entry("skiff-localdev", "https://127.0.0.1:1"));
  const twice = mergeKubeconfig(once, entry("skiff-localdev", "https://127.0.0.1:2"));
  assert.deepEqual(twice.clusters, [
    { name: "work", cluster: { server: "https://work" } },
    { name: "skiff-localdev", cluster: { server: "https://127.0.0.1:2" } },
  ]);
  assert.equal(twice["current-context"], "skiff-localdev");
  assert.deepEqual(twice["preferences"], { colors: true });
});

test("taking the context out leaves what was there before, and unsets it only when it was current", () => {
  const before = entry("work", "https://work");
  const merged = mergeKubeconfig(before, entry("skiff-localdev", "https://127.0.0.1:1"));
  assert.deepEqual(withoutContext(merged, "skiff-localdev").contexts, before.contexts);
  assert.equal(withoutContext(merged, "skiff-localdev")["current-context"], "");
  assert.equal(withoutContext({ ...merged, "current-context": "work" }, "skiff-localdev")["current-context"], "work");
});

test("a kubeconfig with nothing in it is filled", () => {
  assert.equal(mergeKubeconfig({ clusters: null }, entry("a", "https://a")).clusters?.length, 1);
});
