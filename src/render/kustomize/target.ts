import { posix } from "node:path";
import { deepEqual, stringifyYaml } from "../../apimachinery/index.ts";
import type { TransformerConfig } from "./default-config.ts";
import { generate, mergeOptions } from "./generate.ts";
import { hashNames } from "./hash.ts";
import type { HelmChartOptions } from "./helm-charts.ts";
import { isComponent, type Kustomization, kustomizationNames, parseKustomization } from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import type { Loader } from "./loader.ts";
import { fixNameReferences } from "./name-references.ts";
import { toJson } from "./node.ts";
import type { OpenApi } from "./openapi.ts";
import { addTransformation, appendPath, configuredBy, configuredByPlugin, type Origin, setOrigin } from "./origin.ts";
import type { Generator, PluginContext, Transformer } from "./plugin.ts";
import { chartGenerator, configureGenerator, configureTransformer } from "./plugins.ts";
import { readResources } from "./read-resources.ts";
import { originAnnotation, type Resource } from "./resource.ts";
import { formatId } from "./resource-id.ts";
import { Resources } from "./resources.ts";
import { completeFieldSpec, emptyConfig, loadConfig, loadCrdConfig, mergeConfigs } from "./transformer-config.ts";
import {
  affixTransformer,
  entriesTransformer,
  imageTransformer,
  inFile,
  jsonPatchTransformer,
  labelSpecs,
  mergePatchTransformer,
  namespaceTransformer,
  patchTransformer,
  replacementTransformer,
  replicaTransformer,
} from "./transformers.ts";
import { completeVar, formatVars, markVariables, resolveVariables, type Variable } from "./variables.ts";

/** What all kustomizations of one build share. */
export type BuildContext = {
  readonly openApi: OpenApi;
  readonly charts: HelmChartOptions;
  readonly warn: (warning: string) => void;
};

/** What kustomizations gather: resources, and what is known about their fields. */
type Gathered = {
  readonly resources: Resources;
  config: TransformerConfig;
  variables: Variable[];
};

function nothing(): Gathered {
  return { resources: new Resources(), config: emptyConfig, variables: [] };
}

/** One kustomization and where it is. */
export type Target = {
  readonly kustomization: Kustomization;
  readonly file: string;
  readonly loader: Loader;
  readonly context: BuildContext;
  /** Where it comes from, when `buildMetadata` asks for that. */
  origin: Origin | undefined;
};

/**
 * Loads the kustomization in the directory of a loader.
 *
 * @param edit changes what the file says
 * @throws {KustomizeError}
 */
export async function loadTarget(
  loader: Loader,
  context: BuildContext,
  edit?: (kustomization: Kustomization) => void,
): Promise<Target> {
  const found: { file: string; content: string }[] = [];
  for (const file of kustomizationNames) {
    try {
      found.push({ file, content: await loader.readText(file) });
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
    }
  }
  const [first] = found;
  if (first === undefined) {
    const names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
    throw new KustomizeError(`unable to find one of ${names} in directory '${loader.root}'`);
  }
  if (found.length > 1) throw new KustomizeError(`Found multiple kustomization files under: ${loader.root}\n`);
  const kustomization = parseKustomization(first.content, loader.root, context.warn, edit);
  return { kustomization, file: first.file, loader, context, origin: undefined };
}

/** Chooses the schemas that a kustomization asks for. */
export async function chooseSchemas({ kustomization, loader, context }: Target): Promise<void> {
  const openapi = kustomization.openapi ?? {};
  const path = openapi["path"];
  context.openApi.choose(openapi, path === undefined ? undefined : await loader.readText(path));
}

/** Builds a kustomization with all that it refers to. @throws {KustomizeError} */
export async function buildTarget(target: Target): Promise<Resources> {
  if ((target.kustomization.buildMetadata ?? []).length > 0) target.origin = {};
  const gathered = await gather(target, nothing());
  const { resources, config, variables } = gathered;
  hashNames(resources);
  fixNameReferences(resources, config.nameReference);
  const warning = resolveVariables(resources, variables, config.varReference);
  if (warning !== undefined) target.context.warn(warning);
  resources.replaceAll(
    resources.all.filter((resource) => {
      const local = resource.annotation("config.kubernetes.io/local-config");
      return local === undefined || local === "false";
    }),
  );
  return resources;
}

