import { isJsonObject, type JsonObject } from "../../apimachinery/index.ts";
import type { Definition } from "../definition.ts";
import { type AnswerShape, addPages, addShape, emptyShape } from "./answer-shape.ts";
import type { TemplateForm } from "./complete-options.ts";
import { propertiesOf } from "./nunjucks.ts";
import { answersObject } from "./yaml-skeleton.ts";

/**
 * The content of a document as an expression, and the shape of it at `place`. Where the schema names no fields, the form asks for all of
 * them under the name `config`.
 */
export function documentAnswers(
  { schema, subject }: Definition,
  { pages }: TemplateForm,
  place: string,
): { answers: string; shape: AnswerShape } {
  const properties = propertiesOf(pages);
  const shape = emptyShape({ isMerged: subject.kind === "chart" });
  const whole = properties.size === 1 && namesNothing(schema) ? properties.get("config") : undefined;
  if (whole === undefined) {
    addPages(shape, pages, place);
    return { answers: answersObject([...properties.keys()]), shape };
  }
  for (const part of whole) addShape(shape, part, place);
  return { answers: "values.answers.config or {}", shape };
}

function namesNothing(schema: JsonObject): boolean {
  return (
    !isJsonObject(schema["properties"]) && ["$ref", "allOf", "anyOf", "oneOf"].every((key) => schema[key] === undefined)
  );
}
