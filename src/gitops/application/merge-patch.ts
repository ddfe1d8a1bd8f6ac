import { deepEqual, type Fields, isFields } from "../../apimachinery/index.ts";

/**
 * The JSON merge patch (RFC 7396) that turns one object into another.
 *
 * @returns `undefined` when they are equal
 */
export function mergePatchBetween(before: Fields, after: Fields): Fields | undefined {
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [before[name], after[name]];
    if (next === undefined) {
      if (old !== undefined) patch[name] = null;
    } else if (isFields(old) && isFields(next)) {
      const inner = mergePatchBetween(old, next);
      if (inner !== undefined) patch[name] = inner;
    } else if (!deepEqual(old, next)) patch[name] = next;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
