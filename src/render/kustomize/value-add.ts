import { splitPath } from "./field-spec.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { requireNode } from "./merge.ts";
import { isMap, isMissingOrNull, type MapNode, Scalar } from "./node.ts";

/**
 * Writes a value into a field, which is created if need be.
 *
 * @param path steps separated by `/`
 * @param position where in a file path that the field has the value is put, counted from 1; 0 for in the place of all
 */
export function addValue(object: MapNode, value: string, path: string, position: number): void {
  const steps = splitPath(path.startsWith("/") ? path.slice(1) : path, "/").filter((step) => step !== "");
  const last = steps.pop();
  if (last === undefined) throw new KustomizeError("fieldPath cannot be empty");
  let here = object;
  for (const step of steps) {
    let next = here.get(step);
    if (isMissingOrNull(next)) {
      next = new Map();
      here.set(step, next);
    }
    requireNode("MappingNode", next);
    if (isMap(next)) here = next;
  }
  const field = here.get(last) ?? new Scalar("");
  requireNode("ScalarNode", field);
  if (!(field instanceof Scalar)) return;
  field.text = position > 0 ? insertPart(field.text, position - 1, value) : value;
  field.tag = "";
  here.set(last, field);
}

/** Puts a part into a file path; beyond its end it comes last. A path stays absolute or relative. */
function insertPart(path: string, index: number, part: string): string {
  const isAbsolute = path.startsWith("/");
  const parts = path.split("/").filter((text) => text !== "");
  parts.splice(Math.min(index, parts.length), 0, part);
  return `${isAbsolute ? "/" : ""}${parts.join("/")}`;
}
