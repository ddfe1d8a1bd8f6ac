import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesIn, type KeyNotes, readKeyComments, readParameters } from "./value-comments.ts";
import { scanValues } from "./values-scan.ts";

function notesOf(text: string): KeyNotes {
  const key = scanValues(text).keys.at(-1);
  assert.ok(key !== undefined);
  return readKeyComments(key);
}

const cases: Record<string, { text: string; want: KeyNotes }> = {
  "plain text, its lines put together": {
    text: "# How many of them\n# there are.\n#\n# - one is few\n# Ref: https://example.com/x\na: 1",
    want: { description: "How many of them there are.\n\n- one is few\nRef: https://example.com/x" },
  },
  "text behind a value": { text: "a: 1 # How many", want: { description: "How many" } },
  "helm-docs, from its last mark on": {
    text: "# For readers\n# -- How many\n# there are\n# @default -- `three`\na:",
    want: { description: "How many there are. Default: three" },
  },
  "a type in helm-docs": { text: "# -- (int) How many\na:", want: { description: "How many", types: ["integer"] } },
  "parentheses that name no type": { text: "# -- (beta) How many\na:", want: { description: "(beta) How many" } },
  "a path in helm-docs": { text: "# a -- How many\na: 1", want: { description: "How many" } },
  "keys that are not for users": { text: "# @ignored\na: 1", want: { isIgnored: true } },
  "cert-manager's types": {
    text: "# How many\n# +docs:type=number\n# +docs:property\na:",
    want: { description: "How many", types: ["number"] },
  },
  "values that are switched off": {
    text: "# More labels\n# For example:\n#   team: x\n#   tier: y\na: {}",
    want: { description: "More labels", example: "team: x\ntier: y" },
  },
  "a block of helm-schema": {
    text: "# @schema\n# type: [string, null]\n# minLength: 2\n# required: true\n# nonsense: 1\n# @schema\n# What it is\na:",
    want: { description: "What it is", keywords: { type: ["string", "null"], minLength: 2 }, isRequired: true },
  },
  "an annotation behind a value": {
    text: 'a: "" # @schema type:[string, null];enum:["a", b];item:string;itemMinLength:1; hidden',
    want: {
      keywords: { type: ["string", "null"], enum: ["a", "b"], items: { type: "string", minLength: 1 } },
      isIgnored: true,
    },
  },
  "annotations that are no schema": {
    text: "# @schema\n# type: [\n# @schema\n# What\na: 1",
    want: { description: "What" },
  },
  "a mark that nothing closes": { text: "# What\n# @schema\n# it is\na: 1", want: { description: "What it is" } },
  "what is said to programs": {
    text: "# yaml-language-server: $schema=x\n# @section -- Images\n# renovate: image=x\n# ------\n# What\na: 1",
    want: { description: "What" },
  },
};
for (const [name, { text, want }] of Object.entries(cases)) {
  test(`comments say ${name}`, () => assert.deepEqual(notesOf(text), want));
}

test("parameters of readme-generator have a path, modifiers and a text", () => {
  const { comments } = scanValues(
    [
      "## @section Images",
      "## @param image.tag [string, nullable, default: REG/x] The tag [see](https://example.com)",
      "## @param list[0].name [array] Names. Allowed values: `a` or `b`",
      "## @param [string] nothing",
      "## @skip image.digest",
      "## @extra more.field A field",
      "a: 1",
    ].join("\n"),
  );
  assert.deepEqual(Object.fromEntries(readParameters(comments)), {
    "image.tag": { description: "The tag [see](https://example.com). Default: REG/x", types: ["string", "null"] },
    "list.[].name": { description: "Names. Allowed values: `a` or `b`", types: ["array"], choices: ["a", "b"] },
    "[string]": { description: "nothing" },
    "image.digest": {},
    "more.field": { description: "A field" },
  });
});

const choices: Record<string, string[] | undefined> = {
  "One of: `debug`, `info` or `warn`": ["debug", "info", "warn"],
  "Level (one of: debug, info, warn)": ["debug", "info", "warn"],
  'Valid values are "a" and "b".': ["a", "b"],
  "Allowed values: standalone | replication": ["standalone", "replication"],
  "Possible values are: on, off. Anything else is refused.": ["on", "off"],
  "Either `soft` or `hard`": ["soft", "hard"],
  "Supported values: v1.2, v1.3": ["v1.2", "v1.3"],
  "one of the many ways": undefined,
  "One of these pods, or another, is the leader": undefined,
  "Valid values: any quantity, such as 1Gi": undefined,
  "Allowed values: `a`, `b`, etc.": undefined,
  "Allowed values: `a`": undefined,
  "Can be a or b": undefined,
  "Allowed values: `a`, `a`": undefined,
};
for (const [text, want] of Object.entries(choices)) {
  test(`choices in: ${text}`, () => assert.deepEqual(choicesIn(text), want));
}
