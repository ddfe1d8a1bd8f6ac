import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { checkForm, validateAnswers } from "./check.ts";
import { formOf } from "./form.ts";
import { sampleOf } from "./sample.ts";
import { renderForm } from "./testing/render-form.ts";

function resource(schema: JsonObject, more: Partial<Definition> = {}): Definition {
  return {
    name: "example.com.store",
    title: "Store",
    description: "Keeps things.",
    source: "crd",
    origin: { file: "store.yaml" },
    subject: {
      kind: "resource",
      apiVersion: "example.com/v1",
      resourceKind: "Store",
      plural: "stores",
      namespaced: true,
    },
    dialect: "kubernetes",
    schema: { type: "object", ...schema },
    prominent: [],
    notes: [],
    ...more,
  };
}

const fieldsOf = (schema: JsonValue | undefined): JsonObject => {
  const properties = isJsonObject(schema) ? schema["properties"] : undefined;
  return isJsonObject(properties) ? properties : {};
};

/** The answers of somebody who fills in what is asked for and leaves everything else as the library made it. */
function filledIn(blank: JsonValue, answers: JsonValue): JsonValue {
  if (!isJsonObject(blank) || !isJsonObject(answers)) return answers;
  const merged: JsonObject = { ...blank };
  for (const [name, one] of Object.entries(answers)) merged[name] = filledIn(blank[name] ?? null, one);
  return merged;
}

test("a resource is asked for its name, namespace, spec and what is beside it", () => {
  const form = formOf(
    resource({
      required: ["spec", "data"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object", properties: { name: { type: "string", maxLength: 20 } } },
        spec: { type: "object", required: ["size"], properties: { size: { type: "integer" } } },
        data: { type: "object", additionalProperties: { type: "string" } },
        status: { type: "object" },
      },
    }),
  );
  const [page, ...others] = form.pages;
  assert.equal(others.length, 0);
  assert.deepEqual(Object.keys(fieldsOf(page?.schema)), ["name", "namespace", "config", "data"]);
  assert.deepEqual(page?.schema["required"], ["name", "namespace", "config", "data"]);
  const { name } = fieldsOf(page?.schema);
  assert.equal(isJsonObject(name) && name["maxLength"], 20);
  assert.equal(isJsonObject(name) && name["ui:autofocus"], true);
  assert.deepEqual(sampleOf(form.schema), { name: "example", namespace: "default", config: { size: 1 }, data: {} });
});

test("a kind of the whole cluster has no namespace, and one without spec has all its fields in config", () => {
  const form = formOf(
    resource(
      {
        properties: {
          apiVersion: { type: "string" },
          metadata: { type: "object" },
          rules: { type: "array", items: { type: "string" } },
        },
      },
      {
        subject: {
          kind: "resource",
          apiVersion: "example.com/v1",
          resourceKind: "Store",
          plural: "stores",
          namespaced: false,
        },
      },
    ),
  );
  assert.deepEqual(Object.keys(fieldsOf(form.schema)), ["name", "config"]);
  assert.deepEqual(Object.keys(fieldsOf(fieldsOf(form.schema)["config"])), ["rules"]);
});

test("a rule about the name is one of the field", () => {
  const form = formOf(
    resource({
      properties: { spec: { type: "object" } },
      "x-kubernetes-validations": [{ rule: "self.metadata.name == 'cluster'", message: "there is one" }],
    }),
  );
  const { name } = fieldsOf(form.schema);
  assert.ok(isJsonObject(name));
  assert.deepEqual(name["enum"], ["cluster"]);
  assert.equal(name["ui:help"], "There is one.");
  assert.deepEqual(sampleOf(form.schema), { name: "cluster", namespace: "default", config: {} });
});

const optional: JsonObject = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer" },
    backup: {
      type: "object",
      required: ["schedule", "target"],
      properties: {
        schedule: { type: "string", minLength: 1 },
        target: {
          type: "object",
          required: ["bucket"],
          properties: { bucket: { type: "string" }, paths: { type: "array", items: { type: "string" } } },
        },
        keep: { type: "integer", default: 7 },
        tags: { type: "array", minItems: 1, items: { type: "string" } },
      },
    },
    zones: { type: "array", minItems: 2, items: { type: "string" } },
    source: {
      type: "object",
      oneOf: [{ required: ["git"] }, { required: ["files"] }],
      properties: { git: { type: "string" }, files: { type: "array", items: { type: "string" } } },
    },
    hosts: {
      type: "array",
      items: { type: "string" },
      "x-kubernetes-validations": [{ rule: "self.exists(x, x == 'a')" }],
    },
    labels: { type: "object", minProperties: 1, additionalProperties: { type: "string" } },
  },
};

