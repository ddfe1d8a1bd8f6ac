import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import { normalizeName } from "./normalize-name.ts";

export type GoTemplateOptions = { missingKey: "default" | "error" };

type Value = JsonValue | undefined;
type Token = { kind: "text" | "field" | "string" | "number" | "word" | "sign"; text: string };

/**
 * Expands the actions in a text the way Go's `text/template` does it: fields of the data, `index`, literals, pipes and a few
 * functions of Sprig.
 *
 * @throws {Error} for what is not one of these, and for a field that is missing when `missingKey` is `error`
 */
export function expandGoTemplate(text: string, data: JsonObject, options: GoTemplateOptions): string {
  const parts = text.split(/(\{\{-?\s*(?:[^}"`]|"(?:[^"\\]|\\.)*"|`[^`]*`)*?\s*-?\}\})/);
  let result = "";
  let trimNext = false;
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      result += trimNext ? part.trimStart() : part;
      continue;
    }
    if (part.startsWith("{{-")) result = result.trimEnd();
    trimNext = part.endsWith("-}}");
    const action = part.replace(/^\{\{-?\s*/, "").replace(/\s*-?\}\}$/, "");
    result += action.startsWith("/*") ? "" : print(new Action(action, data, options).value());
  }
  return result;
}

function print(value: Value): string {
  if (value === undefined || value === null) return "<no value>";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const unsupported = ["if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"];

class Action {
  readonly #source: string;
  readonly #data: JsonObject;
  readonly #options: GoTemplateOptions;
  readonly #tokens: Token[];
  #next = 0;

  constructor(source: string, data: JsonObject, options: GoTemplateOptions) {
    this.#source = source;
    this.#data = data;
    this.#options = options;
    this.#tokens = tokenize(source);
  }

  value(): Value {
    const value = this.#pipeline();
    const left = this.#tokens[this.#next];
    if (left !== undefined) throw this.#wrong(`unexpected ${left.text}`);
    return value;
  }

  #pipeline(): Value {
    let value = this.#command([]);
    while (this.#takes("|")) value = this.#command([value]);
    return value;
  }

  /** A function gets the value before the pipe as its last argument. */
  #command(piped: Value[]): Value {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "word" || ["true", "false", "nil"].includes(token.text)) {
      if (piped.length > 0) throw this.#wrong(`${token?.text ?? "the end"} is not a function`);
      return this.#operand();
    }
    this.#next++;
    if (unsupported.includes(token.text)) throw this.#wrong(`action "${token.text}" is not supported yet`);
    const call = Object.hasOwn(functions, token.text) ? functions[token.text] : undefined;
    if (call === undefined) throw this.#wrong(`function "${token.text}" is not supported yet`);
    const given: Value[] = [];
    while (this.#startsOperand()) given.push(this.#operand());
    return call(...given, ...piped);
  }

  #startsOperand(): boolean {
    const token = this.#tokens[this.#next];
    return token !== undefined && (token.kind !== "sign" || token.text === "(") && token.text !== "|";
  }

  #operand(): Value {
    const token = this.#tokens[this.#next++];
    switch (token?.kind) {
      case "field":
        return this.#field(token.text);
      case "string":
        return token.text;
      case "number":
        return Number(token.text);
      case "word":
        if (token.text === "nil") return null;
        if (token.text === "true" || token.text === "false") return token.text === "true";
        break;
      case "sign":
        if (token.text === "(") {
          const value = this.#pipeline();
          if (!this.#takes(")")) throw this.#wrong("a parenthesis is not closed");
          return value;
        }
    }
    throw this.#wrong(`unexpected ${token?.text ?? "end"}`);
  }

  #field(path: string): Value {
    let value: Value = this.#data;
    for (const name of path.split(".").filter((part) => part !== "")) {
      if (value === undefined || value === null || typeof value !== "object" || Array.isArray(value)) {
        throw this.#wrong(`nil data; no entry for key "${name}"`);
      }
      if (!Object.hasOwn(value, name) && this.#options.missingKey === "error") {
        throw this.#wrong(`map has no entry for key "${name}"`);
      }
      value = Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return value;
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#next++;
    return true;
  }

  #wrong(why: string): Error {
    return new Error(`failed to execute go template {{${this.#source}}}: ${why}`);
  }
}

const tokenPattern =
  /\s+|(?<field>\$?\.[\w.]*|\$)|(?<string>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?<number>-?\d+(?:\.\d+)?)|(?<word>[A-Za-z_]\w*)|(?<sign>[|()])|(?<other>.)/gy;

function tokenize(source: string): Token[] {
  return [...source.matchAll(tokenPattern)].flatMap(({ groups = {} }): Token[] => {
    const { field, string, number, word, sign, other } = groups;
    if (field !== undefined) return [{ kind: "field", text: field.replace(/^\$/, "") }];
    if (string !== undefined) return [{ kind: "string", text: unquote(string) }];
    if (number !== undefined) return [{ kind: "number", text: number }];
    if (word !== undefined) return [{ kind: "word", text: word }];
    if (sign !== undefined) return [{ kind: "sign", text: sign }];
    return other === undefined ? [] : [{ kind: "sign", text: other }];
  });
}

function unquote(quoted: string): string {
  return quoted.startsWith("`") ? quoted.slice(1, -1) : String(JSON.parse(quoted));
}

/** Arguments in the order of Sprig: what is piped comes last. */
const functions: Readonly<Record<string, (...given: Value[]) => Value>> = {
  index: (value, ...steps) => steps.reduce<Value>(indexed, value),
  default: (fallback, value) => (isEmpty(value) ? fallback : value),
  quote: (value) => JSON.stringify(print(value ?? "")),
  lower: (value) => print(value).toLowerCase(),
  upper: (value) => print(value).toUpperCase(),
  trim: (value) => print(value).trim(),
  replace: (from, to, value) => print(value).replaceAll(print(from), print(to)),
  toString: (value: Value) => print(value),
  toJson: (value) => JSON.stringify(value ?? null),
  normalize: (value) => normalizeName(print(value)),
};

function indexed(value: Value, step: Value): Value {
  if (Array.isArray(value) && typeof step === "number") return value[step];
  if (typeof value !== "object" || value === null || Array.isArray(value) || typeof step !== "string") return undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
}

function isEmpty(value: Value): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
