import type { KubeObject, Schema } from "../../apimachinery/index.ts";
import { appProjectSchema } from "./app-project.ts";
import { applicationSchema } from "./application.ts";
import { applicationSetSchema } from "./application-set.ts";

type Column = { name: string; type: string; jsonPath: string; priority?: number };
type Definition = {
  kind: string;
  plural: string;
  shortNames: string[];
  schema: Schema;
  columns?: Column[];
  /** Only ApplicationSet has one: whoever writes the status of an Application writes the main resource. */
  statusSubresource?: boolean;
};

const definitions: readonly Definition[] = [
  {
    kind: "Application",
    plural: "applications",
    shortNames: ["app", "apps"],
    schema: applicationSchema,
    columns: [
      { name: "Sync Status", type: "string", jsonPath: ".status.sync.status" },
      { name: "Health Status", type: "string", jsonPath: ".status.health.status" },
      { name: "Revision", type: "string", jsonPath: ".status.sync.revision", priority: 10 },
      { name: "Project", type: "string", jsonPath: ".spec.project", priority: 10 },
    ],
  },
  {
    kind: "ApplicationSet",
    plural: "applicationsets",
    shortNames: ["appset", "appsets"],
    schema: applicationSetSchema,
    statusSubresource: true,
  },
  {
    kind: "AppProject",
    plural: "appprojects",
    shortNames: ["appproj", "appprojs"],
    schema: appProjectSchema,
  },
];

/** The definitions of Application, ApplicationSet and AppProject, `argoproj.io/v1alpha1`, as Argo CD serves them. */
export function argoprojCrds(): KubeObject[] {
  return definitions.map(customResourceDefinition);
}

function customResourceDefinition({
  kind,
  plural,
  shortNames,
  schema,
  columns,
  statusSubresource,
}: Definition): KubeObject {
  const name = `${plural}.argoproj.io`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name, labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd" } },
    spec: {
      group: "argoproj.io",
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(columns !== undefined && { additionalPrinterColumns: columns }),
          subresources: statusSubresource === true ? { status: {} } : {},
        },
      ],
    },
  };
}
