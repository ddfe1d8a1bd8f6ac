import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import { openTrialControlPlane } from "./trial-cluster.ts";

const crd: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "boxes.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Box", plural: "boxes" },
    conversion: {
      strategy: "Webhook",
      webhook: { conversionReviewVersions: ["v1"], clientConfig: { url: "https://127.0.0.1:1" } },
    },
    versions: ["v1", "v2"].map((name) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: { spec: { type: "object", required: ["size"], properties: { size: { type: "integer" } } } },
        },
      },
    })),
  },
};
const box = (spec: unknown, rest: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: "example.com/v2",
  kind: "Box",
  metadata: { name: "b", namespace: "team" },
  spec,
  ...rest,
});

test("a trial cluster judges by dry runs: what it takes is not stored, and unknown fields are refused", async () => {
  await using cluster = await openTrialControlPlane();
  assert.deepEqual(await cluster.judge(box({ size: 1 })), { state: "unjudged", why: "no kind Box in example.com/v2" });
  assert.equal(await cluster.install(crd), undefined);
  assert.deepEqual(await cluster.judge(box({ size: 1 })), { state: "accepted" });
  assert.deepEqual(await cluster.judge(box({ size: 1 }, { metadata: { generateName: "b-" } })), { state: "accepted" });
  const refused = async (object: KubeObject) => {
    const judgement = await cluster.judge(object);
    return judgement.state === "refused" ? judgement.why : judgement.state;
  };
  assert.match(await refused(box({ size: "many" })), /\.spec\.size: expected numeric/);
  assert.match(await refused(box({ size: 1, color: "red" })), /spec\.color/);
  assert.match(await refused(box({})), /spec\.size: Required value/);
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [] } };
  assert.match(await refused(pod), /spec\.containers: Required value/);
  assert.deepEqual(await cluster.judge({ ...pod, spec: { containers: [{ name: "a", image: "b" }] } }), {
    state: "accepted",
  });
});

test("a definition that the server refuses is told", async () => {
  await using cluster = await openTrialControlPlane();
  const wrong = {
    ...crd,
    spec: { ...(typeof crd["spec"] === "object" ? crd["spec"] : {}), group: "other.example.com" },
  };
  assert.match((await cluster.install(wrong)) ?? "", /metadata\.name: Invalid value/);
});
