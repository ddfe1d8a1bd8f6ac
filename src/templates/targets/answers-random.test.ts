import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseYaml,
  setField,
  valueAt,
} from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { scaffold } from "../scaffold/scaffold.ts";
import { parseHcl } from "../sources/terraform/hcl.ts";
import { completeTemplate } from "./complete-template.ts";
import { form, module, resource } from "./testing/definitions.ts";

type Random = (limit: number) => number;

/** Integers from 0 up to a limit; the same ones for the same seed, so that what fails can be repeated. */
function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What means something to YAML, to HCL or to the template language, and what is hard to write in them. */
const pieces = [
  ..."aZ09-?:,[]{}#&*!|>'\"%@`~=.\\/_ \t\n\r\b\f\u0001\u007f\u0085\u2028\u2029\u00a0\ufeffé漢😀$",
  ...[
    "\n\n",
    "\r\n",
    "\n  ",
    " #",
    ": ",
    "- ",
    "---",
    "...",
    "<<",
    "null",
    "true",
    "yes",
    "0x1F",
    "1e3",
    "2020-01-01",
    ".inf",
  ],
  ...["${", "${{", "}}", "{{", "{%", "%}", "{#", "#}", "%{", "$${", "%%{", "EOT", "\\u0041", "\\n", "</script>"],
];

function randomText(random: Random): string {
  return Array.from({ length: random(6) }, () => pieces[random(pieces.length)] ?? "").join("");
}

/** A schema, an answer to it as a form gives it, and what is left of the answer; `undefined` when nothing is. */
type Case = { schema: JsonObject; answer: JsonValue; want: JsonValue | undefined };

function randomCase(random: Random, depth: number): Case {
  const kind = random(depth > 3 ? 4 : 9);
  if (kind < 2) return scalar("string", randomText(random));
  if (kind === 2) return scalar("number", [0, -1, 1.5, 1e6, 1e21, 1e-7, 123456789012][random(7)] ?? 0);
  if (kind === 3) return scalar("boolean", random(2) === 0);
  if (kind === 4) return listCase(random, depth);
  if (kind === 5) return mapCase(random, depth);
  if (kind === 6) return freeCase(random, depth);
  return objectCase(random, depth);
}

function scalar(type: string, answer: JsonValue): Case {
  return { schema: { type }, answer, want: answer };
}

/** Items stay, also those of which nothing is left. */
function listCase(random: Random, depth: number): Case {
  const { schema, answer, want } = randomCase(random, depth + 1);
  const length = random(3);
  const kept = want ?? (Array.isArray(answer) ? [] : {});
  const repeat = (value: JsonValue): JsonValue[] => Array.from({ length }, () => structuredClone(value));
  return {
    schema: { type: "array", items: schema },
    answer: repeat(answer),
    want: length === 0 ? undefined : repeat(kept),
  };
}

/** So do entries that people named themselves. */
function mapCase(random: Random, depth: number): Case {
  const { schema, answer, want } = randomCase(random, depth + 1);
  const [all, left]: [JsonObject, JsonObject] = [{}, {}];
  for (let count = random(3); count > 0; count--) {
    const key = randomText(random);
    setField(all, key, structuredClone(answer));
    setField(left, key, structuredClone(want ?? (Array.isArray(answer) ? [] : {})));
  }
  const isEmpty = Object.keys(all).length === 0;
  return { schema: { type: "object", additionalProperties: schema }, answer: all, want: isEmpty ? undefined : left };
}

/** Where nothing is known of an object, all that is in it is meant. */
function freeCase(random: Random, depth: number): Case {
  const answer: JsonObject = {};
  for (let count = random(3); count > 0; count--) setField(answer, randomText(random), randomValue(random, depth + 1));
  const want = Object.keys(answer).length === 0 ? undefined : structuredClone(answer);
  return { schema: { type: "object", additionalProperties: true }, answer, want };
}

function randomValue(random: Random, depth: number): JsonValue {
  const kind = random(depth > 4 ? 4 : 6);
  if (kind < 2) return randomText(random);
  if (kind === 2) return [null, true, false, 0][random(4)] ?? null;
  if (kind === 3) return random(1000) - 500;
  const values = Array.from({ length: random(3) }, () => randomValue(random, depth + 1));
  return kind === 4 ? values : Object.fromEntries(values.map((value) => [randomText(random), value]));
}

