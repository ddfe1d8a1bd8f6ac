import { isJsonObject, type JsonObject, parseApiVersion, textAt, textsAt } from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";
import { type PathStep, parseFieldPath } from "./field-path.ts";
import { goTemplateReads } from "./go-template-reads.ts";
import { objectAt, objectsAt } from "./json-at.ts";
import { createYamlPlaces } from "./yaml-place.ts";

/** A field of the composite resource that a composition reads. */
export type CompositionRead = {
  steps: PathStep[];
  /** What it sets: `spec.forProvider.region of Bucket`; absent where that is not known. */
  drives?: string;
  /** Whether the patch says that nothing is made before the field has a value. */
  required: boolean;
};

/** What a Composition of Crossplane says of the composite resource that it is for. */
export type Composition = {
  name: string;
  origin: { file: string; line: number };
  labels: { [label: string]: string };
  composite: { group: string; version: string; kind: string };
  reads: CompositionRead[];
  /** Steps of which it is not known what they read, as sentences without a full stop. */
  notes: string[];
};

/**
 * Reads a Composition, with resources or with a pipeline of functions, of which it understands patch-and-transform and, as far as
 * the text tells it, go-templating.
 *
 * @throws {SourceError} without a type of composite resource
 */
export function readComposition(object: JsonObject, origin: { file: string; line: number }): Composition {
  const spec = objectAt(object, "spec") ?? {};
  const type = objectAt(spec, "compositeTypeRef") ?? {};
  const kind = textAt(type, "kind");
  if (kind === "") throw new SourceError("has no spec.compositeTypeRef.kind", origin);
  const labels = Object.entries(objectAt(object, "metadata", "labels") ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const steps = objectsAt(spec, "pipeline").map(readStep);
  return {
    name: textAt(object, "metadata", "name"),
    origin,
    labels: Object.fromEntries(labels),
    composite: { ...parseApiVersion(textAt(type, "apiVersion")), kind },
    reads: [...readResources(spec), ...steps.flatMap((step) => step.reads)],
    notes: [...new Set(steps.flatMap((step) => step.notes))],
  };
}

type Step = { reads: CompositionRead[]; notes: string[] };

/** What only judges or orders what other functions made, or fetches what has a name. */
const withoutReads = /function-(?:auto-ready|environment-configs|extra-resources|sequencer|status-transformer)/;

function readStep(step: JsonObject): Step {
  const name = textAt(step, "functionRef", "name");
  const input = objectAt(step, "input") ?? {};
  const kind = textAt(input, "kind");
  const { group } = parseApiVersion(textAt(input, "apiVersion"));
  const title = textAt(step, "step") || name;
  if (group === "pt.fn.crossplane.io" || (kind === "Resources" && Array.isArray(input["resources"]))) {
    return { reads: readResources(input), notes: [] };
  }
  if (kind === "GoTemplate" || group === "gotemplating.fn.crossplane.io") return readTemplates(input, title);
  const selectors = ["environmentConfigs", "extraResources"].flatMap((field) => objectsAt(input, "spec", field));
  if (selectors.length > 0) return { reads: [...selectorReads(selectors)], notes: [] };
  if (withoutReads.test(name) || Object.keys(input).length === 0) return { reads: [], notes: [] };
  return { reads: [], notes: [`step ${title} runs ${name}, of which is not known what it reads`] };
}

/** `resources` with patches, patch sets, and the environment, in a Composition or in the input of patch-and-transform. */
function readResources(input: JsonObject): CompositionRead[] {
  const sets = new Map(objectsAt(input, "patchSets").map((set) => [textAt(set, "name"), objectsAt(set, "patches")]));
  const reads: CompositionRead[] = [];
  for (const resource of objectsAt(input, "resources")) {
    const base = objectAt(resource, "base");
    for (const patch of objectsAt(resource, "patches")) {
      const isSet = textAt(patch, "type") === "PatchSet";
      for (const single of isSet ? (sets.get(textAt(patch, "patchSetName")) ?? []) : [patch]) {
        reads.push(...readPatch(single, (path) => driveOf(base, path)));
      }
    }
  }
  for (const patch of objectsAt(input, "environment", "patches")) {
    reads.push(...readPatch(patch, (path) => `${path} of the environment`));
  }
  reads.push(...selectorReads(objectsAt(input, "environment", "environmentConfigs")));
  return reads;
}

/** A patch reads the composite resource by its type, which is to read one field where it is left out. */
function readPatch(patch: JsonObject, drive: (path: string) => string | undefined): CompositionRead[] {
  const type = textAt(patch, "type") || "FromCompositeFieldPath";
  const required = textAt(patch, "policy", "fromFieldPath") === "Required";
  const from =
    type === "FromCompositeFieldPath"
      ? [textAt(patch, "fromFieldPath")]
      : type === "CombineFromComposite"
        ? objectsAt(patch, "combine", "variables").map((variable) => textAt(variable, "fromFieldPath"))
        : [];
  return from.flatMap((path) => {
    const steps = path === "" ? undefined : parseFieldPath(path);
    const drives = drive(textAt(patch, "toFieldPath") || path);
    return steps === undefined ? [] : [{ steps, ...(drives !== undefined && { drives }), required }];
  });
}

/** What the provider for Kubernetes makes is a manifest inside of its own object. */
const manifest = "spec.forProvider.manifest.";

function driveOf(base: JsonObject | undefined, path: string): string | undefined {
  const inner = objectAt(base, "spec", "forProvider", "manifest");
  const innerKind = textAt(inner, "kind");
  if (innerKind !== "" && path.startsWith(manifest)) return `${path.slice(manifest.length)} of ${innerKind}`;
  const kind = textAt(base, "kind");
  return kind === "" ? undefined : `${path} of ${kind}`;
}

/** Environments and other resources can be chosen by labels whose values are fields of the composite resource. */
function* selectorReads(configs: readonly JsonObject[]): Generator<CompositionRead> {
  for (const config of configs) {
    for (const label of objectsAt(config, "selector", "matchLabels")) {
      const path = textAt(label, "valueFromFieldPath");
      const steps = path === "" ? undefined : parseFieldPath(path);
      const required = textAt(label, "fromFieldPathPolicy") === "Required";
      if (steps !== undefined) yield { steps, drives: "which other resources are used", required };
    }
  }
}

/** Where in the data of a template the composite resource is. */
const compositePath = ["observed", "composite", "resource"];
const templateFunctions = { getCompositeResource: compositePath };

function readTemplates(input: JsonObject, title: string): Step {
  const source = textAt(input, "source");
  if (source !== "Inline" && !isJsonObject(input["inline"])) {
    const where = source === "Environment" ? "in the environment" : "in files of the function";
    return { reads: [], notes: [`step ${title} has its templates ${where}, of which is not known what they read`] };
  }
  const [left, right] = [textAt(input, "delims", "left"), textAt(input, "delims", "right")];
  const delimiters = { ...(left !== "" && { left }), ...(right !== "" && { right }) };
  const texts = [textAt(input, "inline", "template"), ...textsAt(input, "inline", "templates")];
  const reads = texts.flatMap((text) => {
    const placeOf = createYamlPlaces(text);
    const found = goTemplateReads(text, { ...delimiters, functions: templateFunctions });
    return found.flatMap(({ steps, at, isControl }) => {
      const isComposite = compositePath.every((field, index) => isField(steps[index], field));
      const inner = steps.slice(compositePath.length);
      if (!isComposite || inner.length === 0) return [];
      const drives = isControl ? undefined : placeOf(at);
      return [{ steps: inner, ...(drives !== undefined && { drives }), required: false }];
    });
  });
  return { reads, notes: [`what step ${title} reads was found in the text of its templates`] };
}

function isField(step: PathStep | undefined, field: string): boolean {
  return step !== undefined && "field" in step && step.field === field;
}
