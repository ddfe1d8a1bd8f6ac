import type { Definition } from "../definition.ts";
import type { Publish, Skeleton, TemplateForm } from "./complete-options.ts";
import { documentAnswers } from "./document-answers.ts";
import { expression, literalText, quoteLiteral } from "./nunjucks.ts";
import { orderedYaml } from "./ordered-yaml.ts";
import { yamlMacros } from "./yaml-skeleton.ts";

/**
 * A chart of its own around the one that is asked for: Argo CD fetches the dependency when it renders, `helm install` and bots
 * that raise versions know the shape, and values stay a file that people edit. An Application with the values in it would need
 * a second Application to create it, with rights on Argo CD's own namespace; only what is applied straight to the cluster is one.
 */
export function chartSkeleton(definition: Definition, form: TemplateForm, publish: Publish): Skeleton {
  const { subject } = definition;
  if (subject.kind !== "chart") return { files: [], deployed: undefined };
  const { chart, version } = subject;
  const { answers, shape } = documentAnswers(definition, form, publish === "apply" ? "/values" : `/${chart}`);
  if (publish === "apply") {
    const content = `${yamlMacros(shape)}${application(chart, version)}      valuesObject:${expression(`block(${answers}, "      ", "/values")`)}\n`;
    return { files: [{ path: "application.yaml", content }], deployed: "application.yaml" };
  }
  const folder = publish === "pull-request" ? expression("values.component.name") : "chart";
  const dependency = orderedYaml({ name: chart, version }).replace(/^/gm, "    ").replace(/^ {4}/, "  - ").trimEnd();
  const chartFile = `apiVersion: v2
name: ${expression("values.component.name | dump")}
description: ${literalText(JSON.stringify(`Installs the chart ${chart}`))}
type: application
version: 0.1.0
dependencies:
${literalText(dependency)}
    repository: ${expression("values.component.chartRepository | dump")}
`;
  const values = `${yamlMacros(shape)}# Values of the chart ${literalText(chart)}, below its name as Helm wants them for a dependency.
${literalText(orderedYaml(chart).trim())}:${expression(`block(${answers}, "", ${quoteLiteral(`/${chart}`)})`)}
`;
  return {
    files: [
      { path: `${folder}/Chart.yaml`, content: chartFile },
      { path: `${folder}/values.yaml`, content: values },
    ],
    deployed: publish === "pull-request" ? undefined : "chart",
  };
}

function application(chart: string, version: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${expression("values.component.name | dump")}
  namespace: argocd
spec:
  project: default
  destination:
    server: https://kubernetes.default.svc
    namespace: ${expression("values.component.namespace | dump")}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions:
      - CreateNamespace=true
  source:
    repoURL: ${expression('values.component.chartRepository | replace("oci://", "") | dump')}
    chart: ${literalText(orderedYaml(chart).trim())}
    targetRevision: ${literalText(orderedYaml(version).trim())}
    helm:
      releaseName: ${expression("values.component.name | dump")}
`;
}
