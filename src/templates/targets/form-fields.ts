import { isJsonObject, type JsonObject, setField } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { type CnoeFields, type CnoeFieldsOptions, cnoeFields, fileStem } from "./cnoe-fields.ts";
import type { TemplateForm } from "./complete-options.ts";

/**
 * The fields of a form where cnoe-cli puts the schema of the source: all pages together, `apiVersion` and `kind` of a resource as
 * its templates use them, and for one of several resources what chooses it, of modules too, which no form could choose
 * otherwise.
 */
export function formFields(definition: Definition, form: TemplateForm, options: CnoeFieldsOptions = {}): CnoeFields {
  const { isBranch, verifiers = [] } = options;
  const isResource = definition.subject.kind === "resource";
  const properties: JsonObject = {};
  const own = isResource ? cnoeFields(definition, { verifiers }).properties : {};
  for (const name of ["apiVersion", "kind"]) if (own[name] !== undefined) properties[name] = own[name];
  const dependencies: JsonObject = {};
  const required: string[] = [];
  for (const { schema } of form.pages) {
    addFields(properties, schema["properties"]);
    addFields(dependencies, schema["dependencies"]);
    if (Array.isArray(schema["required"]))
      required.push(...schema["required"].filter((name) => typeof name === "string"));
  }
  if (own["verifiers"] !== undefined) properties["verifiers"] = own["verifiers"];
  if (isBranch === true) properties["resources"] = { enum: [fileStem(definition)] };
  return {
    properties,
    required: [...new Set(required)],
    ...(Object.keys(dependencies).length > 0 && { dependencies }),
  };
}

function addFields(target: JsonObject, source: JsonObject[string] | undefined): void {
  if (!isJsonObject(source)) return;
  for (const [name, value] of Object.entries(source)) setField(target, name, value);
}
