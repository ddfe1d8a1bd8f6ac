import { type JsonObject, type Schema, validateSchema } from "../../apimachinery/index.ts";
import { anyObject, fields, flag, intOrString, list, mapOf, text } from "./schema.ts";

export type NameValue = { name: string; value: string };

/** `directory` of a source: plain manifests. */
export type DirectorySource = {
  recurse?: boolean;
  include?: string;
  exclude?: string;
  disableExtensionFilter?: boolean;
  jsonnet?: { extVars?: JsonnetVariable[]; tlas?: JsonnetVariable[]; libs?: string[] };
};
type JsonnetVariable = NameValue & { code?: boolean };

export type HelmSource = {
  valueFiles?: string[];
  values?: string;
  valuesObject?: JsonObject;
  parameters?: { name?: string; value?: string; forceString?: boolean }[];
  fileParameters?: { name?: string; path?: string }[];
  releaseName?: string;
  version?: string;
  namespace?: string;
  kubeVersion?: string;
  apiVersions?: string[];
  skipCrds?: boolean;
  skipTests?: boolean;
  skipSchemaValidation?: boolean;
  ignoreMissingValueFiles?: boolean;
  passCredentials?: boolean;
};

export type KustomizeSource = {
  namePrefix?: string;
  nameSuffix?: string;
  namespace?: string;
  images?: string[];
  replicas?: { name: string; count: number | string }[];
  commonLabels?: Record<string, string>;
  forceCommonLabels?: boolean;
  labelWithoutSelector?: boolean;
  labelIncludeTemplates?: boolean;
  commonAnnotations?: Record<string, string>;
  forceCommonAnnotations?: boolean;
  commonAnnotationsEnvsubst?: boolean;
  patches?: {
    path?: string;
    patch?: string;
    target?: Record<string, string>;
    options?: Record<string, boolean>;
  }[];
  components?: string[];
  ignoreMissingComponents?: boolean;
  version?: string;
  kubeVersion?: string;
  apiVersions?: string[];
};

export type PluginSource = { name?: string; env?: NameValue[]; parameters?: JsonObject[] };

/** Where manifests come from: a path in a Git repository, or a chart in a Helm repository. */
export type ApplicationSource = {
  repoURL: string;
  path?: string;
  targetRevision?: string;
  chart?: string;
  ref?: string;
  name?: string;
  tagPrefix?: string;
  directory?: DirectorySource;
  helm?: HelmSource;
  kustomize?: KustomizeSource;
  plugin?: PluginSource;
};

const jsonnetVariables = list(
  fields({ name: text(), value: text(), code: flag("Whether the value is Jsonnet code instead of a string.") }, [
    "name",
    "value",
  ]),
);

const directory = fields(
  {
    recurse: flag("Whether to read directories below the path too."),
    include: text("Glob of the files to read, relative to the path; several as `{a,b}`."),
    exclude: text("Glob of the files to leave out; beats `include`."),
    disableExtensionFilter: flag("Whether to read files of every extension, not only .yaml, .yml, .json and .jsonnet."),
    jsonnet: fields({
      extVars: jsonnetVariables,
      tlas: jsonnetVariables,
      libs: list(text(), "Further library directories."),
    }),
  },
  [],
  "Options for a directory of plain manifests.",
);

const helm = fields(
  {
    valueFiles: list(text(), "Values files, later ones win; `$ref/path` reads from the source with that `ref`."),
    values: text("Values as a YAML text; they win over value files."),
    valuesObject: anyObject("Values as an object; used instead of `values`."),
    parameters: list(
      fields({
        name: text(),
        value: text(),
        forceString: flag("Whether numbers and booleans stay strings."),
      }),
      "Single values, as with `helm template --set`; they win over all other values.",
    ),
    fileParameters: list(fields({ name: text(), path: text() }), "Single values whose content is read from a file."),
    releaseName: text("Name of the release; the name of the application when absent."),
    version: text("Helm version to use."),
    namespace: text("Namespace of the release; that of the destination when absent."),
    kubeVersion: text("Kubernetes version that the chart is told; that of the cluster when absent."),
    apiVersions: list(text(), "API versions that the chart is told; those of the cluster when absent."),
    skipCrds: flag("Whether to leave out the chart's `crds` directory."),
    skipTests: flag("Whether to leave out test hooks."),
    skipSchemaValidation: flag("Whether to skip the check against `values.schema.json`."),
    ignoreMissingValueFiles: flag("Whether a values file that does not exist is no error."),
    passCredentials: flag("Whether credentials are sent to other hosts too."),
  },
  [],
  "Options for a Helm chart.",
);

