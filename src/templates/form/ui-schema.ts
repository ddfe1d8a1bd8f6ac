import { cloneJson, isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";

/**
 * Takes a page of a template apart as the portal does: `ui:*` keys go from the schema into a schema for widgets of the same form.
 * They are looked for in properties, in `items`, in dependencies and in branches, whose hints become those of the value itself, and
 * nowhere else: what stands in `additionalProperties` or in items by position stays where it is and does nothing.
 */
export function extractUiSchema(page: JsonObject): { schema: JsonObject; uiSchema: JsonObject } {
  const schema = cloneJson(page);
  const uiSchema: JsonObject = {};
  extract(schema, uiSchema, 0);
  return { schema, uiSchema };
}

/** The portal has no limit; deeper schemas than this are not ours. */
const depthMax = 200;

function extract(schema: JsonObject, ui: JsonObject, depth: number): void {
  if (depth > depthMax) return;
  for (const name of Object.keys(schema)) {
    const value = schema[name];
    if (!name.startsWith("ui:") || value === undefined) continue;
    ui[name] = value;
    delete schema[name];
  }
  const { properties, items, dependencies } = schema;
  for (const [name, one] of isJsonObject(properties) ? Object.entries(properties) : []) {
    if (!isJsonObject(one)) continue;
    const known = Object.hasOwn(ui, name) ? ui[name] : undefined;
    const own: JsonObject = isJsonObject(known) ? known : {};
    setField(ui, name, own);
    extract(one, own, depth + 1);
  }
  if (isJsonObject(items)) {
    const own: JsonObject = {};
    ui["items"] = own;
    extract(items, own, depth + 1);
  }
  const branches: (JsonValue | undefined)[] = ["anyOf", "oneOf", "allOf"].flatMap((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) ? list : [];
  });
  if (isJsonObject(dependencies)) branches.push(...Object.values(dependencies));
  branches.push(schema["then"], schema["else"]);
  for (const branch of branches) if (isJsonObject(branch)) extract(branch, ui, depth + 1);
}
