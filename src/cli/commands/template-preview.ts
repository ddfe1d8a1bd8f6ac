import { textAt } from "../../apimachinery/index.ts";
import { errorText } from "../../lib/index.ts";
import { openPathWatches } from "../../packages/index.ts";
import { CliError } from "../errors.ts";
import { formText } from "../template/form-text.ts";
import { type Gathered, gatherTemplates } from "../template/gather-templates.ts";
import { openInterruption } from "../template/interruption.ts";
import { type LoadedTemplate, pagesOf } from "../template/load-templates.ts";
import { previewForms, previewResult } from "../template/preview-forms.ts";
import { startPreviewServer } from "../template/preview-server.ts";
import { stepProgress } from "../template/step-progress.ts";

export type PreviewFlags = { depth: number; browser: boolean; port?: number };

/** Nothing narrower is readable, nothing wider either. */
const widthMin = 40;
const widthMax = 120;

/** Shows the forms of templates, in the terminal or on a page in the browser. */
export async function preview(paths: readonly string[], flags: PreviewFlags): Promise<void> {
  using interruption = openInterruption();
  const { signal } = interruption;
  const gather = async () => {
    const progress = stepProgress(process.stderr, { forced: false, nowMs: () => performance.now() });
    try {
      return await gatherTemplates(paths, { depth: flags.depth, progress, signal });
    } finally {
      progress.end();
    }
  };
  try {
    if (flags.browser || flags.port !== undefined) await servePreview(paths, gather, { port: flags.port ?? 0, signal });
    else printPreview(await gather());
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError("template-interrupted", {}, { cause: error });
  }
}

function printPreview({ templates, problems }: Gathered): void {
  const color = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  const width = Math.min(widthMax, Math.max(widthMin, process.stdout.columns ?? 100));
  for (const template of templates) {
    process.stdout.write(`${headOf(template)}\n\n${formText(pagesOf(template), { width, color })}`);
  }
  if (problems.length === 0) return;
  process.stderr.write(problems.map(({ message }) => `${message}\n`).join(""));
  process.exitCode = 1;
}

function headOf({ file, object }: LoadedTemplate): string {
  const title = textAt(object, "metadata", "title") || textAt(object, "metadata", "name");
  // What others wrote must not move the cursor of a terminal.
  return `${title} (${file})`.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

async function servePreview(
  paths: readonly string[],
  gather: () => Promise<Gathered>,
  { port, signal }: { port: number; signal: AbortSignal },
): Promise<void> {
  let gathered = await gather();
  let failure: string[] = [];
  const source = {
    forms: () => previewForms(gathered.templates, [...failure, ...gathered.problems.map(({ message }) => message)]),
    result: async (name: string, answers: Parameters<typeof previewResult>[1]) => {
      const template = gathered.templates.find(({ file }) => file === name);
      if (template === undefined) throw new Error(`There is no template ${name} any more`);
      return previewResult(template, answers);
    },
  };
  await using server = await startPreviewServer(source, { port, folder: import.meta.dirname });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write("Open this address in a browser; Ctrl-C ends it\n");
  let waking: Promise<void> = Promise.resolve();
  const again = async () => {
    try {
      gathered = await gather();
      failure = [];
    } catch (error) {
      if (signal.aborted) return;
      // The sources may be in the middle of being written: what was there before stays.
      failure = [errorText(error)];
    }
    server.changed();
  };
  using watches = openPathWatches();
  watches.set("preview", paths, () => {
    waking = waking.then(again);
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
