import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { createInlineRenderer } from "./inline-renderer.ts";

const template = `apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
{{- $first := lookup "v1" "Secret" "work" "first" }}
  next: {{ (lookup "v1" "Secret" "work" (required "no first" $first.next)).value }}
`;
const content = async () =>
  new Map([
    ["Chart.yaml", Buffer.from("apiVersion: v2\nname: demo\nversion: 1.0.0\n")],
    ["templates/x.yaml", Buffer.from(template)],
  ]);

test("lookups that depend on one another are answered by the cluster", async () => {
  const asked: string[] = [];
  const lookup = async (_apiVersion: string, _kind: string, _namespace: string, name: string) => {
    asked.push(name);
    const answer: JsonObject = name === "first" ? { next: "second" } : { value: "found" };
    return answer;
  };
  const chart = { digest: "demo", content };
  const { manifest } = await createInlineRenderer().helm({ chart, options: { now: 0, lookup } });
  assert.match(manifest, /next: found/);
  assert.deepEqual(asked, ["first", "second"]);
  await assert.rejects(createInlineRenderer().helm({ chart, options: { now: 0 } }), /no first/);
});
