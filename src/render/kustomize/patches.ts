import { applyJsonPatch, parseJson, StatusError } from "../../apimachinery/index.ts";
import { parseAsGo } from "./decode.ts";
import { completeSelector, type WrittenSelector } from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import { fromJson, isMap, toJson } from "./node.ts";
import { notes, type Resource } from "./resource.ts";
import { formatId } from "./resource-id.ts";
import { patchResource, type Resources } from "./resources.ts";
import { formatSelector } from "./selector.ts";

/** What a patch is applied to and how. */
export type PatchConfig = {
  /** How errors name the patch. */
  readonly source: string;
  readonly target: WrittenSelector | undefined;
  readonly options: Readonly<Record<string, boolean>>;
};

/** A text as a patch of either kind. */
export type ParsedPatch =
  | { readonly kind: "merge"; readonly patches: readonly Resource[] }
  | { readonly kind: "json"; readonly operations: readonly unknown[] };

/**
 * Tells strategic merge patches, which are documents of a kind and name, from lists of operations.
 *
 * @param read reads resources
 * @throws {KustomizeError} for what is neither
 */
export function parsePatch(
  text: string,
  { source, options }: PatchConfig,
  read: (text: string) => Resource[],
): ParsedPatch {
  const patches = attempt(() => read(text));
  const operations = attempt(() => parseOperations(text));
  if (patches !== undefined && operations !== undefined && patches.length > 0 && operations.length > 0) {
    throw new KustomizeError(`illegally qualifies as both an SM and JSON patch: ${source}`);
  }
  if (patches !== undefined) {
    for (const patch of patches) {
      if (options["allowNameChange"] === true) patch.enable(notes.allowNameChange);
      if (options["allowKindChange"] === true) patch.enable(notes.allowKindChange);
    }
    return { kind: "merge", patches };
  }
  if (operations === undefined) throw new KustomizeError(`unable to parse SM or JSON patch from ${source}`);
  return { kind: "json", operations };
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof KustomizeError) return undefined;
    throw error;
  }
}

/** The operations of a JSON patch, written as JSON or as YAML. @throws {KustomizeError} */
export function parseOperations(text: string): unknown[] {
  if (text === "") throw new KustomizeError("empty json patch operations");
  const value = text.startsWith("[") ? parseStrictJson(text) : parseAsGo(text);
  if (value === null) return [];
  if (!Array.isArray(value)) {
    const kind = typeof value === "object" ? "object" : typeof value;
    throw new KustomizeError(`json: cannot unmarshal ${kind} into Go value of type jsonpatch.Patch`);
  }
  const operations: unknown[] = value;
  for (const operation of operations) {
    if (typeof operation === "object" && !Array.isArray(operation)) continue;
    const kind = Array.isArray(operation) ? "array" : typeof operation;
    throw new KustomizeError(`json: cannot unmarshal ${kind} into Go value of type jsonpatch.Operation`);
  }
  return operations;
}

function parseStrictJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KustomizeError(why, { cause: error });
  }
}

/** Applies a patch to what its target selects, or to the resource that it names. @throws {KustomizeError} */
export function applyPatch(resources: Resources, parsed: ParsedPatch, config: PatchConfig): void {
  if (parsed.kind === "json") {
    if (config.target === undefined) throw new KustomizeError(`must specify a target for JSON patch ${config.source}`);
    for (const resource of resources.select(completeSelector(config.target))) {
      resource.storePreviousId();
      applyOperations(resource, parsed.operations);
    }
    return;
  }
  if (config.target !== undefined) applyToSelected(resources, parsed.patches, config.target, config.source);
  else for (const patch of parsed.patches) applyToNamed(resources, patch);
}

function applyToSelected(
  resources: Resources,
  patches: readonly Resource[],
  target: WrittenSelector,
  source: string,
): void {
  const [patch, ...more] = patches;
  if (more.length > 0) {
    const rule = "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field";
    throw new KustomizeError(`${rule}: ${source}`);
  }
  if (patch === undefined) return;
  const selector = completeSelector(target);
  let selected: Resource[];
  try {
    selected = resources.select(selector);
  } catch (error) {
    throw prefixed(`unable to find patch target ${JSON.stringify(formatSelector(selector))} in \`resources\``, error);
  }
  resources.applyPatch(selected, patch);
}

function applyToNamed(resources: Resources, patch: Resource): void {
  const id = patch.originalId;
  let resource: Resource;
  try {
    resource = resources.byId(id);
  } catch (error) {
    throw prefixed(`no resource matches strategic merge patch "${formatId(id)}"`, error);
  }
  patchResource(resource, patch);
}

const internalPrefix = "internal.config.kubernetes.io/";

/** Applies the operations of a JSON patch; what the build has noted survives them. @throws {KustomizeError} */
export function applyOperations(resource: Resource, operations: readonly unknown[]): void {
  if (resource.node === undefined) return;
  const noted = [...resource.annotations].filter(([key]) => key.startsWith(internalPrefix));
  try {
    const node = fromJson(applyJsonPatch(toJson(resource.node), operations));
    resource.node = isMap(node) ? node : new Map();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { cause } = error;
    throw new KustomizeError(cause instanceof Error ? cause.message : error.message, { cause: error });
  }
  const annotations = resource.annotations;
  for (const [key, value] of noted) annotations.set(key, value);
  resource.setAnnotations(annotations);
}
