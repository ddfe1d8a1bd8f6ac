import { type CreatedKind, findAll, lookup, splitFieldPath } from "./field-path.ts";
import {
  completeSelector,
  type FieldOptions,
  type Replacement,
  type ReplacementSource,
  type ReplacementTarget,
  type WrittenSelector,
} from "./kustomization.ts";
import { KustomizeError, prefixed } from "./kustomize-error.ts";
import { cloneNode, isEmpty, kindOf, type Node, rawText, Scalar, textOf } from "./node.ts";
import type { Resource } from "./resource.ts";
import { formatGvk, isSelectedBy, type ResourceId } from "./resource-id.ts";
import { matchesTexts } from "./selector.ts";

const fieldPathDefault = "metadata.name";

/** Copies values from fields of resources to fields of others. @throws {KustomizeError} */
export function applyReplacements(resources: readonly Resource[], replacements: readonly Replacement[]): void {
  for (const { source, sourceValue, targets } of replacements) {
    if ((sourceValue === undefined && source === undefined) || targets === undefined) {
      throw new KustomizeError("replacements must specify a source and at least one target");
    }
    const value = readValue(resources, source, sourceValue);
    for (const target of targets) applyToTarget(resources, value, target);
  }
}

function readValue(
  resources: readonly Resource[],
  source: ReplacementSource | undefined,
  sourceValue: string | undefined,
): Node {
  if (source === undefined) return new Scalar(sourceValue ?? "");
  if (sourceValue !== undefined) throw new KustomizeError("value and resource selectors are mutually exclusive");
  const { node } = findSource(resources, source);
  const path = source.fieldPath || fieldPathDefault;
  let found: Node | undefined;
  try {
    found = node === undefined ? undefined : lookup(node, splitFieldPath(path));
  } catch (error) {
    throw prefixed("error looking up replacement source", error);
  }
  if (found === undefined || isEmpty(found)) {
    throw new KustomizeError(`fieldPath \`${path}\` is missing for replacement source ${formatSourceId(source)}`);
  }
  return refine(found, source.options);
}

/** Ids here do not know whether a kind is in a namespace. */
function idsOf(resource: Resource): ResourceId[] {
  const { gvk, name, namespace } = resource;
  return [{ ...gvk, name, namespace, isClusterScoped: false }, ...resource.previousIds];
}

function idOf(selector: WrittenSelector): ResourceId {
  const { group, version, kind, name, namespace } = completeSelector(selector);
  return { group, version, kind, name, namespace, isClusterScoped: false };
}

function formatSourceId(source: ReplacementSource): string {
  const { name, namespace, ...gvk } = idOf(source);
  return `${formatGvk(gvk)}/${name || "[noName]"}.${namespace || "[noNs]"}`;
}

function findSource(resources: readonly Resource[], source: ReplacementSource): Resource {
  const selector = idOf(source);
  const matches = resources.filter((resource) => idsOf(resource).some((id) => isSelectedBy(id, selector)));
  const [first] = matches;
  if (matches.length > 1) throw new KustomizeError(`multiple matches for selector ${formatSource(source)}`);
  if (first === undefined) throw new KustomizeError(`nothing selected by ${formatSource(source)}`);
  return first;
}

function formatSource(source: ReplacementSource): string {
  const { delimiter = "", index = 0, create = false } = source.options ?? {};
  const parts = [formatSourceId(source)];
  if (source.fieldPath) parts.push(source.fieldPath);
  if (delimiter !== "" || create) parts.push(`${delimiter}(${index}), create=${create}`);
  return parts.join(":");
}

function refine(node: Node, options: FieldOptions | undefined): Node {
  const { delimiter = "", index = 0 } = options ?? {};
  if (delimiter === "") return node;
  if (!(node instanceof Scalar)) throw new KustomizeError("delimiter option can only be used with scalar nodes");
  const part = textOf(node).split(delimiter)[index];
  if (part === undefined) {
    throw new KustomizeError(`options.index ${index} is out of bounds for value ${textOf(node)}`);
  }
  return new Scalar(part, node.tag, node.quoted);
}

function applyToTarget(resources: readonly Resource[], value: Node, target: ReplacementTarget): void {
  const { select, reject = [] } = target;
  if (select === undefined) throw new KustomizeError("target must specify resources to select");
  const wanted = idOf(select);
  const unwanted = reject.map(idOf).filter((id) => Object.values(id).some((part) => part !== "" && part !== false));
  for (const resource of resources) {
    if (!matchesMetadata(resource, select) || reject.some((selector) => isRejected(resource, selector))) continue;
    const ids = idsOf(resource);
    if (!ids.some((id) => isSelectedBy(id, wanted))) continue;
    if (unwanted.some((other) => ids.some((id) => isSelectedBy(id, other)))) continue;
    copyInto(resource, value, target);
  }
}

function matchesMetadata(
  resource: Resource,
  { annotationSelector = "", labelSelector = "" }: WrittenSelector,
): boolean {
  return matchesTexts(annotationSelector, resource.annotations) && matchesTexts(labelSelector, resource.labels);
}

function isRejected(resource: Resource, selector: WrittenSelector): boolean {
  return Boolean(selector.annotationSelector || selector.labelSelector) && matchesMetadata(resource, selector);
}

function copyInto(resource: Resource, value: Node, { fieldPaths = [], options }: ReplacementTarget): void {
  const { node } = resource;
  if (node === undefined) return;
  const created: CreatedKind = options?.create === true ? kindOf(value) : undefined;
  for (const path of fieldPaths.length === 0 ? [fieldPathDefault] : fieldPaths) {
    const verb = created === undefined ? "find" : "find or create";
    const problem = `unable to ${verb} field ${JSON.stringify(path)} in replacement target`;
    let found: ReturnType<typeof findAll>;
    try {
      found = findAll({ node, replace: () => undefined }, splitFieldPath(path), created);
    } catch (error) {
      throw prefixed(problem, error);
    }
    if (found.length === 0) throw new KustomizeError(problem);
    for (const { node: field, replace } of found) setField(field, replace, value, options);
  }
}

function setField(field: Node, replace: (node: Node) => void, value: Node, options: FieldOptions | undefined): void {
  const { delimiter = "", index = 0 } = options ?? {};
  const copy = cloneNode(value);
  if (delimiter !== "") {
    if (!(field instanceof Scalar)) throw new KustomizeError("delimiter option can only be used with scalar nodes");
    const parts = field.text.split(delimiter);
    const own = textOf(copy);
    if (index < 0) parts.unshift(own);
    else if (index >= parts.length) parts.push(own);
    else parts[index] = own;
    if (copy instanceof Scalar) copy.text = parts.join(delimiter);
  }
  // A scalar keeps what it is, so that a number becomes text and the other way round.
  if (field instanceof Scalar) field.text = rawText(copy);
  else replace(copy);
}
