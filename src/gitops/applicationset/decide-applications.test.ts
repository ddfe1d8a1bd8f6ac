import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Application, ApplicationSet, ApplicationSetSpec } from "../../apis/index.ts";
import { decideApplications, expandApplication } from "./decide-applications.ts";
import { type GenerateContext, generateParameters } from "./generate-parameters.ts";

const spec = {
  project: "default",
  destination: { name: "in-cluster" },
  source: { repoURL: "https://x", path: "{{path}}" },
};

function setOf(more: Partial<ApplicationSetSpec> = {}): ApplicationSet {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    metadata: { name: "set", namespace: "argocd", uid: "u1" },
    spec: { generators: [], template: { metadata: { name: "app-{{name}}" }, spec }, ...more },
  };
}

function expand(set: ApplicationSet, ...parameters: Record<string, string>[]): Application[] {
  return parameters.map((some) => expandApplication(set, { parameters: some, template: undefined }));
}

test("a template becomes an Application that its set owns and that takes its resources along", () => {
  const [app] = expand(setOf(), { name: "a", path: "p" });
  assert.deepEqual(app, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {
      name: "app-a",
      namespace: "argocd",
      finalizers: ["resources-finalizer.argocd.argoproj.io"],
      ownerReferences: [
        {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "ApplicationSet",
          name: "set",
          uid: "u1",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { ...spec, source: { repoURL: "https://x", path: "p" } },
  });
  const [kept] = expand(setOf({ syncPolicy: { preserveResourcesOnDeletion: true } }), { name: "a" });
  assert.equal(kept?.metadata.finalizers, undefined);
});

test("a generator's template overrides parts of the template", () => {
  const template = { metadata: { labels: { kind: "special" } }, spec: { project: "other" } };
  const app = expandApplication(setOf(), { parameters: { name: "a" }, template });
  assert.equal(app.metadata.name, "app-a");
  assert.deepEqual(app.metadata.labels, { kind: "special" });
  assert.equal(app.spec.project, "other");
});

const [a, b] = expand(setOf(), { name: "a", path: "p" }, { name: "b", path: "p" });
assert(a !== undefined && b !== undefined);
const changed: Application = { ...a, spec: { ...a.spec, project: "changed" } };
const foreign: Application = { ...a, metadata: { ...a.metadata, ownerReferences: [] } };
const stolen: Application = {
  ...a,
  metadata: {
    ...a.metadata,
    ownerReferences: [{ apiVersion: "v1", kind: "ApplicationSet", name: "other", uid: "u2", controller: true }],
  },
};

type Policy = NonNullable<ApplicationSetSpec["syncPolicy"]>["applicationsSync"];
const cases: Record<string, { wanted: Application[]; existing: Application[]; policy?: Policy; want: string[] }> = {
  "creates what is missing": { wanted: [a, b], existing: [a], want: ["create app-b"] },
  "does nothing when all is well": { wanted: [a], existing: [a], want: [] },
  "updates what differs": { wanted: [a], existing: [changed], want: ['update app-a {"spec":{"project":"default"}}'] },
  "deletes what it owns and does not want": { wanted: [a], existing: [a, b], want: ["delete app-b"] },
  "leaves the Applications of others": { wanted: [], existing: [foreign], want: [] },
  "only creates": { wanted: [a, b], existing: [changed], policy: "create-only", want: ["create app-b"] },
  "does not delete": { wanted: [], existing: [a], policy: "create-update", want: [] },
  "does not update": { wanted: [a], existing: [changed, b], policy: "create-delete", want: ["delete app-b"] },
};
for (const [name, { wanted, existing, policy, want }] of Object.entries(cases)) {
  test(`decideApplications ${name}`, () => {
    const set = setOf(policy === undefined ? {} : { syncPolicy: { applicationsSync: policy } });
    const changes = decideApplications(set, wanted, existing).map((change) => {
      if (change.do === "create") return `create ${change.application.metadata.name}`;
      return change.do === "update" ? `update ${change.name} ${JSON.stringify(change.patch)}` : `delete ${change.name}`;
    });
    assert.deepEqual(changes, want);
  });
}

test("decideApplications refuses names that are repeated, empty or taken", () => {
  assert.throws(() => decideApplications(setOf(), [a, a], []), /contains applications with duplicate name: app-a$/);
  const unnamed = { ...a, metadata: { ...a.metadata, name: "" } };
  assert.throws(() => decideApplications(setOf(), [unnamed], []), /contains an application with no name$/);
  assert.throws(() => decideApplications(setOf(), [a], [stolen]), /belongs to ApplicationSet other already$/);
});

test("decideApplications keeps what is not its own", () => {
  const live: Application = {
    ...a,
    metadata: {
      ...a.metadata,
      annotations: { "argocd.argoproj.io/refresh": "normal", mine: "x", gone: "y" },
      finalizers: ["resources-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"],
    },
    spec: { ...a.spec, revisionHistoryLimit: 3 },
  };
  const set = setOf({
    preservedFields: { annotations: ["mine"] },
    ignoreApplicationDifferences: [{ jsonPointers: ["/spec/revisionHistoryLimit"] }],
  });
  assert.deepEqual(decideApplications(set, [a], [live]), [
    { do: "update", name: "app-a", patch: { metadata: { annotations: { gone: null } } } },
  ]);
});

const context: GenerateContext = {
  git: { resolve: async () => "", tree: async () => undefined, blob: async () => new Uint8Array() },
  clusters: [],
  goTemplate: undefined,
  refresh: false,
  signal: new AbortController().signal,
};
const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret: KubeObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: "c",
    labels: { "argocd.argoproj.io/secret-type": "cluster", env: "prod" },
    annotations: { region: "eu" },
  },
  data: { name: base64("Prod_1"), server: base64("https://prod") },
};

