import { isJsonObject } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { addShape, emptyShape } from "./answer-shape.ts";
import { chartSkeleton } from "./chart-skeleton.ts";
import type { CompleteOptions, Publish, Skeleton, TemplateForm } from "./complete-options.ts";
import { documentAnswers } from "./document-answers.ts";
import { moduleSkeleton } from "./module-skeleton.ts";
import { expression, literalText, propertiesOf } from "./nunjucks.ts";
import { orderedYaml } from "./ordered-yaml.ts";
import { answersObject, fieldLines, yamlMacros } from "./yaml-skeleton.ts";

/** @throws {Error} for what cannot be applied straight to a cluster */
export function skeletonOf(definition: Definition, form: TemplateForm, options: CompleteOptions): Skeleton {
  const { publish = "gitea" } = options;
  const { subject } = definition;
  if (subject.kind === "resource") return resourceSkeleton(definition, form, publish);
  if (subject.kind === "chart") return chartSkeleton(definition, form, publish);
  if (publish === "apply") {
    const what = subject.kind === "module" ? "a Terraform module" : "a document of no known kind";
    throw new Error(`Cannot make a template of ${definition.title} that applies to the cluster: it is ${what}`);
  }
  if (subject.kind === "module") return moduleSkeleton(definition, form, options);
  const name = publish === "pull-request" ? `${expression("values.component.name")}.yaml` : `${definition.name}.yaml`;
  const { answers, shape } = documentAnswers(definition, form, "");
  const content = `${yamlMacros(shape)}# ${literalText(oneLine(definition.title))}${fieldLines(answers, "")}\n`;
  return { files: [{ path: name, content }], deployed: undefined };
}

function resourceSkeleton(definition: Definition, form: TemplateForm, publish: Publish): Skeleton {
  const { subject, schema } = definition;
  if (subject.kind !== "resource") return { files: [], deployed: undefined };
  const { apiVersion, resourceKind, namespaced } = subject;
  const hasSpec = isJsonObject(schema["properties"]) && Object.hasOwn(schema["properties"], "spec");
  const properties = propertiesOf(form.pages);
  const shape = emptyShape();
  for (const [name, parts] of properties) {
    const place = name !== "config" ? `/${name}` : hasSpec ? "/spec" : "";
    for (const part of parts) addShape(shape, part, place);
  }
  const needsSpec = hasSpec && Array.isArray(schema["required"]) && schema["required"].includes("spec");
  if (needsSpec) shape.kept.add("/spec");
  const others = [...properties.keys()].filter((name) => !["name", "namespace", "config"].includes(name));
  const spec = hasSpec ? [`"spec": values.answers.config${needsSpec ? " or {}" : ""}`] : [];
  const object = answersObject(others, spec);
  const rest = `${fieldLines(object, "")}${hasSpec ? "" : fieldLines("values.answers.config or {}", "")}`;
  const head = orderedYaml({ apiVersion, kind: resourceKind });
  const namespace = namespaced ? `\n  namespace: ${expression('word(values.answers.namespace or "default")')}` : "";
  const manifest = `${yamlMacros(shape)}${literalText(head)}metadata:
  name: ${expression("word(values.answers.name)")}${namespace}${rest}
`;
  const file = `${resourceKind.toLowerCase()}.yaml`;
  if (publish === "pull-request") {
    return { files: [{ path: `${expression("values.component.name")}.yaml`, content: manifest }], deployed: undefined };
  }
  if (publish === "apply") return { files: [{ path: file, content: manifest }], deployed: file };
  return { files: [{ path: `manifests/${file}`, content: manifest }], deployed: "manifests" };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
