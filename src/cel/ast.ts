import type { Type } from "./types.ts";
import type { Value } from "./values.ts";

/** An expression after its macros are written out. `at` is where errors are shown: the offset of its operator or name. */
export type Expression = Literal | Name | Select | Call | ListLiteral | MapLiteral | StructLiteral | Fold;

export type Literal = { readonly kind: "literal"; readonly at: number; readonly value: Value; readonly type: Type };
export type Name = { readonly kind: "name"; readonly at: number; readonly name: string };
/** `operand.field`, or with `test` whether the field is there. */
export type Select = {
  readonly kind: "select";
  readonly at: number;
  readonly operand: Expression;
  readonly field: string;
  readonly test: boolean;
};
/** A function, method (with `target`) or operator; operators are functions with names like `_+_`. */
export type Call = {
  readonly kind: "call";
  readonly at: number;
  readonly name: string;
  readonly target: Expression | undefined;
  readonly args: readonly Expression[];
};
export type ListLiteral = {
  readonly kind: "list";
  readonly at: number;
  readonly items: readonly Expression[];
  /** Indexes of items written `?item`, which are left out when they have no value. */
  readonly optional: ReadonlySet<number>;
};
export type MapEntry = {
  readonly at: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
};
export type MapLiteral = { readonly kind: "map"; readonly at: number; readonly entries: readonly MapEntry[] };
export type StructField = {
  readonly at: number;
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
};
export type StructLiteral = {
  readonly kind: "struct";
  readonly at: number;
  readonly name: string;
  readonly fields: readonly StructField[];
};
/**
 * A comprehension: `step` is computed for each element of `range` while `condition` holds, into `accumulator`, which begins
 * with `init`; then `result` is computed. With `second`, `first` is the index or key and `second` the element.
 */
export type Fold = {
  readonly kind: "fold";
  readonly at: number;
  readonly range: Expression;
  readonly first: string;
  readonly second: string | undefined;
  readonly accumulator: string;
  readonly init: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
};

/** The direct parts of an expression, in the order in which they are written. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "name":
      return [];
    case "select":
      return [expression.operand];
    case "call":
      return expression.target === undefined ? expression.args : [expression.target, ...expression.args];
    case "list":
      return expression.items;
    case "map":
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expression.fields.map(({ value }) => value);
    case "fold":
      return [expression.range, expression.init, expression.condition, expression.step, expression.result];
  }
}

/** All expressions in one, itself first. */
export function* everyPart(expression: Expression): Iterable<Expression> {
  const open = [expression];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    yield part;
    open.push(...[...partsOf(part)].reverse());
  }
}
