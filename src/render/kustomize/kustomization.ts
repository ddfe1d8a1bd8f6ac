import { anyFields, decode, flag, integer, list, mapOf, parseAsGo, type Shape, struct, text } from "./decode.ts";
import { KustomizeError } from "./kustomize-error.ts";
import type { Selector } from "./selector.ts";

type DecodedBy<S> = S extends Shape<infer T> ? T : never;

const gvkFields = { group: text, version: text, kind: text };
const idFields = { ...gvkFields, name: text, namespace: text };
const inGvk = { group: "Gvk", version: "Gvk", kind: "Gvk" };
const inId = { group: "ResId.Gvk", version: "ResId.Gvk", kind: "ResId.Gvk", name: "ResId", namespace: "ResId" };

export const fieldSpecShape = struct("FieldSpec", { ...gvkFields, path: text, create: flag }, inGvk);

export const selectorShape = struct("Selector", { ...idFields, annotationSelector: text, labelSelector: text }, inId);

export const patchShape = struct("Patch", {
  path: text,
  patch: text,
  target: selectorShape,
  options: mapOf(flag),
});

export const imageShape = struct("Image", { name: text, newName: text, tagSuffix: text, newTag: text, digest: text });

export const replicaShape = struct("Replica", { name: text, count: integer("int64") });

export const labelShape = struct("Label", {
  pairs: mapOf(text),
  includeSelectors: flag,
  includeTemplates: flag,
  fields: list(fieldSpecShape),
});

const generatorOptionsShape = struct("GeneratorOptions", {
  labels: mapOf(text),
  annotations: mapOf(text),
  disableNameSuffixHash: flag,
  immutable: flag,
});

const generatorFields = {
  namespace: text,
  name: text,
  behavior: text,
  literals: list(text),
  files: list(text),
  envs: list(text),
  env: text,
  options: generatorOptionsShape,
};

const inGeneratorArgs = {
  namespace: "GeneratorArgs",
  name: "GeneratorArgs",
  behavior: "GeneratorArgs",
  literals: "GeneratorArgs.KvPairSources",
  files: "GeneratorArgs.KvPairSources",
  envs: "GeneratorArgs.KvPairSources",
  env: "GeneratorArgs.KvPairSources",
  options: "GeneratorArgs",
};

export const metadataShape = struct("ObjectMeta", {
  name: text,
  namespace: text,
  labels: mapOf(text),
  annotations: mapOf(text),
});

export const configMapArgsShape = struct("ConfigMapArgs", generatorFields, inGeneratorArgs);
export const secretArgsShape = struct("SecretArgs", { ...generatorFields, type: text }, inGeneratorArgs);

const fieldOptionsShape = struct("FieldOptions", {
  delimiter: text,
  index: integer("int"),
  encoding: text,
  create: flag,
});

const sourceShape = struct("SourceSelector", { ...idFields, fieldPath: text, options: fieldOptionsShape }, inId);

const targetShape = struct("TargetSelector", {
  select: selectorShape,
  reject: list(selectorShape),
  fieldPaths: list(text),
  options: fieldOptionsShape,
});

const replacementFields = { source: sourceShape, targets: list(targetShape), sourceValue: text };

export const replacementShape = struct("Replacement", replacementFields);
export const replacementFieldShape = struct(
  "ReplacementField",
  { ...replacementFields, path: text },
  { source: "Replacement", targets: "Replacement", sourceValue: "Replacement" },
);

export const varShape = struct("Var", {
  name: text,
  objref: struct("Target", { apiVersion: text, ...idFields }, inGvk),
  fieldref: struct("FieldSelector", { fieldPath: text }),
});

const globalsFields = { chartHome: text, configHome: text };

const chartFields = {
  name: text,
  version: text,
  repo: text,
  releaseName: text,
  namespace: text,
  additionalValuesFiles: list(text),
  valuesFile: text,
  valuesInline: anyFields,
  valuesMerge: text,
  includeCRDs: flag,
  skipHooks: flag,
  apiVersions: list(text),
  kubeVersion: text,
  nameTemplate: text,
  skipTests: flag,
  debug: flag,
  devel: flag,
};

export const helmChartShape = struct("HelmChart", chartFields);
export const helmPluginShape = struct("HelmChart", { ...globalsFields, ...chartFields });

