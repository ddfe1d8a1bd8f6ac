import type { Expression, Fold, Name } from "./ast.ts";
import type { Checked } from "./check.ts";
import { listCost, mapCost } from "./cost-runtime.ts";
import { attributePlan, callPlan, constantPlan, type Plan, type Run, Thrown, unset } from "./frame.ts";
import { accumulator } from "./macros.ts";
import { EvaluationError, fail } from "./meter.ts";
import { planCall } from "./plan-call.ts";
import { planFold } from "./plan-fold.ts";
import { hasField, keyOf, qualify, qualifyOptional } from "./qualify.ts";
import { dynType } from "./types.ts";
import {
  Dict,
  GrowingDict,
  GrowingList,
  List,
  Optional,
  TypeValue,
  type Value,
  ValueDict,
  ValueList,
} from "./values.ts";

/**
 * Makes a checked expression ready to run: closures, so that nothing of the expression is looked at again.
 *
 * @throws {EvaluationError} when a part that is known beforehand has no value, as `int("x")`
 */
export function plan(checked: Checked): Run {
  return new Planner(checked).plan(checked.expression).run;
}

/** A variable of a comprehension: its number, and for the accumulator what it begins with. */
type Local = { readonly slot: number; readonly init: Run | undefined; readonly grows: boolean };

class Planner {
  readonly #checked: Checked;
  readonly #locals: Map<string, Local>[] = [];
  #slots = 0;

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  plan(expression: Expression): Plan {
    switch (expression.kind) {
      case "literal":
        return constantPlan(expression.value);
      case "name":
        return this.#reference(expression) ?? this.#name(expression, expression.name);
      case "select": {
        const reference = this.#reference(expression);
        if (reference !== undefined) return reference;
        const operand = this.plan(expression.operand);
        const { field } = expression;
        const { bare } = operand;
        if (expression.test) return attributePlan((frame) => hasField(frame, bare(frame), field), 0);
        return attributePlan((frame) => qualify(frame, bare(frame), field), baseOf(operand));
      }
      case "call":
        return this.#call(expression);
      case "list":
        return this.#list(expression.items, expression.optional);
      case "map":
        return this.#map(expression);
      case "struct":
        return callPlan(() => fail(`unknown type: ${expression.name}`));
      case "fold":
        return this.#fold(expression);
    }
  }

