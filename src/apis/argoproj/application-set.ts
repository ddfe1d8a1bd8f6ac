import {
  invalid,
  type JsonObject,
  type KubeObject,
  type ObjectMeta,
  type Schema,
  validateSchema,
} from "../../apimachinery/index.ts";
import { type ApplicationSpec, applicationSpecSchema, resourceStatusSchema } from "./application.ts";
import { anyObject, anyValue, described, fields, flag, int, intOrString, list, mapOf, text, time } from "./schema.ts";

export type LabelSelectorObject = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

export type GitGenerator = {
  repoURL: string;
  revision: string;
  directories?: { path: string; exclude?: boolean }[];
  files?: { path: string; exclude?: boolean }[];
  pathParamPrefix?: string;
  requeueAfterSeconds?: number;
  values?: Record<string, string>;
  template?: JsonObject;
};

/** One generator: exactly one of its fields is set, beside `selector`. */
export type Generator = {
  list?: { elements?: JsonObject[]; elementsYaml?: string; template?: JsonObject };
  clusters?: {
    selector?: LabelSelectorObject;
    values?: Record<string, string>;
    flatList?: boolean;
    template?: JsonObject;
  };
  git?: GitGenerator;
  selector?: LabelSelectorObject;
  [generator: string]: unknown;
};

export type ApplicationSetTemplate = {
  metadata: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec: ApplicationSpec;
};

export type ApplicationSetSpec = {
  generators: Generator[];
  template: ApplicationSetTemplate;
  goTemplate?: boolean;
  goTemplateOptions?: string[];
  templatePatch?: string;
  syncPolicy?: {
    applicationsSync?: "create-only" | "create-update" | "create-delete" | "sync";
    preserveResourcesOnDeletion?: boolean;
  };
  strategy?: JsonObject;
  preservedFields?: { annotations?: string[]; labels?: string[] };
  ignoreApplicationDifferences?: { name?: string; jsonPointers?: string[]; jqPathExpressions?: string[] }[];
  applyNestedSelectors?: boolean;
};

export type ApplicationSetCondition = {
  type: "ErrorOccurred" | "ParametersGenerated" | "ResourcesUpToDate" | "RolloutProgressing";
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime?: string;
};

export type ApplicationSet = KubeObject & {
  metadata: ObjectMeta & { name: string };
  spec: ApplicationSetSpec;
  status?: { conditions?: ApplicationSetCondition[]; resources?: JsonObject[]; resourcesCount?: number };
};

const selector = fields({
  matchLabels: mapOf(text()),
  matchExpressions: list(fields({ key: text(), operator: text(), values: list(text()) }, ["key", "operator"])),
});
const template = anyObject("Overrides parts of `spec.template` for what this generator gives.");
const values = mapOf(text(), "Further parameters, as `values.<name>`.");
const requeueAfterSeconds = int("How often to look for changes.");
const paths = list(fields({ path: text(), exclude: flag() }, ["path"]));

const leafGenerators = {
  list: fields(
    { elements: list(anyValue()), elementsYaml: text("Elements as a YAML text, which may be templated."), template },
    [],
    "One set of parameters per element.",
  ),
  clusters: fields({ selector, values, flatList: flag(), template }, [], "One set of parameters per cluster."),
  git: fields(
    {
      repoURL: text(),
      revision: text(),
      directories: described(paths, "One set of parameters per directory that a glob matches."),
      files: described(paths, "One set of parameters per file that a glob matches, with the fields in it."),
      pathParamPrefix: text("Put before the names of the path parameters."),
      requeueAfterSeconds,
      values,
      template,
    },
    ["repoURL", "revision"],
    "Parameters from directories or files in a repository.",
  ),
  plugin: anyObject("Parameters from a plugin."),
  pullRequest: anyObject("One set of parameters per open pull request."),
  scmProvider: anyObject("One set of parameters per repository of an organization."),
  clusterDecisionResource: anyObject("Parameters from a resource that decides about clusters."),
  selector: described(selector, "Keeps only the sets of parameters whose values match."),
};
const nested = list(fields({ ...leafGenerators, matrix: anyValue(), merge: anyValue() }));

const templateSchema = fields(
  {
    metadata: fields({
      name: text(),
      namespace: text(),
      labels: mapOf(text()),
      annotations: mapOf(text()),
      finalizers: list(text()),
    }),
    spec: applicationSpecSchema,
  },
  ["metadata", "spec"],
  "The Application made from each set of parameters.",
);

export const applicationSetSchema: Schema = fields(
  {
    apiVersion: text(),
    kind: text(),
    metadata: { type: "object" },
    spec: fields(
      {
        generators: list(
          fields({
            ...leafGenerators,
            matrix: fields(
              { generators: nested, template },
              ["generators"],
              "Every pair of two generators' parameters.",
            ),
            merge: fields(
              { generators: nested, mergeKeys: list(text()), template },
              ["generators", "mergeKeys"],
              "Parameters of the first generator, overridden by those of the others with equal keys.",
            ),
          }),
          "Where the parameters come from.",
        ),
        template: templateSchema,
        goTemplate: flag("Whether templates are Go templates instead of `{{name}}` placeholders."),
        goTemplateOptions: list(text(), "Options of the Go template engine, for example `missingkey=error`."),
        templatePatch: text("A patch of the template, itself a template."),
        syncPolicy: fields({
          applicationsSync: { type: "string", enum: ["create-only", "create-update", "create-delete", "sync"] },
          preserveResourcesOnDeletion: flag("Whether the resources of an Application outlive it."),
        }),
        strategy: fields({
          type: text(),
          deletionOrder: text(),
          rollingSync: fields({
            steps: list(
              fields({
                matchExpressions: list(fields({ key: text(), operator: text(), values: list(text()) })),
                maxUpdate: intOrString(),
              }),
            ),
          }),
        }),
        preservedFields: fields({ annotations: list(text()), labels: list(text()) }),
        ignoreApplicationDifferences: list(
          fields({ name: text(), jsonPointers: list(text()), jqPathExpressions: list(text()) }),
        ),
        applyNestedSelectors: flag(),
      },
      ["generators", "template"],
    ),
    status: fields({
      conditions: list(
        fields({ type: text(), status: text(), reason: text(), message: text(), lastTransitionTime: time() }, [
          "message",
          "reason",
          "status",
          "type",
        ]),
      ),
      applicationStatus: list(
        fields(
          {
            application: text(),
            status: text(),
            message: text(),
            step: text(),
            targetRevisions: list(text()),
            lastTransitionTime: time(),
          },
          ["application", "message", "status", "step", "targetRevisions"],
        ),
      ),
      resources: list(resourceStatusSchema),
      resourcesCount: int(),
      health: fields({ status: text(), message: text(), lastTransitionTime: time() }),
    }),
  },
  ["metadata", "spec"],
  "Makes Applications from a template and sets of parameters.",
);

/**
 * Checks that an object is an ApplicationSet as the API server would accept it.
 *
 * @throws {StatusError} `Invalid`, with one cause per wrong field
 */
export function parseApplicationSet(object: KubeObject): ApplicationSet {
  const causes = validateSchema(object, applicationSetSchema);
  if (causes.length > 0) {
    throw invalid({ group: "argoproj.io", kind: "ApplicationSet" }, object.metadata.name ?? "", causes);
  }
  return object as ApplicationSet;
}
