import { type JsonObject, textAt } from "../../apimachinery/index.ts";
import { textOf } from "../../lib/index.ts";
import { checkForm, extractUiSchema, scaffold } from "../../templates/index.ts";
import { type LoadedTemplate, pagesOf } from "./load-templates.ts";
import { withoutSecrets } from "./trial.ts";

/** What the page in the browser shows of templates; `web/form-page` has the same types. */
export type PreviewForms = { templates: PreviewTemplate[]; problems: string[] };
export type PreviewTemplate = {
  name: string;
  title: string;
  description: string;
  pages: { title: string; description: string; schema: JsonObject; uiSchema: JsonObject }[];
  /** What the portal's form library would not accept. */
  problems: string[];
};
export type PreviewResult = {
  files: { path: string; content: string }[];
  /** Steps that need more than files. */
  skipped: string[];
  problems: string[];
};

/** Binary files and those that are longer are only named. */
const contentShown = 200_000;

/** The forms of templates, taken apart as the portal does it. */
export function previewForms(templates: readonly LoadedTemplate[], problems: readonly string[]): PreviewForms {
  return { templates: templates.map(previewTemplate), problems: [...problems] };
}

function previewTemplate(template: LoadedTemplate): PreviewTemplate {
  const pages = pagesOf(template);
  return {
    name: template.file,
    title: textAt(template.object, "metadata", "title") || textAt(template.object, "metadata", "name"),
    description: textAt(template.object, "metadata", "description"),
    pages: pages.map((page) => ({
      title: textAt(page, "title"),
      description: textAt(page, "description"),
      ...extractUiSchema(page),
    })),
    problems: checkForm(pages),
  };
}

/** What a template makes of answers, complete or not. */
export function previewResult(template: LoadedTemplate, given: JsonObject): PreviewResult {
  const files = [...template.files].map(([path, content]) => ({ path, content }));
  const { answers, secrets } = withoutSecrets(pagesOf(template), given);
  const result = scaffold({ template: template.text, file: template.file, files, answers, secrets });
  return {
    files: result.files.map(({ path, content }) => ({ path, content: shownContent(content) })),
    skipped: result.steps.filter(({ state }) => state === "outside" || state === "unknown").map(({ action }) => action),
    problems: [...result.unrendered],
  };
}

function shownContent(content: string | Uint8Array): string {
  const text = typeof content === "string" ? content : textOf(content);
  if (text.includes("\u0000")) return `${content.length} bytes that are no text`;
  return text.length > contentShown ? `${text.slice(0, contentShown)}\n…` : text;
}
