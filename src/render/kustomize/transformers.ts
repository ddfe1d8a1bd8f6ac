import { posix } from "node:path";
import { formatGoJson } from "../../apimachinery/index.ts";
import { decodeYaml, list, parseAsGo } from "./decode.ts";
import { type FieldSpec, mergeFieldSpecs } from "./field-spec.ts";
import { setImages, setReplicas } from "./images.ts";
import {
  completeSelector,
  type Image,
  type Patch,
  type Replacement,
  type Replica,
  replacementShape,
  type WrittenSelector,
} from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import {
  applyOperations,
  applyPatch,
  type ParsedPatch,
  type PatchConfig,
  parseOperations,
  parsePatch,
} from "./patches.ts";
import { type PluginContext, readPatches, type Transformer } from "./plugin.ts";
import { applyReplacements } from "./replacements.ts";
import type { Resource } from "./resource.ts";
import type { Resources } from "./resources.ts";
import { addAffix, type NamespaceOptions, setEntries, setNamespace, setNamespaces } from "./set-metadata.ts";
import { addValue } from "./value-add.ts";

export function entriesTransformer(
  entries: Readonly<Record<string, string>>,
  specs: readonly FieldSpec[],
): Transformer {
  return { transform: (resources) => setEntries(resources, entries, specs) };
}

export function affixTransformer(
  position: "prefix" | "suffix",
  text: string,
  specs: readonly FieldSpec[] | undefined,
): Transformer {
  if (specs === undefined) throw new KustomizeError("fieldSpecs is not expected to be nil");
  return { transform: (resources) => addAffix(resources, { position, text }, specs) };
}

export function namespaceTransformer(options: NamespaceOptions): Transformer {
  return {
    transform(resources) {
      if (options.namespace !== "") setNamespaces(resources, options);
    },
  };
}

export function imageTransformer(image: Image, specs: readonly FieldSpec[]): Transformer {
  return { transform: (resources) => setImages(resources, image, specs) };
}

export function replicaTransformer(replica: Replica, specs: readonly FieldSpec[]): Transformer {
  return { transform: (resources) => setReplicas(resources, replica, specs) };
}

/** @param config how errors show the configuration */
export async function patchTransformer(patch: Patch, config: string, context: PluginContext): Promise<Transformer> {
  const text = (patch.patch ?? "").trim();
  const { path = "", target, options = {} } = patch;
  if (text === "" && path === "") throw new KustomizeError(`must specify one of patch and path in\n${config}`);
  if (text !== "" && path !== "") throw new KustomizeError(`patch and path can't be set at the same time\n${config}`);
  const source = text === "" ? `[path: ${JSON.stringify(path)}]` : `[patch: ${JSON.stringify(text)}]`;
  const loaded = text === "" ? await readPatchFile(path, context) : text;
  const patchConfig: PatchConfig = { source, target, options };
  const parsed: ParsedPatch = parsePatch(loaded, patchConfig, (content) => readPatches(content, context));
  return { transform: (resources) => applyPatch(resources, parsed, patchConfig) };
}

async function readPatchFile(path: string, { loader }: PluginContext): Promise<string> {
  try {
    return await loader.readText(path);
  } catch (error) {
    throw prefixed(`failed to get the patch file from path(${path})`, error);
  }
}

/** @param paths files, or patches themselves */
export async function mergePatchTransformer(
  paths: readonly string[],
  inline: string,
  context: PluginContext,
): Promise<Transformer> {
  if (paths.length === 0 && inline === "") throw new KustomizeError("empty file path and empty patch content");
  const patches: Resource[] = [];
  for (const path of paths) patches.push(...(await loadMergePatch(path, context)));
  if (inline !== "") patches.push(...readPatches(inline, context));
  if (patches.length === 0) {
    throw new KustomizeError(`patch appears to be empty; files=[${paths.join(" ")}], Patch=${inline}`);
  }
  return {
    transform(resources) {
      for (const patch of patches) resources.applyPatch([resources.byId(patch.originalId)], patch);
    },
  };
}

async function loadMergePatch(path: string, context: PluginContext): Promise<Resource[]> {
  try {
    return readPatches(path, context);
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
  }
  const text = await context.loader.readText(path);
  try {
    return readPatches(text, context);
  } catch (error) {
    throw inFile(error, path);
  }
}

/** Names the file of an error about what it says. */
export function inFile(error: unknown, path: string): unknown {
  if (!(error instanceof KustomizeError) || !error.isMalformed) return error;
  return new KustomizeError(`${error.message} in File: ${path}`, { cause: error, isMalformed: true });
}

