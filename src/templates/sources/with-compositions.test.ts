import assert from "node:assert/strict";
import { test } from "node:test";
import { objectAt } from "./json-at.ts";
import { readKubernetesDefinitions } from "./kubernetes.ts";
import { withCompositions } from "./with-compositions.ts";

const definition = (spec = "", version = "v1") => `apiVersion: apiextensions.crossplane.io/${version}
kind: CompositeResourceDefinition
metadata: {name: xbuckets.example.com}
spec:
  group: example.com
  names: {kind: XBucket, plural: xbuckets}
${spec}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              region: {type: string}
              size: {type: object, properties: {min: {type: integer}, max: {type: integer}}}
              rules: {type: array, items: {type: object, properties: {port: {type: integer}}}}
              labels: {type: object, additionalProperties: {type: string}}
              unused: {type: string}
`;
const claims = "  claimNames: {kind: Bucket, plural: buckets}";

const composition = (name: string, labels: string, spec: string) => `---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: ${name}, labels: ${labels}}
spec:
  compositeTypeRef: {apiVersion: example.com/v1, kind: XBucket}
${spec}
`;

const resources = `
  environment:
    patches: [{type: ToCompositeFieldPath, fromFieldPath: spec.unused}, {fromFieldPath: spec.size.max}]
    environmentConfigs:
    - selector: {matchLabels: [{key: tier, valueFromFieldPath: "spec.labels[example.com/tier]"}]}
  patchSets:
  - name: common
    patches:
    - {type: FromCompositeFieldPath, fromFieldPath: spec.region, toFieldPath: spec.forProvider.region}
  resources:
  - name: bucket
    base: {apiVersion: s3.aws.io/v1, kind: Bucket}
    patches:
    - {type: PatchSet, patchSetName: common}
    - {fromFieldPath: "spec.rules[0].port", policy: {fromFieldPath: Required}}
    - {type: ToCompositeFieldPath, fromFieldPath: status.arn, toFieldPath: status.arn}
    - {fromFieldPath: "metadata.labels[crossplane.io/claim-name]", toFieldPath: metadata.name}
    - {fromFieldPath: "metadata.annotations['example.com/owner']", toFieldPath: spec.owner}
    - {fromFieldPath: spec.claimRef.namespace, toFieldPath: spec.space}
    - {fromFieldPath: spec.gone.away}
    - {fromFieldPath: "spec..broken"}
  - name: object
    base:
      kind: Object
      spec: {forProvider: {manifest: {kind: ConfigMap}}}
    patches:
    - type: CombineFromComposite
      combine: {strategy: string, variables: [{fromFieldPath: spec.region}, {fromFieldPath: spec.size.min}]}
      toFieldPath: spec.forProvider.manifest.data.text
`;
const pipeline = `
  mode: Pipeline
  pipeline:
  - step: patch
    functionRef: {name: function-patch-and-transform}
    input:
      apiVersion: pt.fn.crossplane.io/v1beta1
      kind: Resources
      resources:
      - base: {kind: Bucket}
        patches: [{fromFieldPath: spec.region, toFieldPath: spec.region}]
  - step: template
    functionRef: {name: function-go-templating}
    input:
      apiVersion: gotemplating.fn.crossplane.io/v1beta1
      kind: GoTemplate
      source: Inline
      inline:
        template: |
          {{ $spec := .observed.composite.resource.spec }}
          apiVersion: v1
          kind: Secret
          ---
          apiVersion: v1
          kind: Policy
          metadata:
            name: a
          spec:
            limits:
            - max: {{ $spec.size.max }}
              {{ if $spec.size.min }}
              min: {{ .desired.composite.resource.spec.region }}
              {{ end }}
  - step: code
    functionRef: {name: function-kcl}
    input: {apiVersion: krm.kcl.dev/v1alpha1, kind: KCLInput, spec: {source: "x = 1"}}
  - step: environment
    functionRef: {name: function-environment-configs}
    input:
      apiVersion: environmentconfigs.fn.crossplane.io/v1beta1
      kind: Input
      spec: {environmentConfigs: [{type: Selector, selector: {matchLabels: [{key: a, valueFromFieldPath: spec.labels.tier}]}}]}
  - step: ready
    functionRef: {name: function-auto-ready}
`;

