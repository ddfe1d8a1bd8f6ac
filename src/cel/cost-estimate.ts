import type { Call, Expression, Fold } from "./ast.ts";
import type { Checked } from "./check.ts";
import { type CostNode, estimateCall } from "./cost-of-calls.ts";
import {
  addRanges,
  type Entries,
  exactly,
  type Range,
  type SizeOf,
  timesRange,
  unionOf,
  unknownRange,
  unsignedMax,
} from "./cost-range.ts";
import { accumulator, unused } from "./macros.ts";
import { dynType, type Type, unwrapOptional } from "./types.ts";
import { characterCount, type Value } from "./values.ts";

/**
 * Estimates what evaluating an expression costs at least and at most, as cel-go does before it runs anything.
 *
 * @param sizeOf how large the value at a path of variables and fields can be; where it does not know, nothing limits it
 */
export function estimateCost(checked: Checked, sizeOf: SizeOf = () => undefined): Range {
  return new Estimator(checked, sizeOf).cost(checked.expression);
}

/** What is known of a variable of a comprehension. */
type Local = {
  readonly path: readonly string[];
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
};

class Estimator {
  readonly #checked: Checked;
  readonly #sizeOf: SizeOf;
  readonly #paths = new Map<Expression, readonly string[]>();
  readonly #sizes = new Map<Expression, Range>();
  readonly #entries = new Map<Expression, Entries>();
  readonly #locals: [name: string, local: Local][] = [];

