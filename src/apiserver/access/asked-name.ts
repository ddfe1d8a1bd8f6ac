import {
  type FieldSelector,
  isStatusError,
  parseFieldSelector,
  validatePathSegment,
} from "../../apimachinery/index.ts";
import type { ResourcePath } from "../http/path.ts";

/**
 * Which object a request is about, for whoever judges it. A list or a watch that selects one name is about that object alone, so
 * that who may only see this one may list and watch it.
 */
export function askedName(path: ResourcePath, verb: string, query: URLSearchParams): string {
  if (path.name !== "" || path.watch || (verb !== "list" && verb !== "watch")) return path.name;
  const selector = query.get("fieldSelector");
  if (selector === null) return "";
  const name = parsed(selector).find(({ field, operator }) => field === "metadata.name" && operator === "=")?.value;
  return name !== undefined && validatePathSegment(name).length === 0 ? name : "";
}

/** What cannot be read selects nothing here; the list itself says what is wrong with it. */
function parsed(selector: string): FieldSelector {
  try {
    return parseFieldSelector(selector);
  } catch (error) {
    if (isStatusError(error)) return [];
    throw error;
  }
}
