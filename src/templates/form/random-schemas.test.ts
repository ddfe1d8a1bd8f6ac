import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/index.ts";
import type { Definition, SchemaDialect } from "../definition.ts";
import { checkForm, validateAnswers } from "./check.ts";
import { convertSchema } from "./convert.ts";
import { formOf } from "./form.ts";
import { SampleError, sampleOf } from "./sample.ts";
import { randomOf, randomSchema } from "./testing/random-schema.ts";
import { renderForm } from "./testing/render-form.ts";

const dialects: readonly SchemaDialect[] = ["kubernetes", "json-schema", "openapi-3.0"];

function definitionOf(schema: JsonObject, dialect: SchemaDialect): Definition {
  return {
    name: "example",
    title: "Example",
    source: dialect === "kubernetes" ? "crd" : "json-schema",
    origin: { file: "example.yaml" },
    subject:
      dialect === "kubernetes"
        ? {
            kind: "resource",
            apiVersion: "example.com/v1",
            resourceKind: "Example",
            plural: "examples",
            namespaced: true,
          }
        : { kind: "document" },
    dialect,
    schema: dialect === "kubernetes" ? { type: "object", properties: { spec: schema } } : schema,
    prominent: [],
    notes: [],
  };
}

for (const dialect of dialects) {
  test(`random schemas of ${dialect} become forms that check, and samples fit them`, () => {
    let samples = 0;
    const seeds = 250;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = randomOf(seed);
      const schema = randomSchema(random, dialect, 1 + Math.floor(random() * 5));
      const form = formOf(definitionOf(schema, dialect));
      const pages = form.pages.map((page) => page.schema);
      assert.deepEqual(checkForm(pages), [], `seed ${seed}`);
      for (const fill of ["required", "all"] as const) {
        try {
          const answers = sampleOf(form.schema, { fill });
          samples++;
          for (const page of pages) {
            assert.deepEqual(validateAnswers(page, answers), [], `seed ${seed}, ${fill}: ${JSON.stringify(answers)}`);
          }
        } catch (error) {
          if (!(error instanceof SampleError)) throw error;
        }
      }
    }
    // Some of the schemas contradict themselves, such as one that requires and forbids a field.
    assert.ok(samples > 2 * seeds * 0.85, `${samples} samples of ${2 * seeds}`);
  });

  test(`random schemas of ${dialect} are drawn by the form library, blank and filled in`, () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = randomOf(seed * 7919);
      const schema = randomSchema(random, dialect, 1 + Math.floor(random() * 3));
      const form = formOf(definitionOf(schema, dialect));
      for (const page of form.pages) {
        assert.deepEqual(renderForm(page.schema).problems, [], `seed ${seed * 7919}`);
        try {
          const answers = sampleOf(form.schema, { fill: "all" });
          assert.deepEqual(renderForm(page.schema, answers).problems, [], `seed ${seed * 7919}`);
        } catch (error) {
          if (!(error instanceof SampleError)) throw error;
        }
      }
    }
  });
}

test("the same schema becomes the same form", () => {
  const schema = randomSchema(randomOf(42), "kubernetes", 4);
  const once = JSON.stringify(convertSchema(schema, { dialect: "kubernetes" }));
  assert.equal(JSON.stringify(convertSchema(structuredClone(schema), { dialect: "kubernetes" })), once);
});

test("time grows with the schema and not faster", () => {
  const wide = (count: number): JsonObject => ({
    type: "object",
    properties: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `f${index}`,
        {
          type: "object",
          required: ["a"],
          properties: { a: { type: "string", pattern: "^[a-z]+$" }, b: { type: "array", items: { type: "string" } } },
        },
      ]),
    ),
  });
  const measure = (count: number) => {
    const schema = wide(count);
    const start = performance.now();
    convertSchema(schema, { dialect: "kubernetes", fieldsMax: 1_000_000 });
    return performance.now() - start;
  };
  measure(500);
  const [small, large] = [measure(1_000), measure(8_000)];
  assert.ok(large < 8 * small * 4 + 50, `${small.toFixed(1)} ms for 1,000 fields, ${large.toFixed(1)} ms for 8,000`);
});
