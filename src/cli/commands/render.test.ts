import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { CliError } from "../errors.ts";
import type { RenderFlags } from "../render/render-flags.ts";
import { renderText } from "./render.ts";

let home: string;
const cwd = process.cwd();
before(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "skiff-render-")));
  process.env["SKIFF_HOME"] = join(home, "skiff");
  process.chdir(home);
});
after(() => {
  process.chdir(cwd);
  delete process.env["SKIFF_HOME"];
  rmSync(home, { recursive: true, force: true });
});

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
}

const none = { values: [], set: [], setString: [], setFile: [], setJson: [], setLiteral: [], apiVersions: [] };
const unset: RenderFlags = { ...none, lookup: false, platform: "localdev" };

/** What the command prints, and how it ends. */
async function render(what: string, flags: Partial<RenderFlags> = {}) {
  try {
    const { text, differs } = await renderText(what, { ...unset, ...flags });
    return { code: differs ? 1 : 0, stdout: text, stderr: "" };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { code: error.exitCode, stdout: "", stderr: error.message };
  }
}

const chart = {
  "chart/Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
  "chart/values.yaml": "color: white\nnumber: 1\n",
  "chart/templates/config.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}\ndata: {color: "{{ .Values.color }}", number: "{{ .Values.number }}", kube: "{{ .Capabilities.KubeVersion }}"}\n',
  "chart/templates/random.yaml":
    '{{ if .Values.random }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: random}\ndata: {text: "{{ randAlpha 8 }}"}{{ end }}\n',
  "chart/crds/a.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n",
};
const config = (data: string, name = "release-name", namespace = "default") =>
  `---\n# Source: demo/templates/config.yaml\napiVersion: v1\ndata:\n${data}kind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n`;

test("a chart is rendered with values of files and flags, like helm does", async () => {
  write({ ...chart, "one.yaml": "color: one\nnumber: 2\n" });
  const flags = { values: ["one.yaml"], set: ["number=3"], name: "r", namespace: "work", kubeVersion: "1.30.2" };
  const { code, stdout, stderr } = await render("chart", { ...flags, skipCrds: true });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, config('  color: one\n  kube: v1.30.2\n  number: "3"\n', "r", "work"));
});

test("a packed chart is rendered like the directory it was made of", async () => {
  write(chart);
  execFileSync("tar", ["-czf", "demo-1.0.0.tgz", "chart"], { cwd: home });
  const flags = { set: ["number=7"], name: "r" };
  const packed = await render("demo-1.0.0.tgz", flags);
  assert.equal(packed.code, 0, packed.stderr);
  assert.equal(packed.stdout, (await render("chart", flags)).stdout);
  write({ "no-chart/a": "a" });
  execFileSync("sh", ["-c", "gzip -c no-chart/a > a.tgz"], { cwd: home });
  assert.match((await render("a.tgz")).stderr, /^a\.tgz is not a packed chart, as helm package makes them: /);
});

test("the same seed gives the same random values, none gives others", async () => {
  write(chart);
  const text = async (seed?: string) =>
    (await render("chart", { set: ["random=true"], ...(seed !== undefined && { seed }) })).stdout;
  assert.equal(await text("x"), await text("x"));
  assert.notEqual(await text(), await text());
});

