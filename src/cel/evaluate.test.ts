import assert from "node:assert/strict";
import { test } from "node:test";
import {
  authorizerType,
  compile,
  declarationOf,
  dynType,
  estimateCost,
  evaluate,
  intType,
  jsonValue,
  kubernetesEnvironment,
  listOf,
  mapOf,
  nameOfType,
  type Program,
  sizesOf,
  stringType,
  type Type,
  type Variables,
  valueReader,
} from "./index.ts";
import { type Answer, answers, typedAnswers } from "./testing/answers.ts";
import { show } from "./testing/show.ts";
import { typedSchema, typedValue } from "./testing/typed.ts";

const callLimit = 1_000_000;

const plainTypes = new Map<string, Type>([
  ["object", dynType],
  ["n", intType],
  ["s", stringType],
  ["l", listOf(intType)],
  ["m", mapOf(stringType, stringType)],
  ["authorizer", authorizerType],
]);
const plainValues: Variables = {
  object: jsonValue({ a: 1, b: "x", c: [1, 2, 3], d: { e: "f" }, n: null, t: 1.5 }),
  n: 5n,
  s: "héllo",
  l: jsonValue([3, 1, 2]),
  m: jsonValue({ a: "x", b: "y" }),
};

for (const answer of answers) {
  test(`as cel-go: ${answer[0]}`, () => {
    const program = compile(answer[0], kubernetesEnvironment("stored", plainTypes));
    if ("faults" in program) {
      assert.equal(`issues: ${program.faults === "constant" ? "program:" : ""}${program.text}`, answer[1]);
      return;
    }
    check(program, plainValues, answer, `${nameOfType(program.type)} `);
    if (answer[3] !== undefined) assert.equal(estimateCost(program.checked).max, answer[3]);
  });
}

const declaration = declarationOf(typedSchema, false, "selfType");

for (const answer of typedAnswers) {
  test(`as cel-go with a schema: ${answer[0]}`, () => {
    assert.ok(declaration !== undefined);
    const program = compile(answer[0], kubernetesEnvironment("new", new Map([["self", declaration.type]])));
    if ("faults" in program) {
      const what = program.faults === "constant" ? "program instantiation failed" : "compilation failed";
      assert.equal(`issues: ${what}: ${program.text}`, answer[1]);
      return;
    }
    if (program.type.kind !== "bool") {
      assert.equal(answer[1], "issues: cel expression must evaluate to a bool");
      return;
    }
    check(program, { self: valueReader(typedSchema)(typedValue) }, answer);
    assert.equal(estimateCost(program.checked, sizesOf(declaration)).max, answer[3]);
  });
}

function check(program: Program, values: Variables, [, outcome, cost]: Answer, prefix = ""): void {
  const { value, error, cost: spent } = evaluate(program, values, callLimit);
  assert.equal(error === undefined ? `${prefix}${show(value)}` : `error: ${error}`, outcome);
  if (cost !== undefined) assert.equal(spent, cost);
}
