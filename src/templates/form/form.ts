import { isJsonObject, type JsonObject, type JsonValue, setField } from "../../apimachinery/index.ts";
import type { Definition, Note } from "../definition.ts";
import { uniqueTexts } from "./constraint.ts";
import { convertSchema, defaultDepthMax } from "./convert.ts";
import { cutDescription } from "./describe.ts";
import { type FormPage, splitPages } from "./pages.ts";
import { tellRules } from "./rules.ts";

export type { FormPage } from "./pages.ts";

/**
 * A form.
 *
 * @property pages what `spec.parameters` of a template holds; answers of all pages come together in one object
 * @property schema all answers in one, for who does not ask page by page
 * @property notes what is told in another way than in the source
 * @property secrets paths of answers that the portal keeps apart: a template finds them as `secrets.<name>`, not in `parameters`
 */
export type Form = { pages: FormPage[]; schema: JsonObject; notes: Note[]; secrets: string[][] };

export type FormOptions = { depthMax?: number; fieldsMax?: number };

/**
 * The form of a definition. For a resource the answers are `name`, `namespace` if it has one, and `config`, which is the object's
 * `spec`; what is written beside `spec` stands under its own name, and without `spec` all fields are in `config`. Of a module each
 * variable, of a chart or document each top-level field is one.
 */
export function formOf(definition: Definition, options: FormOptions = {}): Form {
  const { subject, dialect, schema } = definition;
  const asked = subject.kind === "resource" ? resourceSchema(definition) : documentSchema(schema);
  const converted = convertSchema(asked.schema, {
    dialect,
    root: schema,
    depthMax: (options.depthMax ?? defaultDepthMax) + asked.depth,
    ...(options.fieldsMax !== undefined && { fieldsMax: options.fieldsMax }),
    prominent: definition.prominent.map(asked.place),
  });
  const notes = [...definition.notes, ...asked.notes, ...converted.notes];
  const answers = converted.schema;
  for (const keyword of Object.keys(answers)) if (!pageKeywords.has(keyword)) delete answers[keyword];
  answers["type"] = "object";
  if (!isJsonObject(answers["properties"])) answers["properties"] = {};
  if (subject.kind === "resource") addResourceFields(answers, definition);
  const secrets = subject.kind === "module" ? hideSecrets(answers, subject.sensitive, notes) : [];
  focusFirst(answers);
  const pages = splitPages(answers, {
    title: definition.title,
    description: cutDescription(definition.description ?? "").description,
    prominent: definition.prominent.map(asked.place),
  });
  return { pages, schema: answers, notes, secrets };
}

/**
 * What pages take over from the schema of all answers. The answers of other pages, and of the portal's own, stand beside these, and
 * so nothing is said about other names.
 */
const pageKeywords = new Set([
  "type",
  "properties",
  "required",
  "dependencies",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "errorMessage",
  "if",
  "then",
  "else",
  "minProperties",
]);

/**
 * What is asked for.
 *
 * @property depth how much deeper the fields of the source lie in it
 * @property place where a field of the source is in it
 */
type Asked = {
  schema: JsonObject;
  notes: Note[];
  depth: number;
  place: (path: readonly string[]) => readonly string[];
};

/** The fields of an object that are not asked for: they say what it is, or what became of it. */
const ownFields = new Set(["apiVersion", "kind", "metadata", "status"]);
const answerNames = new Set(["name", "namespace", "config"]);

function resourceSchema({ schema }: Definition): Asked {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = uniqueTexts(schema["required"]);
  const notes: Note[] = [];
  const { properties: _, required: __, description, title, ...rest } = schema;
  if (!Object.hasOwn(properties, "spec")) {
    const fields = Object.entries(properties).filter(([name]) => !ownFields.has(name));
    const config: JsonObject = {
      ...rest,
      type: "object",
      properties: Object.fromEntries(fields),
      required: required.filter((name) => !ownFields.has(name)),
    };
    return {
      schema: { type: "object", properties: { config }, required: ["config"] },
      notes,
      depth: 1,
      place: (path) => ["config", ...path],
    };
  }
  const asked: JsonObject = {};
  setField(asked, "config", properties["spec"] ?? {});
  for (const [name, one] of Object.entries(properties)) {
    if (name === "spec" || ownFields.has(name)) continue;
    if (answerNames.has(name))
      notes.push({ at: name, message: "It has the name of another answer and is not asked for" });
    else setField(asked, name, one);
  }
  return {
    schema: {
      type: "object",
      properties: asked,
      required: ["config", ...required.filter((name) => name !== "spec" && Object.hasOwn(asked, name))],
    },
    notes,
    depth: 1,
    place: ([first = "", ...others]) => [first === "spec" ? "config" : first, ...others],
  };
}

