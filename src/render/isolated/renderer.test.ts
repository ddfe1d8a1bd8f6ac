import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { waitUntil } from "../../lib/index.ts";
import { ChartError } from "../chart/chart-error.ts";
import { loadChart } from "../chart/load.ts";
import { renderChart } from "../chart/render-chart.ts";
import { RenderError } from "../directory.ts";
import { buildKustomization } from "../kustomize/build.ts";
import type { HelmTemplateRequest } from "../kustomize/helm-charts.ts";
import { KustomizeError } from "../kustomize/kustomize-error.ts";
import type { KustomizeFiles } from "../kustomize/loader.ts";
import { TemplateError } from "../template/compile-templates.ts";
import { type ChartContent, createRenderer, type RendererLimits } from "./renderer.ts";

// Processes are started often here: with what the first one has compiled they are there in a tenth of the time.
const compiled = mkdtempSync(join(tmpdir(), "skiff-compiled-"));
enableCompileCache(compiled);
after(() => rmSync(compiled, { recursive: true, force: true }));

function chartOf(
  templates: Record<string, string>,
  name = "web",
): ChartContent & { asked: number; files: Map<string, Uint8Array> } {
  const texts: Record<string, string> = {
    "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    "values.yaml": "greeting: hello\n",
    ...Object.fromEntries(Object.entries(templates).map(([file, text]) => [`templates/${file}`, text])),
  };
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, new Uint8Array(Buffer.from(text))]));
  const chart = {
    digest: JSON.stringify(texts),
    files,
    asked: 0,
    content: async () => {
      chart.asked++;
      return files;
    },
  };
  return chart;
}

function open(t: TestContext, limits: Partial<RendererLimits> = {}) {
  const renderer = createRenderer({ workers: 1, ...limits });
  t.after(() => renderer[Symbol.asyncDispose]());
  return renderer;
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "ppid=,pid=,args="], { encoding: "utf8" });
  const lines = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([parent, , ...args]) => Number(parent) === pid && args.some((arg) => arg.includes("isolated/worker")))
    .map(([, own]) => Number(own));
}

const options = { now: 1_700_000_000_000 };
const good = chartOf({
  "config.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting }}\n",
});

test("a chart is rendered as in this thread", async (t) => {
  const chart = chartOf({
    "a.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  at: {{ now | date "2006" | quote }}\n',
    "hook.yaml":
      "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations:\n    helm.sh/hook: pre-install\n",
    "NOTES.txt": "Hello {{ .Values.greeting }}",
  });
  const more = {
    releaseName: "r",
    namespace: "n",
    seed: "s",
    values: { set: ["greeting=you"], files: [{ name: "v", text: "x: 1" }] },
  };
  const rendered = await open(t).helm({ chart, options: { ...options, ...more } });
  const direct = renderChart(loadChart(chart.files), {
    ...more,
    now: () => options.now,
    random: () => new Uint8Array(),
  });
  assert.equal(rendered.manifest, direct.manifest);
  assert.deepEqual(rendered.manifests, direct.manifests);
  assert.deepEqual(rendered.hooks, direct.hooks);
  assert.equal(rendered.notes, "Hello you");
  assert.deepEqual(rendered.warnings, direct.warnings);
});

test("the content of a chart is asked for once, and its result remembered while it cannot be another", async (t) => {
  const renderer = open(t);
  const chart = chartOf({ "a.yaml": "kind: A\nat: {{ .Values.greeting }}\n" });
  const clock = chartOf({ "a.yaml": "kind: A\nat: {{ now | unixEpoch }}\n" });
  const chance = chartOf({ "a.yaml": "kind: A\nat: {{ randAlphaNum 20 }}\n" });
  const render = async (one: ChartContent, more = {}) =>
    (await renderer.helm({ chart: one, options: { ...options, ...more } })).manifest;
  assert.equal(await render(chart), await render(chart, { now: 1 }));
  assert.notEqual(await render(chart), await render(chart, { values: { set: ["greeting=b"] } }));
  assert.notEqual(await render(clock), await render(clock, { now: 5_000 }));
  assert.notEqual(await render(chance), await render(chance));
  assert.equal(await render(chance, { seed: "a" }), await render(chance, { seed: "a" }));
  assert.notEqual(await render(chance, { seed: "a" }), await render(chance, { seed: "b" }));
  assert.deepEqual([chart.asked, clock.asked, chance.asked], [1, 1, 1]);
});

