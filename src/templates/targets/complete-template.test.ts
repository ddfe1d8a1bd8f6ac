import assert from "node:assert/strict";
import { test } from "node:test";
import { isFields, type JsonObject, parseYaml, parseYamlDocuments, valueAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { type ScaffoldResult, scaffold } from "../scaffold/scaffold.ts";
import { parseHcl } from "../sources/terraform/hcl.ts";
import type { CompleteOptions, TemplateForm } from "./complete-options.ts";
import { completeTemplate } from "./complete-template.ts";
import { chart, document, form, module, resource } from "./testing/definitions.ts";

function run(
  definition: Definition,
  given: TemplateForm,
  answers: JsonObject,
  options?: CompleteOptions,
): ScaffoldResult {
  const files = completeTemplate(definition, given, options);
  const template = files.find(({ path }) => path.endsWith("/template.yaml"));
  assert.ok(template);
  const root = `${definition.name}/`;
  return scaffold({
    template: template.content,
    file: template.path,
    files: files.map(({ path, content }) => ({ path: path.slice(root.length), content })),
    answers,
  });
}

function textOf(result: ScaffoldResult, path: string): string {
  const content = result.files.find((file) => file.path === path)?.content;
  assert.equal(typeof content, "string", `no ${path} in ${result.files.map((file) => file.path).join(", ")}`);
  return String(content);
}

const answers = {
  name: "orders",
  namespace: "shop",
  config: {
    size: 3,
    engine: "postgres",
    backups: {},
    replicas: [],
    labels: { "team/a": "", on: "yes" },
    storage: { class: "" },
  },
};

test("a resource becomes a manifest with one line a field, and blank fields do not appear", () => {
  const result = run(resource, form(resource), answers);
  assert.equal(
    textOf(result, "manifests/database.yaml"),
    `apiVersion: db.example.com/v1
kind: Database
metadata:
  name: orders
  namespace: shop
spec:
  size: 3
  engine: postgres
  labels:
    "team/a": ""
    "on": "yes"
  storage:
    class: ""
`,
  );
  assert.deepEqual(result.unrendered, []);
  assert.deepEqual(
    result.files.map(({ path }) => path),
    ["catalog-info.yaml", "docs/index.md", "manifests/database.yaml", "mkdocs.yml"],
  );
});

test("steps publish, create the Application and register, as CNOE's own templates do", () => {
  const { steps, output } = run(resource, form(resource), answers);
  const inputs = Object.fromEntries(steps.map(({ action, inputs }) => [action, inputs[0]]));
  assert.deepEqual(
    steps.map(({ action, state }) => `${action} ${state}`),
    ["fetch:template ran", "publish:gitea outside", "cnoe:create-argocd-app outside", "catalog:register outside"],
  );
  assert.equal(inputs["publish:gitea"]?.["repoUrl"], "git.skiff.localhost:8443?repo=orders");
  assert.deepEqual(inputs["cnoe:create-argocd-app"], {
    appName: "orders",
    appNamespace: "shop",
    argoInstance: "in-cluster",
    projectName: "default",
    repoUrl: "https://git.skiff.localhost:8443/owner/orders.git",
    path: "manifests",
  });
  assert.equal(valueAt(output, "links", "0"), undefined);
  assert.ok(isFields(output) && JSON.stringify(output).includes('"entityRef":"component:default/orders"'));
});

test("the repository can have another name than the resource", () => {
  const { steps } = run(resource, form(resource), { ...answers, repository: "orders-db", owner: "group:default/shop" });
  assert.equal(steps[1]?.inputs[0]?.["repoUrl"], "git.skiff.localhost:8443?repo=orders-db");
  assert.equal(steps[2]?.inputs[0]?.["appName"], "orders-db");
});

test("a template reads as the one that was made, and is the same each time", () => {
  const files = completeTemplate(resource, form(resource));
  assert.deepEqual(completeTemplate(resource, form(resource)), files);
  const template = parseYaml(files[0]?.content ?? "");
  assert.equal(valueAt(template, "metadata", "name"), "db.example.com.database");
  const pages = valueAt(template, "spec", "parameters");
  assert.ok(Array.isArray(pages));
  assert.deepEqual(
    pages.map((page) => valueAt(page, "title")),
    ["Database", "Repository"],
  );
  // Fields stay in the order in which the form shows them.
  assert.deepEqual(Object.keys(Object(valueAt(pages[0], "properties"))), ["name", "namespace", "config"]);
});

test("words of the template language in a source are text in the documentation and the catalog entry", () => {
  const described = { ...resource, description: "Uses ${{ x }}, {% raw %}, {# no comment #} and {% endraw %}." };
  const result = run(described, form(described), answers);
  assert.ok(textOf(result, "docs/index.md").includes(described.description));
  assert.equal(
    valueAt(parseYaml(textOf(result, "catalog-info.yaml")), "metadata", "description"),
    described.description,
  );
  assert.equal(result.steps[1]?.inputs[0]?.["description"], described.description);
});

test("documentation lists fields, outputs, secrets and what the form does not ask for", () => {
  const page = textOf(
    run(module, form(module), { component: "net", name: "net", cidr: "10.0.0.0/16" }),
    "docs/index.md",
  );
  assert.ok(page.includes("| `cidr` | string | yes |  | Range of the network |"), page);
  assert.ok(page.includes("| `vpc_id` | Id \\| of it |  |"), page);
  assert.ok(page.includes("- `password`"), page);
  const noted = { ...form(resource), notes: [{ at: "spec.rules", message: "rules are too deep for a form" }] };
  assert.ok(
    textOf(run(resource, noted, answers), "docs/index.md").includes("- `spec.rules`: rules are too deep for a form"),
  );
});

const moduleAnswers = {
  repository: "net-prod",
  name: 'pro"d ${var.x} %{ if }',
  cidr: "10.0.0.0/16",
  tags: { "a b": "c", d: "" },
  subnets: [{ zone: "a", bits: 8 }],
  flags: { on: true },
};

test("a module becomes a call whose answers are read back, and secrets stay out of it", async () => {
  const result = run(module, form(module), moduleAnswers);
  const text = textOf(result, "terraform/main.tf");
  assert.equal(
    text,
    `module "network" {
  source = "git::https://example.com/network.git"
  name = "pro\\"d $\${var.x} %%{ if }"
  cidr = "10.0.0.0/16"
  tags = {
    "a b" = "c"
    "d" = ""
  }
  subnets = [
    {
      "zone" = "a"
      "bits" = 8
    },
  ]
  flags = {
    "on" = true
  }
  password = var.password
}
`,
  );
  const calls = valueAt(await parseHcl("main.tf", text), "module", "network");
  assert.ok(Array.isArray(calls));
  assert.deepEqual(calls[0], {
    source: "git::https://example.com/network.git",
    name: 'pro"d $${var.x} %%{ if }',
    cidr: "10.0.0.0/16",
    tags: { "a b": "c", d: "" },
    subnets: [{ zone: "a", bits: 8 }],
    flags: { on: true },
    password: "${var.password}",
  });
  const variables = await parseHcl("variables.tf", textOf(result, "terraform/variables.tf"));
  assert.deepEqual(valueAt(variables, "variable", "password"), [
    { description: "Of the database", type: "${string}", sensitive: true },
  ]);
  const outputs = await parseHcl("outputs.tf", textOf(result, "terraform/outputs.tf"));
  assert.deepEqual(valueAt(outputs, "output", "vpc_id"), [
    { description: "Id | of it", value: "${module.network.vpc_id}" },
  ]);
});

test("tofu-controller is told where the module's call is and where outputs go", () => {
  const result = run(module, form(module), { ...moduleAnswers, credentialsSecret: "aws-credentials" });
  const source = parseYaml(textOf(result, "manifests/gitrepository.yaml"));
  const gitea = "http://my-gitea-http.gitea.svc.cluster.local:3000/giteaAdmin/net-prod.git";
  assert.equal(valueAt(source, "spec", "url"), gitea);
  const terraform = parseYaml(textOf(result, "manifests/terraform.yaml"));
  assert.deepEqual(valueAt(terraform, "spec", "writeOutputsToSecret"), {
    name: "net-prod-outputs",
    outputs: ["vpc_id"],
  });
  assert.deepEqual(valueAt(terraform, "spec", "runnerPodTemplate"), {
    spec: { envFrom: [{ secretRef: { name: "aws-credentials" } }] },
  });
  const without = parseYaml(textOf(run(module, form(module), moduleAnswers), "manifests/terraform.yaml"));
  assert.equal(valueAt(without, "spec", "runnerPodTemplate"), undefined);
  const plain = run(module, form(module), moduleAnswers, { terraform: "plain" });
  assert.deepEqual(
    plain.steps.map(({ action }) => action),
    ["fetch:template", "publish:gitea", "catalog:register"],
  );
});

test("secret answers of a module reach the cluster as a Secret and no file", () => {
  const secret = { ...form(module), secrets: [["password"]] };
  const files = completeTemplate(module, secret);
  const result = scaffold({
    template: files[0]?.content ?? "",
    file: "template.yaml",
    files: files.map(({ path, content }) => ({ path: path.slice("network/".length), content })),
    answers: moduleAnswers,
    secrets: { password: "hunter2" },
  });
  assert.ok(!JSON.stringify(result.files).includes("hunter2"));
  const [step] = result.steps.filter(({ manifests }) => manifests !== undefined);
  const manifest = parseYaml(step?.manifests?.[0] ?? "");
  assert.deepEqual(valueAt(manifest, "stringData"), { password: "hunter2" });
  assert.deepEqual(valueAt(manifest, "metadata"), { name: "net-prod-variables", namespace: "flux-system" });
});

test("a module from a folder is asked where it is published", () => {
  const local = { ...module, subject: { ...module.subject, address: "./modules/network" } };
  const result = run(local, form(local), { ...moduleAnswers, moduleSource: "git::https://example.com/n.git" });
  assert.ok(textOf(result, "terraform/main.tf").includes('source = "git::https://example.com/n.git"'));
});

test("a chart becomes a chart of its own that depends on it", () => {
  const result = run(chart, form(chart), { name: "web", replicas: 2, image: { tag: "1.10" }, args: [], env: {} });
  assert.deepEqual(parseYaml(textOf(result, "chart/Chart.yaml")), {
    apiVersion: "v2",
    name: "web",
    description: "Installs the chart podinfo",
    type: "application",
    version: "0.1.0",
    dependencies: [{ name: "podinfo", version: "6.5.0", repository: "https://charts.example.com" }],
  });
  assert.deepEqual(parseYaml(textOf(result, "chart/values.yaml")), {
    podinfo: { replicas: 2, image: { tag: "1.10" } },
  });
  assert.deepEqual(parseYaml(textOf(run(chart, form(chart), { name: "web" }), "chart/values.yaml")), { podinfo: {} });
});

test("values that a chart has anyway are not written again", () => {
  const properties: JsonObject = {
    replicas: { type: "integer", default: 1 },
    image: {
      type: "object",
      required: ["tag"],
      properties: { tag: { type: "string", default: "1" }, pull: { type: "boolean", default: false } },
    },
    hosts: { type: "array", items: { type: "string" }, default: ["a"] },
    ports: { type: "array", items: { type: "integer" }, default: [80, 443] },
  };
  const preset: Definition = { ...chart, schema: { type: "object", required: ["image"], properties } };
  const given = { name: "web", replicas: 1, image: { tag: "1", pull: false }, hosts: [], ports: [80, 443] };
  const same = textOf(run(preset, form(preset), given), "chart/values.yaml");
  assert.deepEqual(parseYaml(same), { podinfo: { hosts: [] } });
  const other = textOf(
    run(preset, form(preset), { ...given, replicas: 2, image: { tag: "2", pull: false } }),
    "chart/values.yaml",
  );
  assert.deepEqual(parseYaml(other), { podinfo: { replicas: 2, image: { tag: "2" }, hosts: [] } });
});

test("a chart is applied as an Application", () => {
  const result = run(chart, form(chart), { name: "web", replicas: 2, targetNamespace: "x" }, { publish: "apply" });
  const manifest = parseYaml(result.steps[1]?.manifests?.[0] ?? "");
  assert.deepEqual(valueAt(manifest, "spec", "source"), {
    repoURL: "https://charts.example.com",
    chart: "podinfo",
    targetRevision: "6.5.0",
    helm: { releaseName: "web", valuesObject: { replicas: 2 } },
  });
});

test("a document becomes a file", () => {
  const result = run(document, form(document), { name: "x", level: "debug", list: ["a", "b: c"] });
  assert.equal(textOf(result, "settings.yaml"), '# settings\nlevel: debug\nlist:\n  - a\n  - "b: c"\n');
});

test("a resource is applied to the cluster, or goes into a pull request", () => {
  const applied = run(resource, form(resource), answers, { publish: "apply" });
  assert.deepEqual(
    applied.steps.map(({ action }) => action),
    ["fetch:template", "cnoe:kubernetes:apply"],
  );
  assert.equal(valueAt(parseYaml(applied.steps[1]?.manifests?.[0] ?? ""), "spec", "size"), 3);
  const repoUrl = "github.com?owner=shop&repo=infra";
  const asked = run(resource, form(resource), { ...answers, repoUrl, path: "apps/db" }, { publish: "pull-request" });
  assert.deepEqual(
    asked.files.map(({ path }) => path),
    ["apps/db/orders.yaml"],
  );
  assert.equal(asked.steps[1]?.inputs[0]?.["repoUrl"], repoUrl);
  assert.throws(
    () => completeTemplate(module, form(module), { publish: "apply" }),
    /applies to the cluster: it is a Terraform module/,
  );
});

test("a repository of GitHub has its name from where it is", () => {
  const result = run(
    module,
    form(module),
    { ...moduleAnswers, repoUrl: "github.com?owner=shop&repo=net" },
    { publish: "github" },
  );
  assert.equal(
    valueAt(parseYaml(textOf(result, "manifests/gitrepository.yaml")), "spec", "url"),
    "https://github.com/shop/net",
  );
  assert.equal(valueAt(parseYamlDocuments(textOf(result, "catalog-info.yaml"))[0]?.value, "metadata", "name"), "net");
});
