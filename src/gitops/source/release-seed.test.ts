import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application } from "../../apis/index.ts";
import { releaseSeed } from "./release-seed.ts";

const app = (name: string, annotations: Record<string, string>): Application => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name, namespace: "argocd", annotations },
  spec: { project: "default", destination: {} },
});
const stable = { "skiff.dev/stable-random": "true" };
const secret = Buffer.from("secret");

test("an application that asks for it has a seed of its own, which depends on the secret", () => {
  const seed = releaseSeed(app("a", stable), secret);
  assert.match(seed ?? "", /^[0-9a-f]{64}$/);
  assert.equal(releaseSeed(app("a", stable), secret), seed);
  assert.notEqual(releaseSeed(app("b", stable), secret), seed);
  assert.notEqual(releaseSeed(app("a", stable), Buffer.from("other")), seed);
  assert.equal(releaseSeed(app("a", {}), secret), undefined);
  assert.equal(releaseSeed(app("a", stable), undefined), undefined);
});
