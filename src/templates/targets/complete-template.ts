import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { Definition, Note, OutputFile } from "../definition.ts";
import { portalFiles, summaryOf } from "./catalog-files.ts";
import type { CompleteOptions, Publish, Skeleton, TemplateForm } from "./complete-options.ts";
import { type Component, componentOf, fluxNamespace, hasTofu, makesRepository } from "./component.ts";
import { docsPage } from "./docs-page.ts";
import { expression, fieldOf, literalText, propertiesOf } from "./nunjucks.ts";
import { orderedYaml } from "./ordered-yaml.ts";
import { skeletonOf } from "./skeletons.ts";
import { yamlBreaks } from "./yaml-skeleton.ts";

/**
 * A template that works as it is, with the skeleton it fills in: `<name>/template.yaml` and `<name>/skeleton/…`.
 *
 * @throws {Error} for what cannot be put where `options.publish` says
 */
export function completeTemplate(
  definition: Definition,
  given: TemplateForm,
  options: CompleteOptions = {},
): OutputFile[] {
  const form = withoutUnused(definition, given, options);
  const component = componentOf(definition, form, options);
  const skeleton = skeletonOf(definition, form, options);
  const { publish = "gitea" } = options;
  const notes = distinct([...definition.notes, ...form.notes]);
  const lead = leadOf(definition, skeleton);
  const portal = makesRepository(publish)
    ? [...portalFiles(definition), { path: "docs/index.md", content: docsPage(definition, notes, lead) }]
    : [];
  const template = templateOf(definition, form, { component, skeleton, options });
  return [
    { path: `${definition.name}/template.yaml`, content: withVisibleBreaks(orderedYaml(template)) },
    ...[...skeleton.files, ...portal].map(({ path, content }) => ({
      path: `${definition.name}/skeleton/${path}`,
      content,
    })),
  ];
}

/** The separators of Unicode that the first step passes on stand in the text as they are, where editors trip over them. */
function withVisibleBreaks(text: string): string {
  const start = text.lastIndexOf(" breaks:\n");
  const breaks = text.slice(start).replace("'\u2028'", '"\\u2028"').replace("'\u2029'", '"\\u2029"');
  return text.slice(0, start) + breaks;
}

type Parts = { component: Component; skeleton: Skeleton; options: CompleteOptions };

function templateOf(definition: Definition, form: TemplateForm, parts: Parts): JsonObject {
  const { metadata = {}, owner = "guests" } = parts.options;
  const pages = [...form.pages, ...(parts.component.page === undefined ? [] : [parts.component.page])];
  return {
    apiVersion: "scaffolder.backstage.io/v1beta3",
    kind: "Template",
    metadata: {
      name: metadata.name ?? entityName(definition.name),
      title: metadata.title ?? definition.title,
      description: metadata.description ?? summaryOf(definition),
      tags: tagsOf(definition),
      annotations: { "skiff.dev/source": sourceOf(definition) },
    },
    spec: {
      owner,
      type: parts.options.type ?? typeOf(definition),
      parameters: pages.map(
        ({ title, description, schema }): JsonValue => ({
          title,
          ...(description !== undefined && { description }),
          ...schema,
        }),
      ),
      steps: stepsOf(definition, form, parts),
      output: outputOf(definition, parts),
    },
  };
}

function typeOf({ subject }: Definition): string {
  if (subject.kind === "chart") return "service";
  return subject.kind === "document" ? "document" : "resource";
}

