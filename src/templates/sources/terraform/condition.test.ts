import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, valueAt } from "../../../apimachinery/index.ts";
import { readTerraformModule } from "./module.ts";

type Case = { type: string; condition: string; adds: JsonObject; told?: boolean; required?: boolean; default?: string };

const text = "string";
const list = "list(string)";

/** What a condition adds to the schema of its variable, `x`; with `told` when a part of it is left to Terraform. */
const cases: Record<string, Case> = {
  "a pattern": { type: text, condition: 'can(regex("^[a-z]{2}\\\\d$", var.x))', adds: { pattern: "^[a-z]{2}\\d$" } },
  "a pattern in Go's own syntax": {
    type: text,
    condition: 'can(regex("(?i)^ab[[:digit:]]\\\\z", var.x))',
    adds: { pattern: "^[aA][bB][0-9]$" },
  },
  "a pattern made of constants": {
    type: text,
    condition: 'can(regex("^(${join("|", ["a", "b"])})$", var.x))',
    adds: { pattern: "^(a|b)$" },
  },
  "no match of a pattern": { type: text, condition: '!can(regex("\\\\s", var.x))', adds: { not: { pattern: "\\s" } } },
  "matches counted": { type: text, condition: 'length(regexall("a+", var.x)) > 0', adds: { pattern: "a+" } },
  "no matches counted": {
    type: text,
    condition: 'length(regexall("a+", var.x)) == 0',
    adds: { not: { pattern: "a+" } },
  },
  "a match tried": { type: text, condition: 'try(regex("a", var.x), null) != null', adds: { pattern: "a" } },
  "listed values": { type: text, condition: 'contains(["a", "b"], var.x)', adds: { enum: ["a", "b"] } },
  "listed numbers, of which one is text": {
    type: "number",
    condition: 'contains([1, "2"], var.x)',
    adds: { enum: [1, 2] },
  },
  "values in a set, and null": { type: text, condition: 'contains(toset(["a", null]), var.x)', adds: { enum: ["a"] } },
  "values not to be": { type: text, condition: '!contains(["a"], var.x)', adds: { not: { enum: ["a"] } } },
  "listed values in any case": {
    type: text,
    condition: 'contains(["ab", "c-1"], lower(var.x))',
    adds: { pattern: "^(?:[aA][bB]|[cC]-1)$" },
  },
  "values joined with or": { type: text, condition: 'var.x == "a" || "b" == var.x', adds: { enum: ["a", "b"] } },
  "the position in a list": { type: text, condition: 'can(index(["a", "b"], var.x))', adds: { enum: ["a", "b"] } },
  "null or": { type: text, condition: 'var.x == null || contains(["a"], var.x)', adds: { enum: ["a"] } },
  "null ? true :": { type: text, condition: 'var.x == null ? true : var.x != "z"', adds: { not: { enum: ["z"] } } },
  "not null && or null": {
    type: text,
    condition: 'var.x == null || (var.x != null && length(coalesce(var.x, "")) > 2)',
    adds: { minLength: 3 },
  },
  "a bool alone": { type: "bool", condition: "var.x", adds: { enum: [true] } },
  "a bool denied": { type: "bool", condition: "var.x == false", adds: { enum: [false] } },
  "a bool that may be both": { type: "bool", condition: "contains([true, false], var.x)", adds: {} },
  "a length of text": {
    type: text,
    condition: "length(var.x) >= 3 && length(var.x) < 64",
    adds: { minLength: 3, maxLength: 63 },
  },
  "a length of a list": {
    type: list,
    condition: "length(var.x) > 0 && length(var.x) <= 2",
    adds: { minItems: 1, maxItems: 2 },
  },
  "a length of a map": { type: "map(string)", condition: "2 > length(var.x)", adds: { maxProperties: 1 } },
  "an exact length": { type: text, condition: "length(var.x) == 12", adds: { minLength: 12, maxLength: 12 } },
  "empty text": { type: text, condition: 'var.x != ""', adds: { minLength: 1 } },
  "blank text": { type: text, condition: "length(trimspace(var.x)) > 0", adds: { pattern: "\\S" } },
  "empty or a pattern": {
    type: text,
    condition: 'length(var.x) == 0 || can(regex("^a", var.x))',
    adds: { pattern: "(?:^a)|(?:^(?:)$)" },
  },
  "a range of numbers": {
    type: "number",
    condition: "var.x > 0 && 65535 >= var.x",
    adds: { exclusiveMinimum: 0, maximum: 65535 },
  },
  "the tighter of two limits": { type: "number", condition: "var.x >= 1 && var.x >= 5", adds: { minimum: 5 } },
  "a whole number": { type: "number", condition: "floor(var.x) == var.x", adds: { type: "integer" } },
  "a multiple": { type: "number", condition: "var.x % 8 == 0", adds: { multipleOf: 8 } },
  "numbers in a range that is computed": {
    type: "number",
    condition: "contains(range(1, 4), var.x)",
    adds: { enum: [1, 2, 3] },
  },
  "alternatives of numbers": {
    type: "number",
    condition: "var.x == 0 || var.x >= 10",
    adds: { anyOf: [{ enum: [0] }, { minimum: 10 }] },
  },
  "not a range": {
    type: "number",
    condition: "!(var.x > 1 && var.x < 5)",
    adds: { anyOf: [{ maximum: 1 }, { minimum: 5 }] },
  },
  "the start of text": { type: text, condition: 'startswith(var.x, "a.b")', adds: { pattern: "^a\\.b" } },
  "the end of text": { type: text, condition: 'endswith(var.x, "$")', adds: { pattern: "\\$$" } },
  "a part of text": { type: text, condition: 'strcontains(var.x, "(")', adds: { pattern: "\\(" } },
  "the first letters": { type: text, condition: 'substr(var.x, 0, 4) == "ami-"', adds: { pattern: "^ami-" } },
  "the start or": {
    type: text,
    condition: 'startswith(var.x, "a") || var.x == "z"',
    adds: { pattern: "(?:^a)|(?:^(?:z)$)" },
  },
  "text that is a number": {
    type: text,
    condition: "can(tonumber(var.x))",
    adds: { pattern: "^[+-]?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$" },
  },
  "a time": { type: text, condition: 'can(formatdate("", var.x))', adds: { format: "date-time" } },
  "every element": {
    type: list,
    condition: 'alltrue([for s in var.x : can(regex("^a", s))])',
    adds: { items: { type: "string", pattern: "^a" } },
  },
  "every element that can be computed": {
    type: list,
    condition: 'can([for s in var.x : regex("^a", s)])',
    adds: { items: { type: "string", pattern: "^a" } },
  },
  "no element is otherwise": {
    type: list,
    condition: 'length([for s in var.x : s if !contains(["a"], s)]) == 0',
    adds: { items: { type: "string", enum: ["a"] } },
  },
  "no condition is false": {
    type: list,
    condition: "!contains([for s in var.x : length(s) > 1], false)",
    adds: { items: { type: "string", minLength: 2 } },
  },
  "none of them": {
    type: list,
    condition: '!anytrue([for s in var.x : startswith(s, "a")])',
    adds: { items: { type: "string", not: { pattern: "^a" } } },
  },
  "nothing but listed values": {
    type: list,
    condition: 'length(setsubtract(var.x, ["a", "b"])) == 0',
    adds: { items: { type: "string", enum: ["a", "b"] } },
  },
  "an element that must be there": {
    type: list,
    condition: 'contains(var.x, "a")',
    adds: { contains: { enum: ["a"] } },
  },
  "different elements": {
    type: list,
    condition: "length(distinct(var.x)) == length(var.x)",
    adds: { uniqueItems: true },
  },
  "empty or every element": {
    type: list,
    condition: 'length(var.x) == 0 || alltrue([for s in var.x : s != ""])',
    adds: { items: { type: "string", minLength: 1 } },
  },
  "every value of a map": {
    type: "map(number)",
    condition: "alltrue([for k, v in var.x : v > 0])",
    adds: { additionalProperties: { type: "number", exclusiveMinimum: 0 } },
  },
  "every key of a map": {
    type: "map(string)",
    condition: 'alltrue([for k in keys(var.x) : can(regex("^[a-z]+$", k))])',
    adds: { propertyNames: { type: "string", pattern: "^[a-z]+$" } },
  },
  "a key of a map": { type: "map(string)", condition: 'contains(keys(var.x), "team")', adds: { required: ["team"] } },
  "an attribute": {
    type: "object({ kind = string, size = optional(number) })",
    condition: 'contains(["a"], var.x.kind) && (var.x.size == null || var.x.size > 1)',
    adds: {
      properties: { kind: { type: "string", enum: ["a"] }, size: { type: "number", exclusiveMinimum: 1 } },
      required: ["kind"],
    },
  },
  "attributes of elements inside elements": {
    type: "map(object({ rules = list(object({ port = number })) }))",
    condition: "alltrue(flatten([for k, v in var.x : [for r in v.rules : r.port < 100]]))",
    adds: {
      additionalProperties: {
        type: "object",
        properties: {
          rules: {
            type: "array",
            items: {
              type: "object",
              properties: { port: { type: "number", exclusiveMaximum: 100 } },
              required: ["port"],
            },
          },
        },
        required: ["rules"],
      },
    },
  },
  "an attribute that has to be there": {
    type: "object({ a = optional(string) })",
    condition: "var.x.a != null",
    adds: { properties: { a: { type: "string" } }, required: ["a"] },
  },
  "one attribute or the other": {
    type: "object({ a = optional(string), b = optional(string) })",
    condition: "var.x.a == null || var.x.b == null",
    adds: { properties: { a: { type: "string" }, b: { type: "string" } }, not: { required: ["a", "b"] } },
  },
  "a value for what has none": { type: text, default: "null", condition: "var.x != null", adds: {}, required: true },
  "attributes that the condition cannot do without": {
    type: 'object({ a = optional(object({ b = optional(string) })), c = optional(string, "x"), d = optional(number) })',
    condition: 'length(var.x.a.b) > 1 && var.x.c != "" && (var.x.d == null || var.x.d > 2)',
    adds: {
      properties: {
        a: { type: "object", properties: { b: { type: "string", minLength: 2 } }, required: ["b"] },
        c: { type: "string", default: "x", minLength: 1 },
        d: { type: "number", exclusiveMinimum: 2 },
      },
      required: ["a"],
    },
  },
  "nothing of attributes that something stands in for": {
    type: "object({ a = optional(string), b = optional(string), c = optional(string) })",
    condition:
      'contains(["k"], coalesce(var.x.a, "k")) && try(contains(["k"], var.x.b), true) && try(length(var.x.c), 0) < 3',
    adds: {
      properties: {
        a: { type: "string", enum: ["k"] },
        b: { type: "string", enum: ["k"] },
        c: { type: "string", maxLength: 2 },
      },
    },
  },
  "a value that null would break": {
    type: text,
    default: "null",
    condition: 'contains(["a"], var.x)',
    adds: { enum: ["a"] },
    required: true,
  },
  "nothing of what one attribute asks of another": {
    type: "object({ on = optional(bool, false), at = optional(string) })",
    condition: "!var.x.on || var.x.on && var.x.at != null",
    adds: {},
    told: true,
  },
  "what is understood of several": {
    type: text,
    condition: "length(var.x) > 1 && var.x != var.y",
    adds: { minLength: 2 },
    told: true,
  },
  "nothing of what looks elsewhere": { type: text, condition: "contains(local.names, var.x)", adds: {}, told: true },
  "nothing of alternatives that look elsewhere": {
    type: text,
    condition: 'var.y || contains(["a"], var.x)',
    adds: {},
    told: true,
  },
  "nothing of one element": { type: list, condition: 'anytrue([for s in var.x : s == "a"])', adds: {}, told: true },
  "nothing of a directive": { type: text, condition: '"%{ if var.x == "a" }b%{ endif }" == "b"', adds: {}, told: true },
  "a condition that is always true": { type: text, condition: "true", adds: {} },
};
for (const [name, { type, condition, adds, told = false, required, default: preset }] of Object.entries(cases)) {
  test(`a condition asks for ${name}`, async () => {
    const given = preset === undefined ? "" : `default = ${preset}\n`;
    const variable = (validation: string) => `variable "x" {\ntype = ${type}\n${given}${validation}}\n`;
    const validation = `validation {\ncondition = ${condition}\nerror_message = "The value \${var.x} of x is wrong."\n}\n`;
    const bare = await propertyOf(variable(""));
    const { schema, notes, isRequired } = await propertyOf(variable(validation));
    assert.deepEqual(schema, { ...bare.schema, ...adds });
    assert.deepEqual(notes, told ? ["Only Terraform checks one of its validations: The value … of x is wrong"] : []);
    assert.equal(isRequired, required ?? bare.isRequired);
  });
}

