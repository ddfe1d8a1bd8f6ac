import type { JsonObject } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import type { CompleteOptions, Publish, TemplateForm } from "./complete-options.ts";
import { fieldOf, propertiesOf } from "./nunjucks.ts";

/**
 * What a template makes beside the answers, as expressions of its steps.
 *
 * @property page asks for what they need; absent when nothing is asked
 * @property name of repository, Application and catalog entry
 * @property namespace that Argo CD deploys to
 * @property gitUrl of the new repository, as seen from inside the cluster; for those that make one
 */
export type Component = {
  page: TemplateForm["pages"][number] | undefined;
  name: string;
  owner: string;
  namespace: string;
  gitUrl: string | undefined;
  repoUrl: string;
  path: string | undefined;
  moduleSource: string | undefined;
  chartRepository: string | undefined;
  credentials: string | undefined;
};

/** Where Flux and Argo CD reach Gitea from inside a cluster that idpbuilder or Skiff made. */
const giteaInCluster = "http://my-gitea-http.gitea.svc.cluster.local:3000";

/** Where Flux's and tofu-controller's objects live in CNOE's stacks. */
export const fluxNamespace = "flux-system";

/** Questions about the repository and what stands around the answers, under names that the form does not use. */
export function componentOf(definition: Definition, form: TemplateForm, options: CompleteOptions): Component {
  const { subject } = definition;
  const publish = options.publish ?? "gitea";
  const taken = new Set(propertiesOf(form.pages).keys());
  const questions = new Questions(taken);
  const asked = askName(questions, definition, publish);
  const repoUrl = askRepository(questions, asked, publish, options);
  const name = publish === "github" ? `${repoUrl} | parseRepoUrl | pick("repo")` : asked;
  const owner = makesRepository(publish) ? askOwner(questions, options) : JSON.stringify(options.owner ?? "guests");
  const path = publish === "pull-request" ? askPath(questions, definition) : undefined;
  return {
    name,
    owner,
    repoUrl,
    path,
    namespace: askNamespace(questions, definition, taken),
    gitUrl:
      hasTofu(definition, options) && makesRepository(publish) ? gitUrl(name, publish, options, repoUrl) : undefined,
    moduleSource: subject.kind === "module" ? askModuleSource(questions, subject.address, options) : undefined,
    chartRepository: subject.kind === "chart" ? askChartRepository(questions, subject.repository, options) : undefined,
    credentials: hasTofu(definition, options) && makesRepository(publish) ? askCredentials(questions) : undefined,
    page: questions.page(publish),
  };
}

export function makesRepository(publish: Publish): boolean {
  return publish === "gitea" || publish === "github";
}

/** Whether objects of Flux and tofu-controller are made for a module. */
export function hasTofu({ subject }: Definition, { terraform = "tofu-controller" }: CompleteOptions): boolean {
  return subject.kind === "module" && terraform === "tofu-controller";
}

class Questions {
  readonly #taken: ReadonlySet<string>;
  readonly #properties: JsonObject = {};
  readonly #required: string[] = [];

  constructor(taken: ReadonlySet<string>) {
    this.#taken = taken;
  }

  /** @returns the expression of the answer */
  ask(names: readonly string[], property: JsonObject, isRequired: boolean): string {
    const free = [...names, ...names.map((name) => `${name}_`)].find(
      (name) => !this.#taken.has(name) && this.#properties[name] === undefined,
    );
    const name = free ?? `component_${Object.keys(this.#properties).length}`;
    this.#properties[name] = property;
    if (isRequired) this.#required.push(name);
    return fieldOf("parameters", name);
  }

