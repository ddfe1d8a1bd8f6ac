import { type CallMethod, fieldOf, followPath, type Origin } from "./fields.ts";
import { GoError } from "./go-error.ts";
import { isNillable } from "./go-types.ts";
import { inInt64 } from "./literals.ts";
import { type CommandNode, formatNode, type Node, type NumberNode, type OperandNode, type PipeNode } from "./nodes.ts";
import type { State } from "./run.ts";
import { any, type FunctionTable, type GoFunction, type Param, reflect, refused } from "./signature.ts";
import { GoInt, goInt, isTrue, typeName, type Value } from "./values.ts";
import type { Variables } from "./variables.ts";

/** An expression that has been compiled. */
export type Eval = (state: State, dot: Value) => Value;
/** The same behind a `|`: `final` is what came before. */
type EvalFinal = (state: State, dot: Value, final: Value) => Value;
/** An argument, as {@link Param.take} gives it. */
type EvalArgument = (state: State, dot: Value) => unknown;

/** Turns pipelines into functions. Whatever Go finds out only when a template runs fails only then. */
export class ExpressionCompiler {
  readonly #functions: FunctionTable;
  readonly #variables: Variables;

  constructor(functions: FunctionTable, variables: Variables) {
    this.#functions = functions;
    this.#variables = variables;
  }

  /** A pipeline with what it declares; nil has become no value. */
  pipeline(pipe: PipeNode): Eval {
    const value = this.commands(pipe);
    if (pipe.declarations.length === 0) return value;
    const assigns = pipe.declarations.map(({ path: [name = ""] }) =>
      pipe.isAssignment ? this.#assignment(name) : this.#variables.declare(name),
    );
    return (state, dot) => {
      const result = value(state, dot);
      for (const assign of assigns) assign(state, result, false);
      return result;
    };
  }

  /** A pipeline without what it declares. */
  commands(pipe: PipeNode): Eval {
    const [first, ...rest] = pipe.commands.map((command, index) => this.#command(command, index > 0));
    if (first === undefined) return () => undefined;
    if (rest.length === 0) {
      return (state, dot) => {
        state.node = pipe;
        return first(state, dot, undefined) ?? undefined;
      };
    }
    return (state, dot) => {
      state.node = pipe;
      let value = first(state, dot, undefined) ?? undefined;
      for (const next of rest) value = next(state, dot, value) ?? undefined;
      return value;
    };
  }

  #assignment(name: string) {
    const variable = this.#variables.find(name);
    return variable?.assign ?? ((state: State) => state.fail(`undefined variable: ${name}`));
  }