async function gather(target: Target, into: Gathered): Promise<Gathered> {
  const { kustomization, loader } = target;
  let gathered = into;
  await inPlace("accumulating resources", () => gatherResources(target, gathered, kustomization.resources ?? []));
  addConfig(gathered, await loadConfig(loader, kustomization.configurations ?? []));
  const crds = kustomization.crds ?? [];
  addConfig(gathered, await inPlace(`loading CRDs [${crds.join(" ")}]`, () => loadCrdConfig(loader, crds)));
  await runGenerators(target, gathered);
  await inPlace("accumulating components", async () => {
    gathered = await gatherComponents(target, gathered, kustomization.components ?? []);
  });
  await runTransformers(target, gathered);
  await runValidators(target, gathered);
  addVariables(target, gathered);
  return gathered;
}

async function inPlace<T>(place: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw prefixed(place, error);
  }
}

function addConfig(gathered: Gathered, config: TransformerConfig): void {
  gathered.config = mergeConfigs(gathered.config, config);
}

function addVariables({ kustomization, context }: Target, gathered: Gathered): void {
  const variables = (kustomization.vars ?? []).map((written) => {
    const { target } = completeVar(written, false);
    const apiVersion = target.group === "" ? target.version : `${target.group}/${target.version}`;
    return completeVar(written, context.openApi.isClusterScoped(apiVersion, target.kind));
  });
  try {
    markVariables(gathered.resources, variables);
    mergeVariables(gathered, variables);
  } catch (error) {
    throw prefixed(`merging vars ${formatVars(kustomization.vars ?? [])}`, error);
  }
}

function mergeVariables(gathered: Gathered, variables: readonly Variable[]): void {
  for (const variable of variables) {
    if (gathered.variables.some(({ name }) => name === variable.name)) {
      throw new KustomizeError(`var '${variable.name}' already encountered`);
    }
    gathered.variables.push(variable);
  }
}

/** Each path is a file, or else a directory or repository with a kustomization. */
async function gatherResources(target: Target, gathered: Gathered, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const failure = await gatherFile(target, gathered, path);
    if (failure === undefined) continue;
    if (failure.isFinal) throw failure;
    const place = `accumulation err='${failure.message}'`;
    let loader: Loader;
    try {
      loader = await target.loader.enter(path);
    } catch (error) {
      // What is no YAML is a file, so why it is no directory would only confuse.
      if (failure.isMalformed) throw failure;
      throw prefixed(place, error);
    }
    await inPlace(place, () => gatherDirectory(target, gathered, { loader, path, asComponent: false }));
  }
}

/** @returns why the path is no file of resources */
async function gatherFile(target: Target, gathered: Gathered, path: string): Promise<KustomizeError | undefined> {
  const { loader, context, origin } = target;
  let resources: Resource[];
  try {
    const text = await loader.readText(path);
    const file = loader.pathInTree(path) ?? path;
    resources = readResources(text, { file: path.includes("://") ? path : file, openApi: context.openApi });
    new Resources().appendAll(resources);
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
    return prefixed(`accumulating resources from '${path}'`, inFile(error, path));
  }
  if (origin !== undefined) for (const resource of resources) setOrigin(resource, appendPath(origin, path));
  try {
    gathered.resources.appendAll(resources);
    return undefined;
  } catch (error) {
    return prefixed(`merging resources from '${path}'`, error);
  }
}

async function gatherComponents(target: Target, into: Gathered, paths: readonly string[]): Promise<Gathered> {
  let gathered = into;
  for (const path of paths) {
    let loader: Loader;
    try {
      loader = await target.loader.enter(path);
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      throw new KustomizeError(`loader.New ${JSON.stringify(error.message)}`, { cause: error });
    }
    try {
      gathered = await gatherDirectory(target, gathered, { loader, path, asComponent: true });
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      throw new KustomizeError(`accumulateDirectory: ${JSON.stringify(error.message)}`, { cause: error });
    }
  }
  return gathered;
}

/** A component works on what its user has gathered; another kustomization gathers on its own, and is added as it is. */
async function gatherDirectory(
  user: Target,
  gathered: Gathered,
  { loader, path, asComponent }: { loader: Loader; path: string; asComponent: boolean },
): Promise<Gathered> {
  const { root } = loader;
  const target = await inPlace(`couldn't make target for path '${root}'`, () => loadTarget(loader, user.context));
  const { kustomization } = target;
  if (user.kustomization.buildMetadata !== undefined) kustomization.buildMetadata = user.kustomization.buildMetadata;
  if (user.origin !== undefined) target.origin = appendPath(user.origin, path);
  await chooseSchemas(target);
  if (asComponent && !isComponent(kustomization)) {
    throw new KustomizeError(`expected kind 'Component' for path '${root}' but got '${kustomization.kind ?? ""}'`);
  }
  if (!asComponent && isComponent(kustomization)) {
    throw new KustomizeError(`expected kind != 'Component' for path '${root}'`);
  }
  const own = await inPlace(`recursed accumulation of path '${root}'`, () =>
    gather(target, asComponent ? gathered : nothing()),
  );
  if (asComponent) return own;
  try {
    gathered.resources.appendAll(own.resources.all);
    addConfig(gathered, own.config);
    mergeVariables(gathered, own.variables);
  } catch (error) {
    throw prefixed(`recursed merging from path '${root}'`, error);
  }
  return gathered;
}

