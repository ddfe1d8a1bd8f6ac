import {
  type Fields,
  isFields,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "../../../apimachinery/index.ts";
import { SourceError } from "../../definition.ts";
import { configurationFiles } from "./files.ts";
import { hclBytesMax, parseHcl } from "./hcl.ts";
import { declaredLines } from "./positions.ts";

/** A block with one label, `variable "x" {}` or `output "x" {}`, after override files were merged in. */
export type Block = {
  name: string;
  /** As the parser of HCL gives it: constants are values whose strings escape `${`, everything else is `${...}`. */
  body: JsonObject;
  /** The path of its file, as the caller named the folder. */
  file: string;
  /** Not known for files in JSON. */
  line?: number;
};

/** What a module declares towards those who call it. */
export type Configuration = {
  /** In the order of files and lines. */
  variables: Block[];
  outputs: Block[];
  /** Constraints on the version of Terraform, one for every `required_version`. */
  requiredVersions: string[];
  /** By local name. */
  providers: Map<string, { source?: string; version?: string }>;
};

type Contents = { file: string; json: boolean; content: JsonObject; text: string };

/**
 * Reads the configuration files of a folder as Terraform does, override files last.
 *
 * @param path the folder, which messages put before the names of files
 * @throws {SourceError} for text that is no HCL or JSON, and for what is declared twice
 */
export async function readConfiguration(path: string, files: ReadonlyMap<string, string>): Promise<Configuration> {
  const { primary, override } = configurationFiles(files.keys());
  const base = await readFiles(path, files, primary);
  const changes = await readFiles(path, files, override);
  const providers = new Map<string, { source?: string; version?: string }>();
  const requiredVersions: string[] = [];
  for (const { content } of [...base, ...changes]) {
    for (const settings of bodies(content["terraform"])) {
      if (typeof settings["required_version"] === "string") requiredVersions.push(settings["required_version"]);
      for (const required of bodies(settings["required_providers"])) addProviders(providers, required);
    }
  }
  return {
    variables: declared(base, changes, "variable", ["validation"]),
    outputs: declared(base, changes, "output", []),
    requiredVersions,
    providers,
  };
}

async function readFiles(path: string, files: ReadonlyMap<string, string>, names: string[]): Promise<Contents[]> {
  const read: Contents[] = [];
  // One after another: there is one parser, and the first file with a mistake is the one to tell.
  for (const name of names) {
    const text = files.get(name) ?? "";
    const file = joinPath(path, name);
    const json = name.endsWith(".json");
    read.push({ file, json, text, content: json ? readJson(file, text) : await parseHcl(file, text) });
  }
  return read;
}

/** A file's path under the name that the caller gave the folder. */
export function joinPath(path: string, name: string): string {
  if (path === "" || path === ".") return name;
  return path.endsWith("/") ? `${path}${name}` : `${path}/${name}`;
}

function readJson(file: string, text: string): JsonObject {
  if (text.length > hclBytesMax)
    throw new SourceError(`has more than the ${hclBytesMax} bytes that are read`, { file });
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "invalid JSON";
    const [, said, line, column] = /^(.*) at line (\d+), column (\d+)$/s.exec(why) ?? [];
    if (said === undefined) throw new SourceError(why, { file }, { cause });
    throw new SourceError(said, { file, line: Number(line), column: Number(column) }, { cause });
  }
  if (!isJsonObject(value))
    throw new SourceError("must hold an object, whose fields are the types of blocks", { file });
  return value;
}

/** The bodies of a block without labels; JSON may have one object in place of a list. */
export function bodies(value: JsonValue | undefined): JsonObject[] {
  if (isJsonObject(value)) return [value];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function addProviders(providers: Map<string, { source?: string; version?: string }>, required: Fields): void {
  for (const [name, value] of Object.entries(required)) {
    // Before Terraform 0.13 the version stood alone.
    const { source, version } = isFields(value) ? value : { source: undefined, version: value };
    providers.set(name, {
      ...(typeof source === "string" && { source }),
      ...(typeof version === "string" && { version }),
    });
  }
}

function declared(base: Contents[], changes: Contents[], type: string, kept: string[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const block of base.flatMap((contents) => blocksOf(contents, type))) {
    const first = blocks.get(block.name);
    if (first) throw twice(type, first, block);
    blocks.set(block.name, block);
  }
  for (const change of changes.flatMap((contents) => blocksOf(contents, type))) {
    const block = blocks.get(change.name);
    if (!block) {
      const why = `Missing base ${type} declaration to override: There is no ${type} named "${change.name}". An override file can only override a ${type} that was already declared in a primary configuration file`;
      throw new SourceError(why, change);
    }
    const changed = Object.entries(change.body).filter(([key]) => !kept.includes(key));
    blocks.set(block.name, { ...block, body: Object.fromEntries([...Object.entries(block.body), ...changed]) });
  }
  return [...blocks.values()];
}

function twice(type: string, first: Block, again: Block): SourceError {
  const place = first.line === undefined ? first.file : `${first.file}:${first.line}`;
  const noun = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  const why = `Duplicate ${type} declaration: ${aOrAn(type)} ${type} named "${first.name}" was already declared at ${place}. ${noun} names must be unique within a module`;
  return new SourceError(why, again);
}

function aOrAn(noun: string): string {
  return /^[aeiou]/.test(noun) ? "An" : "A";
}

function blocksOf({ file, json, content, text }: Contents, type: string): Block[] {
  const found: Block[] = [];
  const lines = json ? new Map<string, number[]>() : declaredLines(text, type);
  for (const byName of bodies(content[type])) {
    for (const [name, value] of Object.entries(byName)) {
      // In JSON, `//` is a comment.
      if (json && name === "//") continue;
      const ofThis = bodies(value);
      const place = lines.get(name) ?? [];
      if (ofThis.length === 0 || (!json && !Array.isArray(value))) {
        throw new SourceError(`${type} blocks must have one label, the name of the ${type}`, { file, line: place[0] });
      }
      ofThis.forEach((body, index) => {
        found.push({ name, body: json ? asHcl(body) : body, file, line: place[index] });
      });
    }
  }
  return found.sort((a, b) => (a.line ?? Number.POSITIVE_INFINITY) - (b.line ?? Number.POSITIVE_INFINITY) || 0);
}

/** Arguments that Terraform wants to be constant: in JSON, `${` in them is text. */
const constants = ["default", "description", "deprecated"];

function asHcl(body: JsonObject): JsonObject {
  const entries = Object.entries(body).map(([name, value]) => {
    if (name === "type" && typeof value === "string") return [name, `\${${value}}`] as const;
    return [name, constants.includes(name) ? escaped(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function escaped(value: JsonValue): JsonValue {
  if (typeof value === "string") return escapedText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [escapedText(name), escaped(field)]));
}

function escapedText(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, "$&$&");
}
