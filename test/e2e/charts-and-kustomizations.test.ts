import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { binary } from "../support/binaries.ts";
import { eventually, type Machine, newMachine } from "../support/platform.ts";

const kubectlFile = binary("kubectl");
const skip = kubectlFile === undefined ? "no kubectl for this machine; name one with SKIFF_KUBECTL" : false;

let machine: Machine;
let folder: string;
let created: { code: number; stdout: string; stderr: string };

const application = (name: string, spec: object) =>
  JSON.stringify({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "argocd" },
    spec: {
      project: "default",
      destination: { server: "https://kubernetes.default.svc", namespace: name },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ["CreateNamespace=true"] },
      ...spec,
    },
  });

/** The shapes of public packages: a chart beside its Application, an overlay over a base, a chart with values from elsewhere. */
const packages = {
  "portal.yaml": application("portal", {
    source: { repoURL: "cnoe://portal", path: "chart", helm: { valuesObject: { replicas: 2 } } },
  }),
  "workflows.yaml": application("workflows", { source: { repoURL: "cnoe://workflows", path: "dev" } }),
  "mesh.yaml": application("mesh", {
    sources: [
      {
        repoURL: "cnoe://portal",
        path: "chart",
        helm: { releaseName: "mesh", valueFiles: ["$values/mesh/values.yaml"] },
      },
      { repoURL: "cnoe://values", targetRevision: "main", ref: "values" },
      { repoURL: "cnoe://workflows", path: "base" },
    ],
  }),
  "portal/chart/Chart.yaml": "apiVersion: v2\nname: portal\nversion: 0.1.0\n",
  "portal/chart/values.yaml": "replicas: 1\ntitle: none\n",
  "portal/chart/templates/_names.tpl": '{{ define "portal.name" }}{{ .Release.Name }}-portal{{ end }}',
  "portal/chart/templates/config.yaml": [
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    '  name: {{ include "portal.name" . }}',
    "data:",
    "  replicas: {{ .Values.replicas | quote }}",
    "  title: {{ .Values.title | quote }}",
    "",
  ].join("\n"),
  "portal/chart/crds/themes.yaml": JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "themes.portal.example.com" },
    spec: {
      group: "portal.example.com",
      names: { kind: "Theme", plural: "themes", singular: "theme", listKind: "ThemeList" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  }),
  "values/mesh/values.yaml": "title: from values\n",
  "workflows/base/kustomization.yaml":
    "resources: [service.yaml]\nconfigMapGenerator:\n- name: flow\n  literals: [speed=1]\n",
  "workflows/base/service.yaml":
    "apiVersion: v1\nkind: Service\nmetadata: {name: flow}\nspec: {selector: {app: flow}, ports: [{port: 80}]}\n",
  "workflows/dev/kustomization.yaml": "resources: [../base]\npatches:\n- path: patch.yaml\n",
  "workflows/dev/patch.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: flow}\nspec: {type: NodePort}\n",
};

before(async () => {
  machine = await newMachine();
  folder = join(machine.home, "packages");
  writeFiles(folder, packages);
  created = await machine.skiff("create", "--port", String(machine.port), "-p", folder, "--timeout", "60s");
});
after(async () => await machine[Symbol.asyncDispose]());

