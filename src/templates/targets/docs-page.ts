import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/index.ts";
import type { Definition, ModuleOutput, Note } from "../definition.ts";
import { expression, literalText } from "./nunjucks.ts";

/** How many fields a page lists, and how deep: the schemas of pods in custom resources have thousands, which nobody reads. */
const rowsMax = 400;
const depthMax = 12;

/** The documentation of what a template makes: what it is, every field, what comes of it, and what was not asked. */
export function docsPage(definition: Definition, notes: readonly Note[], lead: string): string {
  const { description, subject } = definition;
  const secrets = subject.kind === "module" ? subject.sensitive : [];
  const parts = [
    description === undefined ? "" : `${escapeText(description.trim())}\n`,
    `${lead}\n`,
    fieldTable(definition.schema),
    secretsPart(secrets),
    subject.kind === "module" ? outputTable(subject.outputs) : "",
    notesPart(notes),
  ];
  return `# ${expression("values.component.name")}\n\n${literalText(parts.filter((part) => part !== "").join("\n"))}`;
}

type Row = { place: string; type: string; isRequired: boolean; preset: JsonValue | undefined; description: string };

function fieldTable(schema: JsonObject): string {
  const rows: Row[] = [];
  addRows(rows, schema, "", 0);
  if (rows.length === 0) return "";
  const lines = rows.map(({ place, type, isRequired, preset, description }) =>
    tableRow([
      code(place),
      type,
      isRequired ? "yes" : "",
      preset === undefined ? "" : code(JSON.stringify(preset).slice(0, cellMax)),
      escapeCell(description),
    ]),
  );
  const more = rows.length < rowsMax ? "" : "\nFurther fields are not listed.\n";
  return `## Fields\n\n${tableHead(["Field", "Type", "Required", "Default", "Description"])}${lines.join("")}${more}`;
}

/** How long a cell may be, in characters. */
const cellMax = 400;

function addRows(rows: Row[], schema: JsonObject, place: string, depth: number): void {
  const { properties, required } = schema;
  if (!isJsonObject(properties) || depth > depthMax) return;
  const names = new Set(Array.isArray(required) ? required : []);
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property) || (depth === 0 && standard.has(name))) continue;
    if (rows.length >= rowsMax) return;
    const at = place === "" ? name : `${place}.${name}`;
    const description = typeof property["description"] === "string" ? property["description"] : "";
    rows.push({
      place: at,
      type: typeName(property),
      isRequired: names.has(name),
      preset: property["default"],
      description,
    });
    const { inner, suffix } = insideOf(property);
    addRows(rows, inner, `${at}${suffix}`, depth + 1);
  }
}

/** Fields that every object of Kubernetes has, and the one that people do not write. */
const standard = new Set(["apiVersion", "kind", "metadata", "status"]);

function insideOf(property: JsonObject): { inner: JsonObject; suffix: string } {
  const { items, additionalProperties } = property;
  if (isJsonObject(items)) return { inner: items, suffix: "[]" };
  if (isJsonObject(additionalProperties)) return { inner: additionalProperties, suffix: ".*" };
  return { inner: property, suffix: "" };
}

function typeName(schema: JsonObject): string {
  const { type, items, additionalProperties, enum: choices, format } = schema;
  if (Array.isArray(choices) && choices.length > 0 && choices.length <= 12) {
    return choices.map((choice) => code(String(choice))).join(", ");
  }
  if (schema["x-kubernetes-int-or-string"] === true) return "integer or string";
  if (type === "array") return isJsonObject(items) ? `list of ${typeName(items)}` : "list";
  if (type === "object" && isJsonObject(additionalProperties)) return `map of ${typeName(additionalProperties)}`;
  const name = Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "any";
  return typeof format === "string" ? `${name} (${escapeCell(format)})` : name;
}

function secretsPart(secrets: readonly string[]): string {
  if (secrets.length === 0) return "";
  return `## Secrets

These are never written into Git. Set them where the module is applied, as \`TF_VAR_<name>\`, or, with tofu-controller, as keys of the
Secret that \`varsFrom\` in \`manifests/terraform.yaml\` names.

${secrets.map((name) => `- ${code(name)}\n`).join("")}`;
}

function outputTable(outputs: readonly ModuleOutput[]): string {
  if (outputs.length === 0) return "";
  const rows = outputs.map(({ name, description = "", sensitive }) =>
    tableRow([code(name), escapeCell(description), sensitive ? "yes" : ""]),
  );
  return `## Outputs\n\n${tableHead(["Output", "Description", "Sensitive"])}${rows.join("")}`;
}

function notesPart(notes: readonly Note[]): string {
  if (notes.length === 0) return "";
  const lines = notes.map(({ at, message }) => `- ${at === "" ? "" : `${code(at)}: `}${escapeText(message)}\n`);
  return `## What the form does not ask for\n\n${lines.join("")}`;
}

function tableHead(cells: readonly string[]): string {
  return tableRow(cells) + tableRow(cells.map(() => "---"));
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${text.replace(/\s+/g, " ").replaceAll("|", "\\|")}${fence}`;
}

function escapeCell(text: string): string {
  const line = text
    .slice(0, 2 * cellMax)
    .replace(/\s+/g, " ")
    .trim();
  return escapeText(line.length > cellMax ? `${line.slice(0, cellMax - 1)}…` : line).replaceAll("|", "\\|");
}

/** Text that Markdown would take for HTML stays text. */
function escapeText(text: string): string {
  return text.replaceAll("<", "&lt;");
}