  /** A variable or type that a dotted name stands for as a whole. */
  #reference(expression: Expression): Plan | undefined {
    const reference = this.#checked.references.get(expression);
    if (reference?.kind === "type") return constantPlan(new TypeValue(reference.type.name));
    return reference?.kind === "variable" ? this.#name(expression, reference.name) : undefined;
  }

  #name(_expression: Expression | Name, name: string): Plan {
    const local = this.#locals.findLast((scope) => scope.has(name))?.get(name);
    if (local === undefined) {
      return attributePlan((frame) => frame.variables[name] ?? absent(frame.variables, name), 1);
    }
    const { slot, init, grows } = local;
    return attributePlan((frame) => {
      let held = frame.locals[slot];
      if (held === unset) {
        if (init === undefined) return fail(`no such attribute(s): ${name}`);
        held = begin(init(frame), grows);
        frame.locals[slot] = held;
      }
      if (held instanceof Thrown) throw held.error;
      return held === undefined || typeof held === "symbol" ? null : held;
    }, 1);
  }

  #call(expression: Expression & { kind: "call" }): Plan {
    const { name, args } = expression;
    if (name === "_?_:_") return this.#condition(args);
    if (name === "_[_]" || name === "_[?_]" || name === "_?._") return this.#index(name !== "_[_]", args);
    const reference = this.#checked.references.get(expression);
    if (reference?.kind !== "function") throw new EvaluationError(`no such overload: ${name}`);
    const all = reference.isMethod && expression.target !== undefined ? [expression.target, ...args] : args;
    return planCall(
      reference,
      all.map((part) => ({ ...this.plan(part), type: this.#checked.types.get(part) ?? dynType })),
    );
  }

  #condition([test, whenTrue, whenFalse]: readonly Expression[]): Plan {
    if (test === undefined || whenTrue === undefined || whenFalse === undefined) return constantPlan(null);
    const [{ run }, { bare: yes }, { bare: no }] = [this.plan(test), this.plan(whenTrue), this.plan(whenFalse)];
    const bare: Run = (frame) => {
      const value = run(frame);
      if (value === true) return yes(frame);
      return value === false ? no(frame) : fail("no such overload");
    };
    return attributePlan(bare, 0);
  }

  #index(isOptional: boolean, [of, index]: readonly Expression[]): Plan {
    if (of === undefined || index === undefined) return constantPlan(null);
    const [operand, key] = [this.plan(of), this.plan(index)];
    const [from, keyRun] = [operand.bare, key.bare];
    const step = isOptional ? qualifyOptional : qualify;
    const bare: Run =
      key.constant === undefined
        ? (frame) => {
            const value = from(frame);
            return step(frame, value, keyOf(keyRun(frame)));
          }
        : (frame) => step(frame, from(frame), key.constant ?? null);
    return attributePlan(bare, baseOf(operand));
  }

  #list(items: readonly Expression[], optional: ReadonlySet<number>): Plan {
    const plans = items.map((item) => this.plan(item));
    const runs = plans.map(({ run }) => run);
    if (optional.size === 0 && plans.every(({ constant }) => constant !== undefined)) {
      return constantPlan(new ValueList(plans.map(({ constant = null }) => constant)));
    }
    return callPlan((frame) => {
      const values: Value[] = [];
      for (const [index, run] of runs.entries()) {
        const value = run(frame);
        if (!optional.has(index)) values.push(value);
        else if (!(value instanceof Optional)) fail("cannot initialize optional list element from non-optional value");
        else if (value.value !== undefined) values.push(value.value);
      }
      frame.charge(listCost);
      return new ValueList(values);
    });
  }

  #map({ entries }: Expression & { kind: "map" }): Plan {
    const plans = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    const isConstant = plans.every(
      ({ key, value, optional }) => !optional && key.constant !== undefined && value.constant !== undefined,
    );
    if (isConstant) {
      const dict = new ValueDict();
      for (const { key, value } of plans) setEntry(dict, key.constant ?? null, value.constant ?? null);
      return constantPlan(dict);
    }
    return callPlan((frame) => {
      const dict = new ValueDict();
      for (const { key, value, optional } of plans) {
        const [name, content] = [key.run(frame), value.run(frame)];
        if (!optional) setEntry(dict, name, content);
        else if (!(content instanceof Optional)) fail("cannot initialize optional entry from non-optional value");
        else if (content.value === undefined) dict.delete(name);
        else setEntry(dict, name, content.value);
      }
      frame.charge(mapCost);
      return dict;
    });
  }

  #fold(fold: Fold): Plan {
    const range = this.plan(fold.range);
    const init = this.plan(fold.init);
    const slots = { result: this.#slots++, first: this.#slots++, second: this.#slots++ };
    const grows = fold.accumulator === accumulator;
    const outer = new Map([[fold.accumulator, { slot: slots.result, init: init.run, grows }]]);
    const variable = (slot: number): Local => ({ slot, init: undefined, grows: false });
    const inner = new Map([[fold.first, variable(slots.first)]]);
    if (fold.second !== undefined) inner.set(fold.second, variable(slots.second));
    this.#locals.push(outer, inner);
    const [condition, step] = [this.plan(fold.condition), this.plan(fold.step)];
    this.#locals.pop();
    const result = this.plan(fold.result);
    this.#locals.pop();
    return callPlan(planFold({ slots, range, condition, step, result, isPair: fold.second !== undefined }));
  }
}

/** What is looked up in something that is no attribute counts as one of its own. */
function baseOf({ isAttribute, base }: Plan): number {
  return isAttribute ? base : 1;
}

/** An empty list or map that a comprehension begins with is one that it can add to. */
function begin(value: Value, grows: boolean): Value {
  if (!grows) return value;
  if (value instanceof List && value.size === 0) return new GrowingList();
  return value instanceof Dict && value.size === 0 ? new GrowingDict() : value;
}

function absent(variables: { readonly [name: string]: Value | undefined }, name: string): Value {
  return variables[name] === null ? null : fail(`no such attribute(s): ${name}`);
}

function setEntry(dict: ValueDict, key: Value, value: Value): void {
  if (!dict.set(key, value)) fail("unsupported key type");
}
