import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { difference } from "./compare-live.ts";

const object = (kind: string, more: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "a", namespace: "work", ...metadata },
  ...more,
});

test("what only the server writes is no difference", () => {
  const live = object(
    "ConfigMap",
    { data: { a: "1" }, status: {} },
    { uid: "u", resourceVersion: "7", creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [], generation: 2 },
  );
  assert.equal(difference(live, object("ConfigMap", { data: { a: "1" } })), "");
});

test("values of Secrets are not shown, only whether they differ", () => {
  const text = difference(
    object("Secret", { data: { same: "c2FtZQ==", changed: "b2xk", gone: "Z29uZQ==" } }),
    object("Secret", { data: { same: "c2FtZQ==", changed: "bmV3", added: "YWRkZWQ=" } }),
  );
  assert.doesNotMatch(text, /==|b2xk|bmV3/);
  assert.match(text, /^- {2}changed: '\*\*\* \(before\)'$/m);
  assert.match(text, /^\+ {2}changed: '\*\*\* \(after\)'$/m);
  assert.match(text, /^- {2}gone: '\*\*\*'$/m);
  assert.match(text, /^ {3}same: '\*\*\*'$/m);
});

test("what is new or gone is shown as a whole", () => {
  assert.match(
    difference(undefined, object("ConfigMap")),
    /^--- live\/v1\/ConfigMap\/work\/a\n\+\+\+ .*\n@@ -0,0 \+1,\d @@\n\+/,
  );
  assert.match(difference(object("ConfigMap"), undefined), /@@ -1,\d \+0,0 @@\n-apiVersion: v1\n/);
});
