import {
  addQuantities,
  compareQuantities,
  isStatusError,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from "../../apimachinery/index.ts";
import { asInt, asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { fail, noOverload } from "../meter.ts";
import { objectType } from "../types.ts";
import { Foreign, type Value } from "../values.ts";

export const quantityType = objectType("kubernetes.Quantity");

const billion = 1_000_000_000n;

class QuantityValue extends Foreign {
  override readonly type = quantityType;
  readonly quantity: Quantity;
  /** Whether it was written without fractions; only then do Kubernetes' functions take it for an integer. */
  readonly isWhole: boolean;
  constructor(quantity: Quantity, isWhole: boolean) {
    super();
    this.quantity = quantity;
    this.isWhole = isWhole;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof QuantityValue ? compareQuantities(this.quantity, other.quantity) === 0 : undefined;
  }
  /** The amount as a 64-bit integer. */
  get integer(): bigint | undefined {
    const units = this.quantity.nanos / billion;
    return this.isWhole && BigInt.asIntN(64, units) === units ? units : undefined;
  }
}

function quantityOf(value: Value | undefined): QuantityValue {
  return value instanceof QuantityValue ? value : noOverload();
}

function parse(text: string): QuantityValue {
  try {
    const quantity = parseQuantity(text);
    return new QuantityValue(quantity, !/\.\d|[num]$|[eE]-/.test(text));
  } catch (error) {
    return isStatusError(error) ? fail(error.message) : fail("unable to parse quantity");
  }
}

const { overload, method } = declareWith({ Quantity: quantityType });

const order = ([a, b]: readonly Value[]) => compareQuantities(quantityOf(a).quantity, quantityOf(b).quantity);

type Operation = (a: Quantity, b: Quantity) => Quantity;

const combine = (operation: Operation) => (args: readonly Value[]) => {
  const [a, b] = [quantityOf(args[0]), quantityOf(args[1])];
  return new QuantityValue(operation(a.quantity, b.quantity), a.isWhole && b.isWhole);
};
const combineInt = (operation: Operation) => (args: readonly Value[]) => {
  const a = quantityOf(args[0]);
  const b: Quantity = { nanos: asInt(args[1]) * billion, format: "DecimalExponent" };
  return new QuantityValue(operation(a.quantity, b), a.isWhole);
};

/** Kubernetes' functions of quantities. */
export const quantityFunctions: FunctionTable = new Map<string, Overload[]>([
  ["quantity", [overload("string_to_quantity", "string -> Quantity", ([text]) => parse(asText(text)))]],
  ["isQuantity", [overload("is_quantity_string", "string -> bool", ([text]) => isQuantity(asText(text)))]],
  [
    "sign",
    [
      overload("quantity_sign", "Quantity -> int", ([value]) => {
        const { nanos } = quantityOf(value).quantity;
        return nanos < 0n ? -1n : nanos > 0n ? 1n : 0n;
      }),
    ],
  ],
  ["isGreaterThan", [method("quantity_is_greater_than", "Quantity, Quantity -> bool", (args) => order(args) > 0)]],
  ["isLessThan", [method("quantity_is_less_than", "Quantity, Quantity -> bool", (args) => order(args) < 0)]],
  ["compareTo", [method("quantity_compare_to", "Quantity, Quantity -> int", (args) => BigInt(order(args)))]],
  [
    "asApproximateFloat",
    [method("quantity_get_float", "Quantity -> double", ([value]) => Number(quantityOf(value).quantity.nanos) / 1e9)],
  ],
  [
    "asInteger",
    [
      method("quantity_get_int", "Quantity -> int", ([value]) => {
        return quantityOf(value).integer ?? fail("cannot convert value to integer");
      }),
    ],
  ],
  [
    "isInteger",
    [method("quantity_is_integer", "Quantity -> bool", ([value]) => quantityOf(value).integer !== undefined)],
  ],
  [
    "add",
    [
      method("quantity_add", "Quantity, Quantity -> Quantity", combine(addQuantities)),
      method("quantity_add_int", "Quantity, int -> Quantity", combineInt(addQuantities)),
    ],
  ],
  [
    "sub",
    [
      method("quantity_sub", "Quantity, Quantity -> Quantity", combine(subtractQuantities)),
      method("quantity_sub_int", "Quantity, int -> Quantity", combineInt(subtractQuantities)),
    ],
  ],
]);

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}