/** Names of catalog entities have 63 characters at most; what is longer ends in a digest of the whole. */
function entityName(name: string): string {
  if (name.length <= 63) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, 54).replace(/[^a-z0-9]+$/, "")}-${digest}`;
}

const sourceTags: Readonly<Record<Definition["source"], readonly string[]>> = {
  crd: ["kubernetes"],
  xrd: ["kubernetes", "crossplane"],
  kro: ["kubernetes", "kro"],
  terraform: ["terraform"],
  helm: ["helm"],
  openapi: ["openapi"],
  "json-schema": ["json-schema"],
};

function tagsOf({ source }: Definition): string[] {
  return [...sourceTags[source]];
}

function sourceOf({ source, subject, name }: Definition): string {
  if (subject.kind === "resource") return `${source} ${subject.apiVersion} ${subject.resourceKind}`;
  if (subject.kind === "chart") return `${source} ${subject.chart} ${subject.version}`;
  return `${source} ${name}`;
}

function stepsOf(definition: Definition, form: TemplateForm, parts: Parts): JsonValue[] {
  const { component, skeleton, options } = parts;
  const { publish = "gitea", verifiers = [] } = options;
  const verify = {
    id: "verify",
    name: "Verify dependencies",
    action: "cnoe:verify:dependency",
    input: { verifiers: [...verifiers] },
  };
  const fill = {
    id: "template",
    name: "Fill in the skeleton",
    action: "fetch:template",
    input: {
      url: "./skeleton",
      ...(component.path !== undefined && { targetPath: expression(component.path) }),
      values: { component: componentValues(component), answers: answersOf(definition, form), breaks: [...yamlBreaks] },
    },
  };
  return [
    ...(verifiers.length > 0 ? [verify] : []),
    fill,
    ...publishSteps(definition, publish, parts),
    ...secretSteps(definition, form, parts),
    ...deploySteps(skeleton, publish, parts),
  ];
}

function componentValues({
  name,
  owner,
  namespace,
  gitUrl,
  moduleSource,
  chartRepository,
  credentials,
}: Component): JsonObject {
  const values = { name, owner, namespace, gitUrl, moduleSource, chartRepository, credentials };
  const filled: JsonObject = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) filled[key] = expression(value);
  return filled;
}

/** Answers one by one, so that a template says what it uses, and secrets never reach a file. */
function answersOf({ subject }: Definition, { pages, secrets }: TemplateForm): JsonObject {
  const hidden = new Set(subject.kind === "module" ? subject.sensitive : []);
  for (const [name, ...deeper] of secrets) if (name !== undefined && deeper.length === 0) hidden.add(name);
  const answers: JsonObject = {};
  for (const name of propertiesOf(pages).keys()) {
    if (!hidden.has(name)) answers[name] = expression(fieldOf("parameters", name));
  }
  return answers;
}

function publishSteps(definition: Definition, publish: Publish, { component, skeleton }: Parts): JsonValue[] {
  const { name, repoUrl } = component;
  const description = summaryOf(definition);
  if (publish === "gitea") {
    const input = { description: literalText(description), repoUrl, defaultBranch: "main" };
    return [{ id: "publish", name: "Publish to Gitea", action: "publish:gitea", input }];
  }
  if (publish === "github") {
    const input = { description: literalText(description), repoUrl: expression(repoUrl), defaultBranch: "main" };
    return [{ id: "publish", name: "Publish to GitHub", action: "publish:github", input }];
  }
  if (publish === "pull-request") {
    const input = {
      repoUrl: expression(repoUrl),
      branchName: `add-${definition.name}-${expression(name)}`,
      title: `Add ${definition.title} ${expression(name)}`,
      description: literalText(description),
    };
    return [{ id: "publish", name: "Open a pull request", action: "publish:github:pull-request", input }];
  }
  const namespaced = definition.subject.kind !== "resource" || definition.subject.namespaced;
  const input = { namespaced, manifestPath: skeleton.deployed ?? "" };
  return [{ id: "apply", name: "Apply to the cluster", action: "cnoe:kubernetes:apply", input }];
}

/** A form without secrets that nothing is made of: those that a Secret of tofu-controller cannot hold, or that there is none for. */
function withoutUnused(definition: Definition, form: TemplateForm, options: CompleteOptions): TemplateForm {
  if (definition.subject.kind !== "module") return form;
  const { publish = "gitea" } = options;
  const kept = new Set(
    hasTofu(definition, options) && makesRepository(publish) ? form.secrets.map(([name]) => name) : [],
  );
  const unused = new Set(definition.subject.sensitive.filter((name) => !kept.has(name)));
  if (unused.size === 0) return form;
  return {
    ...form,
    secrets: form.secrets.filter(([name = ""]) => !unused.has(name)),
    pages: form.pages.map((page) => ({ ...page, schema: withoutProperties(page.schema, unused) })),
  };
}

function withoutProperties(schema: JsonObject, names: ReadonlySet<string>): JsonObject {
  const { properties, required } = schema;
  const kept = isJsonObject(properties) ? Object.entries(properties).filter(([name]) => !names.has(name)) : [];
  return {
    ...schema,
    properties: Object.fromEntries(kept),
    ...(Array.isArray(required) && {
      required: required.filter((name) => typeof name !== "string" || !names.has(name)),
    }),
  };
}

/** A Secret with the secret answers of a module, made in the cluster only, where tofu-controller reads variables from. */
function secretSteps(definition: Definition, { secrets }: TemplateForm, { component, options }: Parts): JsonValue[] {
  const { publish = "gitea" } = options;
  const names = secrets.flatMap(([name, ...deeper]) => (name !== undefined && deeper.length === 0 ? [name] : []));
  if (names.length === 0 || !hasTofu(definition, options) || !makesRepository(publish)) return [];
  const stringData: JsonObject = {};
  for (const name of names) stringData[name] = expression(fieldOf("secrets", name));
  const manifestObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `${expression(component.name)}-variables`, namespace: fluxNamespace },
    stringData,
  };
  return [
    {
      id: "secrets",
      name: "Keep the secrets in the cluster",
      action: "cnoe:kubernetes:apply",
      input: { namespaced: true, manifestObject },
    },
  ];
}

function deploySteps({ deployed }: Skeleton, publish: Publish, { component }: Parts): JsonValue[] {
  if (!makesRepository(publish)) return [];
  const application = {
    id: "create-argocd-app",
    name: "Create the Argo CD Application",
    action: "cnoe:create-argocd-app",
    input: {
      appName: expression(component.name),
      appNamespace: expression(component.namespace),
      argoInstance: "in-cluster",
      projectName: "default",
      repoUrl: "${{ steps['publish'].output.remoteUrl }}",
      path: deployed ?? "",
    },
  };
  const register = {
    id: "register",
    name: "Register in the catalog",
    action: "catalog:register",
    input: {
      repoContentsUrl: "${{ steps['publish'].output.repoContentsUrl }}",
      catalogInfoPath: publish === "github" ? "/catalog-info.yaml" : "catalog-info.yaml",
    },
  };
  return deployed === undefined ? [register] : [application, register];
}

function outputOf({ subject }: Definition, { options }: Parts): JsonObject {
  const { publish = "gitea" } = options;
  const remote = "${{ steps['publish'].output.remoteUrl }}";
  const links: JsonValue[] = [];
  if (publish === "pull-request") links.push({ title: "Pull request", url: remote });
  if (makesRepository(publish)) {
    links.push({ title: "Repository", url: remote });
    links.push({ title: "Open in catalog", icon: "catalog", entityRef: "${{ steps['register'].output.entityRef }}" });
  }
  const outputs = subject.kind === "module" ? subject.outputs : [];
  const lines = outputs.map(
    ({ name, description = "" }) =>
      `- \`${name}\`${description === "" ? "" : `: ${description.replace(/\s+/g, " ").trim()}`}`,
  );
  return {
    ...(links.length > 0 && { links }),
    ...(lines.length > 0 && { text: [{ title: "Outputs of the module", content: literalText(lines.join("\n")) }] }),
  };
}

function leadOf({ subject, title }: Definition, { files, deployed }: Skeleton): string {
  const file = files[0]?.path ?? "";
  const where = deployed === undefined ? "" : ` Argo CD keeps the cluster equal to \`${deployed}\`.`;
  if (subject.kind === "resource") {
    return `\`${file}\` is a ${subject.resourceKind} of \`${subject.apiVersion}\`.${where}`;
  }
  if (subject.kind === "module") return `\`${file}\` calls the module ${title}.${where}`;
  if (subject.kind === "chart")
    return `\`${file}\` installs the chart ${subject.chart} ${subject.version}; its values are beside it.${where}`;
  return `\`${file}\` holds what was filled in for ${title}.`;
}

function distinct(notes: readonly Note[]): Note[] {
  return [...new Map(notes.map((note) => [`${note.at}\n${note.message}`, note])).values()];
}
