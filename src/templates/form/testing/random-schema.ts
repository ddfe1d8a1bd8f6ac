import { type JsonObject, type JsonValue, setField } from "../../../apimachinery/index.ts";
import type { SchemaDialect } from "../../definition.ts";

/** A stream of numbers from 0 up to 1 that is the same for the same seed (xorshift32). */
export function randomOf(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A schema with every keyword somewhere, of any depth up to `depth`; most of it makes sense, some of it does not. */
export function randomSchema(random: () => number, dialect: SchemaDialect, depth: number): JsonObject {
  const isKubernetes = dialect === "kubernetes";
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? (list[0] as T);
  const chance = (share: number) => random() < share;
  const number = (max: number) => Math.floor(random() * max);
  const definitions: JsonObject = {};

  const root = schema(depth);
  if (!isKubernetes) {
    const definition = schema(Math.max(1, depth - 2));
    if (chance(0.5)) definition["properties"] = { again: { $ref: "#/definitions/shared" } };
    definitions["shared"] = definition;
    root["definitions"] = definitions;
  }
  return { ...root, type: "object", properties: { ...(root["properties"] as JsonObject | undefined), name: text() } };

  function schema(left: number): JsonObject {
    const made = pick(left <= 0 ? leaves : [...leaves, object, object, object, list, list, map])(left);
    if (chance(0.3)) made["description"] = "Says what it is. ".repeat(1 + number(30));
    if (chance(0.1)) made["title"] = pick(["Some title", "Other"]);
    if (chance(0.15)) made["nullable"] = true;
    if (chance(0.15)) made["default"] = pick<JsonValue>(["x", 1, true, null, {}, [], "example", 80, 0.5]);
    if (chance(0.04)) made[pick(["readOnly", "writeOnly", "deprecated"])] = true;
    if (isKubernetes && chance(0.15))
      made["x-kubernetes-validations"] = [{ rule: pick(rules), ...(chance(0.5) && { message: "must be so" }) }];
    return made;
  }

  function object(left: number): JsonObject {
    const properties: JsonObject = {};
    const names = pick([
      ["a", "b"],
      ["a", "b", "c", "image", "port"],
      ["type", "url", "cidr", "schedule"],
      ["a.b", "__proto__", "items", "ui", "required"],
      [],
    ]);
    for (const name of names) setField(properties, name, schema(left - 1));
    const made: JsonObject = { type: "object", properties };
    const some = names.filter(() => chance(0.4));
    if (some.length > 0 || chance(0.05)) made["required"] = chance(0.05) ? [...some, "absent"] : some;
    if (chance(0.08)) made["minProperties"] = 1 + number(2);
    if (chance(0.08)) made["maxProperties"] = 1 + number(4);
    const [first = "a", second = "b"] = names;
    const asks = (name: string): JsonObject => ({ required: [name] });
    if (chance(0.12)) made["oneOf"] = [asks(first), asks(second)];
    else if (chance(0.1)) made["anyOf"] = [asks(first), asks(second), { not: asks(first) }];
    if (chance(0.08)) made["not"] = { required: [first, second] };
    if (chance(0.08)) made["allOf"] = [{ properties: { [first]: { minLength: 1 } } }, asks(second)];
    if (isKubernetes) {
      if (chance(0.1)) made["x-kubernetes-preserve-unknown-fields"] = true;
      if (chance(0.05)) made["x-kubernetes-embedded-resource"] = true;
      return made;
    }
    if (chance(0.2)) made["additionalProperties"] = pick<JsonValue>([true, false, { type: "string" }]);
    if (chance(0.1)) made["patternProperties"] = { "^x-": schema(left - 1), ...(chance(0.3) && { "[": {} }) };
    if (chance(0.08))
      made["dependencies"] = {
        [first]: chance(0.5) ? [second] : { properties: { extra: leaf() }, required: ["extra"] },
      };
    if (chance(0.05)) made["dependentRequired"] = { [second]: [first] };
    if (chance(0.08)) {
      made["if"] = { properties: { [first]: { const: "x" } }, required: [first] };
      // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
      made["then"] = { required: [second] };
      if (chance(0.5)) made["else"] = { properties: { other: leaf() } };
    }
    if (chance(0.1)) made["oneOf"] = [schema(left - 1), schema(left - 1)];
    if (chance(0.06)) return { $ref: "#/definitions/shared" };
    return made;
  }

  function list(left: number): JsonObject {
    const made: JsonObject = { type: "array", items: schema(left - 1) };
    if (chance(0.3)) made["minItems"] = number(4);
    if (chance(0.2)) made["maxItems"] = 3 + number(4);
    if (chance(0.1)) made["uniqueItems"] = true;
    if (isKubernetes) {
      if (chance(0.2)) made["x-kubernetes-list-type"] = pick(["set", "map", "atomic"]);
      if (chance(0.1)) made["x-kubernetes-list-map-keys"] = ["name"];
      return made;
    }
    if (chance(0.15)) made[pick(["prefixItems", "items"])] = [schema(left - 1), leaf()];
    if (chance(0.1)) made["contains"] = leaf();
    if (chance(0.05)) delete made["items"];
    return made;
  }

  function map(left: number): JsonObject {
    const made: JsonObject = { type: "object", additionalProperties: schema(left - 1) };
    if (chance(0.2)) made["minProperties"] = 1 + number(2);
    if (!isKubernetes && chance(0.2)) made["propertyNames"] = { pattern: "^[a-z]+$" };
    return made;
  }

  function leaf(): JsonObject {
    return pick(leaves)(0);
  }

  function text(): JsonObject {
    const made: JsonObject = { type: "string" };
    if (chance(0.2)) made["minLength"] = number(12);
    if (chance(0.2)) made["maxLength"] = 12 + number(300);
    if (chance(0.3)) made["pattern"] = pick(patterns);
    if (chance(0.3)) made["format"] = pick(formats);
    return made;
  }
}

type Make = (left: number) => JsonObject;

const patterns = [
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  "^(a|b|c)+$",
  "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
  "(?i)^(true|false)$",
  "^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$",
  "^[[:alpha:]]{2,5}$",
  "^(?P<name>x)$",
  "\\S+",
  "^https?://",
  "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
  "(",
  "^a{2,3}b?$",
];
const formats = [
  "int32",
  "date-time",
  "duration",
  "byte",
  "ipv4",
  "cidr",
  "uri",
  "uuid",
  "email",
  "password",
  "unknown",
  "date",
];
const rules = [
  "self == oldSelf",
  "has(self.a) || has(self.b)",
  "!(has(self.a) && has(self.b))",
  "self.a <= self.b",
  "size(self) <= 5",
  "self.matches('^[a-z]+$')",
  "self in ['x', 'y']",
  "self.all(x, x != '')",
  "self.type == 'x' ? has(self.url) : !has(self.url)",
  "[has(self.a), has(self.b)].filter(x, x).size() == 1",
  "self.a.b.c(",
];

const leaves: readonly Make[] = [
  () => ({ type: "string" }),
  () => ({ type: "string", pattern: "^[a-z]+$", maxLength: 20 }),
  () => ({ type: "string", format: "date-time" }),
  () => ({ type: "string", enum: ["x", "y", "x"] }),
  () => ({ type: "string", enum: ["x", null], nullable: true }),
  () => ({ type: "integer", minimum: 1, maximum: 65535, format: "int32" }),
  () => ({ type: "integer", minimum: 0, exclusiveMinimum: true }),
  () => ({ type: "number", multipleOf: 0.25, maximum: 10 }),
  () => ({ type: "boolean" }),
  () => ({ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }),
  () => ({
    "x-kubernetes-int-or-string": true,
    pattern:
      "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
  }),
  () => ({ "x-kubernetes-preserve-unknown-fields": true }),
  () => ({}),
  () => ({ type: "object" }),
  () => ({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
  () => ({ enum: ["x", 1, true] }),
  () => ({ const: "x" }),
  () => ({ type: ["string", "integer"] }),
  () => ({ type: ["string", "null"], format: "email" }),
  () => ({ anyOf: [{ type: "string", title: "Text" }, { type: "null" }] }),
  () => ({
    oneOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { type: "array", items: { type: "string" } },
    ],
  }),
];