  #command(command: CommandNode, hasFinal: boolean): EvalFinal {
    const [first, ...args] = command.args;
    if (first === undefined) return () => undefined;
    switch (first.kind) {
      case "field":
      case "chain":
        return this.#path(first, args, hasFinal);
      case "variable":
        if (first.path.length > 1) return this.#path(first, args, hasFinal);
        break;
      case "identifier": {
        const called = this.#function(first.name);
        return this.#call(first, command, first.name, called, args, hasFinal);
      }
    }
    const value = this.#word(first);
    if (args.length === 0 && !hasFinal) return value;
    // A parenthesized pipeline is not even evaluated; a variable is looked up first.
    const isLate = first.kind === "variable";
    return (state, dot) => {
      if (first.kind !== "pipe") state.node = first;
      if (isLate) value(state, dot);
      return state.fail(`can't give argument to non-function ${formatNode(first)}`);
    };
  }

  /** A command that is one word. */
  #word(node: OperandNode): Eval {
    if (node.kind === "nil") {
      return (state) => {
        state.node = node;
        return state.fail("nil is not a command");
      };
    }
    return this.#operand(node);
  }

  #operand(node: OperandNode): Eval {
    switch (node.kind) {
      case "pipe":
        return this.pipeline(node);
      case "dot":
        return (state, dot) => {
          state.node = node;
          return dot;
        };
      case "bool":
        return this.#constant(node, node.value);
      case "string":
        return this.#constant(node, node.text);
      case "number":
        return this.#number(node);
      case "nil":
        return this.#constant(node, undefined);
      case "variable": {
        const [name = "", ...path] = node.path;
        if (path.length > 0) return withoutFinal(this.#path(node, [], false));
        const slot = this.#variables.find(name)?.slot;
        return (state) => {
          state.node = node;
          return slot === undefined ? state.fail(`undefined variable: ${name}`) : state.vars[slot];
        };
      }
      case "field":
      case "chain":
        return withoutFinal(this.#path(node, [], false));
      case "identifier":
        return withoutFinal(this.#call(node, node, node.name, this.#function(node.name), [], false));
    }
  }

  #constant(node: Node, value: Value): Eval {
    return (state) => {
      state.node = node;
      return value;
    };
  }

  /** A number whose type nobody says is an `int`, or a `float64` if it is written like one. */
  #number(node: NumberNode): Eval {
    const { text, int, float, isComplex } = node;
    if (isComplex) return this.#failing(node, `complex number ${text} is not supported`);
    const isFloat = /[.eEpP]/.test(text) && !/^0[xX][^pP]*$/.test(text) && !text.startsWith("'");
    if (isFloat && float !== undefined) return this.#constant(node, float);
    if (int !== undefined && inInt64(int)) return this.#constant(node, goInt(int));
    return this.#failing(node, `${text} overflows int`);
  }

  #failing(node: Node, message: string): Eval {
    return (state) => {
      state.node = node;
      return state.fail(message);
    };
  }

  #function(name: string): GoFunction {
    const found = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (found === undefined) throw new Error(`Cannot compile a call of ${name}: the parser knew it, but there is none`);
    return found;
  }

  /** Fields of dot, of a variable or of a parenthesized pipeline; the last one may be a method with arguments. */
  #path(
    node: OperandNode & { kind: "field" | "variable" | "chain" },
    args: readonly OperandNode[],
    hasFinal: boolean,
  ): EvalFinal {
    const { start, path, origin } = this.#pathStart(node);
    const first = path[0] ?? "";
    if (args.length === 0 && !hasFinal) {
      const callPlain = this.#methodCall(node, [], false);
      const call: CallMethod = (state, dot, method, name, receiver) =>
        callPlain(method)(state, dot, undefined, name, receiver);
      if (path.length === 1) {
        return (state, dot) => {
          const receiver = start(state, dot);
          return fieldOf(state, dot, receiver, first, origin, call);
        };
      }
      return (state, dot) => followPath(state, dot, start(state, dot), path, origin, call);
    }
    const callPlain = this.#methodCall(node, [], false);
    const call: CallMethod = (state, dot, method, name, receiver) =>
      callPlain(method)(state, dot, undefined, name, receiver);
    const callLast = this.#methodCall(node, args, hasFinal);
    const last = path.at(-1) ?? "";
    const before = path.slice(0, -1);
    return (state, dot, final) => {
      const root = start(state, dot);
      const receiver = followPath(state, dot, root, before, origin, call);
      const from = before.length === 0 ? origin : { parent: this.#parentOf(root, before, state, dot, call) };
      const callWith: CallMethod = (_state, _dot, method, name, on) => callLast(method)(state, dot, final, name, on);
      return fieldOf(state, dot, receiver, last, from, callWith, true);
    };
  }

  #parentOf(root: Value, before: readonly string[], state: State, dot: Value, call: CallMethod): Value {
    return followPath(state, dot, root, before.slice(0, -1), { boxSlot: undefined }, call);
  }

  #pathStart(node: OperandNode & { kind: "field" | "variable" | "chain" }): {
    start: Eval;
    path: readonly string[];
    origin: Origin;
  } {
    if (node.kind === "field") {
      const at: Eval = (state, dot) => {
        state.node = node;
        return dot;
      };
      return { start: at, path: node.path, origin: { boxSlot: this.#variables.dotBox } };
    }
    if (node.kind === "variable") {
      const [name = "", ...path] = node.path;
      const variable = this.#variables.find(name);
      const start: Eval = (state) => {
        state.node = node;
        return variable === undefined ? state.fail(`undefined variable: ${name}`) : state.vars[variable.slot];
      };
      return { start, path, origin: { boxSlot: variable?.boxSlot } };
    }
    const of = this.#operand(node.of);
    const start: Eval = (state, dot) => {
      state.node = node;
      const inner = node.of;
      if (inner.kind !== "pipe") state.node = inner;
      return of(state, dot);
    };
    return { start, path: node.path, origin: { boxSlot: undefined } };
  }

  /** A call of a method that is known only when it is reached. */
  #methodCall(node: Node, args: readonly OperandNode[], hasFinal: boolean) {
    const calls = new Map<GoFunction, MethodCall>();
    const here = args.length > 0 ? this.#variables.capture() : immediately;
    return (method: GoFunction): MethodCall => {
      let call = calls.get(method);
      if (call === undefined) {
        call = here(() => this.#compileMethodCall(node, method, args, hasFinal));
        calls.set(method, call);
      }
      return call;
    };
  }

  #compileMethodCall(node: Node, method: GoFunction, args: readonly OperandNode[], hasFinal: boolean): MethodCall {
    const [, ...params] = method.params;
    const { problem, values, takeFinal } = this.#arguments({ ...method, params }, args, hasFinal);
    return (state, dot, final, name, receiver) => {
      if (problem !== undefined) state.fail(`wrong number of args for ${name}: ${problem}`);
      const given: unknown[] = [receiver];
      for (const value of values) given.push(value(state, dot));
      if (takeFinal !== undefined) given.push(takeFinal(state, final));
      return invoke(state, node, name, method, given);
    };
  }

  #call(
    at: Node,
    node: Node,
    name: string,
    called: GoFunction,
    args: readonly OperandNode[],
    hasFinal: boolean,
  ): EvalFinal {
    const { problem, values, takeFinal } = this.#arguments(called, args, hasFinal);
    if (problem !== undefined) {
      return (state) => {
        state.node = at;
        return state.fail(`wrong number of args for ${name}: ${problem}`);
      };
    }
    if (called.choice !== undefined) return this.#choice(at, called.choice, args, hasFinal);
    const [first, second] = values;
    if (takeFinal === undefined && values.length === 1 && first !== undefined) {
      return (state, dot) => {
        state.node = at;
        return invoke(state, node, name, called, [first(state, dot)]);
      };
    }
    if (takeFinal === undefined && values.length === 2 && first !== undefined && second !== undefined) {
      return (state, dot) => {
        state.node = at;
        const one = first(state, dot);
        return invoke(state, node, name, called, [one, second(state, dot)]);
      };
    }
    if (takeFinal !== undefined && values.length === 0) {
      return (state, _dot, final) => {
        state.node = at;
        return invoke(state, node, name, called, [takeFinal(state, final)]);
      };
    }
    return (state, dot, final) => {
      state.node = at;
      const given: unknown[] = [];
      for (const value of values) given.push(value(state, dot));
      if (takeFinal !== undefined) given.push(takeFinal(state, final));
      return invoke(state, node, name, called, given);
    };
  }

  /** `and` and `or` evaluate no more than they need; what comes through a pipe is there anyway. */
  #choice(at: Node, choice: "and" | "or", args: readonly OperandNode[], hasFinal: boolean): EvalFinal {
    const values = args.map((arg) => this.#argument(arg, reflect));
    const wanted = choice === "or";
    return (state, dot, final) => {
      state.node = at;
      let value: Value;
      for (const next of values) {
        value = toValue(next(state, dot));
        if (isTrue(value) === wanted) return value;
      }
      return hasFinal ? final : value;
    };
  }

  #arguments(called: GoFunction, args: readonly OperandNode[], hasFinal: boolean) {
    const { params, variadic } = called;
    const count = args.length + (hasFinal ? 1 : 0);
    let problem: string | undefined;
    if (variadic === undefined) {
      if (count !== params.length) problem = `want ${params.length} got ${count}`;
    } else if (count < params.length) {
      problem = `want at least ${params.length} got ${args.length}`;
    }
    const values = args.map((arg, index) => this.#argument(arg, params[index] ?? variadic ?? any));
    const last = params[args.length] ?? variadic;
    const takeFinal =
      hasFinal && last !== undefined ? (state: State, final: Value) => takeAs(state, final, last) : undefined;
    return { problem, values, takeFinal };
  }

  #argument(node: OperandNode, param: Param<unknown>): EvalArgument {
    const { type } = param;
    switch (node.kind) {
      case "nil":
        if (param.nil === refused) return this.#failing(node, `cannot assign nil to ${type.name}`);
        return (state) => {
          state.node = node;
          return param.nil;
        };
      case "bool":
      case "number":
      case "string":
        return this.#constantArgument(node, param);
    }
    const value = this.#operand(node);
    return (state, dot) => {
      state.node = node;
      return takeAs(state, value(state, dot), param);
    };
  }

  /** A constant takes the type of its parameter. */
  #constantArgument(node: OperandNode & { kind: "bool" | "number" | "string" }, param: Param<unknown>): EvalArgument {
    const { type } = param;
    const found = formatNode(node);
    switch (type.kind) {
      case "bool":
        return node.kind === "bool"
          ? this.#constant(node, node.value)
          : this.#failing(node, `expected bool; found ${found}`);
      case "string":
        return node.kind === "string"
          ? this.#constant(node, node.text)
          : this.#failing(node, `expected string; found ${found}`);
      case "float64":
        if (node.kind === "number" && node.float !== undefined) return this.#constant(node, node.float);
        return this.#failing(node, `expected float; found ${found}`);
      case "int":
      case "int64":
        if (node.kind === "number" && node.int !== undefined) return this.#integer(node, node.int, param);
        return this.#failing(node, `expected integer; found ${found}`);
      case "uint32":
        if (node.kind === "number" && node.uint !== undefined) return this.#integer(node, node.uint, param);
        return this.#failing(node, `expected unsigned integer; found ${found}`);
    }
    if (type.kind === "interface" || param.isReflect === true) return this.#operand(node);
    return this.#failing(node, `can't handle ${found} for arg of type ${type.name}`);
  }

  #integer(node: Node, value: bigint, param: Param<unknown>): EvalArgument {
    const taken = param.take(new GoInt(param.type, value));
    return (state) => {
      state.node = node;
      return taken;
    };
  }
}