async function propertyOf(text: string): Promise<{ schema: JsonObject; notes: string[]; isRequired: boolean }> {
  const { schema, notes } = await readTerraformModule({ name: "m", path: "m", files: new Map([["main.tf", text]]) });
  const { "x-terraform": _, ...property } = valueAt(schema, "properties", "x") as JsonObject;
  const isRequired = Array.isArray(schema["required"]) && schema["required"].includes("x");
  return { schema: property, notes: notes.map(({ message }) => message), isRequired };
}

test("several validations hold together", async () => {
  const { schema } = await propertyOf(`variable "x" {
  type = string
  validation {
    condition     = can(regex("^[a-z]", var.x))
    error_message = "A."
  }
  validation {
    condition     = can(regex("[0-9]$", var.x))
    error_message = "B."
  }
  validation {
    condition     = length(var.x) <= 9
    error_message = "C."
  }
}
`);
  assert.deepEqual(schema, { type: "string", pattern: "^[a-z]", allOf: [{ pattern: "[0-9]$" }], maxLength: 9 });
});

test("a variable without a type has the one that its validation can check", async () => {
  const { schema, notes } = await propertyOf(
    'variable "x" {\n validation {\n condition = contains(["a"], var.x)\n error_message = "A."\n }\n}\n',
  );
  assert.deepEqual(schema, { type: "string", enum: ["a"] });
  assert.match(notes[0] ?? "", /what its validation can check is asked for: string/);
});

test("a default that breaks the validation is no default", async () => {
  const { schema, notes, isRequired } = await propertyOf(
    'variable "x" {\n type = string\n default = ""\n validation {\n condition = var.x != ""\n error_message = "A."\n }\n}\n',
  );
  assert.deepEqual(schema, { type: "string", minLength: 1 });
  assert.equal(isRequired, true);
  assert.match(notes[0] ?? "", /Its default breaks its own validation/);
});

test("CIDR blocks are told from other text", async () => {
  const { schema } = await propertyOf(
    'variable "x" {\n type = string\n validation {\n condition = can(cidrhost(var.x, 0))\n error_message = "A."\n }\n}\n',
  );
  const pattern = new RegExp(String(schema["pattern"]), "u");
  for (const good of ["10.0.0.0/16", "0.0.0.0/0", "255.255.255.255/32", "2001:db8::/32", "::/0"])
    assert.match(good, pattern);
  for (const bad of ["10.0.0.0", "10.0.0/8", "10.0.0.0/33", "256.0.0.0/8", "2001:db8::/129", "x10.0.0.0/8"]) {
    assert.doesNotMatch(bad, pattern);
  }
});
