import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../definition.ts";
import { type DetectedSource, detectSource } from "./detect.ts";

const cases: [path: string, text: string, want: DetectedSource | undefined][] = [
  ["a/crd.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n", "crd"],
  [
    "a/crd.yml",
    "# first\n---\napiVersion: v1\nkind: Service\n---\napiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\n",
    "crd",
  ],
  ["a/crd.json", '{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}', "crd"],
  ["xrd.yaml", "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\n", "xrd"],
  ["c.yaml", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\n", "composition"],
  ["g.yaml", "apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\n", "kro"],
  ["other.yaml", "apiVersion: example.com/v1\nkind: CustomResourceDefinition\n", undefined],
  ["deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {type: x}\n", undefined],
  ["api.yaml", "openapi: 3.0.3\ninfo: {}\n", "openapi"],
  ["api.json", '{"openapi": "3.1.0"}', "openapi"],
  ["api.yaml", "swagger: 2.0\n", "openapi"],
  ["api.json", '{"swagger": "1.2"}', undefined],
  ["s.json", '{"$schema": "http://json-schema.org/draft-04/schema#"}', "json-schema"],
  ["s.yaml", "$schema: https://json-schema.org/draft/2020-12/schema\n", "json-schema"],
  ["s.json", '{"type": "object", "properties": {"a": {"type": "string"}}}', "json-schema"],
  ["s.json", '{"$ref": "#/definitions/a", "definitions": {"a": {}}}', "json-schema"],
  ["package.json", '{"$schema": "https://json.schemastore.org/package", "type": "module"}', undefined],
  ["values.yaml", "type: object\nproperties: none\n", undefined],
  ["list.json", '[{"$schema": 1}]', undefined],
  ["chart/Chart.yaml", "name: x\n", "helm"],
  ["m/main.tf", "", "terraform"],
  ["m/main.tf.json", "", "terraform"],
  ["m/main.tofu", "", "terraform"],
  ["README.md", "kind: CustomResourceDefinition", undefined],
  ["templates/x.yaml", "kind: {{ .Values.type }}\n{{- if }}\n", undefined],
];
for (const [path, text, want] of cases) {
  test(`${path} is ${want ?? "nothing"}: ${JSON.stringify(text.slice(0, 60))}`, () => {
    assert.equal(detectSource(path, text), want);
  });
}

const broken: [path: string, text: string, message: string][] = [
  [
    "crd.yaml",
    "kind: CustomResourceDefinition\nspec: a: b\n",
    "crd.yaml:2:8: mapping values are not allowed in this context",
  ],
  [
    "s.json",
    '{"type": "object",\n  "properties": }',
    "s.json:2:17: invalid character '}' looking for beginning of value",
  ],
];
for (const [path, text, message] of broken) {
  test(`${path} that is broken is refused with its place`, () => {
    assert.throws(
      () => detectSource(path, text),
      (error) => error instanceof SourceError && error.message === message,
    );
  });
}
