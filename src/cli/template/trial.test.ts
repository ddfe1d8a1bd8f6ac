import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, KubeObject } from "../../apimachinery/index.ts";
import { templatesOf } from "./load-templates.ts";
import { type Trial, tryTemplate, withoutSecrets } from "./trial.ts";
import { sampleAnswers } from "./trial-answers.ts";
import type { TrialCluster } from "./trial-cluster.ts";
import { trialJson, trialText, verdictOf } from "./trial-report.ts";

/** Knows ConfigMaps, and refuses those with a field `color`. */
function fakeCluster(): TrialCluster & { judged: KubeObject[] } {
  const judged: KubeObject[] = [];
  return {
    what: "a test",
    judged,
    async judge(object) {
      judged.push(object);
      if (object.kind !== "ConfigMap")
        return { state: "unjudged", why: `no kind ${object.kind} in ${object.apiVersion}` };
      return object["color"] === undefined ? { state: "accepted" } : { state: "refused", why: "unknown field color" };
    },
    install: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}

function template(parts: {
  properties: string;
  skeleton: Record<string, string>;
  steps?: string;
  values?: string;
  more?: string;
}) {
  const { properties, skeleton, steps = "", values = "name: '${{ parameters.name }}'", more = "" } = parts;
  const text = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: x}
spec:
  parameters: [{title: One, required: [name], properties: {${properties}}${more}}]
  steps:
    - {id: fetch, action: "fetch:template", input: {url: ./skeleton, values: {${values}}}}
${steps}`;
  const files = Object.entries(skeleton).map(([path, content]) => ({ path: `t/skeleton/${path}`, content }));
  const [found] = templatesOf([{ path: "t/template.yaml", content: text }, ...files], "").templates;
  assert.ok(found !== undefined);
  return found;
}

const name = "name: {type: string}";
const map = (more = "") => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "\${{ values.name }}"}\n${more}`;

const cases: Record<string, { skeleton: Record<string, string>; steps?: string; verdict: string; says: RegExp }> = {
  "accepts objects that the server takes": {
    skeleton: { "a.yaml": map() },
    verdict: "accepted",
    says: /^✓ t\/template\.yaml {2}2 objects accepted\n$/,
  },
  "refuses what the server does not take, with the answers": {
    skeleton: { "a.yaml": map("color: red\n") },
    verdict: "refused",
    says: /least answers, apply, a\.yaml, ConfigMap example: unknown field color\n {6}with \{"name":"example"\}/,
  },
  "cannot judge kinds that the cluster does not know": {
    skeleton: { "a.yaml": map().replace("ConfigMap", "Other") },
    verdict: "unjudged",
    says: /^◦ .*\n {4}cannot judge: no kind Other in v1\n$/,
  },
  "cannot judge what makes no object": {
    skeleton: { "note.md": "hello" },
    verdict: "unjudged",
    says: /it makes no object and no module/,
  },
  "leaves entities of the catalog to the catalog": {
    skeleton: {
      "a.yaml": map(),
      "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n",
    },
    verdict: "accepted",
    says: /2 objects accepted/,
  },
  "refuses YAML that cannot be read": {
    skeleton: { "a.yaml": "a: [\n" },
    verdict: "refused",
    says: /read, a\.yaml: a\.yaml:\d+:\d+: /,
  },
  "refuses HCL that cannot be read": {
    skeleton: { "main.tf": 'variable "x" {\n' },
    verdict: "refused",
    says: /terraform, .*main\.tf.*:1:/,
  },
  "accepts modules": { skeleton: { "main.tf": 'variable "x" {}\n' }, verdict: "accepted", says: /^✓/ },
  "judges what a step would apply": {
    skeleton: { "a.md": "" },
    steps:
      '    - {id: apply, action: "cnoe:kubernetes:apply", input: {namespaced: true, manifest: "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: x}\\ncolor: red\\n"}}\n',
    verdict: "refused",
    says: /least answers, apply, step apply, ConfigMap x: unknown field color/,
  },
};
for (const [what, { skeleton, steps, verdict, says }] of Object.entries(cases)) {
  test(`a trial ${what}`, async () => {
    const trial = await tryTemplate(
      template({ properties: name, skeleton, ...(steps !== undefined && { steps }) }),
      fakeCluster(),
    );
    assert.equal(verdictOf(trial), verdict, trialText(trial));
    assert.match(trialText(trial), says);
  });
}

test("pages that ask for parts of one object make one object", () => {
  const part = (name: string): JsonObject => ({
    properties: {
      config: { type: "object", required: [name], properties: { [name]: { type: "boolean", default: true } } },
    },
    required: ["config"],
  });
  assert.deepEqual(sampleAnswers([part("a"), part("b")], "required"), { config: { a: true, b: true } });
});

test("every choice that a form offers is tried, with the fields that it brings and their defaults", async () => {
  const branch = (kind: string, more: string) =>
    `{properties: {kind: {enum: [${kind}]}, config: {type: object, required: [a], properties: {a: {type: string, default: ${kind}}${more}}}}, required: [config]}`;
  const found = template({
    properties: `${name}, kind: {type: string, enum: [one, two]}`,
    more: `, dependencies: {kind: {oneOf: [${branch("one", "")}, ${branch("two", ", list: {type: array, items: {type: string}}")}]}}`,
    values: "name: '${{ parameters.name }}', data: '${{ parameters.config }}'",
    skeleton: { "a.yaml": map("data: ${{ values.data | dump }}\n") },
  });
  const cluster = fakeCluster();
  const trial = await tryTemplate(found, cluster);
  assert.equal(verdictOf(trial), "accepted", trialText(trial));
  assert.deepEqual(
    trial.runs.map(({ choice, answersKind }) => `${choice} ${answersKind}`),
    ["one least", "one full", "two least", "two full"],
  );
  assert.deepEqual(cluster.judged.map((object) => object["data"])[2], { a: "two", list: [] });
});

test("answers of one's own are judged by the form first", async () => {
  const trial = await tryTemplate(template({ properties: name, skeleton: { "a.yaml": map() } }), fakeCluster(), {
    name: 3,
  });
  assert.match(trialText(trial), /given answers, form, page One: \/name must be string/);
});

test("a form that the portal would not draw is refused", async () => {
  const trial = await tryTemplate(template({ properties: "name: {type: wrong}", skeleton: {} }), fakeCluster());
  assert.equal(verdictOf(trial), "refused");
  assert.match(trialText(trial), /form: /);
});

test("answers of secret fields are secrets of the run, and stars in its parameters", async () => {
  const properties = `${name}, key: {type: string, "ui:field": Secret, default: hidden}`;
  const values = "name: '${{ parameters.name }}', shown: '${{ parameters.key }}', kept: '${{ secrets.key }}'";
  const found = template({
    properties,
    values,
    skeleton: { "a.yaml": map('data: {shown: "${{ values.shown }}", kept: "${{ values.kept }}"}\n') },
  });
  const cluster = fakeCluster();
  await tryTemplate(found, cluster, { name: "x", key: "hidden" });
  assert.deepEqual(cluster.judged[0]?.["data"], { shown: "******", kept: "hidden" });
  assert.deepEqual(withoutSecrets([{ properties: { a: { type: "string" } } }], { a: "b" }), {
    answers: { a: "b" },
    secrets: {},
  });
});

test("the result for programs holds what was judged, and not the files", () => {
  const trial: Trial = {
    template: "t",
    formProblems: [],
    runs: [
      {
        answersKind: "least",
        choice: "",
        answers: { a: 1 },
        files: [{ path: "x", content: "y" }],
        accepted: 1,
        refused: [],
        unjudged: [],
      },
    ],
  };
  assert.deepEqual(JSON.parse(trialJson([trial], { cluster: "c", problems: [] })), {
    cluster: "c",
    problems: [],
    templates: [
      {
        template: "t",
        verdict: "accepted",
        formProblems: [],
        runs: [
          { answersKind: "least", choice: "", answers: { a: 1 }, files: ["x"], accepted: 1, refused: [], unjudged: [] },
        ],
      },
    ],
  });
});
