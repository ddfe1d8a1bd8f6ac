import type { JsonValue } from "../../../apimachinery/index.ts";
import { constantOf } from "./constant.ts";
import type { Expression } from "./expression.ts";

/** How many numbers a `range(...)` has; Terraform itself stops at as many. */
const rangeMax = 1024;

/** The value of an expression that needs nothing but itself and those functions that conditions make their constants with. */
export function pure(expression: Expression): JsonValue | undefined {
  return constantOf(expression, callPure);
}

function callPure(name: string, args: JsonValue[]): JsonValue | undefined {
  const [first, second] = args;
  if (first === undefined) return undefined;
  switch (name) {
    case "toset":
    case "tolist":
    case "concat":
      return args.flatMap((list) => (Array.isArray(list) ? list : []));
    case "keys":
      return typeof first === "object" && first !== null ? Object.keys(first) : undefined;
    case "tostring":
      return typeof first === "object" ? undefined : String(first);
    case "tonumber":
      return typeof first === "string" && first.trim() !== "" && !Number.isNaN(Number(first)) ? Number(first) : first;
    case "lower":
      return typeof first === "string" ? first.toLowerCase() : undefined;
    case "upper":
      return typeof first === "string" ? first.toUpperCase() : undefined;
    case "split":
      return typeof first === "string" && typeof second === "string" ? second.split(first) : undefined;
    case "join":
      return joinedTexts(first, second);
    case "range":
      return numbersIn(args);
    default:
      return undefined;
  }
}

function joinedTexts(separator: JsonValue, list: JsonValue | undefined): string | undefined {
  if (typeof separator !== "string" || !Array.isArray(list)) return undefined;
  const texts = list.filter((item) => typeof item !== "object").map((item) => String(item));
  return texts.length === list.length ? texts.join(separator) : undefined;
}

function numbersIn(args: JsonValue[]): number[] | undefined {
  const [start, limit] = args.length === 1 ? [0, args[0]] : args;
  const step = args[2] ?? 1;
  if (typeof start !== "number" || typeof limit !== "number" || typeof step !== "number" || step === 0)
    return undefined;
  const count = Math.ceil((limit - start) / step);
  if (!(count >= 0 && count <= rangeMax)) return undefined;
  return Array.from({ length: count }, (_, index) => start + index * step);
}
