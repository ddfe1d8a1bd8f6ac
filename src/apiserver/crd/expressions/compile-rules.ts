import type { Schema, ValidationRule } from "../../../apimachinery/index.ts";
import {
  compile,
  type Declaration,
  estimateCost,
  kubernetesEnvironment,
  optionalOf,
  type Program,
  requestSizeMax,
  sizesOf,
  type Type,
  usesVariable,
} from "../../../cel/index.ts";
import { fieldPathOf } from "./field-path.ts";

/** A rule of a schema, ready to be evaluated, or why it cannot be. Costs are estimates of the most that can come. */
export type CompiledRule = {
  readonly rule: ValidationRule;
  readonly program: Program | undefined;
  readonly error: string | undefined;
  readonly cost: number;
  /** Whether it compares with what was before: such rules are checked on updates only, unless they take an optional. */
  readonly usesOldSelf: boolean;
  readonly message: Program | undefined;
  readonly messageError: string | undefined;
  readonly messageCost: number;
  /** The rule's field path as field errors write it; empty for the value itself. */
  readonly fieldPath: string;
};

/** Whether an expression was there before, which lets it use more. */
export type AgeOf = (expression: string, kind: "rule" | "message") => "new" | "stored";

/** What messages call the type of `self`. */
export const selfTypeName = "selfType1";

/** Compiles the rules that stand at one place of a schema. */
export function compileRules(schema: Schema, declaration: Declaration, ageOf: AgeOf): CompiledRule[] {
  return (schema["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, schema, declaration, ageOf));
}

/** How many values of a size can be in one request. */
export function cardinalityOf({ bytesMin }: Declaration): number {
  return Math.floor(requestSizeMax / (bytesMin + 1));
}

function compileRule(rule: ValidationRule, schema: Schema, declaration: Declaration, ageOf: AgeOf): CompiledRule {
  const { type } = declaration;
  const variables = new Map<string, Type>([
    ["self", type],
    ["oldSelf", rule.optionalOldSelf === true ? optionalOf(type) : type],
  ]);
  const fieldPath = rule.fieldPath ? (fieldPathOf(rule.fieldPath, schema) ?? "") : "";
  const nothing = { program: undefined, cost: 0, usesOldSelf: false, messageCost: 0 };
  const none = { ...nothing, rule, message: undefined, error: undefined, messageError: undefined, fieldPath };
  if (rule.rule.trim() === "") return none;
  const compiled = compile(rule.rule, kubernetesEnvironment(ageOf(rule.rule, "rule"), variables));
  if ("faults" in compiled) {
    if (compiled.faults === "issues") return { ...none, error: `compilation failed: ${compiled.text}` };
    if (compiled.type.kind === "bool") return { ...none, error: `program instantiation failed: ${compiled.text}` };
  }
  if ("faults" in compiled || compiled.type.kind !== "bool") {
    return { ...none, error: "cel expression must evaluate to a bool" };
  }
  const usesOldSelf = usesVariable(compiled, "oldSelf");
  const cost = estimateCost(compiled.checked, sizesOf(declaration)).max;
  const whole = { ...none, program: compiled, usesOldSelf, cost };
  const text = rule.messageExpression ?? "";
  if (text === "") return whole;
  const message = compile(text, kubernetesEnvironment(ageOf(text, "message"), variables));
  if ("faults" in message) {
    if (message.faults === "issues") {
      return { ...whole, messageError: `messageExpression compilation failed: ${message.text}` };
    }
    if (message.type.kind === "string") {
      return { ...whole, messageError: `messageExpression instantiation failed: ${message.text}` };
    }
  }
  if ("faults" in message || message.type.kind !== "string") {
    return { ...whole, messageError: "messageExpression must evaluate to a string" };
  }
  return { ...whole, message, messageCost: estimateCost(message.checked, sizesOf(declaration)).max };
}