const kustomize = fields(
  {
    namePrefix: text("Put before the name of every resource."),
    nameSuffix: text("Put after the name of every resource."),
    namespace: text("Namespace of every resource."),
    images: list(text(), "Image replacements, `[old=]new[:tag|@digest]`."),
    replicas: list(fields({ name: text(), count: intOrString() }, ["count", "name"])),
    commonLabels: mapOf(text()),
    forceCommonLabels: flag("Whether labels that exist are replaced."),
    labelWithoutSelector: flag("Whether labels are kept out of selectors."),
    labelIncludeTemplates: flag("Whether labels go into pod templates."),
    commonAnnotations: mapOf(text()),
    forceCommonAnnotations: flag("Whether annotations that exist are replaced."),
    commonAnnotationsEnvsubst: flag("Whether build variables are replaced in annotation values."),
    patches: list(
      fields({
        path: text("File with the patch."),
        patch: text("The patch itself, strategic merge or JSON 6902."),
        target: fields({
          group: text(),
          version: text(),
          kind: text(),
          name: text(),
          namespace: text(),
          labelSelector: text(),
          annotationSelector: text(),
        }),
        options: mapOf(flag()),
      }),
    ),
    components: list(text(), "Kustomize components to add."),
    ignoreMissingComponents: flag("Whether a component that does not exist is no error."),
    version: text("Kustomize version to use."),
    kubeVersion: text("Kubernetes version passed on to Helm."),
    apiVersions: list(text(), "API versions passed on to Helm."),
  },
  [],
  "Options for a kustomization.",
);

const plugin = fields(
  {
    name: text("Name of the config management plugin; found by discovery when absent."),
    env: list(fields({ name: text(), value: text() }, ["name", "value"])),
    parameters: list(fields({ name: text(), string: text(), map: mapOf(text()), array: list(text()) })),
  },
  [],
  "Options for a config management plugin.",
);

const tools = { directory, helm, kustomize, plugin };

export const sourceSchema: Schema = fields(
  {
    repoURL: text("URL of the Git or Helm repository."),
    path: text("Directory in the Git repository."),
    targetRevision: text(
      "Branch, tag, commit or version range. Absent means HEAD in Git; a Helm chart must have a version.",
    ),
    chart: text("Name of the chart in a Helm repository."),
    ref: text("Name under which value files of other sources can refer to this one."),
    name: text("Name of this source among several."),
    tagPrefix: text("What stands before the version in the tags that a version range is matched with."),
    ...tools,
  },
  ["repoURL"],
  "Where the manifests of the application come from.",
);

/**
 * Checks that a value is a source as the API server would accept it in an Application.
 *
 * @throws {Error} naming each wrong field
 */
export function parseSource(value: JsonObject): ApplicationSource {
  const causes = validateSchema(value, sourceSchema);
  if (causes.length > 0) throw new Error(causes.map(({ field, message }) => `${field}: ${message}`).join(", "));
  return value as ApplicationSource;
}

export const hydratorSchema: Schema = fields(
  {
    drySource: fields({ repoURL: text(), path: text(), targetRevision: text(), ...tools }, [
      "path",
      "repoURL",
      "targetRevision",
    ]),
    syncSource: fields(
      {
        repoURL: text(),
        targetBranch: text(),
        path: { type: "string", minLength: 1, pattern: "^.{2,}|[^./]$" },
      },
      ["path", "targetBranch"],
    ),
    hydrateTo: fields({ targetBranch: text() }, ["targetBranch"]),
  },
  ["drySource", "syncSource"],
  "Renders a source into a branch and applies from there.",
);