test("optional objects and lists that are left blank can be sent, and what is begun must be complete", () => {
  const form = formOf(resource({ properties: { spec: optional } }));
  const [page] = form.pages;
  assert.ok(page !== undefined);
  const { blank, problems } = renderForm(page.schema);
  assert.deepEqual(problems, []);
  const sent = (config: JsonObject) =>
    validateAnswers(
      page.schema,
      filledIn(blank, { name: "example", namespace: "default", config: { size: 1, ...config } }),
    );
  assert.deepEqual(sent({}), []);
  assert.deepEqual(sent({ backup: { schedule: "0 0 * * *", target: { bucket: "b", paths: [] } } }), []);
  assert.notDeepEqual(sent({ backup: { schedule: "0 0 * * *" } }), []);
  assert.notDeepEqual(sent({ backup: { target: { bucket: "b" } } }), []);
  assert.notDeepEqual(sent({ backup: { tags: ["a"] } }), []);
  assert.notDeepEqual(sent({ zones: ["a"] }), []);
  assert.deepEqual(sent({ zones: ["a", "b"] }), []);
  assert.notDeepEqual(sent({ hosts: ["b"] }), []);
  assert.deepEqual(sent({ hosts: ["b", "a"] }), []);
  assert.deepEqual(sent({ source: { git: "x" } }), []);
  assert.deepEqual(sent({ source: { files: ["x"] } }), []);
  assert.notDeepEqual(sent({ source: { git: "x", files: ["x"] } }), []);
  // Defaults within it would make it something that is there.
  assert.equal(JSON.stringify(blank).includes("7"), false);
});

test("what is filled in marks what else is required", () => {
  const [page] = formOf(resource({ properties: { spec: optional } })).pages;
  assert.ok(page !== undefined);
  const starred = (answers: JsonObject) =>
    renderForm(page.schema, answers).html.match(/class="required"/g)?.length ?? 0;
  const blank = starred({ name: "x", config: {} });
  assert.ok(starred({ name: "x", config: { backup: { schedule: "x" } } }) > blank);
});

test("a choice of exactly one field is drawn as a choice where one must be made", () => {
  const form = formOf(
    resource({
      properties: {
        spec: {
          type: "object",
          oneOf: [{ required: ["git"] }, { required: ["bucket"] }],
          properties: {
            git: { type: "string" },
            bucket: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
          },
        },
      },
    }),
  );
  const [page] = form.pages;
  assert.ok(page !== undefined);
  const { html, problems } = renderForm(page.schema, { name: "x", config: { bucket: { name: "b" } } });
  assert.deepEqual(problems, []);
  assert.match(html, /<option value="0">git<\/option><option value="1" selected="">bucket<\/option>/);
  assert.match(html, /id="root_config_bucket_name"/);
});

test("long forms begin with what is asked for, and pages take the answers of all", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`field${index}`, { type: "string" }]),
  );
  const form = formOf(
    resource(
      {
        properties: {
          spec: { type: "object", properties, required: ["field50"], not: { required: ["field1", "field2"] } },
        },
      },
      { prominent: [["spec", "field40"]] },
    ),
  );
  assert.deepEqual(
    form.pages.map(({ title }) => title),
    ["Store", "More settings (1 of 2)", "More settings (2 of 2)"],
  );
  assert.deepEqual(checkForm(form.pages.map(({ schema }) => schema)), []);
  const first = Object.keys(fieldsOf(fieldsOf(form.pages[0]?.schema)["config"]));
  assert.deepEqual(first.slice(0, 2), ["field40", "field50"]);
  const names = form.pages.flatMap(({ schema }) => Object.keys(fieldsOf(fieldsOf(schema)["config"])));
  assert.equal(new Set(names).size, 60);
  assert.equal(names.length, 60);
  const answers = sampleOf(form.schema, { fill: "all" });
  for (const { schema } of form.pages) assert.deepEqual(validateAnswers(schema, answers), []);
  const wrong = { name: "x", namespace: "y", config: { field50: "x", field1: "x", field2: "x" } };
  assert.notDeepEqual(
    form.pages.flatMap(({ schema }) => validateAnswers(schema, wrong)),
    [],
  );
});

test("sensitive variables of a module are asked for as secrets", () => {
  const form = formOf({
    ...resource({}),
    source: "terraform",
    dialect: "json-schema",
    subject: { kind: "module", address: "./db", outputs: [], sensitive: ["password", "keys"] },
    schema: {
      type: "object",
      required: ["password"],
      properties: {
        password: { type: "string", pattern: "^[a-z]+$", minLength: 8 },
        keys: { type: "array", items: { type: "string" } },
      },
    },
  });
  const { password } = fieldsOf(form.schema);
  assert.ok(isJsonObject(password));
  assert.equal(password["ui:field"], "Secret");
  assert.equal(password["pattern"], undefined);
  assert.deepEqual(form.secrets, [["password"]]);
  assert.deepEqual(
    form.notes.map(({ at }) => at),
    ["keys"],
  );
  assert.deepEqual(checkForm(form.pages.map(({ schema }) => schema)), []);
});
