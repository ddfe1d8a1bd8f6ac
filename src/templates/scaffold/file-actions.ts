import {
  isFields,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  parseYaml,
  setField,
  textAt,
} from "../../apimachinery/index.ts";
import { textOf } from "../../lib/index.ts";
import { orderedYaml } from "../targets/ordered-yaml.ts";
import { type Action, optionalText, requireList, requireText } from "./action.ts";
import { fetchPlain, fetchPlainFile, fetchTemplate, fetchTemplateFile } from "./fetch-actions.ts";
import { compileGlobs, resolvePath, type Workspace } from "./workspace.ts";

const renameFiles: Action = ({ input, workspace }) => {
  for (const file of requireList(input, "files")) {
    if (!isJsonObject(file)) throw new Error("each of files has to be an object with from and to");
    const from = resolvePath(requireText(file, "from"));
    const to = resolvePath(requireText(file, "to"));
    if (workspace.within(from).length === 0) throw new Error(`there is no file ${from}`);
    if (workspace.within(to).length > 0) {
      if (file["overwrite"] !== true) throw new Error(`${to} exists already`);
      workspace.remove(to);
    }
    workspace.move(from, to);
  }
  return {};
};

const deleteFiles: Action = ({ input, workspace }) => {
  for (const file of requireList(input, "files")) {
    const path = resolvePath(String(file));
    if (path === "") throw new Error("the directory itself cannot be deleted");
    const isMatch = compileGlobs([path]);
    for (const found of workspace.within("").filter(isMatch)) workspace.remove(found);
  }
  return {};
};

const writeFile: Action = ({ input, workspace }) => {
  const path = resolvePath(requireText(input, "path"));
  workspace.write(path, contentOf(input));
  return { path };
};

const appendFile: Action = ({ input, workspace }) => {
  const path = resolvePath(requireText(input, "path"));
  workspace.write(path, readText(workspace, path) + contentOf(input));
  return { path };
};

const replaceInFiles: Action = ({ input, workspace }) => {
  for (const file of requireList(input, "files")) {
    if (!isJsonObject(file)) throw new Error("each of files has to be an object");
    const glob = requireText(file, "file");
    const find = requireText(file, "find");
    const replaceWith = requireText(file, "replaceWith");
    const isMatch = compileGlobs([resolvePath(glob)]);
    for (const path of workspace.within("").filter(isMatch)) {
      if (file["includeDotFiles"] !== true && !/(?:^|\/)\./.test(glob) && /(?:^|\/)\./.test(path)) continue;
      const pattern = file["matchRegex"] === true ? new RegExp(find, "g") : find;
      workspace.write(path, readText(workspace, path).replaceAll(pattern, replaceWith));
    }
  }
  return {};
};

const serializeYaml: Action = ({ input }) => ({ serialized: orderedYaml(dataOf(input)) });

const serializeJson: Action = ({ input }) => {
  const { replacer, space } = input;
  const fields = Array.isArray(replacer) ? replacer.filter((field) => typeof field === "string") : null;
  const indent = typeof space === "string" || typeof space === "number" ? space : undefined;
  return { serialized: JSON.stringify(dataOf(input), fields, indent) };
};

const mergeInto: Action = ({ input, workspace }): JsonObject => {
  const path = resolvePath(requireText(input, "path"));
  if (!workspace.has(path)) throw new Error(`there is no file ${path}`);
  const isJson = path.endsWith(".json");
  if (!isJson && !/\.ya?ml$/.test(path)) return {};
  const parse = isJson ? parseJson : parseYaml;
  const { content = null } = input;
  const merged = merge(parse(readText(workspace, path)), typeof content === "string" ? parse(content) : content);
  workspace.write(path, isJson ? JSON.stringify(merged, null, 2) : orderedYaml(merged));
  return { path };
};

const mergeJson: Action = (context) => {
  const path = resolvePath(requireText(context.input, "path"));
  if (!context.workspace.has(path)) context.workspace.write(path, "{}");
  const { content = null } = context.input;
  const added = typeof content === "string" ? parseJson(content) : content;
  context.workspace.write(path, JSON.stringify(merge(parseJson(readText(context.workspace, path)), added), null, 2));
  return { path };
};

const sanitize: Action = ({ input }) => ({
  sanitized: orderedYaml(withoutEmpty(parseYaml(requireText(input, "document"))) ?? {}),
});

const writeEntity: Action = ({ input, workspace }) => {
  const path = resolvePath(optionalText(input, "filePath", "catalog-info.yaml"));
  workspace.write(path, orderedYaml(isJsonObject(input["entity"]) ? input["entity"] : {}));
  return {};
};

const debugLog: Action = ({ input, workspace, log }) => {
  if (input["message"] !== undefined) log(textAt(input, "message") || JSON.stringify(input["message"]));
  if (input["listWorkspace"]) log(`Workspace:\n${workspace.within("").sort().join("\n")}`);
  return {};
};

/** The actions that make files and nothing else, by their ids in Backstage, Roadie's utilities and CNOE's portal. */
export const fileActions: ReadonlyMap<string, Action> = new Map([
  ["fetch:template", fetchTemplate],
  ["fetch:template:file", fetchTemplateFile],
  ["fetch:plain", fetchPlain],
  ["fetch:plain:file", fetchPlainFile],
  ["fs:rename", renameFiles],
  ["fs:delete", deleteFiles],
  ["catalog:write", writeEntity],
  ["debug:log", debugLog],
  ["roadiehq:utils:fs:write", writeFile],
  ["roadiehq:utils:fs:append", appendFile],
  ["roadiehq:utils:fs:replace", replaceInFiles],
  ["roadiehq:utils:serialize:yaml", serializeYaml],
  ["roadiehq:utils:serialize:json", serializeJson],
  ["roadiehq:utils:merge", mergeInto],
  ["roadiehq:utils:json:merge", mergeJson],
  ["cnoe:utils:sanitize", sanitize],
]);

function contentOf(input: JsonObject): string {
  const { content } = input;
  if (typeof content !== "string")
    throw new Error(`content has to be a text, not ${JSON.stringify(content) ?? "absent"}`);
  return content;
}

function dataOf({ data }: JsonObject): JsonValue {
  if (data === undefined) throw new Error("data is absent");
  return data;
}

function readText(workspace: Workspace, path: string): string {
  const content = workspace.read(path) ?? "";
  return typeof content === "string" ? content : textOf(content);
}

/** As lodash's `merge`: objects by field, lists by index. */
function merge(left: JsonValue, right: JsonValue): JsonValue {
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => {
      const [own, added] = [left[index], right[index]];
      if (own === undefined || added === undefined) return own ?? added ?? null;
      return merge(own, added);
    });
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return right;
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const own = Object.hasOwn(left, key) ? left[key] : undefined;
    setField(merged, key, own === undefined ? value : merge(own, value));
  }
  return merged;
}

/** What is left of a value without nulls and without objects and lists in which nothing is left; `undefined` when nothing is. */
function withoutEmpty(value: JsonValue): JsonValue | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.map(withoutEmpty);
    // An item that goes leaves its place empty, which is written as null, except at the end of the list.
    while (items.length > 0 && items.at(-1) === undefined) items.pop();
    return items.length === 0 ? undefined : items.map((item) => item ?? null);
  }
  if (!isFields(value)) return value;
  const kept: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const left = withoutEmpty(field);
    if (left !== undefined) setField(kept, key, left);
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}