test("list parameters are flat, or as they are for Go templates", async () => {
  const elements = [{ name: "a", deep: { x: 1 } }];
  const flat = await generateParameters({ list: { elements } }, context);
  assert.deepEqual(flat[0]?.parameters, { name: "a", "deep.x": "1" });
  const nested = await generateParameters({ list: { elements } }, { ...context, goTemplate: { missingKey: "error" } });
  assert.deepEqual(nested[0]?.parameters, elements[0]);
  const more = await generateParameters({ list: { elements: [], elementsYaml: "- {name: b}" } }, context);
  assert.deepEqual(more[0]?.parameters, { name: "b" });
});

test("a selector chooses among sets of parameters", async () => {
  const elements = [{ env: "prod" }, { env: "dev" }];
  const chosen = await generateParameters({ list: { elements }, selector: { matchLabels: { env: "dev" } } }, context);
  assert.deepEqual(
    chosen.map(({ parameters }) => parameters),
    [{ env: "dev" }],
  );
});

test("clusters are those of Secrets, and the one we are in unless labels are asked for", async () => {
  const all = await generateParameters(
    { clusters: { values: { x: "{{name}}!" } } },
    { ...context, clusters: [secret] },
  );
  assert.deepEqual(
    all.map(({ parameters }) => parameters["name"]),
    ["in-cluster", "Prod_1"],
  );
  assert.deepEqual(all[1]?.parameters, {
    name: "Prod_1",
    nameNormalized: "prod-1",
    server: "https://prod",
    project: "",
    "metadata.labels.argocd.argoproj.io/secret-type": "cluster",
    "metadata.labels.env": "prod",
    "metadata.annotations.region": "eu",
    "values.x": "Prod_1!",
  });
  const selector = { matchLabels: { env: "prod" } };
  const some = await generateParameters({ clusters: { selector } }, { ...context, clusters: [secret] });
  assert.deepEqual(
    some.map(({ parameters }) => parameters["name"]),
    ["Prod_1"],
  );
});

test("generators that are not supported yet say so", async () => {
  await assert.rejects(generateParameters({ matrix: { generators: [] } }, context), {
    message: "generator matrix is not supported yet, only list, clusters, git are",
  });
  await assert.rejects(generateParameters({}, context), /exactly one kind, this one has none$/);
});
