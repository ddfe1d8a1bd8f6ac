import { posix } from "node:path";
import { deepEqual } from "../../apimachinery/index.ts";
import type { TransformerConfig } from "./default-config.ts";
import { fieldGenerators, fieldTransformers, pluginContext } from "./field-plugins.ts";
import { hashNames } from "./hash.ts";
import { isComponent } from "./kustomization.ts";
import { inPlace, KustomizeError, prefixed } from "./kustomize-error.ts";
import type { Loader } from "./loader.ts";
import { fixNameReferences } from "./name-references.ts";
import { toJson } from "./node.ts";
import { addTransformation, appendPath, configuredByPlugin, setOrigin } from "./origin.ts";
import type { Generator, Transformer } from "./plugin.ts";
import { configureGenerator, configureTransformer } from "./plugins.ts";
import { readResources } from "./read-resources.ts";
import { originAnnotation, type Resource } from "./resource.ts";
import { formatId } from "./resource-id.ts";
import { Resources } from "./resources.ts";
import { chooseSchemas, loadTarget, type Target } from "./target.ts";
import { emptyConfig, loadConfig, loadCrdConfig, mergeConfigs } from "./transformer-config.ts";
import { inFile } from "./transformers.ts";
import { completeVar, formatVars, markVariables, resolveVariables, type Variable } from "./variables.ts";

/** What kustomizations gather: resources, and what is known about their fields. */
type Gathered = {
  readonly resources: Resources;
  config: TransformerConfig;
  variables: Variable[];
};

function nothing(): Gathered {
  return { resources: new Resources(), config: emptyConfig, variables: [] };
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
