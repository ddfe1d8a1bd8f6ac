import { KustomizeError, prefixed, within } from "./kustomize-error.ts";
import { requireNode } from "./merge.ts";
import {
  fieldOf,
  isList,
  isMap,
  isMissingOrNull,
  isScalar,
  type MapNode,
  type Node,
  Scalar,
  setText,
  textOf,
} from "./node.ts";
import { compareGvk, formatId, type Gvk, isSelected, parseApiVersion } from "./resource-id.ts";
import type { ScalarTag } from "./scalar-tag.ts";

/** A field of some kinds of objects. `path` is separated by `/`; lists on the way need no step of their own. */
export type FieldSpec = Gvk & { readonly path: string; readonly create: boolean };

/** @throws {KustomizeError} when two say differently whether a field is created */
export function mergeFieldSpecs(specs: readonly FieldSpec[], more: readonly FieldSpec[]): FieldSpec[] {
  const merged = [...specs];
  for (const spec of more) {
    const same = merged.find((other) => isSelected(other, spec) && other.path === spec.path);
    if (same === undefined) merged.push(spec);
    else if (same.create !== spec.create) throw new KustomizeError("conflicting fieldspecs");
  }
  return merged;
}

export function sortFieldSpecs<T extends Gvk>(specs: readonly T[]): T[] {
  return [...specs].sort((a, b) => compareGvk(a, b));
}

/** What a field becomes when it is created; `tag` is what it is when it was null. */
export type Creation = { readonly kind: "scalar" | "map"; readonly tag: ScalarTag };

/** Changes a field that was found; `replace` puts another node in its place. */
export type FieldVisitor = (node: Node, replace: (node: Node) => void) => void;

/**
 * Visits the field that a spec means in an object, in all items of the lists on the way. A field that is missing is created
 * if both the spec and the caller say so, and passed over otherwise.
 *
 * @throws {KustomizeError}
 */
export function visitField(object: MapNode, spec: FieldSpec, visit: FieldVisitor, creation?: Creation): void {
  if (!isForObject(object, spec)) return;
  const path = splitPath(spec.path, "/");
  const steps: Steps = { path, visit, creation: spec.create ? creation : undefined };
  try {
    visitNode(object, () => undefined, 0, steps);
  } catch (error) {
    throw prefixed(`considering field '${spec.path}' of object ${formatId(idOf(object))}`, error);
  }
}

function isForObject(object: MapNode, spec: FieldSpec): boolean {
  if (spec.kind !== "" && spec.kind !== textOf(object.get("kind"))) return false;
  if (spec.group === "" && spec.version === "") return true;
  return isSelected({ ...parseApiVersion(textOf(object.get("apiVersion"))), kind: spec.kind }, spec);
}

function idOf(object: MapNode) {
  const metadata = object.get("metadata");
  const gvk = { ...parseApiVersion(textOf(object.get("apiVersion"))), kind: textOf(object.get("kind")) };
  const [name, namespace] = [textOf(fieldOf(metadata, "name")), textOf(fieldOf(metadata, "namespace"))];
  return { ...gvk, name, namespace, isClusterScoped: false };
}

type Steps = {
  readonly path: readonly string[];
  readonly visit: FieldVisitor;
  readonly creation: Creation | undefined;
};

function visitNode(node: Node, replace: (node: Node) => void, at: number, steps: Steps): void {
  if (at === steps.path.length) {
    steps.visit(node, replace);
    return;
  }
  if (isMissingOrNull(node)) return;
  if (isList(node)) {
    const rest = steps.path.slice(at);
    within(`visit traversal on path: [${rest.join(" ")}]`, () => {
      for (const [index, item] of node.entries()) {
        visitNode(item, (other) => node.splice(index, 1, other), at, steps);
      }
    });
    return;
  }
  if (!isMap(node)) throw new KustomizeError("expected sequence or mapping node");
  visitMap(node, at, steps);
}

function visitMap(map: MapNode, at: number, steps: Steps): void {
  const step = steps.path[at] ?? "";
  const isListStep = step.endsWith("[]");
  const name = (isListStep ? step.slice(0, -2) : step).trim();
  if (name === "") throw new KustomizeError("cannot set or create an empty field name");
  const { creation } = steps;
  const isLast = at === steps.path.length - 1;
  const created = creation === undefined || isListStep ? undefined : isLast ? creation.kind : "map";
  let field = map.get(name);
  if (field === undefined) {
    if (created === undefined) return;
    field = created === "map" ? new Map() : new Scalar("");
    map.set(name, field);
  } else if (isScalar(field) && field.tag === "null") {
    if (isListStep) field = [];
    else if (created === "map") field = new Map();
    else if (created === "scalar") field = new Scalar(field.text, creation?.tag ?? "", field.quoted);
    map.set(name, field);
  }
  visitNode(field, (other) => map.set(name, other), at + 1, steps);
}

/** Sets text in a scalar that was found. Quotes stay. @throws {KustomizeError} when it is no scalar */
export function setScalarText(node: Node, text: string, tag: ScalarTag = ""): void {
  requireNode("ScalarNode", node);
  if (!(node instanceof Scalar)) return;
  node.text = text;
  node.tag = tag;
}

/** A visitor that sets an entry of the map that was found. */
export function setEntry(key: string, text: string): FieldVisitor {
  return (node) => {
    if (isMissingOrNull(node)) return;
    requireNode("MappingNode", node);
    if (isMap(node)) setText(node, key, text, "str");
  };
}

/** Splits a path; a delimiter behind a backslash is part of a name, and one in front of all is none. */
export function splitPath(path: string, delimiter: string): string[] {
  let parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === "") parts = parts.slice(1);
  const [first = "", ...rest] = parts;
  const result = [first];
  for (const part of rest) {
    const last = result.at(-1) ?? "";
    if (last.endsWith("\\")) result[result.length - 1] = `${last.slice(0, -1)}${delimiter}${part}`;
    else result.push(part);
  }
  return result;
}