test("objects of a remembered result are the caller's own", async (t) => {
  const renderer = open(t);
  const [first] = (await renderer.helm({ chart: good, options })).manifests;
  assert.ok(first);
  first.object.metadata.name = "changed";
  const again = (await renderer.helm({ chart: good, options })).manifests;
  assert.equal(again[0]?.object.metadata.name, "release-name");
});

test("errors keep their class", async (t) => {
  const renderer = open(t);
  const render = (templates: Record<string, string>, more = {}) =>
    renderer.helm({ chart: chartOf(templates), options: { ...options, ...more } });
  await assert.rejects(
    render({ "a.yaml": "{{ fail `no` }}" }),
    (error: Error) =>
      error instanceof TemplateError &&
      error.template === "web/templates/a.yaml" &&
      /execution error at \(web.templates.a.yaml:1:3\): no/.test(error.message),
  );
  await assert.rejects(
    render({ "a.yaml": "a: 1" }, { releaseName: "Not A Name" }),
    (error: Error) => error instanceof ChartError && /release name check failed/.test(error.message),
  );
  const rendered = await render({ "a.yaml": "just: {}\n" });
  assert.throws(() => rendered.manifests, RenderError);
  const broken: ChartContent = {
    digest: "broken",
    content: async () => Promise.reject(new Error("the repository is gone")),
  };
  await assert.rejects(renderer.helm({ chart: broken, options }), /the repository is gone/);
  assert.match((await renderer.helm({ chart: good, options })).manifest, /greeting: hello/);
});

test("a chart looks things up in the cluster, whose answers take their time", async (t) => {
  const renderer = open(t, { timeoutMs: 800 });
  const chart = chartOf({
    "a.yaml":
      '{{ $a := lookup "v1" "Secret" "n" "a" }}{{ $b := lookup "v1" "Secret" "n" "b" }}kind: A\ngot: {{ $a.data }}{{ $b.data }}\n',
  });
  const asked: string[][] = [];
  const lookup = async (...args: string[]) => {
    asked.push(args);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { data: args.at(-1) ?? "" };
  };
  const { manifest } = await renderer.helm({ chart, options: { ...options, lookup } });
  assert.match(manifest, /got: ab/);
  assert.deepEqual(asked, [
    ["v1", "Secret", "n", "a"],
    ["v1", "Secret", "n", "b"],
  ]);
  const failing = renderer.helm({
    chart,
    options: { ...options, lookup: async () => Promise.reject(new Error("the cluster is gone")) },
  });
  await assert.rejects(failing, /the cluster is gone/);
  const strange = renderer.helm({
    chart,
    options: { ...options, lookup: async () => ({ data: (() => {}) as never }) },
  });
  await assert.rejects(strange, /could not be cloned/);
  assert.match((await renderer.helm({ chart: good, options })).manifest, /greeting: hello/);
});