const oldHelmChartShape = struct("HelmChartArgs", {
  chartName: text,
  chartVersion: text,
  chartRepoUrl: text,
  chartHome: text,
  chartRepoName: text,
  helmBin: text,
  helmHome: text,
  values: text,
  valuesLocal: anyFields,
  valuesMerge: text,
  releaseName: text,
  releaseNamespace: text,
  extraArgs: list(text),
});

export const sortOptionsShape = struct("SortOptions", {
  order: text,
  legacySortOptions: struct("LegacySortOptions", { orderFirst: list(text), orderLast: list(text) }),
});

const kustomizationFields = {
  apiVersion: text,
  kind: text,
  metadata: metadataShape,
  openapi: mapOf(text),
  namePrefix: text,
  nameSuffix: text,
  namespace: text,
  commonLabels: mapOf(text),
  labels: list(labelShape),
  commonAnnotations: mapOf(text),
  patchesStrategicMerge: list({ ...text, goType: "types.PatchStrategicMerge" }),
  patchesJson6902: list(patchShape),
  patches: list(patchShape),
  images: list(imageShape),
  imageTags: list(imageShape),
  replacements: list(replacementFieldShape),
  replicas: list(replicaShape),
  vars: list(varShape),
  sortOptions: sortOptionsShape,
  resources: list(text),
  components: list(text),
  crds: list(text),
  bases: list(text),
  configMapGenerator: list(configMapArgsShape),
  secretGenerator: list(secretArgsShape),
  helmGlobals: struct("HelmGlobals", globalsFields),
  helmCharts: list(helmChartShape),
  helmChartInflationGenerator: list(oldHelmChartShape),
  generatorOptions: generatorOptionsShape,
  configurations: list(text),
  generators: list(text),
  transformers: list(text),
  validators: list(text),
  buildMetadata: list(text),
};

const kustomizationShape = struct("Kustomization", kustomizationFields, { apiVersion: "TypeMeta", kind: "TypeMeta" });

/** What a kustomization file says, with absent fields absent. */
export type Kustomization = DecodedBy<typeof kustomizationShape>;
export type Patch = DecodedBy<typeof patchShape>;
export type Image = DecodedBy<typeof imageShape>;
export type Replica = DecodedBy<typeof replicaShape>;
export type Label = DecodedBy<typeof labelShape>;
export type GeneratorOptions = DecodedBy<typeof generatorOptionsShape>;
export type GeneratorArgs = DecodedBy<typeof secretArgsShape>;
export type FieldOptions = DecodedBy<typeof fieldOptionsShape>;
export type ReplacementSource = DecodedBy<typeof sourceShape>;
export type ReplacementTarget = DecodedBy<typeof targetShape>;
export type Replacement = DecodedBy<typeof replacementShape>;
export type Var = DecodedBy<typeof varShape>;
export type HelmChart = DecodedBy<typeof helmPluginShape>;
export type SortOptions = DecodedBy<typeof sortOptionsShape>;
export type WrittenSelector = DecodedBy<typeof selectorShape>;

/** A selector whose absent parts match everything. */
export function completeSelector(written: WrittenSelector): Selector {
  const { group = "", version = "", kind = "", name = "", namespace = "" } = written;
  const { labelSelector = "", annotationSelector = "" } = written;
  return { group, version, kind, name, namespace, labelSelector, annotationSelector };
}

/** The names a kustomization file may have, in the order in which they are looked for. */
export const kustomizationNames: readonly string[] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/**
 * Reads a kustomization file.
 *
 * @param root how errors call the directory it is in
 * @param onWarning told of each deprecated field
 * @param edit changes what the file says, as `kustomize edit` would
 * @throws {KustomizeError}
 */
