import { isJsonObject, type JsonObject, type JsonValue, parseYaml, YamlError } from "../../apimachinery/index.ts";
import { looksLikeValue, type ScannedKey } from "./values-scan.ts";

/**
 * What is written about a key of a values file.
 *
 * @property types names of JSON Schema; none when nothing was said
 * @property keywords of JSON Schema, from `@schema` annotations
 * @property isRequired whether an annotation asks for the key itself
 * @property isIgnored whether the key is none for users
 * @property example values that stand in the comments as YAML that is switched off
 */
export type KeyNotes = {
  readonly description?: string;
  readonly types?: readonly string[];
  readonly choices?: readonly string[];
  readonly keywords?: JsonObject;
  readonly isRequired?: boolean;
  readonly isIgnored?: boolean;
  readonly example?: string;
};

/**
 * Reads the comments around a key, in any of the ways in which charts document their values: helm-docs (`# -- text`), cert-manager's
 * (`# +docs:type=`), helm-schema's annotations (`# @schema`), and plain text.
 */
export function readKeyComments(key: ScannedKey): KeyNotes {
  const { lines, keywords } = takeAnnotations([...key.above, ...(key.trailing === undefined ? [] : [key.trailing])]);
  const trailing = key.trailing === undefined || /@schema\b/.test(key.trailing) ? [] : [key.trailing];
  const above = lines.slice(0, lines.length - trailing.length);
  const docs = helmDocsOf(above) ?? plainOf(above);
  const below = splitProse(key.below.map(textOfComment));
  const said = [docs.text, ...(docs.text === "" ? proseOf(trailing) : [])].filter((one) => one !== "").join("\n");
  const { required, hidden, ...rest } = keywords;
  const example = [docs.example, below.example].find((one) => one !== "") ?? "";
  const choices = choicesIn([said, ...trailing.map(textOfComment)].join("\n"));
  return {
    ...(said !== "" && { description: docs.defaultText === undefined ? said : withDefault(said, docs.defaultText) }),
    ...(docs.types.length > 0 && { types: docs.types }),
    // A choice between values, this one and others, is none of what the value can be.
    ...(choices !== undefined && !choices.includes(key.path.at(-1) ?? "") && { choices }),
    ...(Object.keys(rest).length > 0 && { keywords: rest }),
    ...(required === true && { isRequired: true }),
    ...((docs.isIgnored || hidden === true) && { isIgnored: true }),
    ...(example !== "" && { example }),
  };
}

/** What bitnami's readme-generator reads, of all comments of a file: notes by dotted paths, `[]` for items. */
export function readParameters(comments: readonly string[]): Map<string, KeyNotes> {
  const found = new Map<string, KeyNotes>();
  for (const comment of comments) {
    const match = /^##?\s*@(param|extra|skip)\s+(\S+)\s*(.*)$/.exec(comment);
    if (match === null) continue;
    const [, , path = "", rest = ""] = match;
    const { modifiers, text } = takeModifiers(rest);
    const types = modifiers.flatMap((modifier) => typesNamed(modifier));
    const standard = modifiers
      .find((modifier) => modifier.startsWith("default:"))
      ?.slice("default:".length)
      .trim();
    const choices = choicesIn(text);
    found.set(path.replace(/\[\d*\]/g, ".[]").replace(/^\./, ""), {
      ...(text !== "" && {
        description: standard === undefined || standard === "" ? text : withDefault(text, standard),
      }),
      ...(types.length > 0 && { types: [...new Set(types)] }),
      ...(choices !== undefined && { choices }),
    });
  }
  return found;
}

/** Modifiers stand in brackets between the path and the text, several in one pair with commas, or each in its own. */
function takeModifiers(text: string): { modifiers: string[]; text: string } {
  const modifiers: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("[")) {
    let depth = 0;
    let end = 0;
    for (; end < rest.length; end++) {
      if (rest.charAt(end) === "[") depth++;
      else if (rest.charAt(end) === "]" && --depth === 0) break;
    }
    // Text in brackets that is no modifier, such as a link, belongs to the description.
    const inner = rest.slice(1, end);
    if (
      depth > 0 ||
      rest.charAt(end + 1) === "(" ||
      !/^(?:string|array|object|nullable|boolean|number|integer|default:)/.test(inner)
    )
      break;
    if (inner.startsWith("default:")) modifiers.push(inner);
    else modifiers.push(...inner.split(",").map((one) => one.trim()));
    rest = rest.slice(end + 1).trimStart();
  }
  return { modifiers, text: rest.trim() };
}

