import type { Fact, Formula } from "./formula.ts";
import { anything, type Type } from "./type.ts";

/** The type that a variable without one has to have for its conditions to make sense; `any` when they do not tell. */
export function typeOfFormula(formula: Formula): Type {
  const parts = formula.kind === "all" || formula.kind === "any" ? formula.of : [];
  if (formula.kind === "fact" && formula.at.length === 0) return typeOfFact(formula.fact);
  return parts.map(typeOfFormula).find(({ kind }) => kind !== "any") ?? anything;
}

function typeOfFact(fact: Fact): Type {
  switch (fact.kind) {
    case "text":
      return { kind: "string" };
    case "among":
      return typeOfValues(fact.values);
    case "number":
    case "multiple":
      return { kind: "number" };
    default:
      return anything;
  }
}

function typeOfValues(values: unknown[]): Type {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size !== 1) return anything;
  if (kinds.has("string")) return { kind: "string" };
  if (kinds.has("number")) return { kind: "number" };
  return kinds.has("boolean") ? { kind: "bool" } : anything;
}