  page(publish: Publish): Component["page"] {
    if (Object.keys(this.#properties).length === 0) return undefined;
    const title = publish === "apply" ? "Deployment" : "Repository";
    const required = this.#required.length > 0 && { required: this.#required };
    return { title, description: pageDescriptions[publish], schema: { ...required, properties: this.#properties } };
  }
}

const pageDescriptions: Readonly<Record<Publish, string>> = {
  gitea: "A new repository of Gitea for what was filled in.",
  github: "A new repository of GitHub for what was filled in.",
  "pull-request": "The repository that the pull request with what was filled in goes to.",
  apply: "What was filled in is applied to the cluster.",
};

/** A name that repositories, Applications and catalog entries can have alike. */
const componentName: JsonObject = {
  type: "string",
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  maxLength: 63,
};

function askName(questions: Questions, { subject }: Definition, publish: Publish): string {
  if (publish === "github") return ""; // The address of the repository says it; see askRepository.
  if (subject.kind !== "resource") {
    const description = "Name of the new component. It is the name of the repository too.";
    const property = { title: "Name", description, ...componentName, "ui:autofocus": true };
    return questions.ask(["name", "repository", "componentName"], property, true);
  }
  if (publish !== "gitea") return "parameters.name";
  const title = "Repository name";
  const description =
    "Also the name of the Argo CD Application and of the catalog entry. The name of the resource when left blank.";
  return `${questions.ask(["repository", "repositoryName"], { title, description, ...componentName }, false)} or parameters.name`;
}

function askRepository(questions: Questions, name: string, publish: Publish, options: CompleteOptions): string {
  if (publish === "apply") return "";
  if (publish === "gitea") return `${options.host ?? "git.skiff.localhost:8443"}?repo=\${{ ${name} }}`;
  const { host = "github.com" } = options;
  const property = {
    title: "Repository Location",
    type: "string",
    "ui:field": "RepoUrlPicker",
    "ui:options": { allowedHosts: [host] },
  };
  return questions.ask(["repoUrl", "repositoryUrl"], property, true);
}

function askOwner(questions: Questions, { owner = "guests" }: CompleteOptions): string {
  const property = {
    title: "Owner",
    description: "Who owns the component in the catalog.",
    type: "string",
    default: owner,
    "ui:field": "OwnerPicker",
    "ui:options": { catalogFilter: { kind: ["Group", "User"] } },
  };
  return `${questions.ask(["owner", "componentOwner"], property, false)} or ${JSON.stringify(owner)}`;
}

function askPath(questions: Questions, { subject }: Definition): string {
  const path = subject.kind === "module" ? "terraform" : subject.kind === "chart" ? "charts" : "manifests";
  const property = {
    title: "Path",
    description: "Folder in the repository, made when it is not there.",
    type: "string",
    default: path,
  };
  return `${questions.ask(["path", "repositoryPath"], property, false)} or ${JSON.stringify(path)}`;
}

function askNamespace(questions: Questions, { subject }: Definition, taken: ReadonlySet<string>): string {
  if (subject.kind === "module") return JSON.stringify(fluxNamespace);
  if (subject.kind === "resource") {
    return subject.namespaced && taken.has("namespace") ? 'parameters.namespace or "default"' : '"default"';
  }
  if (subject.kind === "document") return '"default"';
  const property = {
    title: "Namespace",
    description: "Where the chart is installed. The namespace has to be there.",
    type: "string",
    default: "default",
  };
  return `${questions.ask(["namespace", "targetNamespace"], property, false)} or "default"`;
}

function askModuleSource(questions: Questions, address: string, { moduleSource }: CompleteOptions): string {
  const known = moduleSource ?? address;
  if (known !== "" && !isLocal(known)) return JSON.stringify(known);
  const property = {
    title: "Address of the module",
    description:
      "Where Terraform finds the module: Git, registry or archive, such as git::https://example.com/network.git?ref=v1.2.0",
    type: "string",
    minLength: 1,
  };
  return questions.ask(["moduleSource", "moduleAddress"], property, true);
}

/** A folder beside the caller, which a new repository does not have. */
function isLocal(address: string): boolean {
  return /^(?:\.{1,2}(?:[/\\]|$)|[/\\~]|[A-Za-z]:[/\\]|file:)/.test(address);
}

function askChartRepository(questions: Questions, repository: string | undefined, options: CompleteOptions): string {
  const known = options.chartRepository ?? repository;
  if (known !== undefined && known !== "") return JSON.stringify(known);
  const property = {
    title: "Chart repository",
    description:
      "Where the chart is published, such as https://charts.example.com or oci://registry.example.com/charts",
    type: "string",
    pattern: "^(https?|oci)://",
  };
  return questions.ask(["chartRepository", "chartRepositoryUrl"], property, true);
}

function askCredentials(questions: Questions): string {
  const property = {
    title: "Secret with credentials",
    description: `A Secret in ${fluxNamespace} whose keys are the provider's environment variables, such as aws-credentials. None when left blank.`,
    type: "string",
  };
  return questions.ask(["credentialsSecret", "credentialsSecretName"], property, false);
}

function gitUrl(name: string, publish: Publish, { account = "giteaAdmin" }: CompleteOptions, repoUrl: string): string {
  if (publish === "gitea") return `"${giteaInCluster}/${account}/" ~ (${name}) ~ ".git"`;
  const part = (key: string) => `(${repoUrl} | parseRepoUrl | pick("${key}"))`;
  return `"https://" ~ ${part("host")} ~ "/" ~ ${part("owner")} ~ "/" ~ ${part("repo")}`;
}