function pluginContext({ loader, context, file }: Target): PluginContext {
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

async function runGenerators(target: Target, gathered: Gathered): Promise<void> {
  const generators: Generator[] = [
    ...(await fieldGenerators(target)),
    ...(await inPlace("loading generator plugins", () => fileGenerators(target))),
  ];
  for (const { generate: make, origin } of generators) {
    const resources = await make();
    new Resources().appendAll(resources);
    for (const resource of resources) {
      if (origin !== undefined && resource.annotation(originAnnotation) === undefined) setOrigin(resource, origin);
    }
    try {
      gathered.resources.absorbAll(resources);
    } catch (error) {
      throw prefixed("merging from generator", error);
    }
  }
}

async function fieldGenerators(target: Target): Promise<Generator[]> {
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

async function fileGenerators(target: Target): Promise<Generator[]> {
  const configs = await loadConfigs(target, target.kustomization.generators ?? [], "configuring external generator");
  const generators: Generator[] = [];
  for (const config of configs) {
    const made = await configureGenerator(config, pluginContext(target));
    generators.push({ ...made, origin: configuredByPlugin(config) });
  }
  return generators;
}

/** Configurations of plugins, which stand in the kustomization itself or in files or directories that it names. */
async function loadConfigs(target: Target, entries: readonly string[], place: string): Promise<readonly Resource[]> {
  const gathered = nothing();
  const paths: string[] = [];
  const { openApi } = target.context;
  for (const entry of entries) {
    let inline: Resource[];
    try {
      inline = readResources(entry, { file: posix.join(target.loader.directory, target.file), openApi });
      new Resources().appendAll(inline);
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      paths.push(entry);
      continue;
    }
    if (target.origin !== undefined) {
      for (const resource of inline) setOrigin(resource, appendPath(target.origin, target.file));
    }
    try {
      gathered.resources.appendAll(inline);
    } catch (error) {
      throw prefixed(place, error);
    }
  }
  await gatherResources(target, gathered, paths);
  return gathered.resources.all;
}

async function runTransformers(target: Target, gathered: Gathered): Promise<void> {
  const { transformers = [] } = target.kustomization;
  runAll(gathered.resources, [
    ...(await fieldTransformers(target, gathered.config)),
    ...(await fileTransformers(target, transformers)),
  ]);
}

function runAll(resources: Resources, transformers: readonly Transformer[]): void {
  for (const transformer of transformers) {
    transformer.transform(resources);
    if (transformer.origin !== undefined) addTransformation(resources, transformer.origin);
    resources.dropEmpty();
  }
}

async function fileTransformers(target: Target, entries: readonly string[]): Promise<Transformer[]> {
  const configs = await loadConfigs(target, entries, "configuring external transformer");
  const transformers: Transformer[] = [];
  for (const config of configs) {
    const made = await configureTransformer(config, pluginContext(target));
    transformers.push({ ...made, origin: configuredByPlugin(config) });
  }
  return transformers;
}

/** In the order in which kustomize runs them, which is not that of the fields. */
async function fieldTransformers(target: Target, config: TransformerConfig): Promise<Transformer[]> {
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

async function runValidators(target: Target, gathered: Gathered): Promise<void> {
  const validators = await fileTransformers(target, target.kustomization.validators ?? []);
  for (const validator of validators) {
    const before = gathered.resources.all.map(contentOf);
    validator.transform(gathered.resources);
    const after = gathered.resources.all.map(contentOf);
    if (deepEqual(before, after)) continue;
    const index = before.findIndex((content, at) => !deepEqual(content, after[at]));
    const resource = gathered.resources.all[index];
    const place = resource === undefined ? "" : `: nodes unequal: ${formatId(resource.currentId)}`;
    throw new KustomizeError(`validator shouldn't modify the resource map${place}`);
  }
}

/** What a validator must not change; the label by which it says that it was there does not count. */
function contentOf(resource: Resource): unknown {
  const copy = resource.clone();
  const { labels } = copy;
  if (labels.delete("validated-by")) copy.setLabels(labels);
  return copy.node === undefined ? null : toJson(copy.node);
}