export async function jsonPatchTransformer(
  { path = "", jsonOp = "", target }: { path?: string; jsonOp?: string; target?: WrittenSelector | undefined },
  { loader }: PluginContext,
): Promise<Transformer> {
  if (!target?.name) throw new KustomizeError("must specify the target name");
  if (path === "" && jsonOp === "") throw new KustomizeError("empty file path and empty jsonOp");
  if (path !== "" && jsonOp !== "") throw new KustomizeError("must specify a file path or jsonOp, not both");
  const text = path === "" ? jsonOp : await loader.readText(path);
  if (text === "") throw new KustomizeError(`patch file '${path}' empty seems to be empty`);
  let operations: unknown[];
  try {
    operations = parseOperations(text);
  } catch (error) {
    if (error instanceof KustomizeError && error.isMalformed) throw error;
    throw prefixed(`decoding ${text.startsWith("[") ? text : formatGoJson(parseAsGo(text))}`, error);
  }
  if (operations.length === 0) {
    throw new KustomizeError(`patch appears to be empty; file=${path}, JsonOp=${text}`);
  }
  const selector = completeSelector(target);
  return {
    transform(resources) {
      for (const resource of resources.select(selector)) applyOperations(resource, operations);
    },
  };
}

/** @param written replacements, or paths of files with one or several */
export async function replacementTransformer(
  written: readonly (Replacement & { path?: string })[],
  { loader }: PluginContext,
): Promise<Transformer> {
  const replacements: Replacement[] = [];
  for (const { path = "", ...replacement } of written) {
    if (path === "") {
      replacements.push(replacement);
      continue;
    }
    if (replacement.source !== undefined || (replacement.targets ?? []).length > 0) {
      throw new KustomizeError("cannot specify both path and inline replacement");
    }
    replacements.push(...readReplacements(await loader.readText(path)));
  }
  return { transform: (resources) => applyReplacements(resources.all, replacements) };
}

function readReplacements(text: string): Replacement[] {
  const value = parseAsGo(text, "error converting YAML to JSON: ");
  if (Array.isArray(value)) return decodeYaml(list(replacementShape), text);
  if (typeof value === "object" && value !== null) return [decodeYaml(replacementShape, text)];
  const kind =
    value === null ? "invalid" : typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : "string";
  throw new KustomizeError(`unsupported replacement type encountered within replacement path: ${kind}`);
}

/** One field that a value is put into. */
export type ValueTarget = {
  readonly selector: WrittenSelector | undefined;
  readonly fieldPath: string;
  readonly filePathPosition: number;
};

export function valueTransformer(value: string, targets: readonly ValueTarget[], context: PluginContext): Transformer {
  const text = value.trim() || posix.basename(context.loader.root);
  if (targets.length === 0) throw new KustomizeError("must specify at least one target");
  for (const { fieldPath, filePathPosition } of targets) {
    if (fieldPath === "") throw new KustomizeError("fieldPath cannot be empty");
    if (filePathPosition < 0) {
      throw new KustomizeError(`value of FilePathPosition (${filePathPosition}) cannot be negative`);
    }
  }
  return { transform: (resources) => setValues(resources, text, targets) };
}

function setValues(resources: Resources, value: string, targets: readonly ValueTarget[]): void {
  for (const { selector, fieldPath, filePathPosition } of targets) {
    const selected = selector === undefined ? resources.all : resources.select(completeSelector(selector));
    for (const resource of selected) {
      if (fieldPath === "metadata/namespace") {
        setNamespace(resource, { namespace: value, specs: [], unsetOnly: false, subjects: "defaultOnly" });
      } else if (resource.node !== undefined) {
        addValue(resource.node, value, fieldPath, filePathPosition);
      }
    }
  }
}

/** The fields that an entry of `labels` is set in. @throws {KustomizeError} */
export function labelSpecs(
  own: readonly FieldSpec[],
  config: { labels: readonly FieldSpec[]; commonLabels: readonly FieldSpec[]; templateLabels: readonly FieldSpec[] },
  { includeSelectors = false, includeTemplates = false },
): FieldSpec[] {
  try {
    let specs = mergeFieldSpecs(own, config.labels);
    if (includeSelectors) return mergeFieldSpecs(specs, config.commonLabels);
    if (includeTemplates) specs = mergeTemplates(specs, config.templateLabels);
    return mergeFieldSpecs(specs, [metadataLabels]);
  } catch (error) {
    if (error instanceof KustomizeError && error.message.startsWith("failed to merge template")) throw error;
    throw prefixed("failed to merge labels", error);
  }
}

function mergeTemplates(specs: readonly FieldSpec[], more: readonly FieldSpec[]): FieldSpec[] {
  try {
    return mergeFieldSpecs(specs, more);
  } catch (error) {
    throw prefixed("failed to merge template fieldSpec", error);
  }
}

const metadataLabels: FieldSpec = { group: "", version: "", kind: "", path: "metadata/labels", create: true };
