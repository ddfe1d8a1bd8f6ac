import { quoteGo } from "../../apimachinery/index.ts";
import { type Eval, ExpressionCompiler } from "./compile-expression.ts";
import { formatValue } from "./go-format.ts";
import { anyType } from "./go-types.ts";
import type { ActionNode, BranchNode, ListNode, StatementNode, TemplateNode } from "./nodes.ts";
import { breakLoop, continueLoop, type Exec, type Flow, go, type State } from "./run.ts";
import type { FunctionTable } from "./signature.ts";
import { sortKeys } from "./sort-keys.ts";
import { entriesOf, GoInt, GoObject, goInt, isTrue, itemsOf, typeOf, type Value } from "./values.ts";
import { type Assign, Variables } from "./variables.ts";

/** Makes of the body of a template a function that runs it. */
export function compileBody(root: ListNode, functions: FunctionTable): { exec: Exec; slots: number } {
  const variables = new Variables();
  const exec = new StatementCompiler(variables, new ExpressionCompiler(functions, variables)).list(root);
  return { exec, slots: variables.slots };
}

class StatementCompiler {
  readonly #variables: Variables;
  readonly #expressions: ExpressionCompiler;

  constructor(variables: Variables, expressions: ExpressionCompiler) {
    this.#variables = variables;
    this.#expressions = expressions;
  }

  list({ nodes }: ListNode): Exec {
    const statements = nodes.map((node) => this.#statement(node));
    const [only] = statements;
    if (statements.length === 1 && only !== undefined) return only;
    return (state, dot) => {
      state.run.charge(statements.length);
      for (const statement of statements) {
        const flow = statement(state, dot);
        if (flow !== go) return flow;
      }
      return go;
    };
  }

  #statement(node: StatementNode): Exec {
    switch (node.kind) {
      case "text": {
        const { text } = node;
        return (state) => {
          state.out.write(text);
          return go;
        };
      }
      case "action":
        return this.#action(node);
      case "if":
      case "with":
        return this.#variables.scoped(() => this.#branch(node));
      case "range":
        return this.#variables.scoped(() => this.#range(node));
      case "template":
        return this.#template(node);
      case "break":
        return () => breakLoop;
      case "continue":
        return () => continueLoop;
    }
  }

  #action(node: ActionNode): Exec {
    const value = this.#expressions.pipeline(node.pipe);
    if (node.pipe.declarations.length > 0) {
      return (state, dot) => {
        value(state, dot);
        return go;
      };
    }
    return (state, dot) => {
      const result = value(state, dot);
      state.out.write(typeof result === "string" ? result : outputOf(result));
      return go;
    };
  }

  #branch(node: BranchNode): Exec {
    const condition = this.#expressions.pipeline(node.pipe);
    const setsDot = node.kind === "with";
    const list = this.#variables.scoped(() => {
      if (setsDot) this.#variables.dotBox = undefined;
      return this.list(node.list);
    });
    const otherwise = node.elseList && this.list(node.elseList);
    return (state, dot) => {
      const value = condition(state, dot);
      if (isTrue(value)) return list(state, setsDot ? value : dot);
      return otherwise === undefined ? go : otherwise(state, dot);
    };
  }

  #range(node: BranchNode): Exec {
    const { pipe } = node;
    const value = this.#expressions.commands(pipe);
    const names = pipe.declarations.map(({ path: [name = ""] }) => name);
    const assigned = pipe.isAssignment
      ? names.map((name) => this.#variables.find(name)?.assign ?? noVariable(name))
      : [];
    const [first, second] = pipe.isAssignment ? assigned : this.#declareLoop(names);
    const isPair = names.length > 1;
    const key = isPair ? first : undefined;
    const element = isPair ? second : first;
    const dotBox = this.#variables.newSlot();
    const body = this.#variables.scoped(() => {
      this.#variables.dotBox = dotBox;
      return this.list(node.list);
    });
    const otherwise = node.elseList && this.list(node.elseList);
    return (state, dot) => {
      const over = value(state, dot);
      for (const assign of assigned) assign(state, over, false);
      return runLoop(state, over, { key, element, dotBox, body, isPair }) ?? otherwise?.(state, dot) ?? go;
    };
  }

  #declareLoop(names: readonly string[]): Assign[] {
    return names.map((name, index) =>
      index === names.length - 1 ? this.#variables.declareElement(name) : this.#variables.declare(name),
    );
  }

  #template(node: TemplateNode): Exec {
    const value: Eval = node.pipe === undefined ? () => undefined : this.#expressions.pipeline(node.pipe);
    return (state, dot) => {
      state.node = node;
      const template = state.run.templates.get(node.name);
      if (template === undefined) return state.fail(`template ${quoteGo(node.name)} not defined`);
      state.execute(template, value(state, dot));
      return go;
    };
  }
}

function outputOf(value: Value): string {
  if (value === undefined) return "<no value>";
  return (value instanceof GoObject ? value.output() : undefined) ?? formatValue(value);
}

function noVariable(name: string): Assign {
  return (state) => state.fail(`undefined variable: ${name}`);
}

type Loop = {
  readonly key: Assign | undefined;
  readonly element: Assign | undefined;
  readonly dotBox: number;
  readonly body: Exec;
  readonly isPair: boolean;
};

/** Runs a loop; `undefined` when there was nothing to run over. */
function runLoop(state: State, over: Value, loop: Loop): Flow | undefined {
  const { isPair, dotBox } = loop;
  const outerBox = state.vars[dotBox];
  const isBoxed = typeOf(over)?.element === anyType;
  const items = itemsOf(over);
  if (items !== undefined) {
    if (items.length === 0) return undefined;
    for (const [index, item] of items.entries()) {
      if (iterate(state, isPair ? goInt(index) : undefined, item ?? (isBoxed ? null : undefined), isBoxed, loop)) break;
    }
  } else if (over instanceof GoInt) {
    if (isPair) state.fail(`can't use ${over.value} to iterate over more than one variable`);
    if (over.value <= 0n) return undefined;
    for (let index = 0n; index < over.value; index++) {
      if (iterate(state, undefined, new GoInt(over.type, index), false, loop)) break;
    }
  } else {
    const map = entriesOf(over);
    if (map === undefined) {
      if (over === undefined || over === null) return undefined;
      state.fail(`range can't iterate over ${formatValue(over)}`);
    }
    // What the body does to the map must not change what is still to come.
    const entries = sortKeys(Object.keys(map)).map((key) => ({ key, item: map[key] }));
    if (entries.length === 0) return undefined;
    for (const { key, item } of entries) {
      if (iterate(state, key, item ?? (isBoxed ? null : undefined), isBoxed, loop)) break;
    }
  }
  state.vars[dotBox] = outerBox;
  return go;
}

/** @returns whether the loop ends */
function iterate(
  state: State,
  key: Value,
  item: Value,
  isBoxed: boolean,
  { key: setKey, element, dotBox, body }: Loop,
): boolean {
  state.run.charge(1);
  setKey?.(state, key, false);
  element?.(state, item, isBoxed);
  state.vars[dotBox] = isBoxed;
  return body(state, item) === breakLoop;
}
