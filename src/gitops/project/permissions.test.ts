import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplicationSource, AppProject, AppProjectSpec, Destination } from "../../apis/index.ts";
import {
  defaultProjectSpec,
  inCluster,
  isDestinationPermitted,
  isKindPermitted,
  isSourcePermitted,
  validateApplication,
} from "./permissions.ts";

function project(spec: AppProjectSpec): AppProject {
  return { apiVersion: "argoproj.io/v1alpha1", kind: "AppProject", metadata: { name: "team" }, spec };
}

const repos: [patterns: string[], url: string, want: boolean][] = [
  [["*"], "https://example.com/a/b/c.git", true],
  [[], "https://example.com/a", false],
  [["https://github.com/org/*"], "https://github.com/Org/repo.git", true],
  [["https://github.com/org/*"], "https://github.com/org/a/b", false],
  [["https://github.com/**"], "https://github.com/org/a/b", true],
  [["*", "!https://github.com/org/secret"], "https://github.com/org/secret.git", false],
  [["git@github.com:org/repo.git"], "git@github.com:org/repo", true],
];
for (const [sourceRepos, url, want] of repos) {
  test(`repositories ${sourceRepos.join(" ")} ${want ? "permit" : "forbid"} ${url}`, () =>
    assert.equal(isSourcePermitted(project({ sourceRepos }), url), want));
}

const places: [destinations: Destination[], namespace: string, want: boolean][] = [
  [[{ server: "*", namespace: "*" }], "a", true],
  [[{ server: "https://kubernetes.default.svc", namespace: "team-*" }], "team-a", true],
  [[{ server: "https://kubernetes.default.svc", namespace: "team-*" }], "other", false],
  [[{ server: "https://other", namespace: "*" }], "a", false],
  [[{ name: "in-cluster", namespace: "*" }], "a", true],
  [
    [
      { server: "*", namespace: "*" },
      { server: "*", namespace: "!kube-system" },
    ],
    "kube-system",
    false,
  ],
  [
    [
      { server: "*", namespace: "*" },
      { server: "*", namespace: "!kube-system" },
    ],
    "a",
    true,
  ],
];
for (const [destinations, namespace, want] of places) {
  test(`destinations ${JSON.stringify(destinations)} ${want ? "permit" : "forbid"} ${namespace}`, () =>
    assert.equal(isDestinationPermitted(project({ destinations }), inCluster, namespace), want));
}

const role = { group: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" };
const quota = { group: "", kind: "ResourceQuota", name: "q" };
const kinds: [spec: AppProjectSpec, object: typeof role, namespaced: boolean, want: boolean][] = [
  [{}, role, false, false],
  [{ clusterResourceWhitelist: [{ group: "*", kind: "*" }] }, role, false, true],
  [{ clusterResourceWhitelist: [{ group: "*", kind: "ClusterRole", name: "view-*" }] }, role, false, false],
  [
    {
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
      clusterResourceBlacklist: [{ group: "rbac*", kind: "*" }],
    },
    role,
    false,
    false,
  ],
  [{}, quota, true, true],
  [{ namespaceResourceWhitelist: [] }, quota, true, false],
  [{ namespaceResourceWhitelist: [{ group: "", kind: "*" }] }, quota, true, true],
  [{ namespaceResourceBlacklist: [{ group: "", kind: "ResourceQuota" }] }, quota, true, false],
];
for (const [spec, object, namespaced, want] of kinds) {
  test(`${JSON.stringify(spec)} ${want ? "permits" : "forbids"} ${object.kind}`, () =>
    assert.equal(isKindPermitted(project(spec), object, namespaced), want));
}

const git: ApplicationSource = { repoURL: "https://example.com/a.git", path: "x" };
const here: Destination = { server: "https://kubernetes.default.svc", namespace: "a" };
const invalid: Record<
  string,
  { sources?: ApplicationSource[]; multi?: boolean; destination?: Destination; project?: AppProject; want: string[] }
> = {
  nothing: { want: [] },
  "no source": {
    sources: [],
    want: ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"],
  },
  "no path": {
    sources: [{ repoURL: "https://example.com/a.git" }],
    want: ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"],
  },
  "a chart without a version": {
    sources: [{ repoURL: "https://example.com", chart: "c" }],
    want: ["spec.source.targetRevision is required if the manifest source is a helm chart"],
  },
  "a reference only": { sources: [{ repoURL: "https://example.com", ref: "values" }, git], multi: true, want: [] },
  "no destination": { destination: {}, want: ["Destination server missing from app spec"] },
  "two destinations": {
    destination: { server: "https://a", name: "b" },
    want: ["application destination can't have both name and server defined: b https://a"],
  },
  "an unknown name": { destination: { name: "prod" }, want: ["there are no clusters with this name: prod"] },
  "the cluster by name": { destination: { name: "in-cluster" }, want: [] },
  "a forbidden repository and namespace": {
    project: project({ sourceRepos: ["https://other/*"], destinations: [{ server: "*", namespace: "b" }] }),
    want: [
      "application repo https://example.com/a.git is not permitted in project 'team'",
      "application destination server 'https://kubernetes.default.svc' and namespace 'a' do not match any of the allowed destinations in project 'team'",
    ],
  },
};
for (const [name, { sources = [git], multi = false, destination = here, project: own, want }] of Object.entries(
  invalid,
)) {
  test(`validateApplication with ${name}`, () => {
    const spec = { sources, isMultiSource: multi, destination, project: "team" };
    const conditions = validateApplication(spec, own ?? project(defaultProjectSpec));
    assert.deepEqual(
      conditions.map(({ message }) => message),
      want,
    );
  });
}

test("validateApplication without its project", () => {
  const spec = { sources: [git], isMultiSource: false, destination: here, project: "gone" };
  assert.deepEqual(validateApplication(spec, undefined), [
    { type: "InvalidSpecError", message: "Application referencing project gone which does not exist" },
  ]);
});
