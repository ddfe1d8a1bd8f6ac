import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml, valueAt } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { collapseIntoTemplate, insertIntoTemplate } from "./cnoe-template.ts";
import type { TemplateForm } from "./complete-options.ts";
import { formFields } from "./form-fields.ts";
import { form, module, resource } from "./testing/definitions.ts";

const given = { text: "spec:\n  parameters:\n  - title: Choose\n", file: "template.yaml" };
const pages = (definition: Definition): TemplateForm => {
  const { pages, ...rest } = form(definition);
  const more = { required: ["extra"], properties: { extra: { type: "string" } }, dependencies: { extra: ["name"] } };
  return { ...rest, pages: [...pages, { title: "More", schema: more }] };
};

test("pages of a form stand together in the given template", () => {
  const options = {
    fields: (definition: Definition) => formFields(definition, pages(definition), { verifiers: ["db"] }),
  };
  const template = parseYaml(insertIntoTemplate(resource, given, options).content);
  const parameters = valueAt(template, "spec", "parameters");
  assert.ok(Array.isArray(parameters));
  const names = Object.keys(Object(valueAt(parameters[0], "properties")));
  assert.deepEqual(names.sort(), ["apiVersion", "config", "extra", "kind", "name", "namespace", "verifiers"]);
  assert.deepEqual(valueAt(parameters[0], "required"), ["name", "extra"]);
  assert.deepEqual(valueAt(parameters[0], "dependencies"), { extra: ["name"] });
});

test("a module can be chosen among several", () => {
  const [branch] = collapseIntoTemplate([module], given, {
    fields: (definition, options) => formFields(definition, form(definition), options),
  });
  assert.deepEqual(valueAt(parseYaml(branch?.content ?? ""), "properties", "resources"), { enum: ["network"] });
});
