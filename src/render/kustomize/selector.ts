import { compilePattern, matchesLabels, parseLabelSelector, StatusError } from "../../apimachinery/index.ts";
import { KustomizeError } from "./kustomize-error.ts";
import type { Resource } from "./resource.ts";
import { effectiveNamespace } from "./resource-id.ts";

/** Which resources a patch is for. Group to namespace are regular expressions for the whole; empty ones match everything. */
export type Selector = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly annotationSelector: string;
};

/**
 * Makes a test of a selector; names and namespaces match as they are and as they were first.
 *
 * @throws {KustomizeError} for a malformed expression
 */
export function compileSelector(selector: Selector): (resource: Resource) => boolean {
  const group = compileWhole(selector.group);
  const version = compileWhole(selector.version);
  const kind = compileWhole(selector.kind);
  const name = compileWhole(selector.name);
  const namespace = compileWhole(selector.namespace);
  return (resource) => {
    const current = resource.currentId;
    const original = resource.originalId;
    return (
      (namespace(effectiveNamespace(original)) || namespace(effectiveNamespace(current))) &&
      (name(original.name) || name(current.name)) &&
      group(current.group) &&
      version(current.version) &&
      kind(current.kind) &&
      matchesTexts(selector.labelSelector, resource.labels) &&
      matchesTexts(selector.annotationSelector, resource.annotations)
    );
  };
}

function compileWhole(pattern: string): (text: string) => boolean {
  return pattern === "" ? () => true : compileGoPattern(`^(?:${pattern})$`);
}

/** A test of a pattern in Go's syntax, which takes time in proportion to the text. */
export function compileGoPattern(pattern: string): (text: string) => boolean {
  try {
    return compilePattern(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) throw new KustomizeError(error.message, { cause: error });
    throw error;
  }
}

/** Whether labels or annotations match a selector; an empty one matches all. */
export function matchesTexts(selector: string, texts: ReadonlyMap<string, string>): boolean {
  if (selector === "") return true;
  try {
    return matchesLabels(parseLabelSelector(selector), Object.fromEntries(texts));
  } catch (error) {
    if (error instanceof StatusError) throw new KustomizeError(error.message, { cause: error });
    throw error;
  }
}

/** A selector the way Go prints it. */
export function formatSelector({ group, version, kind, name, namespace, ...more }: Selector): string {
  const gvk = `${kind || "[noKind]"}.${version || "[noVer]"}.${group || "[noGrp]"}`;
  return `${gvk}/${name || "[noName]"}.${namespace || "[noNs]"}:a=${more.annotationSelector}:l=${more.labelSelector}`;
}