function documentSchema(schema: JsonObject): Asked {
  const isMap =
    !isJsonObject(schema["properties"]) &&
    !["$ref", "allOf", "anyOf", "oneOf"].some((one) => schema[one] !== undefined);
  const place = (path: readonly string[]) => path;
  if (!isMap) return { schema, notes: [], depth: 0, place };
  const message = "It has no fields of its own, and so stands under the name config in the answers";
  return {
    schema: { type: "object", properties: { config: schema }, required: ["config"] },
    notes: [{ at: "", message }],
    depth: 1,
    place: (path) => ["config", ...path],
  };
}

const labelPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const subdomainPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/** Adds what every object has: its name, and the namespace of those that are in one. */
function addResourceFields(answers: JsonObject, { subject, schema, title }: Definition): void {
  if (subject.kind !== "resource" || !isJsonObject(answers["properties"])) return;
  const { name, help } = nameSchema(schema);
  answers["properties"] = {
    name: {
      title: "Name",
      description: `Name of the ${title}: lower case letters, digits and hyphens`,
      type: "string",
      minLength: 1,
      maxLength: 253,
      pattern: subdomainPattern,
      ...name,
      ...(help !== "" && { "ui:help": help }),
    },
    ...(subject.namespaced && {
      namespace: {
        title: "Namespace",
        description: `Namespace of the ${title}`,
        type: "string",
        minLength: 1,
        maxLength: 63,
        pattern: labelPattern,
        default: "default",
      },
    }),
    ...answers["properties"],
  };
  const own = subject.namespaced ? ["name", "namespace"] : ["name"];
  answers["required"] = [...own, ...uniqueTexts(answers["required"])];
  const config = answers["properties"]["config"];
  if (isJsonObject(config) && config["title"] === undefined) config["title"] = `${title} configuration`;
}

/** What a schema says of names: limits in `metadata.name`, and rules about `self.metadata.name` at its root. */
function nameSchema(schema: JsonObject): { name: JsonObject; help: string } {
  const metadata = isJsonObject(schema["properties"]) ? schema["properties"]["metadata"] : undefined;
  const own =
    isJsonObject(metadata) && isJsonObject(metadata["properties"]) ? metadata["properties"]["name"] : undefined;
  const name: JsonObject = {};
  const told = isJsonObject(own) ? convertSchema(own, { dialect: "kubernetes" }).schema : {};
  for (const keyword of nameKeywords) if (told[keyword] !== undefined) name[keyword] = told[keyword];
  const known: JsonObject = {
    ...schema,
    properties: { metadata: { type: "object", properties: { name: { type: "string" } } } },
  };
  const help: string[] = [];
  for (const { words, conditions } of tellRules(schema["x-kubernetes-validations"], known)) {
    for (const condition of conditions) {
      const about = fieldOf(fieldOf(condition, "metadata"), "name");
      if (!isJsonObject(about)) continue;
      for (const keyword of nameKeywords) if (about[keyword] !== undefined) name[keyword] = about[keyword];
      if (!help.includes(words)) help.push(words);
    }
  }
  const values = name["enum"];
  if (Array.isArray(values) && values.length === 1) name["default"] = values[0] ?? null;
  return { name, help: help.join(" ") };
}

const nameKeywords = ["enum", "pattern", "minLength", "maxLength"];

function fieldOf(condition: JsonValue | undefined, name: string): JsonValue | undefined {
  const properties = isJsonObject(condition) ? condition["properties"] : undefined;
  return isJsonObject(properties) ? properties[name] : undefined;
}

/** Variables whose values must not be shown: texts go into the portal's field for secrets. */
function hideSecrets(answers: JsonObject, sensitive: readonly string[], notes: Note[]): string[][] {
  const properties = isJsonObject(answers["properties"]) ? answers["properties"] : {};
  return sensitive.flatMap((name) => {
    const field = properties[name];
    if (!isJsonObject(field)) return [];
    const type = Array.isArray(field["type"]) ? field["type"].find((one) => one !== "null") : field["type"];
    if (type !== "string" && type !== "number" && type !== "integer" && type !== "boolean") {
      field["ui:backstage"] = { review: { show: false } };
      notes.push({
        at: name,
        message: "It is sensitive and no text: the portal has no secret field for it, and only hides it in its review",
      });
      return [];
    }
    const { title, description, minLength, maxLength } = field;
    properties[name] = {
      title: title ?? name,
      ...(description !== undefined && { description }),
      type: "string",
      ...(minLength !== undefined && { minLength }),
      ...(maxLength !== undefined && { maxLength }),
      "ui:field": "Secret",
      "ui:backstage": { review: { show: false } },
    };
    return [[name]];
  });
}

function focusFirst(answers: JsonObject): void {
  const [first] = Object.values(isJsonObject(answers["properties"]) ? answers["properties"] : {});
  if (!isJsonObject(first) || first["ui:field"] !== undefined) return;
  const { type } = first;
  if (type === "string" || type === "number" || type === "integer") first["ui:autofocus"] = true;
}