type Docs = { text: string; types: string[]; isIgnored: boolean; example: string; defaultText?: string };

/** helm-docs reads from the last line with `--` on; what stands above that is for readers of the file. */
function helmDocsOf(above: readonly string[]): Docs | undefined {
  const start = above.findLastIndex((line) => /^#+\s+(?:[\w.[\]"-]+\s+)?--(?:\s|$)/.test(line));
  const isIgnored = above.some((line) => /^#+\s*@ignored?\b/.test(line));
  if (start < 0) return isIgnored ? { text: "", types: [], isIgnored, example: "" } : undefined;
  const [, typeText, first = ""] =
    /^#+\s+(?:[\w.[\]"-]+\s+)?--\s*(?:\(([^)]*)\))?\s*(.*)$/.exec(above[start] ?? "") ?? [];
  const types = typeText === undefined ? [] : typesNamed(typeText);
  // Parentheses that hold no type are the beginning of the text.
  const opening =
    typeText !== undefined && types.length === 0 && !isTypeWord(typeText) ? `(${typeText}) ${first}` : first;
  const rest = above.slice(start + 1);
  const standard = rest.find((line) => /^#+\s*@default\s+--/.test(line));
  const { text, example } = splitProse([opening, ...rest.filter((line) => !isDirective(line)).map(textOfComment)]);
  const defaultText = standard?.replace(/^#+\s*@default\s+--\s*/, "").trim();
  return { text, types, isIgnored, example, ...(defaultText !== undefined && { defaultText }) };
}

function plainOf(above: readonly string[]): Docs {
  const { text, example } = splitProse(above.filter((line) => !isDirective(line)).map(textOfComment));
  const types = above.flatMap((line) => typesNamed(/^#+\s*\+docs:type=(.*)$/.exec(line)?.[1] ?? ""));
  return { text, types, isIgnored: above.some((line) => /^#+\s*\+docs:hidden\b/.test(line)), example };
}

function proseOf(comments: readonly string[]): string[] {
  return [splitProse(comments.filter((line) => !isDirective(line)).map(textOfComment)).text];
}

/** Comments that are said to a program, or are the same in every chart. */
function isDirective(comment: string): boolean {
  return /^#+\s*(?:@(?:param|extra|skip|section|default|ignored?|notationType|raw|description(?:Start|End)|schema)\b|\+docs:|yaml-language-server:|renovate:|kics-scan|checkov:|noqa\b|prettier-ignore|yamllint\b|Default values for |This is a YAML-formatted file|Declare (?:variables|name\/value)|SPDX-|Copyright )/i.test(
    comment,
  );
}

/** The text of a comment, with its indentation behind the marks and one space. */
function textOfComment(comment: string): string {
  return comment
    .replace(/^#+ ?/, "")
    .replace(/\s*#*$/, (end) => (/^\s*#+$/.test(end) && comment.length > end.length ? "" : end))
    .trimEnd();
}

/** Tells text from values that are switched off, which are examples. */
function splitProse(lines: readonly string[]): { text: string; example: string } {
  const prose: string[] = [];
  const example: string[] = [];
  let isExample = false;
  for (const line of lines) {
    const isValue = looksLikeValue(line);
    if (isValue && !isExample) {
      // What announces an example is no text once the example is gone.
      if (/^\s*(?:e\.?g\.?|(?:for )?examples?|ie|i\.e\.)\s*[.:]*\s*$/i.test(prose.at(-1) ?? "")) prose.pop();
    }
    // Deeper lines, and items, go on with the value above them.
    isExample = isValue || (isExample && /^\s+\S|^[-}\]]/.test(line));
    if (isExample) example.push(line);
    else prose.push(/^[\s#=*~_-]*$/.test(line) ? "" : line.trim());
  }
  return { text: paragraphs(prose), example: outdent(example) };
}

/** Lines as text: those of a paragraph in one line, items of lists in lines of their own. */
function paragraphs(lines: readonly string[]): string {
  let text = "";
  for (const line of lines) {
    if (line === "") text = text === "" || text.endsWith("\n\n") ? text : `${text}\n\n`;
    else if (text === "" || text.endsWith("\n")) text += line;
    else text += /^(?:[-*•]|\d+[.)])\s|^(?:ref|see|note|default|docs)s?:/i.test(line) ? `\n${line}` : ` ${line}`;
  }
  return text.trim();
}

function outdent(lines: readonly string[]): string {
  const columns = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const least = Math.min(...columns, 80);
  return lines
    .map((line) => line.slice(least))
    .join("\n")
    .trimEnd();
}

function withDefault(text: string, standard: string): string {
  const plain = standard.replace(/^`(.*)`$/, "$1").trim();
  return plain === "" || text.includes(plain) ? text : `${text}${/[.!?:]$/.test(text) ? "" : "."} Default: ${plain}`;
}

/** Types as helm-docs, cert-manager's tool and readme-generator name them; none for what is no single type. */
function typesNamed(text: string): string[] {
  const known: Record<string, string> = {
    string: "string",
    str: "string",
    "tpl/string": "string",
    int: "integer",
    integer: "integer",
    float: "number",
    number: "number",
    bool: "boolean",
    boolean: "boolean",
    object: "object",
    dict: "object",
    map: "object",
    "tpl/object": "object",
    "tpl/dict": "object",
    list: "array",
    array: "array",
    "tpl/array": "array",
    "tpl/list": "array",
  };
  const parts = text
    .toLowerCase()
    .split(/[,|]/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const types = parts.map((one) =>
    Object.hasOwn(known, one) ? known[one] : one === "null" || one === "nullable" ? "null" : undefined,
  );
  return types.every((one) => one !== undefined) ? [...new Set(types)] : [];
}

function isTypeWord(text: string): boolean {
  return /^(?:tpl|k8s|kubernetes|yaml|json|multiline|path|duration|quantity|email|url|uri)(?:\/\S*)?$/i.test(
    text.trim(),
  );
}

/** Takes `@schema` annotations out of comments: blocks of YAML between two marks, and `name:value;name:value` behind one. */
function takeAnnotations(comments: readonly string[]): { lines: string[]; keywords: JsonObject } {
  const lines: string[] = [];
  const keywords: JsonObject = {};
  let block: string[] | undefined;
  for (const comment of comments) {
    if (/^#+\s*@schema(?:\.root)?\s*$/.test(comment)) {
      if (block === undefined) block = [];
      else {
        Object.assign(keywords, knownKeywords(yamlObject(block.join("\n"))));
        block = undefined;
      }
      continue;
    }
    if (block !== undefined) {
      block.push(textOfComment(comment));
      continue;
    }
    const short = /^#+\s*@schema\s+(\S.*)$/.exec(comment)?.[1];
    if (short !== undefined) Object.assign(keywords, shortKeywords(short));
    lines.push(comment);
  }
  // A block that nothing ends is text.
  return { lines: block === undefined ? lines : [...lines, ...block.map((line) => `# ${line}`)], keywords };
}

function yamlObject(text: string): JsonObject {
  try {
    const value = parseYaml(text);
    return isJsonObject(value) ? value : {};
  } catch (error) {
    if (error instanceof YamlError) return {};
    throw error;
  }
}

/** `type:[string, null];minLength:2`, where a value may have semicolons in brackets only. */
function shortKeywords(text: string): JsonObject {
  const found: JsonObject = {};
  for (const part of text.split(/;(?![^[{]*[\]}])/)) {
    const [, name = "", value = ""] = /^\s*([\w.$]+)\s*(?::\s*(.*))?$/s.exec(part) ?? [];
    if (name === "") continue;
    const read = value === "" ? true : yamlObject(`value: ${value}`)["value"];
    const inItems = /^item([A-Z]\w*)?$/.exec(name);
    if (inItems === null) found[name] = read ?? value.trim();
    else {
      const inner = inItems[1] === undefined ? "type" : `${inItems[1].charAt(0).toLowerCase()}${inItems[1].slice(1)}`;
      const items = found["items"];
      found["items"] = { ...(isJsonObject(items) ? items : {}), [inner]: read ?? value.trim() };
    }
  }
  return knownKeywords(found);
}

/** Whether a keyword has a value that it can have. */
const isText = (value: JsonValue) => typeof value === "string";
const isNumber = (value: JsonValue) => typeof value === "number";
const isSchema = (value: JsonValue) => typeof value === "boolean" || isJsonObject(value);
const isList = (value: JsonValue) => Array.isArray(value) && value.length > 0;
const isSchemas = (value: JsonValue) => Array.isArray(value) && value.length > 0 && value.every(isSchema);
const isSchemaMap = (value: JsonValue) => isJsonObject(value) && Object.values(value).every(isSchema);
const isType = (value: JsonValue) =>
  (Array.isArray(value) ? value : [value]).every((one) => typeof one === "string" && jsonTypes.has(one)) &&
  (!Array.isArray(value) || value.length > 0);
const jsonTypes = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);

const keywordChecks: Record<string, (value: JsonValue) => boolean> = {
  additionalProperties: isSchema,
  allOf: isSchemas,
  anyOf: isSchemas,
  const: () => true,
  description: isText,
  enum: isList,
  examples: isList,
  exclusiveMaximum: isNumber,
  exclusiveMinimum: isNumber,
  format: isText,
  hidden: () => true,
  items: isSchema,
  maxItems: isNumber,
  maxLength: isNumber,
  maxProperties: isNumber,
  maximum: isNumber,
  minItems: isNumber,
  minLength: isNumber,
  minProperties: isNumber,
  minimum: isNumber,
  multipleOf: isNumber,
  not: isSchema,
  oneOf: isSchemas,
  pattern: isText,
  patternProperties: isSchemaMap,
  properties: isSchemaMap,
  readOnly: (value) => typeof value === "boolean",
  required: (value) => typeof value === "boolean",
  title: isText,
  type: isType,
  uniqueItems: (value) => typeof value === "boolean",
};

/** What of an annotation is JSON Schema. A type of no name, `null` in YAML, is the type `null`. */
function knownKeywords(annotation: JsonObject): JsonObject {
  const found: JsonObject = {};
  for (const [name, value] of Object.entries(annotation)) {
    const isNull = (one: JsonValue) => (one === null ? "null" : one);
    const said = name === "type" ? (Array.isArray(value) ? value.map(isNull) : isNull(value)) : value;
    if (Object.hasOwn(keywordChecks, name) && keywordChecks[name]?.(said) === true) found[name] = said;
  }
  return found;
}

/** How many words a list of choices may have; longer ones are prose. */
const choicesMax = 20;

/** The words that a comment says are all that a value can be; `undefined` unless it says so without doubt. */
export function choicesIn(text: string): string[] | undefined {
  const announced =
    /\b(?:one of(?: the following)?|(?:valid|allowed|possible|accepted|supported|available) (?:values|options|choices|types|modes)(?: are)?|can be either|must be either|either)\s*(:?)\s*(.*)/is.exec(
      text,
    );
  if (announced === null) return undefined;
  const [, colon = "", rest = ""] = announced;
  const [words, end] = takeWords(rest);
  const areQuoted = words.every(({ isQuoted }) => isQuoted);
  // Words without quotes need a colon before them, and nothing behind them but the end of a sentence. Some with and some without
  // are a sentence.
  if (words.length < 2 || words.length > choicesMax || new Set(words.map(({ word }) => word)).size !== words.length)
    return undefined;
  if (!areQuoted && words.some(({ isQuoted }) => isQuoted)) return undefined;
  if (!areQuoted && (colon === "" || !/^\s*(?:[.;)\]]|$|\n)/.test(end))) return undefined;
  if (/^\s*(?:,?\s*etc|\.\.\.|…)/i.test(end)) return undefined;
  return words.map(({ word }) => word);
}

type Word = { readonly word: string; readonly isQuoted: boolean };

function takeWords(text: string): [Word[], string] {
  const words: Word[] = [];
  let rest = text.replace(/^\s*[[({]\s*/, "");
  for (;;) {
    const match = /^\s*(?:[-*]\s+)?(?:`"?([^`\s"]+)"?`|"([^"\s]*)"|'([^'\s]*)'|([A-Za-z0-9][\w./-]*))/.exec(rest);
    if (match === null) break;
    const [whole, ticked, double, single, bare] = match;
    const word = ticked ?? double ?? single ?? bare?.replace(/\.$/, "") ?? "";
    const isQuoted = bare === undefined;
    if (bare?.endsWith(".") === true) {
      words.push({ word, isQuoted });
      return [words, `.${rest.slice(whole.length)}`];
    }
    words.push({ word, isQuoted });
    rest = rest.slice(whole.length);
    const separator = /^\s*(?:,\s*(?:or|and)\s+|[,|/]\s*|\s(?:or|and)\s+)/.exec(rest);
    if (separator === null) break;
    rest = rest.slice(separator[0].length);
  }
  return [words, rest];
}