/** Templates without end, by what they use up. The limits of the engine would end some of them later. */
const endless: Record<string, string> = {
  "a loop": "{{ range untilStep 0 2000000000 1 }}{{ end }}",
  "a loop in a loop": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
  "an include of itself": '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
  "a template of itself": '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
  "tpl of itself": '{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}',
  "includes that double":
    '{{ define "a" }}{{ if lt . 60 }}{{ include "a" (add1 .) }}{{ include "a" (add1 .) }}{{ end }}{{ end }}{{ include "a" 0 }}',
  "tpl in a loop": '{{ range until 2000000 }}{{ tpl (printf "{{ repeat 100 \\"%d\\" }}" .) $ }}{{ end }}',
  "a huge text": '{{ repeat 2000000000 "a" }}',
  "a text that doubles": '{{ $x := "ab" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}{{ $x }}',
  "a list that doubles": "{{ $l := list 1 }}{{ range until 40 }}{{ $l = concat $l $l }}{{ end }}{{ $l | toYaml }}",
  "maps in maps":
    '{{ $m := dict }}{{ range until 3000000 }}{{ $_ := set $m (toString .) (dict "a" (list . . .)) }}{{ end }}{{ $m | toJson }}',
  keys: '{{ range until 100000 }}{{ genPrivateKey "rsa" }}{{ end }}',
  certificates: '{{ range until 100000 }}{{ (genCA "a" 1).Cert }}{{ end }}',
  bcrypt: '{{ range until 100000 }}{{ bcrypt "password" }}{{ end }}',
  "a pattern":
    '{{ regexMatch "^(a+)+$" (printf "%sb" (repeat 50000 "a")) }}{{ range until 100000 }}{{ regexMatch "(a|aa)+$" (printf "%sb" (repeat 20000 "a")) }}{{ end }}',
  replacing: '{{ regexReplaceAll "a" (repeat 3000000 "a") (repeat 1000 "b") }}',
  "YAML that is deep":
    '{{ repeat 100000 "[" | fromYaml }}{{ range until 100000 }}{{ repeat 10000 "- " | fromYamlArray | toYaml }}{{ end }}',
};
describe("templates without end", () => {
  const renderer = createRenderer({ workers: 2, timeoutMs: 600, heapMb: 96 });
  after(() => renderer[Symbol.asyncDispose]());
  for (const [what, text] of Object.entries(endless)) {
    test(`${what} without end is stopped and named, and another chart rendered meanwhile`, async () => {
      const chart = chartOf({ "first.yaml": "kind: First\n", "zz.yaml": text }, "hostile");
      const stopped = renderer.helm({ chart, options });
      const [error, other] = await Promise.all([
        stopped.then(
          () => undefined,
          (one: Error) => one,
        ),
        renderer.helm({ chart: good, options: { ...options, releaseName: "meanwhile" } }),
      ]);
      assert.ok(error instanceof TemplateError, String(error));
      assert.equal(error.template, "hostile/templates/zz.yaml");
      assert.match(error.message, /hostile\/templates\/zz\.yaml/);
      assert.match(other.manifest, /name: meanwhile/);
      assert.match(
        (
          await renderer.helm({
            chart: good,
            options: { ...options, releaseName: what.replaceAll(/\W+/g, "-").toLowerCase() },
          })
        ).manifest,
        /greeting: hello/,
      );
    });
  }
});

test("what takes too long is named with its chart, and what takes too much memory too", async (t) => {
  const renderer = open(t, { timeoutMs: 600, heapMb: 64 });
  const limits = { steps: Number.MAX_SAFE_INTEGER, characters: Number.MAX_SAFE_INTEGER };
  const render = (text: string) =>
    renderer.helm({ chart: chartOf({ "loop.yaml": text }, "hostile"), options: { ...options, limits } });
  await assert.rejects(render("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"), {
    message: "Cannot render hostile/templates/loop.yaml of chart hostile 1.0.0: it takes more than 0.6 s",
  });
  const slow = open(t, { timeoutMs: 30_000, heapMb: 64 });
  const memory = slow.helm({
    chart: chartOf(
      { "loop.yaml": '{{ $l := list }}{{ range until 3000000 }}{{ $l = list $l (repeat 100 "a") . }}{{ end }}' },
      "hostile",
    ),
    options: { ...options, limits },
  });
  await assert.rejects(memory, {
    message: "Cannot render hostile/templates/loop.yaml of chart hostile 1.0.0: it needs more than 64 MB of memory",
  });
});

test("a render may be given up while it waits and while it runs", async (t) => {
  const renderer = open(t, { timeoutMs: 1_000 });
  const loop = chartOf({ "a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" });
  const first = renderer.helm({ chart: loop, options });
  const leaving = new AbortController();
  const running = renderer.helm({ chart: good, options }, leaving.signal);
  leaving.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  await assert.rejects(first, TemplateError);
  await assert.rejects(renderer.helm({ chart: good, options }, AbortSignal.abort(new Error("before"))), /before/);
});

test("no more than so many wait", async (t) => {
  const renderer = open(t, { waitingMax: 2 });
  const all = await Promise.allSettled(
    [1, 2, 3, 4].map((index) => renderer.helm({ chart: good, options: { ...options, releaseName: `r${index}` } })),
  );
  assert.deepEqual(
    all.map(({ status }) => status),
    ["fulfilled", "fulfilled", "fulfilled", "rejected"],
  );
  assert.match(String((all[3] as PromiseRejectedResult).reason), /Cannot render: 2 others are waiting already/);
});

test("processes without work are ended, and started again", async (t) => {
  const renderer = open(t, { idleMs: 20 });
  await renderer.helm({ chart: good, options });
  await waitUntil(() => childrenOf(process.pid).length === 0 || undefined, {
    what: "the end of the process",
    timeoutMs: 5_000,
  });
  const chart = chartOf({ "a.yaml": "kind: Again\n" });
  assert.match((await renderer.helm({ chart, options })).manifest, /kind: Again/);
});

