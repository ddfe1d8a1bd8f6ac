import { ChartValues } from "./chart-values.ts";
import { compileBody } from "./compile.ts";
import { functionTable } from "./function-table.ts";
import { baseName } from "./functions/paths.ts";
import { compileRegex } from "./functions/regex-match.ts";
import { GoError, LimitError } from "./go-error.ts";
import { rejoin } from "./go-text.ts";
import { describeExecError, describeParseError } from "./helm-error.ts";
import { parseTemplate, type Tree } from "./parser.ts";
import { type RenderOptions, Run, type Template, TemplateSet } from "./run.ts";
import type { GoMap } from "./values.ts";

/** @property name the path under which errors show it and templates include it, as in `chart/templates/service.yaml` */
export type TemplateFile = { readonly name: string; readonly text: string };

/**
 * Templates that know each other.
 *
 * @property names what is to be rendered, in the order in which Helm does it: files whose name begins with `_` only define
 */
export type TemplateBundle = {
  readonly names: readonly string[];
  /**
   * Renders one of the files.
   *
   * @param data what `.` is in it; functions such as `set` may change it
   * @returns the text; bytes that are not UTF-8 are lone surrogates in it, as `toBytes` knows
   * @throws {TemplateError}
   */
  render(name: string, data: GoMap, options: RenderOptions): string;
};

/**
 * What is wrong with a template, in the words of Helm 4.1.
 *
 * @property template the file
 */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly template: string;

  constructor(template: string, message: string, cause: unknown) {
    super(message, { cause });
    this.template = template;
  }
}

/** How many texts given to `tpl`, and how many patterns, are remembered, and how long one of them may be: most are short. */
const rememberedMax = 1000;
const rememberedSizeMax = 64 * 1024;

/**
 * Reads templates once, to be rendered as often as needed. Where several files define a template of one name, that of the
 * file with the shortest path counts, as in Helm.
 *
 * @throws {TemplateError} for the first file that is malformed
 */
export function compileTemplates(files: readonly TemplateFile[]): TemplateBundle {
  const templates = new TemplateSet();
  const sorted = files.toSorted((a, b) => depthOf(b.name) - depthOf(a.name) || (a.name < b.name ? 1 : -1));
  for (const file of sorted) {
    try {
      templates.add(templatesOf(file));
    } catch (error) {
      throw error instanceof GoError
        ? new TemplateError(file.name, describeParseError(file.name, error), error)
        : error;
    }
  }
  const memory = { parse: remember(parseText), regex: remember(compileRegex) };
  return {
    names: sorted.map(({ name }) => name).filter((name) => !baseName(name).startsWith("_")),
    render(name, data, options) {
      const template = templates.get(name);
      if (template === undefined) throw new Error(`Cannot render ${name}: there is no such template`);
      try {
        const text = Run.begin(templates, memory, options).execute(template, new ChartValues(data));
        return rejoin(text.replaceAll("<no value>", ""));
      } catch (error) {
        throw explain(name, error);
      }
    },
  };
}

/** The same function, which does not do the same twice. */
function remember<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size >= rememberedMax) known.clear();
    if (text.length <= rememberedSizeMax) known.set(text, made);
    return made;
  };
}

function depthOf(name: string): number {
  return name.split("/").length;
}

function explain(name: string, error: unknown): unknown {
  if (error instanceof GoError) return new TemplateError(name, describeExecError(name, error), error);
  const why = error instanceof LimitError ? error.message : endOfMeans(error);
  return why === undefined ? error : new TemplateError(name, `Cannot render ${name}: ${why}`, error);
}

/** Whether the stack is at its end, also inside of a regular expression, or a text is longer than JavaScript can hold. */
function endOfMeans(error: unknown): string | undefined {
  if (error instanceof RangeError && /string length|array length/i.test(error.message))
    return "it makes too long a text";
  const isStack =
    error instanceof RangeError || (error instanceof SyntaxError && /stack overflow/i.test(error.message));
  return isStack ? "its templates nest too deeply" : undefined;
}

function templatesOf({ name, text }: TemplateFile): Template[] {
  const isFunction = (word: string) => Object.hasOwn(functionTable, word);
  return [...parseTemplate({ name, text }, isFunction).values()].map(templateOf);
}

function templateOf(tree: Tree): Template {
  let body: ReturnType<typeof compileBody> | undefined;
  return {
    name: tree.name,
    tree,
    body: () => {
      body ??= compileBody(tree.root, functionTable);
      return body;
    },
  };
}

/** The name of every text that is given to `tpl`. */
const textName = "gotpl";

function parseText(text: string): { main: Template; all: Template[] } {
  const all = templatesOf({ name: textName, text });
  const main = all.find(({ name }) => name === textName);
  if (main === undefined) throw new Error(`Cannot render a text: it has no template ${textName}`);
  return { main, all };
}
