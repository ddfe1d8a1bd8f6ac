import assert from "node:assert/strict";
import { test } from "node:test";
import { customPackageName, planPackages, type ReadPackage } from "./plan.ts";
import { repositoriesFor } from "./repositories-for.ts";

const options = { namespace: "idpbuilder-localdev", gitUrl: "https://git.example", startTime: "now" };

function read(source: string, ...names: string[]): ReadPackage {
  const applications = names.map((name) => ({
    file: `${source}/App.prod.yaml`,
    kind: "Application" as const,
    name,
    namespace: "argocd",
    object: { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name } },
  }));
  return { source, applications };
}

test("a CustomPackage is named after the file up to its first dot and the application", () => {
  assert.equal(customPackageName("/p/App.prod.yaml", "web"), "app-web");
  assert.equal(customPackageName("dir/guest_book.yaml", "web"), "guest-book-web");
});

test("of two packages with the same Application the later one wins, whatever kinds of package they are", () => {
  const { wanted } = planPackages({
    ...options,
    packages: [read("https://host/org/repo//p", "backstage"), read("/local", "backstage", "other")],
  });
  const winner = wanted.find(({ spec }) => spec.argoCD.name === "backstage");
  assert.equal(winner?.metadata.annotations?.["cnoe.io/package-source-path"], "/local");
  assert.equal(winner?.metadata.annotations?.["cnoe.io/package-priority"], "1");
  assert.equal(wanted.length, 2);
});

test("two Applications whose objects would have one name are a problem, not a silent loss", () => {
  const one = read("/p", "b-c");
  const other = {
    source: "/q",
    applications: [{ ...read("/q", "c").applications[0], file: "/q/app-b.yaml", name: "c" }],
  } as ReadPackage;
  const { wanted, problems } = planPackages({ ...options, packages: [one, other] });
  assert.equal(wanted.length, 1);
  assert.match(problems[0]?.message ?? "", /both make the name app-b-c/);
});

test("repositories are named after application and directory, and two directories of one name do not share one", () => {
  const [item] = planPackages({ ...options, packages: [read("/p", "web")] }).wanted;
  assert.ok(item);
  const repositories = repositoriesFor(item, ["manifests", "../manifests", ""], "giteaAdmin");
  const names = repositories.map(({ object }) => object.metadata.name);
  assert.equal(names[0], "web-manifests");
  assert.match(names[1] ?? "", /^web-manifests-[0-9a-f]{7}$/);
  assert.equal(names[2], "web-p");
  assert.deepEqual(
    repositories.map(({ object }) => object.spec.source.path),
    ["/p/manifests", "/manifests", "/p"],
  );
});

test("cnoe:// of a remote package stays inside its repository", () => {
  const remote = { url: "https://host/org/stacks", path: "a", ref: "main" };
  const [item] = planPackages({ ...options, packages: [{ ...read("a", "web"), remote }] }).wanted;
  assert.ok(item);
  const [repository] = repositoriesFor(item, ["../base"], "giteaAdmin");
  assert.deepEqual(repository?.object.spec.source, { type: "remote", remoteRepository: { ...remote, path: "base" } });
  assert.throws(() => repositoriesFor(item, ["../../etc"], "giteaAdmin"), /leaves the repository/);
});
