import type { Rule } from "./rule-syntax.ts";

/** A rule as the beginning of a sentence; `undefined` when it says more than a sentence can. */
export function ruleInWords(rule: Rule): string | undefined {
  if (isUnchanged(rule)) return "Cannot be changed later";
  if (rule.op === "binary" && rule.operator === "||") {
    // `!a || b`: b follows from a.
    const [premise, conclusion] = [rule.left, rule.right];
    if (premise.op === "not") {
      const [a, b] = [words(premise.of), words(conclusion)];
      return a === undefined || b === undefined ? undefined : `When ${a}, ${b}`;
    }
    const fields = alternatives(rule).map((one) =>
      one.op === "call" && one.name === "has" ? nameOf(one.args[0]) : undefined,
    );
    if (!fields.includes(undefined)) return `At least one of ${fields.join(", ")} must be set`;
  }
  return words(rule);
}

function alternatives(rule: Rule): Rule[] {
  if (rule.op !== "binary" || rule.operator !== "||") return [rule];
  return [...alternatives(rule.left), ...alternatives(rule.right)];
}

function isUnchanged(rule: Rule): boolean {
  if (rule.op !== "binary" || rule.operator !== "==") return false;
  const { left, right } = rule;
  if (left.op !== "field" || right.op !== "field") return false;
  const variables = [left.variable, right.variable].sort().join();
  return variables === "oldSelf,self" && left.path.join() === right.path.join();
}

const comparisons: Readonly<Record<string, string>> = {
  "==": "is",
  "!=": "is not",
  "<": "is less than",
  "<=": "is at most",
  ">": "is greater than",
  ">=": "is at least",
  in: "is one of",
};

function words(rule: Rule): string | undefined {
  switch (rule.op) {
    case "field":
      return rule.path.length === 0 ? undefined : `${nameOf(rule)} is on`;
    case "not": {
      const of = rule.of;
      if (of.op === "call" && of.name === "has") return join(nameOf(of.args[0]), "is not set");
      if (of.op === "field" && of.path.length > 0) return `${nameOf(of)} is off`;
      const inner = words(of);
      return inner === undefined ? undefined : `it is not so that ${inner}`;
    }
    case "if": {
      const [condition, then, otherwise] = [rule.condition, rule.then, rule.else].map(words);
      if (condition === undefined || then === undefined) return undefined;
      if (rule.else.op === "literal" && rule.else.value === true) return `when ${condition}, ${then}`;
      return otherwise === undefined ? undefined : `when ${condition}, ${then}; otherwise ${otherwise}`;
    }
    case "binary":
      return binaryWords(rule);
    case "call":
      return callWords(rule);
  }
  return undefined;
}

function binaryWords({ operator, left, right }: Rule & { op: "binary" }): string | undefined {
  if (operator === "&&" || operator === "||") {
    const [a, b] = [words(left), words(right)];
    return a === undefined || b === undefined ? undefined : `${a} ${operator === "&&" ? "and" : "or"} ${b}`;
  }
  const comparison = comparisons[operator];
  if (comparison === undefined) return undefined;
  return join(nameOf(left), comparison, nameOf(right));
}

function callWords({ name, args }: Rule & { op: "call" }): string | undefined {
  const [on, first] = args;
  const subject = nameOf(on);
  switch (name) {
    case "has":
      return join(subject, "is set");
    case "matches":
      return join(subject, "matches", nameOf(first));
    case "startsWith":
      return join(subject, "begins with", nameOf(first));
    case "endsWith":
      return join(subject, "ends with", nameOf(first));
    case "contains":
      return join(subject, "contains", nameOf(first));
  }
  return undefined;
}

function nameOf(rule: Rule | undefined): string | undefined {
  switch (rule?.op) {
    case "field": {
      const path = rule.path.join(".");
      if (rule.variable === "oldSelf") return path === "" ? "the value before" : `${path} before`;
      return path === "" ? "the value" : path;
    }
    case "literal":
      return typeof rule.value === "string" ? (rule.value === "" ? "empty" : rule.value) : String(rule.value);
    case "list": {
      const names = rule.items.map(nameOf);
      return names.includes(undefined) ? undefined : names.join(", ");
    }
    case "call":
      return rule.name === "size" ? join("the size of", nameOf(rule.args[0])) : undefined;
  }
  return undefined;
}

function join(...parts: (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join(" ");
}
