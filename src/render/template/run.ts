import { quoteGo } from "../../apimachinery/index.ts";
import type { Regex } from "./functions/regex-match.ts";
import { ExecError, type GoError, LimitError } from "./go-error.ts";
import { formatNode, locate, type Node } from "./nodes.ts";
import type { Tree } from "./parser.ts";
import type { GoMap, Value } from "./values.ts";

/**
 * What a render may cost before it is stopped.
 *
 * @property steps statements and calls; one takes between 20 ns and a few µs
 * @property characters how much text and how many list items functions and output may come to together
 */
export type RenderLimits = { readonly steps: number; readonly characters: number };

/** A hundred times what the largest public charts need, and still no more than some seconds and half a gigabyte. */
export const defaultLimits: RenderLimits = { steps: 20_000_000, characters: 256 * 2 ** 20 };

/**
 * What a template may learn from outside.
 *
 * @property now milliseconds since 1970, for `now`, `ago` and certificates
 * @property random fills as many bytes, for passwords, UUIDs and keys; secure unless the caller wants the same again
 * @property systemKeys whether RSA keys may come from the system's own generator, which is faster but takes none of `random`
 * @property timeZone what Go calls `Local`; `UTC` when absent
 * @property lookup answers `lookup`; empty objects when absent
 * @property missingKey `zero` as Helm renders; `error` as `helm lint --strict` does
 */
export type RenderOptions = {
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly systemKeys?: boolean;
  readonly timeZone?: string;
  readonly lookup?: (apiVersion: string, kind: string, namespace: string, name: string) => GoMap;
  readonly missingKey?: "zero" | "default" | "error";
  readonly limits?: Partial<RenderLimits>;
};

/** A statement that has been compiled; says whether the loop around it goes on. */
export type Exec = (state: State, dot: Value) => Flow;
export const go = 0;
export const breakLoop = 1;
export const continueLoop = 2;
export type Flow = typeof go | typeof breakLoop | typeof continueLoop;

/** A template that can run. Its body is compiled when it is first needed. */
export type Template = {
  readonly name: string;
  readonly tree: Tree;
  readonly body: () => { readonly exec: Exec; readonly slots: number };
};

/** Templates that know each other by name; those of a text given to `tpl` are in front of those around it. */
export class TemplateSet {
  readonly #outer: TemplateSet | undefined;
  readonly #own = new Map<string, Template>();

  constructor(outer?: TemplateSet) {
    this.#outer = outer;
  }

  get(name: string): Template | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }

  /** Adds what a text defines. A template that is empty does not replace one that is not. */
  add(templates: Iterable<Template>): void {
    for (const template of templates) {
      if (template.tree.isEmpty && this.get(template.name) !== undefined) continue;
      this.#own.set(template.name, template);
    }
  }
}

/** What all templates of one render share. */
class Budget {
  readonly options: RenderOptions;
  /** How often each template is being included by itself. */
  readonly includes = new Map<string, number>();
  readonly #limits: RenderLimits;
  #steps = 0;
  #characters = 0;

  constructor(options: RenderOptions) {
    this.options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  step(count: number): void {
    this.#steps += count;
    if (this.#steps > this.#limits.steps) throw new LimitError(`it takes more than ${this.#limits.steps} steps`);
  }

  grow(characters: number): void {
    this.#characters += characters;
    if (this.#characters > this.#limits.characters) {
      throw new LimitError(`it makes more than ${this.#limits.characters} characters of text`);
    }
  }
}

/** All templates that a text defines, and the one that is the text itself. */
export type ParseText = (text: string) => { readonly main: Template; readonly all: readonly Template[] };

/** What renders of the same templates need not find out again. */
export type Memory = {
  readonly parse: ParseText;
  /** The regular expression of a pattern. @throws {GoError} */
  readonly regex: (pattern: string) => Regex;
};

/** What functions know of the render they run in. */
export class Run {
  readonly budget: Budget;
  readonly templates: TemplateSet;
  readonly memory: Memory;

  private constructor(budget: Budget, templates: TemplateSet, memory: Memory) {
    this.budget = budget;
    this.templates = templates;
    this.memory = memory;
  }

  static begin(templates: TemplateSet, memory: Memory, options: RenderOptions): Run {
    return new Run(new Budget(options), templates, memory);
  }

  get options(): RenderOptions {
    return this.budget.options;
  }

  /** The same render, with other templates in front. */
  within(templates: TemplateSet): Run {
    return new Run(this.budget, templates, this.memory);
  }

  /** Accounts for work that the number of calls does not show. @throws {LimitError} */
  charge(steps: number): void {
    this.budget.step(steps);
  }

  /** Accounts for text before it is made. @throws {LimitError} */
  reserve(characters: number): void {
    this.budget.grow(characters);
  }

  /** Accounts for the items of a list before they are made: each is as large as some characters. @throws {LimitError} */
  reserveItems(count: number): void {
    this.budget.grow(8 * count);
  }

  /** Runs a template with its own output, as `include` does. */
  execute(template: Template, dot: Value): string {
    const { exec, slots } = template.body();
    const state = new State(this, template, slots, new Output(this.budget), dot);
    exec(state, dot);
    return state.out.text;
  }
}

class Output {
  text = "";
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  write(text: string): void {
    this.#budget.grow(text.length);
    this.text += text;
  }
}

/** One execution of one template. */
export class State {
  readonly run: Run;
  readonly template: Template;
  readonly out: Output;
  /** Variables by slot; `$` is the first. */
  readonly vars: Value[];
  /** Where the template is, for errors: what Go's `at` was told last. */
  node: Node | undefined;

  constructor(run: Run, template: Template, slots: number, out: Output, dot: Value) {
    this.run = run;
    this.template = template;
    this.out = out;
    this.vars = new Array<Value>(slots).fill(undefined);
    this.vars[0] = dot;
    this.node = undefined;
  }

  /** Runs another template that writes to the same output, as `{{template}}` does. */
  execute(template: Template, dot: Value): void {
    const { exec, slots } = template.body();
    exec(new State(this.run, template, slots, this.out, dot), dot);
  }

  /** @throws {ExecError} with template, line, column and the node in front of the message */
  fail(message: string, cause?: GoError): never {
    const { template, node } = this;
    if (node === undefined) throw new ExecError(`template: ${template.name}: ${message}`, cause);
    const place = locate(template.tree.source, node.at);
    const context = formatNode(node);
    throw new ExecError(`template: ${place}: executing ${quoteGo(template.name)} at <${context}>: ${message}`, cause);
  }
}
