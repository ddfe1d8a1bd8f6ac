import type { JsonObject } from "../../apimachinery/index.ts";
import type { Definition, OutputFile } from "../definition.ts";
import { expression, literalText } from "./nunjucks.ts";
import { orderedYaml } from "./ordered-yaml.ts";

/** Files of the skeleton that the portal reads: the catalog entry, and how the documentation is built. */
export function portalFiles(definition: Definition): OutputFile[] {
  return [
    { path: "catalog-info.yaml", content: catalogInfo(definition) },
    { path: "mkdocs.yml", content: mkdocs },
  ];
}

const nameOf = expression("values.component.name | dump");

/** A Component, as CNOE's own templates make of buckets and clusters: its page is the one with the Argo CD and Kubernetes tabs. */
function catalogInfo(definition: Definition): string {
  const { subject } = definition;
  const description = literalText(JSON.stringify(summaryOf(definition)));
  const application = subject.kind === "document" ? "" : `    argocd/app-name: ${nameOf}\n`;
  const namespace =
    subject.kind === "document"
      ? ""
      : `    backstage.io/kubernetes-namespace: ${expression("values.component.namespace | dump")}\n`;
  return `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${nameOf}
  description: ${description}
  annotations:
${application}${namespace}    backstage.io/techdocs-ref: dir:.
spec:
  type: ${componentType(definition)}
  lifecycle: experimental
  owner: ${expression("values.component.owner | dump")}
`;
}

const mkdocs = `site_name: ${nameOf}
nav:
  - Home: index.md
plugins:
  - techdocs-core
`;

/** One sentence that says what is made. */
export function summaryOf({ subject, title, description }: Definition): string {
  const first = /^[^\n]*?[.!?](?=\s|$)|^[^\n]+/.exec(description?.trim() ?? "")?.[0];
  if (first !== undefined && first.length <= summaryMax) return first;
  if (subject.kind === "resource") return `${subject.resourceKind} of ${subject.apiVersion}`;
  if (subject.kind === "module") return `Terraform module ${title}`;
  return subject.kind === "chart" ? `Helm chart ${subject.chart} ${subject.version}` : title;
}

/** Longer ones do not fit the cards on which the portal shows templates. */
const summaryMax = 200;

/** A type of the catalog: kind, module and chart by their names. */
function componentType({ subject, name }: Definition): string {
  const type = subject.kind === "resource" ? subject.resourceKind : subject.kind === "chart" ? "service" : name;
  return orderedYaml(type.toLowerCase()).trim();
}

/**
 * A `catalog-info.yaml` that brings templates into the catalog.
 *
 * @param paths of the templates, relative to the folder of the file
 */
export function templatesLocation(
  paths: readonly string[],
  {
    name = "templates",
    description = "Templates made by skiff template",
  }: { name?: string; description?: string } = {},
): OutputFile {
  const location: JsonObject = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Location",
    metadata: { name, description },
    spec: { targets: paths.map((path) => (path.startsWith("./") ? path : `./${path}`)) },
  };
  return { path: "catalog-info.yaml", content: orderedYaml(location) };
}
