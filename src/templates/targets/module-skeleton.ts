import { isJsonObject } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { addPages, emptyShape } from "./answer-shape.ts";
import type { CompleteOptions, Skeleton, TemplateForm } from "./complete-options.ts";
import { fluxNamespace, hasTofu, makesRepository } from "./component.ts";
import { hclMacros } from "./hcl-skeleton.ts";
import { expression, fieldOf, literalText, propertiesOf, quoteLiteral } from "./nunjucks.ts";
import { orderedYaml } from "./ordered-yaml.ts";

/** The call of a module, and what makes tofu-controller plan and apply it. */
export function moduleSkeleton(definition: Definition, form: TemplateForm, options: CompleteOptions): Skeleton {
  const { subject } = definition;
  if (subject.kind !== "module") return { files: [], deployed: undefined };
  const { publish = "gitea" } = options;
  const folder = publish === "pull-request" ? `${expression("values.component.name")}/` : "terraform/";
  const secret = new Set(subject.sensitive);
  const asked = [...propertiesOf(form.pages).keys()].filter((name) => !secret.has(name));
  const label = labelOf(definition.name);
  const shape = emptyShape();
  addPages(shape, form.pages, "");
  const argumentLines = asked.map(
    (name) =>
      `\n\${{- argument(${quoteLiteral(name)}, ${fieldOf("values.answers", name)}, ${quoteLiteral(`/${name}`)}) }}`,
  );
  const secretLines = subject.sensitive.map((name) => `\n  ${name} = var.${name}`);
  const version = subject.version === undefined ? "" : `\n  version = ${literalText(quoteHcl(subject.version))}`;
  const files = [
    {
      path: `${folder}main.tf`,
      content: `${hclMacros(shape)}module ${JSON.stringify(label)} {
  source = ${expression("quoted(values.component.moduleSource)")}${version}${argumentLines.join("")}${secretLines.join("")}
}
`,
    },
    ...(subject.outputs.length > 0
      ? [{ path: `${folder}outputs.tf`, content: outputsFile(subject.outputs, label) }]
      : []),
    ...(secret.size > 0
      ? [{ path: `${folder}variables.tf`, content: variablesFile(definition, subject.sensitive) }]
      : []),
  ];
  if (!hasTofu(definition, options) || !makesRepository(publish)) return { files, deployed: undefined };
  return {
    files: [
      ...files,
      { path: "manifests/gitrepository.yaml", content: gitRepository },
      { path: "manifests/terraform.yaml", content: terraformObject(subject.outputs.map(({ name }) => name)) },
    ],
    deployed: "manifests",
  };
}

/** A name that HCL takes for a block without quotes in references. */
function labelOf(name: string): string {
  const label = name.replace(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(label) ? label : `_${label}`;
}

/** A text as HCL writes it, with `${` and `%{` as themselves. */
function quoteHcl(text: string): string {
  const json = JSON.stringify(text).replace(/\\(b|f|\\)/g, (written, kind: string) =>
    kind === "b" ? "\\u0008" : kind === "f" ? "\\u000c" : written,
  );
  return json.replaceAll("${", "$$${").replaceAll("%{", "%%{");
}

function outputsFile(
  outputs: readonly { name: string; description?: string; sensitive: boolean }[],
  label: string,
): string {
  const blocks = outputs.map(({ name, description, sensitive }) => {
    const told = description === undefined || description === "" ? "" : `  description = ${quoteHcl(description)}\n`;
    const hidden = sensitive ? "  sensitive = true\n" : "";
    return `output "${name}" {\n${told}  value = module.${label}.${name}\n${hidden}}\n`;
  });
  return literalText(blocks.join("\n"));
}

/** Sensitive variables of the module as variables of the root, so that their values come from outside of Git. */
function variablesFile({ schema }: Definition, names: readonly string[]): string {
  const { properties, required } = schema;
  const needed = new Set(Array.isArray(required) ? required : []);
  const blocks = names.map((name) => {
    const property = isJsonObject(properties) ? properties[name] : undefined;
    const { description, type, default: preset = null } = isJsonObject(property) ? property : {};
    const told =
      typeof description === "string" && description !== "" ? `  description = ${quoteHcl(description)}\n` : "";
    const kind = { string: "string", boolean: "bool", number: "number", integer: "number" }[String(type)] ?? "any";
    const fallback = needed.has(name) ? "" : `  default = ${hclOf(preset)}\n`;
    return `variable "${name}" {\n${told}  type = ${kind}\n${fallback}  sensitive = true\n}\n`;
  });
  return literalText(blocks.join("\n"));
}

/** A default of a sensitive variable; JSON is HCL but for templates in its texts. */
function hclOf(value: unknown): string {
  return typeof value === "string"
    ? quoteHcl(value)
    : JSON.stringify(value).replaceAll("${", "$$${").replaceAll("%{", "%%{");
}

const gitRepository = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: ${expression("values.component.name | dump")}
  namespace: ${fluxNamespace}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
spec:
  interval: 30s
  url: ${expression("values.component.gitUrl | dump")}
  ref:
    branch: main
`;

function terraformObject(outputs: readonly string[]): string {
  const listed = outputs.map((name) => `      - ${orderedYaml(name).trim()}\n`).join("");
  const written =
    outputs.length === 0
      ? ""
      : `  writeOutputsToSecret:
    name: ${expression('(values.component.name ~ "-outputs") | dump')}
    outputs:
${listed}`;
  return `apiVersion: infra.contrib.fluxcd.io/v1alpha2
kind: Terraform
metadata:
  name: ${expression("values.component.name | dump")}
  namespace: ${fluxNamespace}
  annotations:
    argocd.argoproj.io/sync-wave: "2"
spec:
  interval: 1m
  retryInterval: 10s
  approvePlan: auto
  destroyResourcesOnDeletion: true
  path: ./terraform
  sourceRef:
    kind: GitRepository
    name: ${expression("values.component.name | dump")}
    namespace: ${fluxNamespace}
  varsFrom:
    - kind: Secret
      name: ${expression('(values.component.name ~ "-variables") | dump')}
      optional: true
${written}{%- if values.component.credentials %}
  runnerPodTemplate:
    spec:
      envFrom:
        - secretRef:
            name: ${expression("values.component.credentials | dump")}
{%- endif %}
`;
}
