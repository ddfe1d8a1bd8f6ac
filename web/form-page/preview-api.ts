import type { RJSFSchema, UiSchema } from "@rjsf/utils";

/** One page of the form, with its hints taken out of the schema as Backstage does it. */
export type PreviewPage = { title: string; description: string; schema: RJSFSchema; uiSchema: UiSchema<Answers> };
/** A template, as the server of `skiff template preview` gives it. */
export type PreviewTemplate = {
  name: string;
  title: string;
  description: string;
  pages: PreviewPage[];
  problems: string[];
};
export type PreviewForm = { templates: PreviewTemplate[]; problems: string[] };
/** What a template makes of answers. */
export type PreviewResult = { files: { path: string; content: string }[]; skipped: string[]; problems: string[] };
export type Answers = { [field: string]: unknown };

export async function loadForm(): Promise<PreviewForm> {
  return await answerOf(await fetch("/form"));
}

/** @param question JSON with `template` and `answers` */
export async function loadResult(question: string, signal: AbortSignal): Promise<PreviewResult> {
  const headers = { "content-type": "application/json" };
  return await answerOf(await fetch("/result", { method: "POST", headers, body: question, signal }));
}

/** Calls back whenever the sources have changed. */
export function onSourceChange(changed: () => void): () => void {
  const events = new EventSource("/events");
  events.addEventListener("change", changed);
  return () => events.close();
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`The preview server answers ${response.status}: ${await response.text()}`);
  return await response.json();
}
