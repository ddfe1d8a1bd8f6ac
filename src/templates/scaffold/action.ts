import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import type { Workspace } from "./workspace.ts";

/**
 * What an action is given.
 *
 * @property source the folder of the template, which relative addresses are read from
 * @property workspace what the steps before have made
 */
export type ActionContext = { input: JsonObject; source: Workspace; workspace: Workspace; log(line: string): void };

/**
 * One action of the scaffolder, by what it does to files; its outputs are returned.
 *
 * @throws {Error} saying what is wrong with the input, as a sentence without a full stop
 */
export type Action = (context: ActionContext) => JsonObject;

/** @throws {Error} when the input has no text at a field */
export function requireText(input: JsonObject, field: string): string {
  const value = input[field];
  if (typeof value !== "string" || value === "") throw new Error(`${field} has to be a text, not ${describe(value)}`);
  return value;
}

export function optionalText(input: JsonObject, field: string, fallback: string): string {
  const value = input[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== "string") throw new Error(`${field} has to be a text, not ${describe(value)}`);
  return value;
}

/** @throws {Error} when the input has no list at a field */
export function requireList(input: JsonObject, field: string): JsonValue[] {
  const value = input[field];
  if (!Array.isArray(value)) throw new Error(`${field} has to be a list, not ${describe(value)}`);
  return value;
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return "absent";
  return JSON.stringify(value).slice(0, 80);
}