test("a kustomization and a directory are told apart from a chart", async () => {
  write({
    "base/kustomization.yaml": "resources: [a.yaml]\n",
    "base/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    "over/kustomization.yaml": "namePrefix: x-\nresources: [../base]\n",
    "plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n",
  });
  const built = "---\n# Source: base/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-a\n";
  assert.equal((await render("over")).stdout, built);
  assert.match((await render("plain")).stdout, /^---\n# Source: plain\/a\.yaml\n.*name: plain\n$/s);
});

test("an Application in a file is rendered with what is beside it, as it would be applied", async () => {
  const sources = [
    { repoURL: "cnoe://.", path: "chart", helm: { valueFiles: ["$env/one.yaml"], releaseName: "r", skipCrds: true } },
    { repoURL: "cnoe://values", ref: "env" },
  ];
  const spec = {
    project: "default",
    sources,
    destination: { server: "https://kubernetes.default.svc", namespace: "apps" },
  };
  const app = { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: "demo" }, spec };
  write({ ...chart, "app.yaml": JSON.stringify(app), "values/one.yaml": "color: beside\n" });
  const { code, stdout, stderr } = await render("app.yaml");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /color: beside\n/);
  assert.match(stdout, /tracking-id: demo:\/ConfigMap:apps\/r\n {2}name: r\n {2}namespace: apps\n$/);
  assert.match((await render("app.yaml", { includeCrds: true })).stdout, /kind: CustomResourceDefinition/);
});

test("a revision is rendered instead of the files, and compared with them", async () => {
  write({ "repo/app/a.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "1"}\n' });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", join(home, "repo"), "-c", "user.name=T", "-c", "user.email=t@example.com", ...args]);
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "one");
  assert.deepEqual(await render("repo/app", { diff: "main" }), { code: 0, stdout: "", stderr: "" });
  write({ "repo/app/a.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "2"}\n' });
  assert.match((await render("repo/app")).stdout, /v: "2"/);
  assert.match((await render("repo/app", { revision: "main" })).stdout, /v: "1"/);
  const changed = await render("repo/app", { diff: "main" });
  assert.equal(changed.code, 1);
  assert.match(
    changed.stdout,
    /^--- main\/v1\/ConfigMap\/a\n\+\+\+ now\/v1\/ConfigMap\/a\n.*- {2}v: "1"\n\+ {2}v: "2"\n/s,
  );
  git("commit", "-qam", "two");
  const back = await render("repo/app", { revision: "main", diff: "HEAD~1" });
  assert.equal(back.code, 1);
  const unknown = await render("repo/app", { diff: "nothing" });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /has no revision "nothing"/);
});

const broken: Record<
  string,
  { files: Record<string, string>; what: string; flags?: Partial<RenderFlags>; message: RegExp; code?: number }
> = {
  "a template": {
    files: { ...chart, "chart/templates/bad.yaml": "a: b\nc: {{ .Values.x.y.z }}\n" },
    what: "chart",
    message: /Error: .*demo\/templates\/bad\.yaml:2:\d+/s,
  },
  "a manifest": {
    files: { "bad/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n" },
    what: "bad",
    message: /^Failed to unmarshal "bad\/a\.yaml": line \d+/,
  },
  "a kustomization": {
    files: { "lost/kustomization.yaml": "resources: [nowhere]\n" },
    what: "lost",
    message: /^`kustomize build .*lost` failed: Error: accumulating resources: .*nowhere/,
  },
  "a file without an Application": {
    files: { "x.yaml": "a: 1\n" },
    what: "x.yaml",
    message: /x\.yaml:1: given file contains an invalid kubernetes manifest/,
  },
  "values that are not there": {
    files: chart,
    what: "chart",
    flags: { values: ["none.yaml"] },
    message: /Cannot read none\.yaml/,
  },
  "flags that exclude each other": {
    files: chart,
    what: "chart",
    flags: { includeCrds: true, skipCrds: true },
    message: /--include-crds and --skip-crds exclude each other/,
    code: 2,
  },
  "values for what is no chart": {
    files: { "plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" },
    what: "plain",
    flags: { set: ["a=b"] },
    message: /--values and --set are for charts, and this is a directory of manifests/,
    code: 2,
  },
  nothing: { files: {}, what: "nobody", message: /There is no file or directory nobody/, code: 2 },
};
for (const [name, { files, what, flags, message, code = 1 }] of Object.entries(broken)) {
  test(`what is wrong is told of ${name}`, async () => {
    rmSync(join(home, "chart"), { recursive: true, force: true });
    write(files);
    const result = await render(what, flags);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, "");
  });
}
