import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonValue, valueAt } from "../../../apimachinery/index.ts";
import { SourceError } from "../../definition.ts";
import { checkForm, validateAnswers } from "../../form/check.ts";
import { formOf } from "../../form/form.ts";
import { sampleOf } from "../../form/sample.ts";
import { parseExpression } from "./expression.ts";
import { readTerraformModule } from "./module.ts";

/** The same sequence for the same seed, so that a failure can be looked at. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}

type Random = ReturnType<typeof createRandom>;

const names = ["a", "b_c", "d-e", '"f.g"', "type", "default", "ü"];
const texts = ["", "a", "$${b}", "%%{c}", 'q\\"', "\\n", "\\u00e9", "<<EOT", "# no comment", "/*", "*/", "}"];

function typeText(random: Random, depth: number): string {
  const kind = random(depth > 4 ? 4 : 10);
  const inner = () => typeText(random, depth + 1);
  if (kind < 4) return ["string", "number", "bool", "any"][kind] ?? "any";
  if (kind < 7) return `${["list", "set", "map"][kind - 4]}( ${inner()} )`;
  if (kind === 7) return `tuple([${Array.from({ length: random(4) }, inner).join(", ")}])`;
  const attributes = names
    .filter(() => random(3) === 0)
    .map((name) => {
      const type = inner();
      const comment = random(4) === 0 ? " # a comment = {" : "";
      if (random(2) === 0) return `${name} = ${type}${comment}`;
      return `${name} = optional(${type}${random(3) === 0 ? `, ${valueText(random, depth + 2)}` : ""})${comment}`;
    });
  return `object({\n${attributes.join("\n")}\n})`;
}

/** Any value: it may not fit the type, which is told then. */
function valueText(random: Random, depth: number): string {
  const kind = random(depth > 4 ? 5 : 8);
  const inner = () => valueText(random, depth + 1);
  if (kind === 0) return "null";
  if (kind === 1) return random(2) === 0 ? "true" : "false";
  if (kind === 2) return `${random(2) === 0 ? "-" : ""}${random(1000)}${random(2) === 0 ? ".5" : ""}`;
  if (kind < 5) return `"${texts[random(texts.length)]}"`;
  if (kind === 5) return `[${Array.from({ length: random(4) }, inner).join(", ")}]`;
  return `{\n${names
    .filter(() => random(4) === 0)
    .map((name) => `${name} = ${inner()}`)
    .join("\n")}\n}`;
}

function moduleText(random: Random): string {
  const variables = Array.from({ length: 1 + random(4) }, (_, index) => {
    const lines = [
      ...(random(8) > 0 ? [`type = ${typeText(random, 0)}`] : []),
      ...(random(2) === 0 ? [`default = ${valueText(random, 0)}`] : []),
      ...(random(4) === 0 ? ["sensitive = true"] : []),
      ...(random(3) === 0 ? [`description = "${texts[random(texts.length)]}"`] : []),
      ...(random(3) === 0 ? [validation(random, `var.v${index}`)] : []),
    ];
    return `variable "v${index}" {\n${lines.join("\n")}\n}\n`;
  });
  return variables.join("\n");
}

const conditions = [
  (x: string) => `length(${x}) > 1`,
  (x: string) => `contains(["a", "b", 3], ${x})`,
  (x: string) => `can(regex("^[a-c]+$", ${x}))`,
  (x: string) => `alltrue([for k, v in ${x} : v != null && k != "z"])`,
  (x: string) => `${x} == null || ${x} >= 2`,
  (x: string) => `!(${x}.a == "a" && ${x}.b_c == 1)`,
  (x: string) => `alltrue([for v in ${x} : length(v) < 9 || v == "x"])`,
];

function validation(random: Random, variable: string): string {
  const condition = conditions[random(conditions.length)]?.(variable) ?? "true";
  return `validation {\ncondition = ${condition}\nerror_message = "No."\n}`;
}

test("random types make forms that the portal takes, and their samples are answers", async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const text = moduleText(createRandom(seed));
    const definition = await readTerraformModule({ name: "m", path: "m", files: new Map([["main.tf", text]]) });
    const { pages } = formOf(definition);
    const context = `seed ${seed}:\n${text}`;
    assert.deepEqual(checkForm(pages.map(({ schema }) => schema)), [], context);
    for (const { schema } of pages) {
      for (const fill of ["required", "all"] as const) {
        assert.deepEqual(validateAnswers(schema, sampleOf(schema, { fill })), [], context);
      }
    }
  }
});

test("the schema of random types takes its own samples", async () => {
  for (let seed = 1001; seed <= 1100; seed++) {
    const text = `variable "x" {\n type = ${typeText(createRandom(seed), 0)}\n}\n`;
    const { schema } = await readTerraformModule({ name: "m", path: "m", files: new Map([["main.tf", text]]) });
    const sample: JsonValue = sampleOf(schema, { fill: "all" });
    assert.deepEqual(validateAnswers(schema, sample), [], `seed ${seed}:\n${text}`);
    assert.notEqual(valueAt(schema, "properties", "x"), undefined);
  }
});

const base = `terraform {
  required_version = ">= 1"
}
variable "x" {
  type        = map(object({ a = optional(list(string), ["é"]), b = tuple([number]) }))
  description = <<-EOT
    Some text \${"\${"$\${y}"}"}
  EOT
  default     = { k = { b = [-1.5e2] } } /* why */
  validation {
    condition     = alltrue([for k, v in var.x : can(regex("^[a-z]$", k)) && v.b[0] >= 0x1])
    error_message = "Of \${join(", ", keys(var.x))} one is wrong."
  }
}
output "o" {
  value = var.x["k"].a[*]
}
`;
const junk = [
  '"',
  "${",
  "}",
  "{",
  "[",
  "(",
  "<<EOT\n",
  "\n",
  "/*",
  "#",
  "=",
  "\\",
  "\u0000",
  "é",
  "%{",
  "*",
  "...",
  "variable",
];

test("random mistakes in HCL are told with their place, and nothing else happens", async () => {
  const random = createRandom(42);
  let told = 0;
  for (let round = 0; round < 300; round++) {
    let text = base;
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(text.length);
      text = text.slice(0, at) + (junk[random(junk.length)] ?? "") + text.slice(at + random(6));
    }
    try {
      const definition = await readTerraformModule({ name: "m", path: "m", files: new Map([["main.tf", text]]) });
      assert.equal(definition.source, "terraform");
    } catch (error) {
      assert.ok(error instanceof SourceError, `${String(error)} for\n${text}`);
      assert.match(error.message, /^m\/main\.tf:\d+/, text);
      told++;
    }
  }
  assert.ok(told > 100, `${told} of 300 were mistakes`);
});

test("random text is an expression or none", () => {
  const random = createRandom(7);
  const parts = [
    ...junk,
    "a",
    "1",
    " ",
    ".",
    ",",
    ")",
    "]",
    "for",
    " in ",
    "if",
    "?",
    ":",
    "&&",
    "!",
    "-",
    "null",
    "f(",
  ];
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: random(20) }, () => parts[random(parts.length)] ?? "").join("");
    const expression = parseExpression(text);
    assert.ok(expression === undefined || typeof expression.kind === "string");
  }
});
