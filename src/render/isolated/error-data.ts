import { isFields, listAt, textAt, valueAt } from "../../apimachinery/index.ts";
import { ChartError } from "../chart/chart-error.ts";
import { RenderError } from "../directory.ts";
import { KustomizeError } from "../kustomize/kustomize-error.ts";
import { TemplateError } from "../template/compile-templates.ts";

/** An error as plain data: what crosses from one process to another has no class. */
export type ErrorData = {
  name: string;
  message: string;
  file: string;
  debuggable: boolean;
  missingSchemas: readonly string[];
  cause?: ErrorData;
};

export function errorToData(error: unknown): ErrorData {
  const nothing = { file: "", debuggable: false, missingSchemas: [] };
  if (!(error instanceof Error)) return { name: "Error", message: String(error), ...nothing };
  const file = textAt(error, "file") || textAt(error, "template");
  const { debuggable, missingSchemas } = error instanceof ChartError ? error : nothing;
  const data = { name: error.name, message: error.message, file, debuggable, missingSchemas };
  // One level says why; more is the history of our own code.
  return error.cause instanceof Error ? { ...data, cause: { ...errorToData(error.cause), cause: undefined } } : data;
}

export function errorFromData(data: unknown): Error {
  const message = textAt(data, "message");
  const file = textAt(data, "file");
  const inner = valueAt(data, "cause");
  const cause = isFields(inner) ? errorFromData(inner) : undefined;
  switch (textAt(data, "name")) {
    case "ChartError":
      return new ChartError(message, {
        debuggable: valueAt(data, "debuggable") === true,
        missingSchemas: listAt(data, "missingSchemas").map(String),
        cause,
      });
    case "TemplateError":
      return new TemplateError(file, message, cause);
    case "RenderError":
      return new RenderError(file, message);
    case "KustomizeError":
      return new KustomizeError(message, { cause });
    default:
      return new Error(message, cause === undefined ? {} : { cause });
  }
}
