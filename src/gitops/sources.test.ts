import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import type { Application, ApplicationSource } from "../apis/index.ts";
import { createInlineRenderer } from "./index.ts";
import type { SourceServices } from "./source/services.ts";
import {
  applicationOf,
  configMap,
  openTestCluster,
  resources,
  type TestCluster,
  workNamespace,
} from "./testing/cluster.ts";

let cluster: TestCluster;
/** Releases that were rendered, one entry for each time. */
const rendered: string[] = [];
const inline = createInlineRenderer();
const counting: SourceServices["renderer"] = {
  ...inline,
  async helm(request, signal) {
    rendered.push(request.options.releaseName ?? "");
    return await inline.helm(request, signal);
  },
};
before(async () => {
  cluster = await openTestCluster({ verbose: process.env["VERBOSE"] === "1", renderer: counting });
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const repo = (name: string) => `https://git.test/platform/${name}.git`;
const chart = (more: Record<string, string> = {}, directory = "chart"): Record<string, string> => {
  const files = {
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
    "values.yaml": "color: white\n",
    "templates/config.yaml": [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata:",
      "  name: {{ .Release.Name }}-config",
      "data:",
      "  color: {{ .Values.color | quote }}",
      "",
    ].join("\n"),
    ...more,
  };
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${directory}/${path}`, text]));
};
const helmSource = (name: string, helm: ApplicationSource["helm"] = {}, more: Partial<ApplicationSource> = {}) => ({
  source: { repoURL: repo(name), path: "chart", helm, ...more },
});
const rendersOf = (name: string) => rendered.filter((one) => one === name).length;

async function untilData(name: string, data: Record<string, string>): Promise<void> {
  await cluster.untilObject(
    resources.configMap,
    name,
    (object) => JSON.stringify(object["data"]) === JSON.stringify(data),
  );
}

async function untilComplaining(name: string): Promise<string> {
  const { status } = await cluster.until(name, (app) => app.status?.conditions !== undefined, "complaining");
  assert.equal(status?.conditions?.[0]?.type, "ComparisonError");
  return status?.conditions?.[0]?.message ?? "";
}

async function refresh(name: string, how: "normal" | "hard"): Promise<Application> {
  await cluster.client.patch(resources.application, { namespace: "argocd", name }, "merge", {
    metadata: { annotations: { "argocd.argoproj.io/refresh": how } },
  });
  const isDone = ({ metadata }: Application) => metadata.annotations?.["argocd.argoproj.io/refresh"] === undefined;
  return await cluster.until(name, isDone, "refreshed");
}

test("a chart in Git is rendered with the values of its source, and again when it changes", async () => {
  await cluster.push("helm", chart());
  await cluster.create(applicationOf("helm", helmSource("helm", { valuesObject: { color: "blue" }, parameters: [] })));
  const app = await cluster.untilSynced("helm");
  assert.equal(app.status?.sourceType, "Helm");
  await untilData("helm-config", { color: "blue" });
  const commit = await cluster.push(
    "helm",
    chart({
      "templates/config.yaml": configMap("{{ .Release.Name }}-config", { color: "{{ .Values.color }}", more: "1" }),
    }),
  );
  await cluster.untilSynced("helm", commit);
  await untilData("helm-config", { color: "blue", more: "1" });
});

test("all ways to give values count in Argo CD's order", async () => {
  await cluster.push("order", {
    ...chart({
      "values.yaml": "a: chart\nb: chart\nc: chart\nd: chart\ne: chart\n",
      "values-one.yaml": "b: file\nc: file\nd: file\ne: file\n",
      "templates/config.yaml": configMap("order", {
        a: "{{ .Values.a }}",
        b: "{{ .Values.b }}",
        c: "{{ .Values.c }}",
        d: "{{ .Values.d }}",
        e: "{{ .Values.e }}",
        f: "{{ .Values.f | trim }}",
        kinds: "{{ kindOf .Values.number }} {{ kindOf .Values.text }}",
      }),
    }),
    "env/two.yaml": "c: second\nd: second\ne: second\n",
    "env/f.txt": "from a file\n",
  });
  const helm = {
    valueFiles: ["values-one.yaml", "../env/two.yaml"],
    values: "d: not used\ne: not used\n",
    valuesObject: { d: "object", e: "object" },
    parameters: [
      { name: "e", value: "a,b" },
      { name: "number", value: "1" },
      { name: "text", value: "1", forceString: true },
    ],
    fileParameters: [{ name: "f", path: "/env/f.txt" }],
  };
  await cluster.create(applicationOf("order", helmSource("order", helm)));
  await cluster.untilSynced("order");
  await untilData("order", {
    a: "chart",
    b: "file",
    c: "second",
    d: "object",
    e: "a,b",
    f: "from a file",
    kinds: "int64 string",
  });
});

test("a commit that touches neither chart nor value files renders nothing", async () => {
  const files = { ...chart(), "env/dev.yaml": "color: red\n", "other/README.md": "1" };
  await cluster.push("mono", files);
  await cluster.create(applicationOf("mono", helmSource("mono", { valueFiles: ["../env/dev.yaml"] })));
  await cluster.untilSynced("mono");
  assert.equal(rendersOf("mono"), 1);
  const elsewhere = await cluster.push("mono", { ...files, "other/README.md": "2", "env/prod.yaml": "" });
  await cluster.untilSynced("mono", elsewhere);
  assert.equal(rendersOf("mono"), 1);
  const values = await cluster.push("mono", { ...files, "env/dev.yaml": "color: green\n" });
  await cluster.untilSynced("mono", values);
  await untilData("mono-config", { color: "green" });
  assert.equal(rendersOf("mono"), 2);
  // What was there before is known still.
  await cluster.untilSynced("mono", await cluster.push("mono", files));
  await untilData("mono-config", { color: "red" });
  assert.equal(rendersOf("mono"), 2);
  await refresh("mono", "normal");
  assert.equal(rendersOf("mono"), 2);
  await refresh("mono", "hard");
  assert.equal(rendersOf("mono"), 3);
});

test("value files come from another source by its name", async () => {
  await cluster.push("charts", chart());
  await cluster.push("environments", { "dev/values.yaml": "color: one\n" });
  const sources = [
    {
      repoURL: repo("charts"),
      path: "chart",
      helm: { valueFiles: ["$env/dev/values.yaml", "$env/dev/more.yaml"], ignoreMissingValueFiles: true },
    },
    { repoURL: repo("environments"), targetRevision: "main", ref: "env" },
  ];
  await cluster.create(applicationOf("referring", { source: undefined, sources }));
  const app = await cluster.untilSynced("referring");
  assert.deepEqual(app.status?.sourceTypes, ["Helm", ""]);
  assert.equal(app.status?.sync?.revisions?.length, 2);
  await untilData("referring-config", { color: "one" });
  await cluster.push("environments", { "dev/values.yaml": "color: one\n", "dev/more.yaml": "color: two\n" });
  await untilData("referring-config", { color: "two" });
});

test("a name that no source has is refused in Argo CD's words", async () => {
  await cluster.push("unnamed", chart());
  const source = { repoURL: repo("unnamed"), path: "chart", helm: { valueFiles: ["$values/x.yaml"] } };
  await cluster.create(applicationOf("unnamed", { source: undefined, sources: [source] }));
  assert.equal(
    await untilComplaining("unnamed"),
    `Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = source referenced "$values", but no source has a 'ref' field defined`,
  );
});

test("a broken chart is a condition that names template and line; it is rendered once, and when mended Synced", async () => {
  await cluster.push("mend", chart());
  await cluster.create(applicationOf("mend", helmSource("mend")));
  await cluster.untilSynced("mend");
  await cluster.push("mend", chart({ "templates/broken.yaml": "apiVersion: v1\nx: {{ .Values.a.b.c }}\n" }));
  const message = await untilComplaining("mend");
  assert.match(
    message,
    /^Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = failed to execute helm template command: Error: .*demo\/templates\/broken\.yaml:2:/s,
  );
  const renders = rendersOf("mend");
  await refresh("mend", "normal");
  assert.equal(rendersOf("mend"), renders, "the same mistake is not made twice");
  assert.ok(await cluster.untilObject(resources.configMap, "mend-config"));
  await cluster.untilSynced("mend", await cluster.push("mend", chart()));
  assert.equal((await cluster.application("mend"))?.status?.conditions, undefined);
});

test("files beside the chart change its source", async () => {
  await cluster.push("beside", {
    ...chart(),
    "chart/.argocd-source.yaml":
      "helm:\n  parameters: [{name: color, value: all}]\n  valuesObject: null\nrepoURL: https://elsewhere\n",
  });
  await cluster.create(applicationOf("beside", helmSource("beside")));
  await untilData("beside-config", { color: "all" });
  await cluster.push("beside", {
    ...chart(),
    "chart/.argocd-source.yaml": "helm:\n  parameters: [{name: color, value: all}]\n",
    "chart/.argocd-source-beside.yaml": "helm:\n  parameters: [{name: color, value: mine}]\n",
    "chart/.argocd-source-other.yaml": "helm:\n  parameters: [{name: color, value: theirs}]\n",
  });
  await untilData("beside-config", { color: "mine" });
  await cluster.push("beside", { ...chart(), "chart/.argocd-source.yaml": "helm: {parameters: 7}\n" });
  assert.match(
    await untilComplaining("beside"),
    /error while parsing source parameters: chart\/\.argocd-source\.yaml: .*helm\.parameters/,
  );
});

test("variables of the build stand for their values, and what uses the revision follows it", async () => {
  await cluster.push("variables", { ...chart(), README: "1" });
  const parameters = [{ name: "color", value: "$ARGOCD_APP_NAME@${ARGOCD_APP_REVISION_SHORT}/$ARGOCD_APP_NAMESPACE" }];
  await cluster.create(applicationOf("variables", helmSource("variables", { parameters, releaseName: "named" })));
  const { status } = await cluster.untilSynced("variables");
  const short = (revision = "") => revision.slice(0, 7);
  await untilData("named-config", { color: `variables@${short(status?.sync?.revision)}/${workNamespace}` });
  const commit = await cluster.push("variables", { ...chart(), README: "2" });
  await cluster.untilSynced("variables", commit);
  await untilData("named-config", { color: `variables@${short(commit)}/${workNamespace}` });
});

test("charts are told what the cluster serves, and again when that changes", async () => {
  const template = configMap("{{ .Release.Name }}", {
    widgets: '{{ .Capabilities.APIVersions.Has "sources.example.com/v1/Gadget" }}',
    jobs: '{{ .Capabilities.APIVersions.Has "batch/v1/Job" }}',
    version: "{{ .Capabilities.KubeVersion.Version }}",
  }).replaceAll('\\"', '"');
  await cluster.push("told", chart({ "templates/config.yaml": template }));
  await cluster.create(applicationOf("told", helmSource("told")));
  await cluster.untilSynced("told");
  await untilData("told", { widgets: "false", jobs: "true", version: "v1.34.0" });
  await cluster.create(gadgets);
  await untilData("told", { widgets: "true", jobs: "true", version: "v1.34.0" });
});

const gadgets = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.sources.example.com" },
  spec: {
    group: "sources.example.com",
    names: { kind: "Gadget", plural: "gadgets", singular: "gadget", listKind: "GadgetList" },
    scope: "Namespaced",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

test("hooks of a chart run in the phases that Argo CD gives them, its tests never", async () => {
  const hook = (name: string, kind: string) => configMap(name, {}, { "helm.sh/hook": kind });
  await cluster.push(
    "hooks",
    chart({
      "templates/pre.yaml": hook("hooks-pre", "pre-install,pre-upgrade"),
      "templates/post.yaml": hook("hooks-post", "post-install"),
      "templates/test.yaml": hook("hooks-test", "test"),
      "templates/rollback.yaml": hook("hooks-rollback", "pre-rollback"),
      "crds/gizmos.yaml": JSON.stringify(gadgets).replaceAll("adget", "izmo"),
    }),
  );
  await cluster.create(applicationOf("hooks", helmSource("hooks")));
  const { status } = await cluster.untilSynced("hooks");
  const results = status?.operationState?.syncResult?.resources ?? [];
  assert.deepEqual(
    results.map(({ name, syncPhase, hookType }) => [name, syncPhase, hookType]),
    [
      ["hooks-pre", "PreSync", "PreSync"],
      ["hooks-config", "Sync", undefined],
      ["gizmos.sources.example.com", "Sync", undefined],
      ["hooks-post", "PostSync", "PostSync"],
    ],
  );
});

test("a chart comes from a repository, by a range of versions and with the credentials of a Secret", async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-chart-repository-"));
  const asked: string[] = [];
  const versions = ["1.0.0", "1.2.0", "2.0.0"];
  for (const version of versions) packChart(dir, version);
  const index = {
    apiVersion: "v1",
    entries: {
      demo: versions.map((version) => ({ apiVersion: "v2", name: "demo", version, urls: [`demo-${version}.tgz`] })),
    },
  };
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`);
    if (request.headers.authorization === undefined) response.writeHead(401).end();
    else if (request.url === "/index.yaml") response.end(JSON.stringify(index));
    else response.end(readFileSync(join(dir, request.url ?? "")));
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const repoURL = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    await cluster.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "charts", namespace: "argocd", labels: { "argocd.argoproj.io/secret-type": "repository" } },
      stringData: { url: repoURL, type: "helm", username: "ann", password: "secret" },
    });
    const source = {
      repoURL,
      chart: "demo",
      targetRevision: "1.x",
      helm: { valueFiles: ["values-dev.yaml"], skipCrds: true },
    };
    await cluster.create(applicationOf("published", { source }));
    const { status } = await cluster.untilSynced("published", "1.2.0");
    assert.equal(status?.sourceType, "Helm");
    await untilData("published-config", { color: "dev 1.2.0" });
    const basic = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
    assert.deepEqual(
      asked.filter((one) => one.endsWith(basic)),
      [`/index.yaml ${basic}`, `/demo-1.2.0.tgz ${basic}`],
    );
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  }
});

