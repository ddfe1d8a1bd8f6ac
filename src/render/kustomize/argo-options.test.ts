import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArgoKustomizeOptions, editKustomization, substituteArgoOptions } from "./argo-options.ts";
import type { Kustomization } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";

type Case = { file?: Kustomization; options: ArgoKustomizeOptions; want: Kustomization };

const cases: Record<string, Case> = {
  "names and the namespace take the place of the file's": {
    file: { namePrefix: "a-", nameSuffix: "-a", namespace: "a" },
    options: { namePrefix: "b-", nameSuffix: "-b", namespace: "b" },
    want: { namePrefix: "b-", nameSuffix: "-b", namespace: "b" },
  },
  "images are sorted and replace those of the same name": {
    file: {
      images: [
        { name: "z", newTag: "1" },
        { name: "a", newName: "x", newTag: "1" },
      ],
    },
    options: { images: ["a:2", "m=reg/m:3@sha256:9", "n@sha256:1", "o=other"] },
    want: {
      images: [
        { name: "a", newTag: "2" },
        { name: "m", newName: "reg/m", newTag: "3", digest: "sha256:9" },
        { name: "n", digest: "sha256:1" },
        { name: "o", newName: "other" },
        { name: "z", newTag: "1" },
      ],
    },
  },
  "a star keeps what the file says of an image": {
    file: { images: [{ name: "a", newName: "x", newTag: "1" }] },
    options: { images: ["a=*:2", "b=*:3"] },
    want: {
      images: [
        { name: "a", newName: "x", newTag: "2" },
        { name: "b", newTag: "3" },
      ],
    },
  },
  "replicas are numbers or texts of numbers": {
    file: { replicas: [{ name: "a", count: 1 }] },
    options: {
      replicas: [
        { name: "b", count: "2" },
        { name: "a", count: 3 },
      ],
    },
    want: {
      replicas: [
        { name: "a", count: 3 },
        { name: "b", count: 2 },
      ],
    },
  },
  "common labels are those of the file and these": {
    file: { commonLabels: { a: "1" } },
    options: { commonLabels: { b: "2" } },
    want: { commonLabels: { a: "1", b: "2" } },
  },
  "labels without selectors join those of the file that are alike": {
    file: {
      labels: [
        { pairs: { a: "1" }, includeSelectors: true },
        { pairs: { b: "2" }, includeTemplates: true },
      ],
    },
    options: { commonLabels: { c: "3", d: "4" }, labelWithoutSelector: true, labelIncludeTemplates: true },
    want: {
      labels: [
        { pairs: { a: "1" }, includeSelectors: true },
        { pairs: { b: "2", c: "3", d: "4" }, includeTemplates: true },
      ],
    },
  },
  "force overwrites": {
    file: { commonAnnotations: { a: "1" }, commonLabels: { a: "1" } },
    options: {
      commonAnnotations: { a: "2" },
      forceCommonAnnotations: true,
      commonLabels: { a: "2" },
      forceCommonLabels: true,
    },
    want: { commonAnnotations: { a: "2" }, commonLabels: { a: "2" } },
  },
  "patches and components come after those of the file": {
    file: { patches: [{ path: "a.yaml" }], components: ["a"] },
    options: { patches: [{ patch: "b" }], components: ["a", "b"] },
    want: { patches: [{ path: "a.yaml" }, { patch: "b" }], components: ["a", "b"] },
  },
};

for (const [name, { file = {}, options, want }] of Object.entries(cases)) {
  test(name, () => {
    const kustomization = structuredClone(file);
    editKustomization(kustomization, options, options.components ?? []);
    assert.deepEqual(kustomization, want);
  });
}

const refused: Record<string, [options: ArgoKustomizeOptions, error: RegExp]> = {
  "a label that is there": [
    { commonLabels: { a: "2" } },
    /^label a already in kustomization file\. Use --force to override\.$/,
  ],
  "an annotation that is there": [{ commonAnnotations: { a: "2" } }, /^annotation a already in kustomization file/],
  "templates with selectors": [
    { commonLabels: { b: "2" }, labelIncludeTemplates: true },
    /^--without-selector flag must/,
  ],
  "an image that says nothing": [{ images: ["a"] }, /^invalid format of image/],
  "replicas that are no number": [
    { replicas: [{ name: "a", count: "x" }] },
    /^expected integer value for count\. Received: x$/,
  ],
};

for (const [name, [options, message]] of Object.entries(refused)) {
  test(`${name} is an error`, () => {
    const file: Kustomization = { commonLabels: { a: "1" }, commonAnnotations: { a: "1" } };
    assert.throws(() => editKustomization(file, options, []), { name: KustomizeError.name, message });
  });
}

test("values of the environment go into images and labels, and into annotations if asked for", () => {
  const options: ArgoKustomizeOptions = {
    images: ["a:$X"],
    commonLabels: { l: "$X" },
    commonAnnotations: { n: "$X" },
    namePrefix: "$X",
  };
  const substitute = (text: string): string => text.replace("$X", "1");
  assert.deepEqual(substituteArgoOptions(options, substitute), {
    ...options,
    images: ["a:1"],
    commonLabels: { l: "1" },
  });
  const all = substituteArgoOptions({ ...options, commonAnnotationsEnvsubst: true }, substitute);
  assert.deepEqual(all.commonAnnotations, { n: "1" });
});
