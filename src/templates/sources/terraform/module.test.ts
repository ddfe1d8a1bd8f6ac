import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, valueAt } from "../../../apimachinery/index.ts";
import { type Definition, SourceError } from "../../definition.ts";
import { readTerraformModule } from "./module.ts";

async function moduleOf(files: Record<string, string>): Promise<Definition> {
  return await readTerraformModule({ name: "net", path: "infra/net", files: new Map(Object.entries(files)) });
}

/** The property of a variable, without what it says about its source. */
async function propertyOf(body: string): Promise<{ schema: JsonObject; required: boolean; notes: string[] }> {
  const { schema, notes } = await moduleOf({ "variables.tf": `variable "x" {\n${body}\n}\n` });
  const property = valueAt(schema, "properties", "x");
  assert.ok(typeof property === "object" && property !== null);
  const { "x-terraform": _, ...rest } = property as JsonObject;
  const required = Array.isArray(schema["required"]) && schema["required"].includes("x");
  return { schema: rest, required, notes: notes.map(({ message }) => message) };
}

const types: Record<string, { body: string; schema: JsonObject; required?: boolean; notes?: RegExp[] }> = {
  "a string without default is required": { body: "type = string", schema: { type: "string" }, required: true },
  "a number has its default": { body: "type = number\ndefault = -1.5", schema: { type: "number", default: -1.5 } },
  "a bool has its default": { body: "type = bool\ndefault = false", schema: { type: "boolean", default: false } },
  "null as default makes it optional": { body: "type = string\ndefault = null", schema: { type: "string" } },
  "a default is converted to the type": {
    body: 'type = number\ndefault = "80"',
    schema: { type: "number", default: 80 },
  },
  "a number becomes text": { body: "type = string\ndefault = 1.5", schema: { type: "string", default: "1.5" } },
  "text becomes a bool": { body: 'type = bool\ndefault = "true"', schema: { type: "boolean", default: true } },
  "arithmetic in a default is computed": {
    body: "type = number\ndefault = 60 * 60",
    schema: { type: "number", default: 3600 },
  },
  "escapes in a default are read": {
    body: 'type = string\ndefault = "a\\n$${b}\\"%%{c}"',
    schema: { type: "string", default: 'a\n${b}"%{c}' },
  },
  "a heredoc is a default": {
    body: "type = string\ndefault = <<-EOT\n    one\n      two\n  EOT",
    schema: { type: "string", default: "one\n  two\n" },
  },
  "a list": {
    body: 'type = list(string)\ndefault = ["a"]',
    schema: { type: "array", items: { type: "string" }, default: ["a"] },
  },
  "a set has every value once": {
    body: 'type = set(string)\ndefault = ["a", "a", "b"]',
    schema: { type: "array", items: { type: "string" }, uniqueItems: true, default: ["a", "b"] },
  },
  "a map": {
    body: "type = map(number)\ndefault = { a = 1 }",
    schema: { type: "object", additionalProperties: { type: "number" }, default: { a: 1 } },
  },
  "a tuple": {
    body: "type = tuple([string, number])",
    schema: { type: "array", items: [{ type: "string" }, { type: "number" }], minItems: 2, maxItems: 2 },
    required: true,
  },
  "an empty tuple": { body: "type = tuple([])", schema: { type: "array", maxItems: 0 }, required: true },
  "an object": {
    body: "type = object({ a = string, b = optional(number) })",
    schema: { type: "object", properties: { a: { type: "string" }, b: { type: "number" } }, required: ["a"] },
    required: true,
  },
  "defaults of optional attributes stand at their depth, and in the default of the whole": {
    body: `type = object({
      # a comment = string
      inner = optional(object({
        size = optional(number, "3") // another
        tags = optional(map(string), { team = "a" })
      }), {})
      name = optional(string)
    })
    default = { ignored = true }`,
    schema: {
      type: "object",
      properties: {
        inner: {
          type: "object",
          properties: {
            size: { type: "number", default: 3 },
            tags: { type: "object", additionalProperties: { type: "string" }, default: { team: "a" } },
          },
          default: { size: 3, tags: { team: "a" } },
        },
        name: { type: "string" },
      },
      default: { inner: { size: 3, tags: { team: "a" } } },
    },
  },
  "collections of collections": {
    body: "type = map(list(set(object({ a = tuple([bool]) }))))\ndefault = {}",
    schema: {
      type: "object",
      additionalProperties: {
        type: "array",
        items: {
          type: "array",
          uniqueItems: true,
          items: {
            type: "object",
            properties: { a: { type: "array", items: [{ type: "boolean" }], minItems: 1, maxItems: 1 } },
            required: ["a"],
          },
        },
      },
      default: {},
    },
  },
  "a bare list takes anything": { body: "type = list", schema: { type: "array", items: {} }, required: true },
  "a bare map takes anything": {
    body: "type = map",
    schema: { type: "object", additionalProperties: {} },
    required: true,
  },
  "a bare set is told": {
    body: "type = set",
    schema: { type: "array", items: {}, uniqueItems: true },
    required: true,
    notes: [/Its type is set without the type of its elements/],
  },
  "types in quotes are those of Terraform 0.11": {
    body: 'type = "list"\ndefault = ["a"]',
    schema: { type: "array", items: { type: "string" }, default: ["a"] },
    notes: [/written in quotes, "list"/],
  },
  "a whole type in quotes is read": {
    body: 'type = "map(number)"',
    schema: { type: "object", additionalProperties: { type: "number" } },
    required: true,
    notes: [/in quotes/],
  },
  "no type is guessed from the default": {
    body: "default = { a = 1 }",
    schema: { type: "object", additionalProperties: { type: "number" }, default: { a: 1 } },
    notes: [/declares no type, so that a value like its default is asked for: map\(number\)/],
  },
  "a guessed default stays as it is": {
    body: 'default = { a = 1, b = "x" }',
    schema: { type: "object", additionalProperties: {}, default: { a: 1, b: "x" } },
    notes: [/map\(any\)/],
  },
  "any is guessed from the default": {
    body: "type = any\ndefault = []",
    schema: { type: "array", items: {}, default: [] },
    notes: [/Its type is any/],
  },
  "any without a default takes anything": { body: "type = any", schema: {}, required: true },
  "neither type nor default": { body: "", schema: {}, required: true, notes: [/declares no type/] },
  "an unknown type is told": {
    body: "type = strin",
    schema: {},
    required: true,
    notes: [/Its type strin is unknown, so that any value is taken/],
  },
  "an unknown constructor inside is told": {
    body: "type = list(either(string, number))",
    schema: { type: "array", items: {} },
    required: true,
    notes: [/either/],
  },
  "optional outside of an object is told": {
    body: "type = list(optional(string))",
    schema: { type: "array", items: {} },
    required: true,
    notes: [/optional\(\.\.\.\) outside of an object/],
  },
  "a default that is a reference is left out and told": {
    body: "type = string\ndefault = local.x",
    schema: { type: "string" },
    notes: [/Its default is no constant/],
  },
  "a default of another type is left out and told": {
    body: 'type = list(number)\ndefault = ["a"]',
    schema: { type: "array", items: { type: "number" } },
    notes: [/Its default is not of its type \(\[0\]: number required\)/],
  },
  "a default that lacks an attribute is left out and told": {
    body: "type = object({ a = string })\ndefault = {}",
    schema: { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    notes: [/attribute "a" is required/],
  },
  "null stands where the author wrote it, and is left out where it says nothing": {
    body: "type = object({ a = string, b = optional(string), c = list(number) })\ndefault = { a = null, b = null, c = [1, null] }",
    schema: {
      type: "object",
      properties: {
        a: { type: ["string", "null"] },
        b: { type: "string" },
        c: { type: "array", items: { type: ["number", "null"] } },
      },
      required: ["a", "c"],
      default: { a: null, c: [1, null] },
    },
  },
  "sensitive is for writing only": {
    body: "type = string\nsensitive = true",
    schema: { type: "string", writeOnly: true },
    required: true,
  },
  "deprecated and ephemeral are told": {
    body: 'type = string\ndefault = "a"\nephemeral = true\ndeprecated = "Use y"',
    schema: { type: "string", default: "a", deprecated: true },
    notes: [/It is deprecated: Use y/, /It is ephemeral/],
  },
  "a description in a heredoc is read": {
    body: "type = string\ndescription = <<-EOT\n    One.\n    $${two}\n  EOT",
    schema: { type: "string", description: "One.\n${two}\n" },
    required: true,
  },
};
for (const [name, { body, schema, required = false, notes = [] }] of Object.entries(types)) {
  test(`variables: ${name}`, async () => {
    const read = await propertyOf(body);
    assert.deepEqual(read.schema, schema);
    assert.equal(read.required, required);
    assert.equal(read.notes.length, notes.length, read.notes.join("\n"));
    for (const [index, note] of notes.entries()) assert.match(read.notes[index] ?? "", note);
  });
}

test("variables stand in the order of files and lines, whatever stands between them", async () => {
  const { schema } = await moduleOf({
    "b.tf": 'variable "a" {}\n',
    "a.tf": `
/* variable "hidden" {
} */
variable "z" { type = string }
locals {
  text = <<EOT
variable "y" {
EOT
  glob = "arn:*/*"
}
variable "y" { type = string }
  variable x {
  default = "variable \\"q\\" {"
}
`,
  });
  assert.deepEqual(Object.keys(valueAt(schema, "properties") ?? {}), ["z", "y", "x", "a"]);
});

test("a name that a call of a module needs for itself is told", async () => {
  const { notes } = await moduleOf({ "main.tf": 'variable "count" {\n  type = number\n}\n' });
  assert.deepEqual(notes, [
    { at: "count", message: "Its name means something else in a call of a module, and Terraform refuses it" },
  ]);
});

test("names that JavaScript has for itself are names", async () => {
  const { schema } = await moduleOf({
    "main.tf": 'variable "__proto__" {\n type = object({ __proto__ = string, constructor = number })\n}\n',
  });
  const { properties } = schema;
  assert.ok(typeof properties === "object" && properties !== null && Object.hasOwn(properties, "__proto__"));
  assert.deepEqual(schema["required"], ["__proto__"]);
  assert.deepEqual(Object.keys(Object.prototype), []);
});

test("a definition says what the module is, needs and gives", async () => {
  const definition = await readTerraformModule({
    name: "My_Net",
    path: "infra/net",
    address: "acme/net/aws//modules/my_net",
    version: "1.2.3",
    files: new Map([
      [
        "main.tf",
        `terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5" }
    null = ">= 2"
  }
}
variable "password" {
  type      = string
  sensitive = true
}
output "url" {
  description = "Where it is"
  value       = "https://\${var.password}"
}
output "key" {
  value     = 1
  sensitive = true
}
`,
      ],
      ["README.md", "# Net\n\n[![badge](b.svg)](x)\n\nMakes *one* [network](n.md)\nand `nothing` else.\n\nMore.\n"],
    ]),
  });
  assert.equal(definition.name, "my-net");
  assert.equal(definition.title, "My_Net");
  assert.equal(definition.description, "Makes *one* network and nothing else.");
  assert.deepEqual(definition.origin, { file: "infra/net" });
  assert.deepEqual(definition.subject, {
    kind: "module",
    address: "acme/net/aws//modules/my_net",
    version: "1.2.3",
    outputs: [
      { name: "url", description: "Where it is", sensitive: false },
      { name: "key", sensitive: true },
    ],
    sensitive: ["password"],
  });
  assert.deepEqual(definition.notes, [
    { at: "", message: "It needs Terraform or OpenTofu >= 1.5, and the providers hashicorp/aws >= 5, null >= 2" },
  ]);
});

test("a module without an address is called by its path, and one from Git carries its version itself", async () => {
  const { subject } = await moduleOf({ "main.tf": "" });
  assert.equal(subject.kind === "module" && subject.address, "./infra/net");
  const git = await readTerraformModule({
    name: "n",
    path: "x",
    files: new Map([["main.tf", ""]]),
    address: "git::https://example.com/n.git?ref=v1",
    version: "1.0.0",
  });
  assert.ok(git.subject.kind === "module" && git.subject.version === undefined);
});

test("the schema carries the variable as it was declared", async () => {
  const { schema } = await moduleOf({
    "main.tf":
      'variable "a" {\n  type = map( string )\n  default = { n = 1 }\n}\nvariable "b" {\n  default = null\n}\n',
  });
  assert.deepEqual(valueAt(schema, "properties", "a", "x-terraform"), { type: "map( string )", default: { n: 1 } });
  assert.deepEqual(valueAt(schema, "properties", "b", "x-terraform"), { default: null });
});

test("override files change what is declared, argument by argument", async () => {
  const { schema, subject } = await moduleOf({
    "main.tf":
      'variable "a" {\n  type = string\n  description = "One"\n  default = "x"\n}\noutput "o" {\n  value = 1\n}\n',
    "a_override.tf": 'variable "a" {\n  default = "y"\n  sensitive = true\n}\n',
    "override.tf.json": '{"variable":{"a":{"default":"${z}"}},"output":{"o":{"description":"Told"}}}',
  });
  const { "x-terraform": _, ...property } = valueAt(schema, "properties", "a") as JsonObject;
  assert.deepEqual(property, { type: "string", description: "One", default: "${z}", writeOnly: true });
  assert.deepEqual(subject.kind === "module" && subject.outputs, [
    { name: "o", description: "Told", sensitive: false },
  ]);
});

test("Terraform's JSON syntax declares the same, with strings as they are", async () => {
  const { schema } = await moduleOf({
    "main.tf.json": JSON.stringify({
      "//": "a comment",
      variable: {
        "//": "another",
        a: { type: "list(string)", default: ["$${x}"], description: "A ${b}" },
        b: [{ type: "number", validation: { condition: "${var.b > 1}", error_message: "No." } }],
      },
    }),
  });
  assert.deepEqual(valueAt(schema, "properties", "a", "default"), ["$${x}"]);
  assert.equal(valueAt(schema, "properties", "a", "description"), "A ${b}");
  assert.equal(valueAt(schema, "properties", "b", "exclusiveMinimum"), 1);
});

test("tests, hidden files and values are no part of a module, and .tofu stands for the .tf of its name", async () => {
  const { schema } = await moduleOf({
    "main.tf": 'variable "tf" {}',
    "main.tofu": 'variable "tofu" {}',
    "main.tftest.hcl": 'variable "test" {',
    ".hidden.tf": 'variable "hidden" {',
    "main.tf~": "variable {",
    "a.tfvars": "x = {",
  });
  assert.deepEqual(Object.keys(valueAt(schema, "properties") ?? {}), ["tofu"]);
});

const wrong: Record<string, { files: Record<string, string>; says: RegExp }> = {
  "broken HCL": {
    files: { "variables.tf": 'variable "name" {\n  default = "x"\n' },
    says: /^infra\/net\/variables\.tf:1:17: Unclosed configuration block/,
  },
  "broken JSON": {
    files: { "main.tf.json": '{\n "variable": {,}\n}' },
    says: /^infra\/net\/main\.tf\.json:2:15: /,
  },
  "JSON that is no object": {
    files: { "main.tf.json": "[]" },
    says: /^infra\/net\/main\.tf\.json: must hold an object/,
  },
  "a variable declared twice": {
    files: { "a.tf": 'variable "x" {}\n', "b.tf": '\nvariable "x" {}\n' },
    says: /^infra\/net\/b\.tf:2: Duplicate variable declaration: A variable named "x" was already declared at infra\/net\/a\.tf:1/,
  },
  "an output declared twice in a file": {
    files: { "a.tf": 'output "x" {\n  value = 1\n}\noutput "x" {\n  value = 2\n}\n' },
    says: /^infra\/net\/a\.tf:4: Duplicate output declaration: An output named "x" was already declared at infra\/net\/a\.tf:1/,
  },
  "an override of nothing": {
    files: { "a.tf": "", "override.tf": 'variable "x" {\n}\n' },
    says: /^infra\/net\/override\.tf:1: Missing base variable declaration to override/,
  },
  "a variable without a name": {
    files: { "a.tf": "variable {\n  type = string\n}\n" },
    says: /^infra\/net\/a\.tf: variable blocks must have one label/,
  },
};
for (const [name, { files, says }] of Object.entries(wrong)) {
  test(`a module is refused for ${name}`, async () => {
    await assert.rejects(moduleOf(files), (error) => {
      assert.ok(error instanceof SourceError);
      assert.match(error.message, says);
      return true;
    });
  });
}