function objectCase(random: Random, depth: number): Case {
  const [properties, answer, want]: [JsonObject, JsonObject, JsonObject] = [{}, {}, {}];
  const required: string[] = [];
  for (const name of ["first", "second-name", "third.name", "yes"].slice(random(3))) {
    const field = randomCase(random, depth + 1);
    properties[name] = field.schema;
    if (random(4) === 0) continue; // Left blank.
    answer[name] = field.answer;
    const isRequired = random(3) === 0;
    if (isRequired) required.push(name);
    const kept = field.want ?? (isRequired ? (Array.isArray(field.answer) ? [] : {}) : undefined);
    if (kept !== undefined) want[name] = kept;
  }
  const isOpen = depth > 0 && random(4) === 0;
  if (isOpen) {
    const more = freeCase(random, depth + 1);
    answer["more"] = more.answer;
    want["more"] = structuredClone(more.answer);
  }
  const extra: JsonObject = isOpen ? { additionalProperties: true } : {};
  const schema: JsonObject = { type: "object", properties, ...extra, ...(required.length > 0 && { required }) };
  return { schema, answer, want: Object.keys(want).length === 0 ? undefined : want };
}

function scaffolded(definition: Definition, answers: JsonObject, path: string): string {
  const files = completeTemplate(definition, form(definition));
  const root = `${definition.name}/`;
  const result = scaffold({
    template: files[0]?.content ?? "",
    file: "template.yaml",
    files: files.map(({ path, content }) => ({ path: path.slice(root.length), content })),
    answers,
  });
  const content = result.files.find((file) => file.path === path)?.content;
  assert.equal(typeof content, "string");
  return String(content);
}

const runs = 100;

test("manifests say what was answered, whatever it is", () => {
  for (let seed = 0; seed < runs; seed++) {
    const { schema, answer, want } = objectCase(createRandom(seed), 0);
    const definition: Definition = { ...resource, schema: { type: "object", properties: { spec: schema } } };
    const text = scaffolded(definition, { name: "a", namespace: "b", config: answer }, "manifests/database.yaml");
    const manifest = parseYaml(text);
    assert.deepEqual(valueAt(manifest, "spec"), want, `seed ${seed}:\n${text}`);
    assert.deepEqual(valueAt(manifest, "metadata"), { name: "a", namespace: "b" });
  }
});

test("calls of modules say what was answered, whatever it is", async () => {
  for (let seed = 0; seed < runs; seed++) {
    const { schema, answer, want = {} } = objectCase(createRandom(seed), 0);
    if (!isJsonObject(answer) || !isJsonObject(want)) continue;
    // Names of variables are words.
    const rename = (object: JsonObject) =>
      Object.fromEntries(Object.entries(object).map(([key, value]) => [key.replace(/\W/g, "_"), value]));
    const { properties, required } = schema;
    const renamed: JsonObject = {
      type: "object",
      properties: rename(isJsonObject(properties) ? properties : {}),
      ...(Array.isArray(required) && { required: required.map((name) => String(name).replace(/\W/g, "_")) }),
    };
    const definition: Definition = { ...module, schema: renamed, subject: { ...module.subject, sensitive: [] } };
    const text = scaffolded(definition, { ...rename(answer), name: "net" }, "terraform/main.tf");
    const calls = valueAt(await parseHcl("main.tf", text), "module", "network");
    assert.ok(Array.isArray(calls));
    const { source: _, ...call } = calls[0];
    assert.deepEqual(call, escaped(rename(want)), `seed ${seed}:\n${text}`);
  }
});

/** The parser leaves the escapes of templates in texts; HashiCorp's evaluation takes them away. */
function escaped(value: JsonValue): JsonValue {
  if (typeof value === "string") return escapeText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  for (const [key, field] of Object.entries(value)) setField(object, escapeText(key), escaped(field));
  return object;
}

function escapeText(text: string): string {
  return text.replaceAll("${", "$$${").replaceAll("%{", "%%{");
}
