import assert from "node:assert/strict";
import { test } from "node:test";
import { createYamlPlaces } from "./yaml-place.ts";

const template = `{{ 0 }}
apiVersion: v1
kind: Bucket
metadata:
  labels:
    example.com/tier: {{ 1 }}
spec:
  forProvider:
    # none: {{ 2 }}
    rules:
    - port: 1
      {{- if 3 }}
      name: "a-{{ 4 }}"
    tags: {{ 5 }}
      - x
---
data: {{ 6 }}
---
  kind: Inner
kind: "Policy"
text: |
  some {{ 7 }} text
`;

test("an action in a template of manifests sets what the keys above it say", () => {
  const placeOf = createYamlPlaces(template);
  const found = [...template.matchAll(/\{\{-? (?:if )?\d/g)].map(({ index }) => placeOf(index));
  assert.deepEqual(found, [
    undefined,
    "metadata.labels[example.com/tier] of Bucket",
    "spec.forProvider of Bucket",
    "spec.forProvider.rules.port of Bucket",
    "spec.forProvider.rules.name of Bucket",
    "spec.forProvider.tags of Bucket",
    undefined,
    "text of Policy",
  ]);
});