function packChart(dir: string, version: string): void {
  const files = chart(
    { "Chart.yaml": `apiVersion: v2\nname: demo\nversion: ${version}\n`, "values-dev.yaml": `color: dev ${version}\n` },
    `${version}/demo`,
  );
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  execFileSync("tar", ["-czf", join(dir, `demo-${version}.tgz`), "-C", join(dir, version), "demo"]);
}

test("what the schema of a chart refers to in the network is fetched, and what that refers to", async () => {
  const documents: Record<string, object> = {
    "/all.json": { $ref: "color.json" },
    "/color.json": { properties: { color: { enum: ["red", "blue"] } } },
  };
  const server = createServer(({ url = "" }, response) => {
    const document = documents[url];
    response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document ?? {}));
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    await cluster.push("schemas", chart({ "values.schema.json": JSON.stringify({ $ref: `${base}/all.json` }) }));
    const source = (color: string) => helmSource("schemas", { valuesObject: { color } });
    await cluster.create(applicationOf("schema-good", source("blue")));
    await cluster.untilSynced("schema-good");
    await cluster.create(applicationOf("schema-bad", source("green")));
    assert.match(await untilComplaining("schema-bad"), /at '\/color': value must be one of 'red', 'blue'/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("a chart that depends on one beside it, and on what it says about it, is rendered with both", async () => {
  const library = chart({ "Chart.yaml": "apiVersion: v2\nname: common\nversion: 0.1.0\n" }, "common");
  const depending =
    "apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n- {name: common, version: 0.x.x, repository: 'file://../common'}\n";
  const files = (color: string) => ({
    ...chart({ "Chart.yaml": depending, "templates/config.yaml": configMap("depending") }),
    ...library,
    "common/values.yaml": `color: ${color}\n`,
  });
  await cluster.push("depending", files("first"));
  await cluster.create(applicationOf("depending", helmSource("depending")));
  await cluster.untilSynced("depending");
  await untilData("depending-config", { color: "first" });
  await cluster.push("depending", files("second"));
  await untilData("depending-config", { color: "second" });
});

const overlay = (more: Record<string, string> = {}): Record<string, string> => ({
  "base/kustomization.yaml": "resources: [config.yaml]\n",
  "base/config.yaml": configMap("settings", { color: "white" }),
  "overlays/dev/kustomization.yaml": "namePrefix: dev-\nresources: [../../base]\n",
  ...more,
});

test("a kustomization with a base is built, and again when the base changes, but not for what it does not read", async () => {
  await cluster.push("overlay", overlay());
  const source = { repoURL: repo("overlay"), path: "overlays/dev" };
  await cluster.create(applicationOf("overlay", { source }));
  const app = await cluster.untilSynced("overlay");
  assert.equal(app.status?.sourceType, "Kustomize");
  await untilData("dev-settings", { color: "white" });
  const elsewhere = await cluster.push("overlay", overlay({ "base/README.md": "", "overlays/prod/x.yaml": "" }));
  await cluster.untilSynced("overlay", elsewhere);
  await cluster.push("overlay", overlay({ "base/config.yaml": configMap("settings", { color: "black" }) }));
  await untilData("dev-settings", { color: "black" });
});

test("options of the source change a kustomization, with variables in them", async () => {
  await cluster.push("edited", overlay());
  const kustomize: ApplicationSource["kustomize"] = {
    namePrefix: "edited-",
    nameSuffix: "-x",
    commonLabels: { app: "$ARGOCD_APP_NAME" },
    commonAnnotations: { plain: "$ARGOCD_APP_NAME" },
    patches: [{ target: { kind: "ConfigMap" }, patch: '[{"op": "add", "path": "/data/added", "value": "yes"}]' }],
    components: ["../../missing"],
    ignoreMissingComponents: true,
  };
  await cluster.create(applicationOf("edited", { source: { repoURL: repo("edited"), path: "base", kustomize } }));
  await cluster.untilSynced("edited");
  const object = await cluster.untilObject(resources.configMap, "edited-settings-x");
  assert.deepEqual(object["data"], { added: "yes", color: "white" });
  assert.equal(object.metadata.labels?.["app"], "edited");
  assert.equal(object.metadata.annotations?.["plain"], "$ARGOCD_APP_NAME");
});

test("a base in another of our repositories is followed", async () => {
  await cluster.push("remote-base", overlay());
  await cluster.push("remote-user", {
    "kustomization.yaml": `namePrefix: far-\nresources: ["${repo("remote-base")}//base?ref=main"]\n`,
  });
  await cluster.create(applicationOf("remote-user"));
  await cluster.untilSynced("remote-user");
  await untilData("far-settings", { color: "white" });
  await cluster.push("remote-base", overlay({ "base/config.yaml": configMap("settings", { color: "moved" }) }));
  await untilData("far-settings", { color: "moved" });
});

test("a broken kustomization is a condition in kustomize's words", async () => {
  await cluster.push("misled", { "kustomization.yaml": "resources: [nowhere.yaml]\n" });
  await cluster.create(applicationOf("misled"));
  assert.match(
    await untilComplaining("misled"),
    /source 1 of 1: rpc error: code = Unknown desc = `kustomize build <path to cached source>` failed: Error: accumulating resources: .*nowhere\.yaml/,
  );
  await cluster.push("misled", { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": configMap("misled") });
  await cluster.untilSynced("misled");
});

test("charts in a kustomization are rendered when the settings allow it", async () => {
  await cluster.push("inflated", {
    ...chart({}, "charts/demo"),
    "kustomization.yaml": "helmCharts:\n- {name: demo, releaseName: inflated, valuesInline: {color: inner}}\n",
  });
  await cluster.create(applicationOf("inflated"));
  assert.match(await untilComplaining("inflated"), /must specify --enable-helm/);
  await cluster.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "argocd-cm", namespace: "argocd" },
    data: { "kustomize.buildOptions": "--enable-helm" },
  });
  await refresh("inflated", "normal");
  await cluster.untilSynced("inflated");
  await untilData("inflated-config", { color: "inner" });
});

test("a directory may be named as such though a chart is in it; two tools at once are refused", async () => {
  await cluster.push("named", { "Chart.yaml": "", "a.yaml": configMap("named") });
  const source = { repoURL: repo("named"), path: ".", directory: { exclude: "Chart.yaml" } };
  await cluster.create(applicationOf("named", { source }));
  assert.equal((await cluster.untilSynced("named")).status?.sourceType, "Directory");
  const both = { ...source, helm: { releaseName: "x" } };
  await cluster.client.patch(resources.application, { namespace: "argocd", name: "named" }, "merge", {
    spec: { source: both },
  });
  assert.match(await untilComplaining("named"), /multiple application sources defined: Helm,Directory/);
});

test("a tag is found by a range of versions of one part of a repository", async () => {
  await cluster.push("parts", { "a.yaml": configMap("parts", { v: "1" }) });
  const repository = cluster.repositories.get("platform", "parts");
  assert.ok(repository);
  const tag = async (name: string) => await cluster.repositories.run(repository, ["tag", name, "main"]);
  await tag("api/1.0.0");
  await cluster.push("parts", { "a.yaml": configMap("parts", { v: "2" }) });
  await tag("web/1.5.0");
  const source = { repoURL: repo("parts"), path: ".", targetRevision: "1.x", tagPrefix: "api/" };
  await cluster.create(applicationOf("parts", { source }));
  await untilData("parts", { v: "1" });
});

test("charts come from a registry, by name and as a source of its own", async () => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-registry-"));
  packChart(dir, "1.2.0");
  const layer = readFileSync(join(dir, "demo-1.2.0.tgz"));
  const config = Buffer.from(JSON.stringify({ name: "demo", version: "1.2.0", apiVersion: "v2" }));
  const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor("application/vnd.cncf.helm.config.v1+json", config),
      layers: [descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer)],
    }),
  );
  const blobs = new Map([layer, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  const server = createServer((request, response) => {
    const [, last = ""] = /^\/v2\/team\/demo\/(?:manifests|blobs)\/(.*)$/.exec(request.url ?? "") ?? [];
    const bytes = last === "1.2.0" ? manifest : blobs.get(last);
    if (request.url?.startsWith("/v2/team/demo/tags/list"))
      response.end(JSON.stringify({ name: "team/demo", tags: ["1.2.0"] }));
    else if (request.url === "/v2/") response.end("{}");
    else if (bytes === undefined) response.writeHead(404).end();
    else {
      const type = bytes === manifest ? manifestType : "application/octet-stream";
      response.writeHead(200, {
        "content-type": type,
        "content-length": bytes.length,
        "docker-content-digest": digestOf(bytes),
      });
      response.end(request.method === "HEAD" ? undefined : bytes);
    }
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const host = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    for (const [name, url] of [
      ["registry", host],
      ["registry-oci", `oci://${host}`],
    ]) {
      await cluster.create({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: "argocd", labels: { "argocd.argoproj.io/secret-type": "repo-creds" } },
        stringData: { url, type: "helm", enableOCI: "true", insecureOCIForceHttp: "true" },
      });
    }
    const named = { repoURL: `${host}/team`, chart: "demo", targetRevision: ">=1.0.0" };
    await cluster.create(applicationOf("by-name", { source: { ...named, helm: { valueFiles: ["values-dev.yaml"] } } }));
    await cluster.untilSynced("by-name", "1.2.0");
    await untilData("by-name-config", { color: "dev 1.2.0" });
    const artifact = { repoURL: `oci://${host}/team/demo`, path: ".", targetRevision: "1.2.0" };
    await cluster.create(applicationOf("artifact", { source: artifact }));
    const { status } = await cluster.untilSynced("artifact", digestOf(manifest));
    assert.equal(status?.sourceType, "Helm");
    await untilData("artifact-config", { color: "white" });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  }
});

