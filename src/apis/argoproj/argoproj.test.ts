import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cloneJson,
  type JsonObject,
  type KubeObject,
  pruneUnknown,
  type Schema,
  validateSchema,
} from "../../apimachinery/index.ts";
import { appProjectSchema } from "./app-project.ts";
import { applicationSchema, parseApplication } from "./application.ts";
import { applicationSetSchema } from "./application-set.ts";
import { argoprojCrds } from "./crds.ts";

const metadata = { name: "x" };
const source = { repoURL: "https://example.com/a.git" };
const destination = { server: "https://kubernetes.default.svc", namespace: "a" };
const spec = { project: "default", source, destination };

/** Objects that Argo CD accepts as they are. */
const accepted: Record<string, { schema: Schema; object: JsonObject }> = {
  "an Application with everything": {
    schema: applicationSchema,
    object: {
      metadata,
      spec: {
        ...spec,
        sources: [
          {
            ...source,
            path: ".",
            targetRevision: "HEAD",
            ref: "values",
            name: "n",
            tagPrefix: "v",
            directory: {
              recurse: true,
              include: "*",
              exclude: "b",
              jsonnet: { extVars: [{ name: "a", value: "b", code: true }] },
            },
          },
          {
            ...source,
            chart: "c",
            helm: {
              valueFiles: ["$values/a.yaml"],
              values: "a: 1",
              valuesObject: { anything: { goes: [1, "a", null] } },
              parameters: [{ name: "a", value: "b", forceString: true }],
              fileParameters: [{ name: "a", path: "b" }],
              releaseName: "r",
              skipCrds: true,
              ignoreMissingValueFiles: true,
              passCredentials: false,
              version: "v3",
            },
          },
          {
            ...source,
            kustomize: {
              images: ["a=b:1"],
              replicas: [
                { name: "a", count: 2 },
                { name: "b", count: "3" },
              ],
              commonLabels: { a: "b" },
              patches: [
                {
                  target: { kind: "Deployment", labelSelector: "a=b" },
                  patch: "- op: remove\n  path: /a",
                  options: { allowNameChange: true },
                },
              ],
              components: ["c"],
            },
          },
          {
            ...source,
            plugin: { name: "p", env: [{ name: "a", value: "b" }], parameters: [{ name: "a", map: { x: "y" } }] },
          },
        ],
        syncPolicy: {
          automated: { prune: true, selfHeal: true, allowEmpty: true, enabled: false },
          syncOptions: ["CreateNamespace=true"],
          retry: { limit: -1, backoff: { duration: "5s", factor: 2, maxDuration: "3m" }, refresh: true },
          managedNamespaceMetadata: { labels: { a: "b" }, annotations: { c: "d" } },
        },
        ignoreDifferences: [
          { group: "*", kind: "*", jsonPointers: ["/a"], jqPathExpressions: [".a"], managedFieldsManagers: ["m"] },
        ],
        info: [{ name: "a", value: "b" }],
        revisionHistoryLimit: 3,
      },
      operation: {
        sync: {
          revision: "a",
          prune: true,
          resources: [{ kind: "A", name: "b" }],
          syncStrategy: { hook: { force: true } },
        },
      },
      status: {
        sync: { status: "Synced", revision: "a", comparedTo: { source, destination } },
        health: { status: "Healthy", lastTransitionTime: "2026-01-01T00:00:00Z" },
        operationState: { operation: {}, phase: "Running", startedAt: "2026-01-01T00:00:00Z" },
        history: [{ id: 0, revision: "a", deployedAt: "2026-01-01T00:00:00Z", source }],
        summary: { images: ["a"] },
        resourceHealthSource: "appTree",
      },
    },
  },
  "an ApplicationSet with generators we do not know": {
    schema: applicationSetSchema,
    object: {
      metadata,
      spec: {
        goTemplate: true,
        goTemplateOptions: ["missingkey=error"],
        generators: [
          { list: { elements: [{ name: "a", deep: { x: 1 } }] } },
          { clusters: { selector: { matchExpressions: [{ key: "a", operator: "Exists" }] }, values: { a: "b" } } },
          {
            git: {
              repoURL: "https://x",
              revision: "HEAD",
              files: [{ path: "a/**" }],
              directories: [{ path: "b", exclude: true }],
            },
          },
          {
            matrix: { generators: [{ git: { repoURL: "https://x", revision: "a" } }, { matrix: { generators: [] } }] },
          },
          { merge: { mergeKeys: ["a"], generators: [{ clusters: {} }] } },
          { pullRequest: { gitea: { owner: "a", repo: "b", api: "https://x" } } },
          { scmProvider: { github: { organization: "a" } }, selector: { matchLabels: { a: "b" } } },
        ],
        template: { metadata: { name: "{{.name}}", finalizers: ["a"] }, spec },
        templatePatch: "spec: {}",
        strategy: { type: "RollingSync", rollingSync: { steps: [{ matchExpressions: [], maxUpdate: "25%" }] } },
        syncPolicy: { applicationsSync: "create-only", preserveResourcesOnDeletion: true },
      },
    },
  },
  "an AppProject": {
    schema: appProjectSchema,
    object: {
      metadata,
      spec: {
        sourceRepos: ["*"],
        destinations: [{ server: "*", namespace: "*" }],
        clusterResourceWhitelist: [{ group: "*", kind: "*" }],
        roles: [{ name: "r", policies: ["p, a, b"], groups: ["g"] }],
        syncWindows: [{ kind: "deny", schedule: "0 * * * *", duration: "1h", manualSync: true }],
        orphanedResources: { warn: true },
      },
    },
  },
};
for (const [name, { schema, object }] of Object.entries(accepted)) {
  test(`${name} is accepted and kept whole`, () => {
    assert.deepEqual(validateSchema(object, schema), []);
    const pruned = cloneJson(object);
    assert.deepEqual(pruneUnknown(pruned, schema), []);
    assert.deepEqual(pruned, object);
  });
}

test("fields that Argo CD does not know are pruned", () => {
  const object = { metadata, spec: { ...spec, enableOCI: true, source: { ...source, other: 1 } } };
  assert.deepEqual(pruneUnknown(object, applicationSchema).sort(), ["spec.enableOCI", "spec.source.other"]);
});

test("an Application is refused with one cause per wrong field", () => {
  const object = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {},
    spec: { project: 1 },
  } as unknown as KubeObject;
  assert.throws(
    () => parseApplication(object),
    /spec\.destination: Required value[\s\S]*spec\.project|spec\.project[\s\S]*spec\.destination: Required value/,
  );
  const good = { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata, spec } as KubeObject;
  assert.equal(parseApplication(good), good);
});

test("the definitions are Argo CD's: names, columns, and a status subresource for ApplicationSets only", () => {
  const crds = argoprojCrds().map(({ metadata: { name }, spec: described }) => {
    const { names, versions } = described as {
      names: { shortNames: string[] };
      versions: { subresources: object; additionalPrinterColumns?: { name: string }[] }[];
    };
    const [version] = versions;
    return [
      name,
      names.shortNames,
      version?.subresources,
      version?.additionalPrinterColumns?.map((column) => column.name),
    ];
  });
  assert.deepEqual(crds, [
    ["applications.argoproj.io", ["app", "apps"], {}, ["Sync Status", "Health Status", "Revision", "Project"]],
    ["applicationsets.argoproj.io", ["appset", "appsets"], { status: {} }, undefined],
    ["appprojects.argoproj.io", ["appproj", "appprojs"], {}, undefined],
  ]);
});
