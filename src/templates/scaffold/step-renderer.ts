import { createTemplateRenderer, type TemplateRenderer, type TemplateValue } from "nunjitsu";
import {
  isFields,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  setField,
} from "../../apimachinery/index.ts";
import { scaffolderFilters } from "./filters.ts";

/** What expressions of a step see: `parameters`, `steps`, `user`, `secrets`, `environment`, `context`, `each`. */
export type StepContext = Readonly<Record<string, TemplateValue>>;

/**
 * Fills in the expressions of a step's input. A text that is nothing but one expression becomes its value, whatever its type,
 * and goes away when that is undefined.
 *
 * @property unrendered expressions that cannot be evaluated, and why; the scaffolder leaves their text as it is
 */
export type StepRenderer = {
  render(input: JsonValue, context: StepContext): JsonValue | undefined;
  readonly unrendered: readonly string[];
};

export function createStepRenderer(): StepRenderer {
  const renderer = createTemplateRenderer({
    allowRegexExecution: true,
    filters: scaffolderFilters,
    globals: { always: () => true, failure: () => false },
  });
  const unrendered: string[] = [];
  return {
    render: (input, context) => {
      const prepared = renderer.prepareContext(context);
      const renderText = (text: string) => {
        try {
          return toJson(renderer.renderValue(text, prepared));
        } catch (error) {
          unrendered.push(`${text}: ${error instanceof Error ? error.message : String(error)}`);
          return text;
        }
      };
      return renderDeep(input, renderText);
    },
    unrendered,
  };
}

/** A renderer for the files of a skeleton. */
export function createFileRenderer(options: {
  cookiecutterCompat: boolean;
  trimBlocks: boolean;
  lstripBlocks: boolean;
}): TemplateRenderer {
  return createTemplateRenderer({ ...options, allowRegexExecution: true, filters: scaffolderFilters });
}

function renderDeep(value: JsonValue, renderText: (text: string) => JsonValue | undefined): JsonValue | undefined {
  if (typeof value === "string") return renderText(value);
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, renderText) ?? null);
  if (!isJsonObject(value)) return value;
  const rendered: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const filled = renderDeep(field, renderText);
    if (filled !== undefined) setField(rendered, key, filled);
  }
  return rendered;
}

/** A copy that may be changed, and holds nothing that JSON cannot say. */
function toJson(value: TemplateValue | undefined): JsonValue | undefined {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : parseJson(text);
}

/** What the scaffolder takes for true: no empty list, and all that JavaScript does. */
export function isTruthy(value: JsonValue | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** The entries of what `each` stands for, keys as text. */
export function iterationsOf(each: JsonValue | undefined): { key: string; value: JsonValue }[] | undefined {
  if (!Array.isArray(each) && !isFields(each)) return undefined;
  return Object.entries(each).map(([key, value]) => ({ key, value }));
}
