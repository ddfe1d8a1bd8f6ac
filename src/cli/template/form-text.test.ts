import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import { formText } from "./form-text.ts";

const page = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({ title: "Bucket", properties, ...rest });
const text = (...pages: JsonObject[]) => formText(pages, { width: 80, color: false });

test("a form is shown with types, stars, defaults, choices and nested fields", () => {
  const shown = text(
    page(
      {
        name: { type: "string", maxLength: 63, title: "Name of it", description: "What it is called" },
        size: { type: "integer", minimum: 1, default: 3 },
        region: { type: "string", enum: ["north", "south"] },
        config: {
          type: "object",
          required: ["on"],
          properties: {
            on: { type: "boolean" },
            tags: { type: "array", items: { type: "object", properties: { key: { type: "string" } } } },
          },
        },
        password: { type: "string", "ui:widget": "password" },
        labels: { type: "object", additionalProperties: { type: "string" } },
      },
      { required: ["name"], description: "Where things are kept" },
    ),
  );
  assert.equal(
    shown,
    `Bucket (1 of 1)
  Where things are kept
  name *                    text, at most 63 characters
    Name of it. What it is called
  size                      whole number, at least 1, default 3
  region                    text, one of north, south
  config                    object
    on *                    yes or no
    tags                    list of object
      key                   text
  password                  secret text
  labels                    keys with text

`,
  );
});

test("the order of fields is the one that hints ask for", () => {
  const fields = { a: { type: "string" }, b: { type: "string" }, c: { type: "string" } };
  const names = (order: string[]) =>
    text(page(fields, { "ui:order": order }))
      .match(/^ {2}[abc]/gm)
      ?.map((line) => line.trim());
  assert.deepEqual(names(["c", "*"]), ["c", "a", "b"]);
  assert.deepEqual(names(["*", "a"]), ["b", "c", "a"]);
  assert.deepEqual(names([]), ["a", "b", "c"]);
});

test("choices and what depends on a field are shown with their fields", () => {
  const branch = { properties: { kind: { const: "a" }, extra: { type: "string" } } };
  const shown = text(page({ kind: { type: "string" } }, { dependencies: { kind: { oneOf: [branch] } } }));
  assert.match(shown, /depending on kind:\n {4}choice 1 of 1:\n {6}kind +anything, always "a"\n {6}extra +text/);
});

test("what others wrote moves no cursor", () => {
  const shown = formText(
    [
      page(
        { "a\u001b[2J": { type: "string", description: "x\u0007y", default: "\u009b31m" } },
        { title: "T\u001b]0;x" },
      ),
    ],
    { width: 80, color: false },
  );
  assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test("a schema that is as deep as JSON can be ends the page, and not the process", () => {
  let schema: JsonObject = { type: "string" };
  for (let depth = 0; depth < 500; depth++) schema = { type: "object", properties: { down: schema } };
  assert.match(text(page({ top: schema })), /…/);
});

test("colors are used only where they are wanted", () => {
  assert.match(formText([page({ a: { type: "string" } })], { width: 80, color: true }), /\u001b\[1ma\u001b\[0m/);
});