function writeFiles(directory: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

async function kubectl(...args: string[]): Promise<string> {
  const result = await machine.run(kubectlFile ?? "", args);
  assert.equal(result.code, 0, `kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

const data = async (namespace: string, name: string) =>
  JSON.parse(await kubectl("get", "configmap", "-n", namespace, name, "-o", "jsonpath={.data}"));

const status = async (name: string) =>
  JSON.parse((await kubectl("get", "application", "-n", "argocd", name, "-o", "jsonpath={.status}")) || "{}");

test("packages with charts and kustomizations come up, Synced and Healthy", { skip }, async () => {
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /3 applications Synced and Healthy/);
  assert.deepEqual(await data("portal", "portal-portal"), { replicas: "2", title: "none" });
  assert.deepEqual(await data("mesh", "mesh-portal"), { replicas: "1", title: "from values" });
  assert.equal(await kubectl("get", "service", "-n", "workflows", "flow", "-o", "jsonpath={.spec.type}"), "NodePort");
  assert.equal((await status("portal")).sourceType, "Helm");
  assert.equal((await status("workflows")).sourceType, "Kustomize");
  assert.deepEqual((await status("mesh")).sourceTypes, ["Helm", "", "Kustomize"]);
});

test("saved values, templates and patches are live; a broken template is told and mended", { skip }, async () => {
  writeFiles(folder, { "values/mesh/values.yaml": "title: saved\n" });
  await eventually(
    () => data("mesh", "mesh-portal"),
    ({ title }) => title === "saved",
  );
  const template = "portal/chart/templates/config.yaml";
  writeFiles(folder, { [template]: packages[template].replace(".Values.title |", ".Values.nobody.knows |") });
  const broken = await eventually(
    () => status("portal"),
    ({ conditions }) => conditions !== undefined,
  );
  assert.equal(broken.conditions[0].type, "ComparisonError");
  assert.match(broken.conditions[0].message, /portal\/templates\/config\.yaml:7:\d+/);
  assert.equal(broken.sync.status, "Unknown");
  writeFiles(folder, { [template]: packages[template].replace("{{ .Values.title | quote }}", "mended") });
  await eventually(
    () => data("portal", "portal-portal"),
    ({ title }) => title === "mended",
  );
  await eventually(
    () => status("portal"),
    ({ sync, conditions }) => sync.status === "Synced" && conditions === undefined,
  );
});

test("a chart that is pushed is live, and so are values that are pushed to another repository", { skip }, async () => {
  const [secret] = JSON.parse((await machine.skiff("get", "secrets", "-p", "gitea", "-o", "json")).stdout);
  const user = `${secret.username}:${secret.password}`;
  const base = `git.skiff.localhost:${machine.port}`;
  const push = async (name: string, files: Record<string, string>) => {
    const work = join(machine.home, "work", name);
    const isNew = !existsSync(join(work, ".git"));
    writeFiles(work, files);
    const git = async (...args: string[]) => {
      const ca = join(machine.home, ".skiff/localdev/ca/ca/ca.crt");
      const options = ["-c", `http.sslCAInfo=${ca}`, "-c", "user.name=Test", "-c", "user.email=test@example.com"];
      const result = await machine.run("git", [...options, ...args], { cwd: work });
      assert.equal(result.code, 0, `git ${args.join(" ")}: ${result.stderr}`);
    };
    if (isNew) {
      const body = JSON.stringify({ name, auto_init: false, default_branch: "main" });
      const json = ["-H", "content-type: application/json", "-d", body];
      const made = await machine.run("curl", ["-sf", "-k", "-u", user, ...json, `https://${base}/api/v1/user/repos`]);
      assert.equal(made.code, 0, made.stdout);
      await git("init", "-q", "-b", "main");
    }
    await git("add", ".");
    await git("commit", "-qm", "change");
    const password = encodeURIComponent(secret.password);
    await git("push", "-q", `https://${secret.username}:${password}@${base}/giteaAdmin/${name}.git`, "main");
  };
  const chart = Object.fromEntries(
    Object.entries(packages).flatMap(([path, text]) =>
      path.startsWith("portal/") ? [[path.slice("portal/".length), text]] : [],
    ),
  );
  await push("charts", chart);
  await push("environments", { "dev.yaml": "title: pushed\n" });
  const file = join(machine.home, "pushed.yaml");
  const repo = (name: string) => `https://${base}/giteaAdmin/${name}.git`;
  const sources = [
    { repoURL: repo("charts"), path: "chart", helm: { valueFiles: ["$env/dev.yaml"], skipCrds: true } },
    { repoURL: repo("environments"), ref: "env" },
  ];
  writeFileSync(file, application("pushed", { sources }));
  await kubectl("apply", "-f", file);
  await eventually(
    async () =>
      (
        await machine.run(kubectlFile ?? "", [
          "get",
          "cm",
          "-n",
          "pushed",
          "pushed-portal",
          "-o",
          "jsonpath={.data.title}",
        ])
      ).stdout,
    (title) => title === "pushed",
  );
  await push("environments", { "dev.yaml": "title: again\n" });
  await eventually(
    () => data("pushed", "pushed-portal"),
    ({ title }) => title === "again",
  );
});

test("render prints what is applied, and how it differs from what is there", { skip }, async () => {
  const bare = await machine.skiff(
    "render",
    join(folder, "portal", "chart"),
    "--name",
    "r",
    "--set",
    "title=t",
    "--skip-crds",
  );
  assert.equal(bare.code, 0, bare.stderr);
  assert.match(bare.stdout, /^---\n# Source: portal\/templates\/config\.yaml\n.*name: r-portal\n$/s);
  const named = await machine.skiff("render", "workflows");
  assert.equal(named.code, 0, named.stderr);
  assert.match(named.stdout, /tracking-id: workflows:\/Service:workflows\/flow/);
  const same = await machine.skiff("render", "workflows", "--diff");
  assert.deepEqual([same.code, same.stdout], [0, ""], same.stderr);
  const draft = join(machine.home, "draft");
  writeFiles(draft, {
    "app.yaml": application("workflows", { source: { repoURL: "cnoe://workflows", path: "dev" } }),
    ...Object.fromEntries(Object.entries(packages).filter(([path]) => path.startsWith("workflows/"))),
    "workflows/dev/patch.yaml": packages["workflows/dev/patch.yaml"].replace("NodePort", "LoadBalancer"),
  });
  const differs = await machine.skiff("render", join(draft, "app.yaml"), "--diff");
  assert.equal(differs.code, 1, differs.stderr);
  assert.match(
    differs.stdout,
    /^--- live\/v1\/Service\/workflows\/flow\n.*\n- {2}type: NodePort\n\+ {2}type: LoadBalancer\n/s,
  );
  const asking = join(machine.home, "asking");
  writeFiles(asking, {
    "Chart.yaml": "apiVersion: v2\nname: asking\nversion: 1.0.0\n",
    "templates/a.yaml":
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {title: "{{ (lookup "v1" "ConfigMap" "portal" "portal-portal").data.title }}"}\n',
  });
  const answered = await machine.skiff("render", asking, "--lookup");
  assert.match(answered.stdout, /title: mended/, answered.stderr);
  const unknown = await machine.skiff("render", "nobody");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /there are: mesh, portal, pushed, workflows/);
});