test("fields that compositions read are prominent, the most used ones first, with what they drive", () => {
  const text =
    definition(claims) +
    composition("a", "{provider: aws}", resources) +
    composition("b", "{provider: gcp, tier: x}", pipeline);
  const { definitions, compositions, problems } = readKubernetesDefinitions(text, { file: "x.yaml" });
  assert.deepEqual(problems, []);
  const [result] = withCompositions(definitions, compositions);
  assert.deepEqual(result?.usedBy, [
    {
      path: ["spec", "region"],
      readers: ["a", "b"],
      drives: ["spec.forProvider.region of Bucket", "data.text of ConfigMap", "spec.region of Bucket"],
      required: false,
    },
    {
      path: ["spec", "size", "min"],
      readers: ["a", "b"],
      drives: ["data.text of ConfigMap"],
      required: false,
    },
    {
      path: ["spec", "size", "max"],
      readers: ["a", "b"],
      drives: ["spec.size.max of the environment", "spec.limits.max of Policy"],
      required: false,
    },
    { path: ["spec", "labels"], readers: ["a", "b"], drives: ["which other resources are used"], required: false },
    { path: ["spec", "rules"], readers: ["a"], drives: ["spec.rules[0].port of Bucket"], required: true },
  ]);
  assert.deepEqual(
    result.prominent,
    result.usedBy?.map(({ path }) => path),
  );
  assert.deepEqual(result.notes, [
    {
      at: "metadata.annotations[example.com/owner]",
      message: "is read by composition a, but forms do not ask for metadata",
    },
    { at: "spec.gone.away", message: "is read by composition a, but the definition has no such field" },
    { at: "", message: "in composition b, what step template reads was found in the text of its templates" },
    { at: "", message: "in composition b, step code runs function-kcl, of which is not known what it reads" },
  ]);
});

test("the composition can be chosen by name and by labels, where the kind of resource has the fields", () => {
  const others = composition("b", "{provider: gcp}", "") + composition("a", "{provider: aws}", "");
  const read = (spec: string, version?: string) => {
    const found = readKubernetesDefinitions(definition(spec, version) + others, { file: "x.yaml" });
    return objectAt(
      withCompositions(found.definitions, found.compositions)[0]?.schema,
      "properties",
      "spec",
      "properties",
    );
  };
  const claim = read(`${claims}\n  defaultCompositionRef: {name: b}`);
  assert.deepEqual(objectAt(claim, "compositionRef"), {
    type: "object",
    title: "Composition",
    description: "Which composition is used, by its name. It is b when nothing is chosen.",
    required: ["name"],
    properties: { name: { type: "string", enum: ["a", "b"] } },
  });
  assert.deepEqual(objectAt(claim, "compositionSelector", "properties", "matchLabels"), {
    type: "object",
    properties: { provider: { type: "string", enum: ["aws", "gcp"] } },
  });
  const modern = read("", "v2");
  assert.equal(modern?.["compositionRef"], undefined);
  assert.deepEqual(Object.keys(objectAt(modern, "crossplane", "properties") ?? {}), [
    "compositionRef",
    "compositionSelector",
  ]);
  const enforced = read("  enforcedCompositionRef: {name: a}");
  assert.equal(enforced?.["compositionRef"], undefined);
});

test("compositions count for the definition of their kind that is nearest to them", () => {
  const read = (file: string, text: string) => readKubernetesDefinitions(text, { file });
  const patch = (field: string) => `  resources: [{base: {kind: B}, patches: [{fromFieldPath: spec.${field}}]}]`;
  const files = [
    read("aws/s3/definition.yaml", definition()),
    read("gcp/s3/definition.yaml", definition()),
    read("aws/s3/a/composition.yaml", composition("a", "{}", patch("region"))),
    read("gcp/s3/composition.yaml", composition("a", "{}", patch("unused"))),
    read("other.yaml", composition("c", "{}", patch("rules")).replace("kind: XBucket", "kind: XOther")),
  ];
  const found = withCompositions(
    files.flatMap(({ definitions }) => definitions),
    files.flatMap(({ compositions }) => compositions),
  );
  assert.deepEqual(
    found.map(({ prominent }) => prominent),
    [[["spec", "region"]], [["spec", "unused"]]],
  );
});