type MethodCall = (state: State, dot: Value, final: Value, name: string, receiver: Value) => Value;

const immediately = <T>(compile: () => T): T => compile();

function withoutFinal(evaluate: EvalFinal): Eval {
  return (state, dot) => evaluate(state, dot, undefined);
}

/** Arguments of `reflect.Value` are values as they were. */
function toValue(taken: unknown): Value {
  const value: unknown = taken;
  return isValue(value) ? value : undefined;
}

function isValue(_value: unknown): _value is Value {
  return true;
}

/** What a parameter makes of a value; the error names both types when it cannot. */
function takeAs(state: State, value: Value, param: Param<unknown>): unknown {
  if (value === undefined) {
    if (param.nil !== refused) return param.nil;
    return isNillable(param.type)
      ? state.fail(`cannot use nil as ${param.type.name}`)
      : state.fail(`invalid value; expected ${param.type.name}`);
  }
  const taken = param.take(value);
  if (taken === refused) state.fail(`wrong type for value; expected ${param.type.name}; got ${typeNameOf(value)}`);
  return taken;
}

function typeNameOf(value: Value): string {
  return value === null ? "interface {}" : typeName(value);
}

function invoke(state: State, node: Node, name: string, called: GoFunction, args: readonly unknown[]): Value {
  const { run } = state;
  run.charge(1);
  try {
    const result = called.call(run, args as never);
    if (typeof result === "string") run.reserve(result.length);
    return result;
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    state.node = node;
    return state.fail(`error calling ${name}: ${error.message}`, error);
  }
}