export function parseKustomization(
  content: string,
  root: string,
  onWarning: (warning: string) => void,
  edit: (kustomization: Kustomization) => void = () => {},
): Kustomization {
  let kustomization: Kustomization;
  try {
    const value = parseAsGo(content);
    kustomization = decode(kustomizationShape, value ?? {}, { strict: true });
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
    throw new KustomizeError(`invalid Kustomization: ${error.message}`, { cause: error });
  }
  warn(kustomization, onWarning);
  fix(kustomization);
  edit(kustomization);
  // An empty text says nothing; an empty list, and that is upstream's way, makes the file something.
  for (const [field, value] of Object.entries(kustomization)) {
    if (value === "") Reflect.deleteProperty(kustomization, field);
  }
  const { apiVersion, kind, ...rest } = kustomization;
  if (Object.keys(rest).length === 0) throw new KustomizeError("kustomization.yaml is empty");
  const problems = typeProblems(apiVersion ?? "", kind ?? "");
  if (problems.length > 0) {
    throw new KustomizeError(`Failed to read kustomization file under ${root}:\n${problems.join("\n")}`);
  }
  return kustomization;
}

const successors: readonly [field: keyof Kustomization, successor: string, fix: string][] = [
  ["bases", "resources", ""],
  ["commonLabels", "labels", ""],
  ["imageTags", "images", ""],
  ["patchesJson6902", "patches", ""],
  ["patchesStrategicMerge", "patches", ""],
  ["vars", "replacements", "[EXPERIMENTAL] "],
];

function warn(kustomization: Kustomization, onWarning: (warning: string) => void): void {
  for (const [field, successor, note] of successors) {
    if (kustomization[field] === undefined) continue;
    const advice = `${note}Run 'kustomize edit fix' to update your Kustomization automatically.`;
    onWarning(`# Warning: '${field}' is deprecated. Please use '${successor}' instead. ${advice}`);
  }
}

function fix(kustomization: Kustomization): void {
  kustomization.kind ||= "Kustomization";
  kustomization.apiVersion ||= isComponent(kustomization) ? componentVersion : kustomizationVersion;
  if (kustomization.bases !== undefined) {
    kustomization.resources = [...(kustomization.resources ?? []), ...kustomization.bases];
    delete kustomization.bases;
  }
  if (kustomization.imageTags !== undefined) {
    kustomization.images = [...(kustomization.images ?? []), ...kustomization.imageTags];
    delete kustomization.imageTags;
  }
  for (const args of [...(kustomization.configMapGenerator ?? []), ...(kustomization.secretGenerator ?? [])]) {
    if (args.env === undefined || args.env === "") continue;
    args.envs = [...(args.envs ?? []), args.env];
    delete args.env;
  }
  fixCharts(kustomization);
}

function fixCharts(kustomization: Kustomization): void {
  const { helmChartInflationGenerator: old = [] } = kustomization;
  delete kustomization.helmChartInflationGenerator;
  if (old.length === 0) return;
  const charts = old.map((args): HelmChart => {
    const chart: HelmChart = {};
    if (args.chartName !== undefined) chart.name = args.chartName;
    if (args.chartVersion !== undefined) chart.version = args.chartVersion;
    if (args.chartRepoUrl !== undefined) chart.repo = args.chartRepoUrl;
    if (args.values !== undefined) chart.valuesFile = args.values;
    if (args.valuesLocal !== undefined) chart.valuesInline = args.valuesLocal;
    if (args.valuesMerge !== undefined) chart.valuesMerge = args.valuesMerge;
    if (args.releaseName !== undefined) chart.releaseName = args.releaseName;
    return chart;
  });
  const configHome = old.findLast((args) => args.helmHome)?.helmHome;
  const chartHome = old.findLast((args) => args.chartHome)?.chartHome;
  if (kustomization.helmGlobals === undefined && (configHome !== undefined || chartHome !== undefined)) {
    kustomization.helmGlobals = {
      ...(chartHome !== undefined && { chartHome }),
      ...(configHome !== undefined && { configHome }),
    };
  }
  kustomization.helmCharts = [...(kustomization.helmCharts ?? []), ...charts];
}

const kustomizationVersion = "kustomize.config.k8s.io/v1beta1";
const componentVersion = "kustomize.config.k8s.io/v1alpha1";

export function isComponent({ kind }: Kustomization): boolean {
  return kind === "Component";
}

function typeProblems(apiVersion: string, kind: string): string[] {
  const wanted = kind === "Component" ? componentVersion : kustomizationVersion;
  const problems: string[] = [];
  if (kind !== "Kustomization" && kind !== "Component") problems.push("kind should be Kustomization or Component");
  if (apiVersion !== wanted) problems.push(`apiVersion for ${kind} should be ${wanted}`);
  return problems;
}
