import {
  boolType,
  compile,
  Dict,
  dynType,
  evaluate,
  jsonValue,
  kubernetesEnvironment,
  List,
  listOf,
  mapOf,
  objectType,
  type Program,
  stringType,
  type Type,
  type Value,
} from "../../cel/index.ts";
import type { User } from "../../lib/index.ts";
import { TokenError } from "./identity.ts";

/** An expression over a token's claims or over the user made of them. */
export type ClaimExpression = { text: string; program: Program };

/** What expressions may cost; `PerCallLimit` of Kubernetes' expressions. */
const costMax = 1_000_000;

const userType = objectType(
  "kubernetes.UserInfo",
  new Map([
    ["username", stringType],
    ["uid", stringType],
    ["groups", listOf(stringType)],
    ["extra", mapOf(stringType, listOf(stringType))],
  ]),
);
const variables: Readonly<Record<"claims" | "user", Type>> = { claims: mapOf(stringType, dynType), user: userType };

/**
 * @param about the variable that the expression may use
 * @param isRule whether it has to say yes or no
 * @returns what is wrong with it, in Kubernetes' words
 */
export function compileExpression(text: string, about: "claims" | "user", isRule: boolean): ClaimExpression | string {
  const compiled = compile(text, kubernetesEnvironment("stored", new Map([[about, variables[about]]])));
  if ("faults" in compiled) {
    return `${compiled.faults === "issues" ? "compilation failed: " : "program instantiation failed: "}${compiled.text}`;
  }
  if (isRule && compiled.type.kind !== boolType.kind) return "must evaluate to bool";
  return { text, program: compiled };
}

/** @throws {TokenError} when it has no value for these claims */
export function evaluateClaims({ text, program }: ClaimExpression, claims: unknown, what: string): Value {
  return run(text, program, { claims: jsonValue(claims) }, what);
}

/** @throws {TokenError} when it has no value for this user */
export function evaluateUser({ text, program }: ClaimExpression, user: User, what: string): Value {
  const { name: username, uid = "", groups, extra = {} } = user;
  return run(text, program, { user: jsonValue({ username, uid, groups, extra }) }, what);
}

function run(text: string, program: Program, input: Record<string, Value>, what: string): Value {
  const result = evaluate(program, input, costMax);
  if (result.error === undefined) return result.value;
  throw new TokenError(`oidc: error evaluating ${what}: expression '${text}' resulted in error: ${result.error}`);
}

/** The texts that an expression for several of them gives; empty ones are left out. */
export function textsOf(value: Value, what: string): string[] {
  const wrong = () =>
    new TokenError(`oidc: error evaluating ${what}: expression must return a string or a list of strings`);
  if (value === null) return [];
  if (typeof value === "string") return value === "" ? [] : [value];
  if (!(value instanceof List) || value instanceof Dict) throw wrong();
  return Array.from({ length: value.size }, (_, index) => value.at(index)).flatMap((item) => {
    if (typeof item !== "string") throw wrong();
    return item === "" ? [] : [item];
  });
}