  constructor(checked: Checked, sizeOf: SizeOf) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
  }

  cost(expression: Expression): Range {
    switch (expression.kind) {
      case "literal":
        return exactly(0);
      case "name":
        this.#paths.set(expression, this.#local(expression.name)?.path ?? [expression.name]);
        return exactly(1);
      case "select":
        return this.#select(expression);
      case "call":
        return this.#call(expression);
      case "list":
        return this.#list(expression);
      case "map":
        return this.#map(expression);
      case "struct":
        return expression.fields.reduce((sum, { value }) => addRanges(sum, this.cost(value)), exactly(40));
      case "fold":
        return isBinding(expression) ? this.#binding(expression) : this.#fold(expression);
    }
  }

  #typeOf(expression: Expression): Type {
    return this.#checked.types.get(expression) ?? dynType;
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast(([other]) => other === name)?.[1];
  }

  #pathOf(expression: Expression): readonly string[] {
    const local = expression.kind === "name" ? this.#local(expression.name) : undefined;
    return local?.path ?? this.#paths.get(expression) ?? [];
  }

  #select(expression: Expression & { kind: "select" }): Range {
    const reference = this.#checked.references.get(expression);
    if (reference !== undefined) {
      this.#paths.set(expression, reference.kind === "variable" ? [reference.name] : []);
      return exactly(1);
    }
    const { operand, field } = expression;
    const cost = this.cost(operand);
    if (expression.test) return cost;
    const { kind } = this.#typeOf(operand);
    this.#paths.set(expression, [...this.#pathOf(operand), field]);
    return kind === "map" || kind === "object" || kind === "param" ? addRanges(cost, exactly(1)) : cost;
  }

  #list(expression: Expression & { kind: "list" }): Range {
    let cost = exactly(10);
    let value: Range = { min: expression.items.length === 0 ? 0 : unsignedMax, max: 0 };
    for (const item of expression.items) {
      cost = addRanges(cost, this.cost(item));
      value = unionOf(value, this.#sizeOrUnknown(item));
    }
    this.#entries.set(expression, { kind: "list", key: exactly(1), value });
    return cost;
  }

  #map(expression: Expression & { kind: "map" }): Range {
    let cost = exactly(30);
    const start: Range = { min: expression.entries.length === 0 ? 0 : unsignedMax, max: 0 };
    let [keys, values] = [start, start];
    for (const { key, value } of expression.entries) {
      cost = addRanges(addRanges(cost, this.cost(key)), this.cost(value));
      keys = unionOf(keys, this.#sizeOrUnknown(key));
      values = unionOf(values, this.#sizeOrUnknown(value));
    }
    this.#entries.set(expression, { kind: "map", key: keys, value: values });
    return cost;
  }

  #call(call: Call): Range {
    const [argument] = call.args;
    if (call.name === "dyn" && argument !== undefined) {
      const cost = addRanges(exactly(1), this.cost(argument));
      this.#copySizes(call, argument);
      return cost;
    }
    const argumentCosts = call.args.map((part) => this.cost(part));
    const args = call.args.map((part) => this.#nodeOf(part));
    const reference = this.#checked.references.get(call);
    if (reference?.kind !== "function") return exactly(0);
    let cost = exactly(0);
    let target: CostNode | undefined;
    if (reference.isMethod && call.target !== undefined) {
      cost = this.cost(call.target);
      target = this.#nodeOf(call.target);
    }
    let own: Range = { min: unsignedMax, max: 0 };
    let resultSize: Range | undefined;
    for (const { id } of reference.overloads) {
      const estimate = estimateCall({ name: reference.name, id, target, args, argumentCosts }, this.#sizeOf);
      own = unionOf(own, estimate.cost);
      if (estimate.size !== undefined) {
        resultSize = resultSize === undefined ? estimate.size : unionOf(resultSize, estimate.size);
      }
      if (estimate.entries !== undefined) this.#entries.set(call, estimate.entries);
      if ((id === "index_list" || id === "index_map") && argument !== undefined) {
        resultSize = this.#entriesOf(argument)?.value;
        this.#paths.set(call, [...this.#pathOf(argument), id === "index_list" ? "@items" : "@values"]);
      }
      resultSize ??= this.#size(call);
    }
    if (resultSize !== undefined) this.#sizes.set(call, resultSize);
    return addRanges(cost, own);
  }

  #nodeOf(expression: Expression): CostNode {
    const path = this.#pathOf(expression);
    const [first] = path;
    const isHidden = first === accumulator || first === "__result__";
    return {
      expression,
      path: isHidden ? [] : path,
      type: this.#typeOf(expression),
      size: this.#size(expression),
      entries: this.#entriesOf(expression),
    };
  }

  #fold(fold: Fold): Range {
    const { range, init } = fold;
    let cost = addRanges(this.cost(range), this.cost(init));
    this.#push(fold.accumulator, this.#asLocal(init));
    const elements = this.#elementsOf(fold);
    for (const [name, local] of elements) this.#push(name, local);
    const loop = addRanges(this.cost(fold.condition), this.cost(fold.step));
    for (const _element of elements) this.#locals.pop();
    cost = addRanges(cost, this.cost(fold.result));
    this.#locals.pop();
    const count = this.#sizeOrUnknown(range);
    if (init.kind === "literal") {
      const size = this.#size(init);
      if (size !== undefined) this.#sizes.set(fold, size);
    } else if (init.kind === "list" || init.kind === "map") {
      this.#sizes.set(fold, count);
      const entries = this.#entriesOf(fold.step);
      if (entries !== undefined) this.#entries.set(fold, entries);
    }
    return addRanges(cost, timesRange(count, loop));
  }

  #binding(fold: Fold): Range {
    const cost = addRanges(this.cost(fold.range), this.cost(fold.init));
    this.#push(fold.accumulator, this.#asLocal(fold.init));
    const result = this.cost(fold.result);
    this.#locals.pop();
    this.#copySizes(fold, fold.result);
    return addRanges(cost, result);
  }

  #push(name: string, local: Local): void {
    this.#locals.push([name, local]);
  }

  #asLocal(expression: Expression): Local {
    const entries = this.#entriesOf(expression);
    return { path: this.#pathOf(expression), size: this.#size(expression), entries };
  }

  #elementsOf({ range, first, second }: Fold): [name: string, local: Local][] {
    const entries = this.#entriesOf(range);
    const isList = (entries?.kind ?? this.#typeOf(range).kind) === "list";
    const path = this.#pathOf(range);
    const local = (step: string, size: Range | undefined): Local => ({
      path: [...path, step],
      size,
      entries: undefined,
    });
    if (second === undefined) {
      return [[first, isList ? local("@items", entries?.value) : local("@keys", entries?.key)]];
    }
    return [
      [first, local(isList ? "@indices" : "@keys", entries?.key)],
      [second, local(isList ? "@items" : "@values", entries?.value)],
    ];
  }

  #copySizes(to: Expression, from: Expression): void {
    const [size, entries] = [this.#size(from), this.#entriesOf(from)];
    if (size !== undefined) this.#sizes.set(to, size);
    if (entries !== undefined) this.#entries.set(to, entries);
  }

  #sizeOrUnknown(expression: Expression): Range {
    return this.#size(expression) ?? unknownRange;
  }

  #size(expression: Expression): Range | undefined {
    const known = this.#sizes.get(expression) ?? literalSize(expression);
    if (known !== undefined) return known;
    const path = this.#pathOf(expression);
    const limited = path.length === 0 ? undefined : this.#sizeOf(path);
    if (limited !== undefined) {
      this.#sizes.set(expression, limited);
      return limited;
    }
    if (isScalar(this.#typeOf(expression))) return exactly(1);
    return expression.kind === "name" ? this.#local(expression.name)?.size : undefined;
  }

  #entriesOf(expression: Expression): Entries | undefined {
    const known = this.#entries.get(expression);
    if (known !== undefined || expression.kind !== "name") return known;
    return this.#local(expression.name)?.entries;
  }
}

/** Whether a comprehension only gives a value a name. */
function isBinding({ range, condition, first, accumulator: name }: Fold): boolean {
  const isEmpty = range.kind === "list" && range.items.length === 0;
  const isNever = condition.kind === "literal" && condition.value === false;
  return isEmpty && isNever && first === unused && name !== accumulator;
}

function literalSize(expression: Expression): Range | undefined {
  if (expression.kind === "list") return exactly(expression.items.length);
  if (expression.kind === "map") return exactly(expression.entries.length);
  return expression.kind === "literal" ? exactly(sizeOfLiteral(expression.value)) : undefined;
}

function sizeOfLiteral(value: Value): number {
  if (typeof value === "string") return characterCount(value);
  return value instanceof Uint8Array ? value.length : 1;
}

function isScalar(type: Type): boolean {
  const { type: value } = unwrapOptional(type);
  return ["bool", "double", "duration", "int", "timestamp", "uint"].includes(value.kind);
}
