import rjsf from "@rjsf/core";
import rjsfUtils, { type RJSFSchema, type UiSchema } from "@rjsf/utils";
import rjsfValidator from "@rjsf/validator-ajv8";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { JsonObject, JsonValue } from "../../../apimachinery/index.ts";
import { extractUiSchema } from "../ui-schema.ts";

/**
 * What the portal's form library makes of a page, with nothing but its own themeless fields: what is wrong there is wrong
 * everywhere.
 *
 * @property html the form
 * @property problems fields that it does not draw, errors that it throws, and warnings that it writes
 * @property blank the answers of somebody who touches nothing
 * @property blankProblems what the library says about them: at least what is required and not answered
 */
export type RenderedForm = { html: string; problems: string[]; blank: JsonValue; blankProblems: string[] };

/** How the portal sets the library's behaviour, in its Stepper. */
const defaults = { allOf: "populateDefaults" } as const;

/** Renders a page of a template on the server, with answers or blank. */
export function renderForm(page: JsonObject, answers?: JsonValue): RenderedForm {
  const { schema, uiSchema } = extractUiSchema(page);
  const validator = rjsfValidator.customizeValidator();
  const problems: string[] = [];
  const restore = collectWarnings(problems);
  try {
    const Form = rjsf.default;
    const html = renderToStaticMarkup(
      createElement(Form, {
        schema: schema as RJSFSchema,
        uiSchema: uiSchema as UiSchema,
        validator,
        formData: answers,
        experimental_defaultFormStateBehavior: defaults,
      }),
    );
    if (/Unsupported field schema/.test(html)) {
      problems.push(...[...html.matchAll(/Unsupported field schema[^<]*(?:<[^>]*>[^<]*){0,4}/g)].map(([text]) => text));
    }
    if (/config-error/.test(html)) problems.push("the library cannot order the fields of an object");
    const utils = rjsfUtils.createSchemaUtils(validator, schema as RJSFSchema, defaults);
    const blank = utils.getDefaultFormState(schema as RJSFSchema, {}) as JsonValue;
    const { errors } = validator.validateFormData(
      blank,
      schema as RJSFSchema,
      undefined,
      undefined,
      uiSchema as UiSchema,
    );
    return { html, problems, blank, blankProblems: errors.map((error) => error.stack) };
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return { html: "", problems, blank: null, blankProblems: [] };
  } finally {
    restore();
  }
}

/** The library writes about what it cannot merge or compile, and goes on without it. */
function collectWarnings(problems: string[]): () => void {
  const { warn, error } = console;
  const collect = (...parts: unknown[]) => {
    // What React and the library say about the library itself: missing keys, deprecated defaults, and a choice among objects whose
    // fields have no names yet, which it cannot tell apart by their fields.
    const text = parts.map(String).join(" ");
    if (
      !/unique "key" prop|useLayoutEffect does nothing|defaultProps will be removed|data\/anyOf must NOT have fewer than 1 items/.test(
        text,
      )
    )
      problems.push(text.slice(0, 500));
  };
  console.warn = collect;
  console.error = collect;
  return () => {
    console.warn = warn;
    console.error = error;
  };
}
