import { isFields, type JsonObject } from "../../apimachinery/index.ts";
import { GoError } from "../template/go-error.ts";
import { type GoMap, newMap } from "../template/values.ts";
import { ChartError } from "./chart-error.ts";
import { isJsonObject, parseSetting, readJsonObject, type SettingKind } from "./settings.ts";
import { copyMap, mergeLayers } from "./value-maps.ts";
import { readValues } from "./yaml-text.ts";

/** @property name what errors call it: the path that was given to `--values` */
export type ValuesFile = { readonly name: string; readonly text: string };

/**
 * Values for a chart, from several places, applied in Helm's order, which is that of the fields here: what comes later wins.
 *
 * @property files `--values`
 * @property object like one more file: Argo CD's `valuesObject`
 * @property setJson `--set-json`
 * @property set `--set`
 * @property setString `--set-string`
 * @property setFile `--set-file`
 * @property setLiteral `--set-literal`
 * @property setFileContents what the files hold that `setFile` names, by their paths as they stand there
 */
export type HelmValues = {
  readonly files?: readonly ValuesFile[];
  readonly object?: JsonObject;
  readonly setJson?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly setFile?: readonly string[];
  readonly setLiteral?: readonly string[];
  readonly setFileContents?: ReadonlyMap<string, Uint8Array>;
};

/**
 * Puts values together.
 *
 * @param read reads the text of a values file; the same text need not be read twice
 * @returns a map that is the caller's to change
 * @throws {ChartError} in Helm's words
 */
export function mergeValues(values: HelmValues, read: (text: string) => GoMap = readValues): GoMap {
  let merged: GoMap = newMap();
  for (const { name, text } of values.files ?? []) {
    merged = mergeLayers(
      merged,
      explain(`failed to parse ${name}`, () => read(text)),
    );
  }
  if (values.object !== undefined) merged = mergeLayers(merged, mapOf(values.object));
  // Settings change what they find.
  merged = copyMap(merged);
  for (const text of values.setJson ?? []) merged = applyJson(text, merged);
  const apply = (kind: SettingKind, flag: string, texts: readonly string[] = []) => {
    for (const text of texts) {
      explain(`failed parsing ${flag} data`, () => parseSetting(text, merged, kind, fileReader(values)));
    }
  };
  apply("typed", "--set", values.set);
  apply("string", "--set-string", values.setString);
  apply("file", "--set-file", values.setFile);
  apply("literal", "--set-literal", values.setLiteral);
  return merged;
}

/** Of what is wrong in JSON Helm tells only where it was. */
function applyJson(text: string, into: GoMap): GoMap {
  const isObject = isJsonObject(text);
  try {
    if (isObject) return mergeLayers(into, copyMap(readJsonObject(text)));
    parseSetting(text, into, "json");
    return into;
  } catch (cause) {
    if (!(cause instanceof GoError)) throw cause;
    throw new ChartError(`failed parsing --set-json data${isObject ? " JSON:" : ""} ${text}`, { cause });
  }
}

function fileReader({ setFileContents }: HelmValues): (path: string) => Uint8Array {
  return (path) => {
    const bytes = setFileContents?.get(path);
    if (bytes === undefined) throw new GoError(`open ${path}: no such file or directory`);
    return bytes;
  };
}

function mapOf(object: JsonObject): GoMap {
  const map = newMap();
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) map[key] = isFields(value) && !Array.isArray(value) ? mapOf(value) : value;
  }
  return map;
}

function explain<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof GoError) throw new ChartError(`${what}: ${cause.message}`, { cause });
    throw cause;
  }
}
