import { type Fields, isFields, type KubeObject } from "../../apimachinery/index.ts";
import type { IgnoreDifference } from "../../apis/index.ts";
import { compileGlob } from "../../render/index.ts";
import { partsOf } from "../object/key.ts";
import { compileJqPath, type Path } from "./jq-path.ts";

/** Finds the fields of an object that must not count; the live object says who owns which field. */
export type IgnoredPaths = (object: KubeObject, live: KubeObject) => Path[];

/**
 * Compiles the `ignoreDifferences` of an application.
 *
 * @throws {Error} when a jq path expression or a JSON pointer is not well-formed
 */
export function compileIgnoreDifferences(rules: readonly IgnoreDifference[] = []): IgnoredPaths {
  const compiled = rules.map(compileRule);
  return (object, live) => compiled.flatMap((paths) => paths(object, live));
}

function compileRule(rule: IgnoreDifference): IgnoredPaths {
  const isGroup = compileGlob(rule.group ?? "");
  const isKind = compileGlob(rule.kind);
  const pointers = (rule.jsonPointers ?? []).map(parsePointer);
  const expressions = (rule.jqPathExpressions ?? []).map(compileJqPath);
  const managers = rule.managedFieldsManagers ?? [];
  return (object, live) => {
    const { group, kind, namespace, name } = partsOf(object);
    if (!isGroup(group) || !isKind(kind)) return [];
    if ((rule.name && rule.name !== name) || (rule.namespace && rule.namespace !== namespace)) return [];
    return [
      ...pointers.map((pointer) => resolvePointer(object, pointer)),
      ...expressions.flatMap((paths) => paths(object)),
      ...pathsOwnedBy(managers, object, live),
    ];
  };
}

function parsePointer(pointer: string): string[] {
  if (!pointer.startsWith("/"))
    throw new Error(`Cannot read JSON pointer ${JSON.stringify(pointer)}: it must begin with /`);
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Numbers in a pointer are indexes only where there is an array. */
function resolvePointer(object: KubeObject, pointer: readonly string[]): Path {
  let current: unknown = object;
  return pointer.map((step) => {
    const index = Array.isArray(current) && /^\d+$/.test(step) ? Number(step) : step;
    current = childOf(current, index);
    return index;
  });
}

function pathsOwnedBy(managers: readonly string[], object: KubeObject, live: KubeObject): Path[] {
  const entries = (live.metadata.managedFields ?? []).filter(({ manager }) => managers.includes(manager));
  return entries.flatMap(({ fieldsV1 }) => ownedPaths(fieldsV1, object, []));
}

/** Follows the `f:`, `k:` and `v:` steps of a managed fields entry through an object. */
function ownedPaths(fields: unknown, value: unknown, path: Path): Path[] {
  if (!isFields(fields)) return [];
  const steps = Object.entries(fields).filter(([step]) => step !== ".");
  if (steps.length === 0) return path.length > 0 ? [path] : [];
  return steps.flatMap(([step, below]) => {
    const at = indexOfStep(step, value);
    return at === undefined ? [] : ownedPaths(below, childOf(value, at), [...path, at]);
  });
}

function indexOfStep(step: string, value: unknown): string | number | undefined {
  const text = step.slice(2);
  if (step.startsWith("f:")) return text;
  if (!Array.isArray(value)) return undefined;
  if (step.startsWith("i:")) return Number(text);
  const wanted: unknown = JSON.parse(text);
  const index = value.findIndex((item: unknown) =>
    step.startsWith("k:") && isFields(wanted)
      ? isFields(item) && Object.entries(wanted).every(([key, part]) => item[key] === part)
      : item === wanted,
  );
  return index < 0 ? undefined : index;
}

/** A copy without the fields at these paths; paths that lead nowhere do nothing. */
export function withoutPaths<T extends Fields>(object: T, paths: readonly Path[]): T {
  if (paths.length === 0) return object;
  const copy = structuredClone(object);
  // Later elements of an array go first, so that the indexes of earlier ones stay right.
  for (const path of [...paths].sort(laterFirst)) {
    const parent = path.slice(0, -1).reduce<unknown>(childOf, copy);
    const last = path.at(-1);
    if (Array.isArray(parent) && typeof last === "number") parent.splice(last, 1);
    else if (isFields(parent) && typeof last === "string") delete (parent as Record<string, unknown>)[last];
  }
  return copy;
}

/**
 * A copy of `target` whose fields at the ignored paths are those of `live`, so that applying it leaves them as they are.
 * Items of lists are matched by name where they have one, else by index; what
 * stands in items that `live` does not have stays.
 */
export function withLiveValues(target: KubeObject, live: KubeObject, ignored: IgnoredPaths): KubeObject {
  const known = ignored(target, live).filter((path) => isFields(follow(path.slice(0, -1), target, live).to));
  const copy = structuredClone(withoutPaths(target, known));
  for (const path of ignored(live, live)) {
    const { from, to } = follow(path.slice(0, -1), live, copy);
    const last = path.at(-1);
    const value = last === undefined ? undefined : childOf(from, last);
    if (value !== undefined && isFields(to) && typeof last === "string") {
      (to as Record<string, unknown>)[last] = value;
    }
  }
  return copy;
}

/** Follows a path of one object through it and through another one. */
function follow(path: Path, from: unknown, to: unknown): { from: unknown; to: unknown } {
  let place = { from, to };
  for (const step of path) {
    const next = childOf(place.from, step);
    place = { from: next, to: counterpart(next, place.to, step) };
  }
  return place;
}

function counterpart(item: unknown, parent: unknown, step: string | number): unknown {
  if (!Array.isArray(parent) || !isFields(item) || item["name"] === undefined) return childOf(parent, step);
  return parent.find((other: unknown) => isFields(other) && other["name"] === item["name"]);
}

function childOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === "number" ? (value[step] as unknown) : undefined;
  return isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function laterFirst(a: Path, b: Path): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]];
    if (typeof left === "number" && typeof right === "number" && left !== right) return right - left;
  }
  return b.length - a.length;
}
