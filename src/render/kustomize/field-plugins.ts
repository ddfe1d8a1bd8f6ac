import { posix } from "node:path";
import { stringifyYaml } from "../../apimachinery/index.ts";
import type { TransformerConfig } from "./default-config.ts";
import { generate, mergeOptions } from "./generate.ts";
import { prefixed } from "./kustomize-error.ts";
import { configuredBy, type Origin } from "./origin.ts";
import type { Generator, PluginContext, Transformer } from "./plugin.ts";
import { chartGenerator } from "./plugins.ts";
import type { Target } from "./target.ts";
import { completeFieldSpec } from "./transformer-config.ts";
import {
  affixTransformer,
  entriesTransformer,
  imageTransformer,
  jsonPatchTransformer,
  labelSpecs,
  mergePatchTransformer,
  namespaceTransformer,
  patchTransformer,
  replacementTransformer,
  replicaTransformer,
} from "./transformers.ts";

/** What the plugins of a kustomization are configured with. */
export function pluginContext({ loader, context, file }: Target): PluginContext {
  const { openApi, charts } = context;
  return { loader, openApi, charts, place: { file: posix.join(loader.directory, file), line: 1 } };
}

/** Makes a plugin of kustomize itself from a field; errors show what it is configured with. */
async function configureField<T>(kind: string, config: object, make: (text: string) => T | Promise<T>): Promise<T> {
  const text = stringifyYaml(config);
  try {
    return await make(text);
  } catch (error) {
    throw prefixed(`trouble configuring builtin ${kind} with config: \`\n${text}\``, error);
  }
}

function originOfField({ origin, file }: Target, kind: string): Origin | undefined {
  return origin === undefined ? undefined : configuredBy(origin, file, { apiVersion: "builtin", kind });
}

/** The generators that fields ask for. @throws {KustomizeError} */
export async function fieldGenerators(target: Target): Promise<Generator[]> {
  const { kustomization } = target;
  const context = pluginContext(target);
  const generators: Generator[] = [];
  for (const kind of ["ConfigMap", "Secret"] as const) {
    const written = kind === "ConfigMap" ? kustomization.configMapGenerator : kustomization.secretGenerator;
    const origin = originOfField(target, `${kind}Generator`);
    for (const args of written ?? []) {
      const options = mergeOptions(args.options, kustomization.generatorOptions);
      const complete = options === undefined ? args : { ...args, options };
      generators.push({ generate: async () => [await generate(kind, complete, context)], origin });
    }
  }
  const origin = originOfField(target, "HelmChartInflationGenerator");
  for (const chart of kustomization.helmCharts ?? []) {
    const config = { ...kustomization.helmGlobals, ...chart };
    const made = await configureField("HelmChartInflationGenerator", config, () => chartGenerator(config, context));
    generators.push({ ...made, origin });
  }
  return generators;
}

/** The transformers that fields ask for, in the order in which kustomize runs them. @throws {KustomizeError} */
export async function fieldTransformers(target: Target, config: TransformerConfig): Promise<Transformer[]> {
  const { kustomization } = target;
  const context = pluginContext(target);
  const made: Transformer[] = [];
  const add = async (kind: string, plugin: object, make: (text: string) => Transformer | Promise<Transformer>) => {
    const { transform } = await configureField(kind, plugin, make);
    made.push({ transform, origin: originOfField(target, kind) });
  };
  const { patchesStrategicMerge: paths = [], namespace, namePrefix, nameSuffix } = kustomization;
  if (paths.length > 0) {
    await add("PatchStrategicMergeTransformer", { paths }, () => mergePatchTransformer(paths, "", context));
  }
  for (const patch of kustomization.patches ?? []) {
    await add("PatchTransformer", withoutEmpty(patch), (text) => patchTransformer(patch, text, context));
  }
  if (namespace) {
    const options = { namespace, specs: config.namespace, unsetOnly: false, subjects: "defaultOnly" } as const;
    await add("NamespaceTransformer", { metadata: { namespace } }, () => namespaceTransformer(options));
  }
  if (namePrefix) {
    const specs = config.namePrefix;
    await add("PrefixTransformer", { prefix: namePrefix }, () => affixTransformer("prefix", namePrefix, specs));
  }
  if (nameSuffix) {
    const specs = config.nameSuffix;
    await add("SuffixTransformer", { suffix: nameSuffix }, () => affixTransformer("suffix", nameSuffix, specs));
  }
  const { labels = [], commonLabels = {}, commonAnnotations = {} } = kustomization;
  for (const { pairs = {}, fields = [], ...includes } of labels) {
    const specs = labelSpecs(fields.map(completeFieldSpec), config, includes);
    await add("LabelTransformer", { labels: pairs }, () => entriesTransformer(pairs, specs));
  }
  if (labels.length > 0 || Object.keys(commonLabels).length > 0) {
    await add("LabelTransformer", { labels: commonLabels }, () =>
      entriesTransformer(commonLabels, config.commonLabels),
    );
  }
  if (Object.keys(commonAnnotations).length > 0) {
    const specs = config.commonAnnotations;
    const plugin = { annotations: commonAnnotations };
    await add("AnnotationsTransformer", plugin, () => entriesTransformer(commonAnnotations, specs));
  }
  for (const { path, patch: jsonOp, target: selector } of kustomization.patchesJson6902 ?? []) {
    const plugin = withoutEmpty({ path, jsonOp, target: selector });
    await add("PatchJson6902Transformer", plugin, () => jsonPatchTransformer({ ...plugin, target: selector }, context));
  }
  for (const replica of kustomization.replicas ?? []) {
    await add("ReplicaCountTransformer", { replica }, () => replicaTransformer(replica, config.replicas));
  }
  for (const image of kustomization.images ?? []) {
    await add("ImageTagTransformer", { imageTag: image }, () => imageTransformer(image, config.images));
  }
  const { replacements = [] } = kustomization;
  if (replacements.length > 0) {
    await add("ReplacementTransformer", { replacements }, () => replacementTransformer(replacements, context));
  }
  return made;
}

function withoutEmpty<T extends object>(config: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
