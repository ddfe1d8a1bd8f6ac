import type { JsonObject } from "../src/apimachinery/index.ts";
import { stringifyYaml } from "../src/apimachinery/index.ts";

/** Numbers from 0 up to 1; the same ones for the same seed. */
type Random = () => number;

function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sizes of public CRDs: most have some kB, those that embed pod templates 200. */
const smallest = 3000;
const largest = 200_000;
const median = 11_000;
/** Of the logarithm; with it the mean is 20 kB. */
const deviation = 1.1;

/** Files of custom resource definitions as operators ship them: YAML, one version each, of 3 to 200 kB, 20 kB on average. */
export function customResources(count: number): string[] {
  const random = createRandom(1);
  return Array.from({ length: count }, (_, index) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const size = Math.min(largest, Math.max(smallest, median * Math.exp(deviation * normal)));
    return stringifyYaml(customResource(random, index, size));
  });
}

function customResource(random: Random, index: number, size: number): JsonObject {
  const kind = `Bench${index}`;
  const plural = `${kind.toLowerCase()}s`;
  // YAML doubles it by indentation.
  const budget = { left: size / 2 - 700 };
  const spec = object(random, budget, 0);
  // Status takes a fifth of what is written about most kinds.
  const status = object(random, { left: size / 20 }, 2);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.bench.example.com`,
      annotations: { "controller-gen.kubebuilder.io/version": "v0.16.1" },
    },
    spec: {
      group: "bench.example.com",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: index % 5 === 0 ? "Cluster" : "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: "Ready", type: "string", jsonPath: ".status.ready" }],
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: sentence(random, 12),
              properties: {
                apiVersion: { type: "string", description: sentence(random, 40) },
                kind: { type: "string", description: sentence(random, 40) },
                metadata: { type: "object" },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  };
}

type Budget = { left: number };

/** As deep as pod templates in custom resources are. */
const depthMax = 12;

function object(random: Random, budget: Budget, depth: number): JsonObject {
  const properties: JsonObject = {};
  const required: string[] = [];
  const share = depth === 0 ? budget : { left: budget.left * (0.15 + random() * 0.5) };
  if (share !== budget) budget.left -= share.left;
  for (let index = 0; share.left > 0 && index < 400; index++) {
    const name = fieldName(random, index);
    properties[name] = field(random, share, depth + 1);
    if (random() < 0.12) required.push(name);
  }
  const schema: JsonObject = { type: "object", description: sentence(random, 12), properties };
  if (required.length > 0) schema["required"] = required;
  if (random() < 0.05 && required[0] !== undefined) {
    const rule = `has(self.${required[0]})`;
    schema["x-kubernetes-validations"] = [{ rule, message: `${required[0]} has to be set` }];
  }
  return schema;
}

function field(random: Random, budget: Budget, depth: number): JsonObject {
  const description = sentence(random, 4 + Math.floor(random() * 40));
  // What a field costs in YAML beside its description.
  budget.left -= description.length + 90;
  const choice = random();
  if (depth < depthMax && budget.left > 500 && choice < 0.16) return object(random, budget, depth);
  if (depth < depthMax && budget.left > 500 && choice < 0.26)
    return { type: "array", description, items: object(random, budget, depth) };
  if (choice < 0.3) return { type: "object", description, additionalProperties: { type: "string" } };
  if (choice < 0.36)
    return { type: "array", description, items: { type: "string" }, "x-kubernetes-list-type": "atomic" };
  if (choice < 0.44) return { type: "boolean", description, default: random() < 0.5 };
  if (choice < 0.53)
    return { type: "integer", format: "int32", description, minimum: 0, maximum: 65535, default: 8080 };
  if (choice < 0.58)
    return { description, "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] };
  if (choice < 0.61) {
    const pattern =
      "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";
    return {
      description,
      "x-kubernetes-int-or-string": true,
      anyOf: [{ type: "integer" }, { type: "string" }],
      pattern,
    };
  }
  if (choice < 0.69)
    return { type: "string", description, enum: ["Always", "Never", "IfNotPresent"], default: "Always" };
  if (choice < 0.74)
    return { type: "string", description, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", minLength: 1, maxLength: 63 };
  if (choice < 0.77) return { type: "string", description, format: "date-time" };
  if (choice < 0.79) return { type: "object", description, "x-kubernetes-preserve-unknown-fields": true };
  if (choice < 0.81) return choiceOf(random, description);
  return { type: "string", description };
}

function choiceOf(random: Random, description: string): JsonObject {
  const [one, other] = [fieldName(random, 0), fieldName(random, 1)];
  return {
    type: "object",
    description,
    properties: { [one]: { type: "string" }, [other]: { type: "integer" } },
    oneOf: [{ required: [one] }, { required: [other] }],
  };
}

/** Modules of Terraform, each the texts of its files by their names: some twenty variables of all types, outputs and a resource. */
export function terraformModules(count: number): Map<string, string>[] {
  const random = createRandom(2);
  return Array.from({ length: count }, (_, index) => {
    const variables = Array.from({ length: 5 + Math.floor(random() * 35) }, (_, number) => variable(random, number));
    const outputs = Array.from({ length: 5 }, (_, number) => {
      return `output "out_${number}" {\n  description = "${sentence(random, 8)}"\n  value       = bench_thing.this.out_${number}\n}\n`;
    });
    return new Map([
      ["variables.tf", variables.join("\n")],
      ["outputs.tf", outputs.join("\n")],
      ["main.tf", `resource "bench_thing" "this" {\n  name  = var.name_0_${index % 7}\n  count = 1\n}\n`],
    ]);
  });
}

const typesOfVariables: readonly [type: string, value: string][] = [
  ["string", '"value"'],
  ["number", "3"],
  ["bool", "true"],
  ["list(string)", '["a", "b"]'],
  ["set(number)", "[1, 2]"],
  ["map(string)", '{ team = "a" }'],
  ["object({ name = string, size = optional(number, 3), tags = optional(map(string), {}) })", '{ name = "a" }'],
  ['list(object({ port = number, protocol = optional(string, "TCP"), cidrs = list(string) }))', "[]"],
  ["tuple([string, number])", '["a", 1]'],
  ["map(object({ enabled = bool, rules = list(object({ from = number, to = number })) }))", "{}"],
  ["any", "null"],
];

function variable(random: Random, number: number): string {
  const [type = "", value = ""] = typesOfVariables[Math.floor(random() * typesOfVariables.length)] ?? [];
  const standard = random() < 0.7 ? `  default     = ${value}\n` : "";
  const rule = type === "string" && random() < 0.3 ? validation(number) : "";
  const sensitive = random() < 0.1 ? "  sensitive   = true\n" : "";
  return `variable "name_${number}" {\n  description = "${sentence(random, 15)}"\n  type        = ${type}\n${standard}${sensitive}${rule}}\n`;
}

function validation(number: number): string {
  const condition = `contains(["value", "other"], var.name_${number})`;
  return `\n  validation {\n    condition     = ${condition}\n    error_message = "It must be value or other."\n  }\n`;
}

const words =
  "the a of to is that which when if not specified defaults controller resource field value name namespace pods number seconds maximum allowed must be set used for each selected container volume and or its status policy network".split(
    " ",
  );

function word(random: Random): string {
  return words[Math.floor(random() * words.length)] ?? "";
}

function sentence(random: Random, length: number): string {
  const text = Array.from({ length }, () => word(random)).join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function fieldName(random: Random, index: number): string {
  const second = word(random);
  return `${word(random)}${second.charAt(0).toUpperCase()}${second.slice(1)}${index}`;
}