test("a renderer that is ended takes nothing more", async () => {
  const renderer = createRenderer({ workers: 1 });
  const loop = renderer.helm({
    chart: chartOf({ "a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" }),
    options,
  });
  const ended = assert.rejects(loop, /the renderer has ended/);
  await renderer[Symbol.asyncDispose]();
  await ended;
  await assert.rejects(renderer.helm({ chart: good, options }), /Skiff is stopping/);
});

function treeOf(texts: Record<string, string>): KustomizeFiles {
  const bytes = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  return {
    read: async (path) => bytes.get(path),
    kind: async (path) =>
      bytes.has(path)
        ? "file"
        : [...bytes.keys()].some((file) => path === "" || file.startsWith(`${path}/`))
          ? "directory"
          : undefined,
  };
}

const overlay = {
  "base/kustomization.yaml": "resources: [config.yaml]\n",
  "base/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config\n",
  "over/kustomization.yaml": "resources: [../base]\nnamePrefix: my-\n",
};

test("a kustomization is built as in this thread", async (t) => {
  const renderer = open(t);
  const request = { files: treeOf(overlay), root: "over", options: { argo: { nameSuffix: "-x" } } };
  const built = await renderer.kustomize(request);
  assert.deepEqual(built, await buildKustomization(request.files, "over", request.options));
  assert.equal(built.manifests[0]?.object.metadata.name, "my-config-x");
  await assert.rejects(
    renderer.kustomize({ ...request, root: "nothing" }),
    (error: Error) => error instanceof KustomizeError && /nothing/.test(error.message),
  );
});

test("a kustomization has resources from elsewhere and charts, which are rendered beside it", async (t) => {
  const renderer = open(t, { timeoutMs: 1_000 });
  const root = `resources:
- https://git.example.com/team/repo?ref=main
- https://example.com/file.yaml
helmCharts:
- name: web
  repo: https://charts.example.com
  version: 1.0.0
  releaseName: mine
  valuesInline: {greeting: you}
`;
  const pulled: string[] = [];
  const request = (chart: ReturnType<typeof chartOf>) => ({
    files: treeOf({ "kustomization.yaml": root }),
    root: "",
    options: { enableHelm: true },
    remote: {
      clone: async ({ url, ref }: { url: string; ref: string }) => {
        pulled.push(`${url} ${ref}`);
        return treeOf({ "kustomization.yaml": "resources: [a.yaml]", "a.yaml": overlay["base/config.yaml"] });
      },
      download: async (url: string) =>
        url.endsWith(".yaml")
          ? { status: 200, body: Buffer.from("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n") }
          : { status: 404, body: Buffer.from("") },
    },
    charts: {
      pull: async ({ name, version }: { name: string; version: string }) => {
        pulled.push(`${name} ${version}`);
        return treeOf({ "Chart.yaml": "", "values.yaml": "" });
      },
      chart: async ({ values, releaseName }: HelmTemplateRequest) => ({
        chart,
        options: { ...options, releaseName, values: { files: values } },
      }),
    },
  });
  const { manifests } = await renderer.kustomize(request(good));
  assert.deepEqual(manifests.map(({ object }) => `${object.kind} ${object.metadata.name}`).sort(), [
    "ConfigMap config",
    "ConfigMap mine",
    "Secret s",
  ]);
  assert.deepEqual(manifests.find(({ object }) => object.metadata.name === "mine")?.object["data"], {
    greeting: "you",
  });
  assert.deepEqual(pulled, ["https://git.example.com/team/repo main", "web 1.0.0"]);
  const loop = chartOf({ "a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" });
  await assert.rejects(renderer.kustomize(request(loop)), {
    name: "TemplateError",
    message: "Cannot render web/templates/a.yaml of chart web 1.0.0: it takes more than 1 s",
  });
});

test("a kustomization without end is stopped and named", async (t) => {
  const renderer = open(t, { timeoutMs: 300 });
  const many = Array.from(
    { length: 4_000 },
    (_, index) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${index}}\n`,
  ).join("---\n");
  const patches = Array.from(
    { length: 4_000 },
    () =>
      '- target: {kind: ConfigMap}\n  patch: \'[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]\'\n',
  ).join("");
  const files = treeOf({
    "app/kustomization.yaml": `resources: [many.yaml]\npatches:\n${patches}`,
    "app/many.yaml": many,
  });
  await assert.rejects(renderer.kustomize({ files, root: "app" }), {
    name: "KustomizeError",
    message: "Cannot build app: it takes more than 0.3 s",
  });
});
