import { isJsonObject } from "./fields.ts";
import { cloneJson, deepEqual, setField } from "./json.ts";
import type { JsonObject, JsonValue } from "./object.ts";

/**
 * Applies a JSON merge patch (RFC 7396): objects are merged, `null` removes a field, everything else replaces. As in
 * Kubernetes, and not in the RFC, the objects in a new array lose the fields that are `null`.
 *
 * Neither argument is changed, and the result shares nothing with them.
 */
export function applyMergePatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return withoutNulls(patch);
  const result: JsonObject = isJsonObject(target) ? cloneJson(target) : {};
  mergeInto(result, patch);
  return result;
}

function mergeInto(result: JsonObject, patch: JsonObject): void {
  for (const [key, value] of Object.entries(patch)) {
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    if (value === null) delete result[key];
    else if (!isJsonObject(value)) setField(result, key, withoutNulls(value));
    else if (isJsonObject(before)) mergeInto(before, value);
    else setField(result, key, applyMergePatch(null, value));
  }
}

function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isJsonObject(value) ? applyMergePatch(null, value) : value;
}

/**
 * The smallest merge patch that turns `from` into `to`, as far as a merge patch can: a field that is `null` in `to` is
 * removed, for `null` in a patch means just that.
 */
export function createMergePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setField(patch, key, null);
  for (const [key, after] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (before !== undefined && deepEqual(before, after)) continue;
    setField(
      patch,
      key,
      isJsonObject(before) && isJsonObject(after) ? createMergePatch(before, after) : cloneJson(after),
    );
  }
  return patch;
}
