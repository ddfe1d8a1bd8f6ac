import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, posix } from "node:path";
import {
  compareUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseYamlDocuments,
  setField,
  textAt,
  YamlError,
} from "../../apimachinery/index.ts";
import { type OutputFile, SourceError } from "../../templates/index.ts";
import { whyUnreadable } from "./find-inputs.ts";

/** A template and what lies in its directory, which its steps take files from. */
export type LoadedTemplate = {
  /** For people: the file it is in. */
  file: string;
  object: JsonObject;
  /** Of the file. */
  text: string;
  /** Texts by path, relative to the directory of the template, with `/`. */
  files: ReadonlyMap<string, string>;
};

export type LoadedTemplates = { templates: LoadedTemplate[]; problems: SourceError[] };

/** A skeleton is some files; a directory that holds a project has more than a template may bring. */
const filesMax = 10_000;
/** Larger files are no templates. */
const fileBytesMax = 4 * 2 ** 20;
/** Levels of directories that a skeleton has below its template. */
const skeletonDepth = 8;
const skippedDirectories = new Set([".git", "node_modules"]);

/**
 * Finds Backstage templates in a file or below a directory.
 *
 * @param depth how many levels of directories below it are read
 */
export function loadTemplates(path: string, depth: number): LoadedTemplates {
  const { files, problems } = readTree(path, depth + skeletonDepth);
  const found = templatesIn(files, { problems, shown: (file) => file });
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? { ...found, templates: found.templates.filter(({ file }) => file === normalize(path)) } : found;
}

/** The templates among files that were made. @param directory where they would be written; part of their names only */
export function templatesOf(files: readonly OutputFile[], directory: string): LoadedTemplates {
  const texts = new Map(files.map(({ path, content }) => [path, content]));
  return templatesIn(texts, { problems: [], shown: (file) => (directory === "" ? file : posix.join(directory, file)) });
}

function templatesIn(
  texts: ReadonlyMap<string, string>,
  { problems, shown }: { problems: SourceError[]; shown: (file: string) => string },
): LoadedTemplates {
  const directories = new Map<string, Map<string, string>>();
  const found: { file: string; object: JsonObject }[] = [];
  for (const [file, text] of texts) {
    if (!/\.ya?ml$/.test(file) || !text.includes("scaffolder.backstage.io/")) continue;
    const objects = readObjects(text, shown(file), problems).filter(isTemplate);
    if (objects.length > 0) directories.set(directoryOf(file), new Map());
    for (const object of objects) found.push({ file, object });
  }
  for (const [path, text] of texts) {
    for (let above = directoryOf(path); ; above = directoryOf(above)) {
      directories.get(above)?.set(above === "." ? path : path.slice(above.length + 1), text);
      if (above === directoryOf(above)) break;
    }
  }
  const templates = found.map(({ file, object }) => {
    const files = directories.get(directoryOf(file)) ?? new Map<string, string>();
    return { file: shown(file), object: withPlaceholders(object, files), text: texts.get(file) ?? "", files };
  });
  return { templates, problems };
}

function readObjects(text: string, file: string, problems: SourceError[]): JsonObject[] {
  try {
    return parseYamlDocuments(text).flatMap(({ value }) => (isJsonObject(value) ? [value] : []));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, column } = error;
    const why = error.message.replace(/^line \d+, column \d+: /, "");
    problems.push(new SourceError(why, { file, line, column }, { cause: error }));
    return [];
  }
}

function directoryOf(path: string): string {
  return posix.dirname(path);
}

function isTemplate(object: JsonObject): boolean {
  return textAt(object, "kind") === "Template" && textAt(object, "apiVersion").startsWith("scaffolder.backstage.io/");
}

/** The pages of a template's form; one page need not be in a list. */
export function pagesOf({ object }: LoadedTemplate): JsonObject[] {
  const spec = object["spec"];
  const parameters = isJsonObject(spec) ? spec["parameters"] : undefined;
  if (Array.isArray(parameters)) return parameters.filter(isJsonObject);
  return isJsonObject(parameters) ? [parameters] : [];
}

/** Placeholders may stand in what a placeholder brings; the portal resolves one level. */
const placeholderDepthMax = 64;

/**
 * Puts files in the place of `{$yaml: file}`, `{$json: file}` and `{$text: file}`, as the portal's catalog does when it reads a template. What
 * is not in the directory of the template stays.
 */
function withPlaceholders(object: JsonObject, files: ReadonlyMap<string, string>): JsonObject {
  const resolve = (value: JsonValue, depth: number): JsonValue => {
    if (depth > placeholderDepthMax) return value;
    if (Array.isArray(value)) return value.map((item) => resolve(item, depth + 1));
    if (!isJsonObject(value)) return value;
    const [[name = "", target] = [], ...others] = Object.entries(value);
    const text = others.length === 0 && typeof target === "string" ? files.get(posix.normalize(target)) : undefined;
    if (text !== undefined && name === "$text") return text;
    if (text !== undefined && (name === "$yaml" || name === "$json")) return parseYamlDocuments(text)[0]?.value ?? null;
    const resolved: JsonObject = {};
    for (const [key, field] of Object.entries(value)) setField(resolved, key, resolve(field, depth + 1));
    return resolved;
  };
  const resolved = resolve(object, 0);
  return isJsonObject(resolved) ? resolved : object;
}

/** Every text below a path, or in the directory of a file. Paths are as the user would name them. */
function readTree(path: string, depth: number): { files: Map<string, string>; problems: SourceError[] } {
  const files = new Map<string, string>();
  const problems: SourceError[] = [];
  const add = (file: string) => {
    const { size } = statSync(file);
    if (size <= fileBytesMax) files.set(file, readFileSync(file, "utf8"));
  };
  const walk = (directory: string, left: number) => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => compareUtf8(a.name, b.name))) {
      const file = join(directory, entry.name);
      if (files.size >= filesMax)
        throw new SourceError(`there are more than ${filesMax} files: name the templates`, { file: path });
      if (entry.isFile()) add(file);
      else if (entry.isDirectory() && left > 0 && !skippedDirectories.has(entry.name)) walk(file, left - 1);
    }
  };
  try {
    walk(statSync(path).isDirectory() ? path : dirname(path), depth);
  } catch (error) {
    problems.push(
      error instanceof SourceError ? error : new SourceError(whyUnreadable(error), { file: path }, { cause: error }),
    );
  }
  return { files, problems };
}