test("random values are the same with each render when the application asks for it", async () => {
  const template = configMap("{{ .Release.Name }}", { password: "{{ randAlphaNum 20 }}" });
  await cluster.push("stable", chart({ "templates/config.yaml": template }));
  const annotations = { "skiff.dev/stable-random": "true" };
  await cluster.create(applicationOf("stable", helmSource("stable"), { annotations }));
  await cluster.untilSynced("stable");
  const { metadata } = await cluster.untilObject(resources.configMap, "stable");
  await refresh("stable", "hard");
  await cluster.restart();
  await refresh("stable", "hard");
  await cluster.untilSynced("stable");
  const after = await cluster.untilObject(resources.configMap, "stable");
  assert.equal(after.metadata.resourceVersion, metadata.resourceVersion);
});

test("a dependency from a repository that the project does not permit is named as such when it cannot be fetched", async () => {
  await cluster.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "narrow", namespace: "argocd" },
    spec: { sourceRepos: [repo("*")], destinations: [{ namespace: "*", server: "*" }] },
  });
  const depending =
    "apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies:\n- {name: x, version: 1.0.0, repository: 'https://127.0.0.1:1/charts'}\n";
  await cluster.push("narrow", chart({ "Chart.yaml": depending }));
  await cluster.create(applicationOf("narrow", { ...helmSource("narrow"), project: "narrow" }));
  assert.match(
    await untilComplaining("narrow"),
    /rpc error: code = PermissionDenied desc = helm repos https:\/\/127\.0\.0\.1:1\/charts are not permitted in project 'narrow'$/,
  );
  await cluster.push("wide", chart({ "Chart.yaml": depending }));
  await cluster.create(applicationOf("wide", helmSource("wide")));
  assert.match(
    await untilComplaining("wide"),
    /error building helm chart dependencies: failed to build helm dependencies: /,
  );
});
