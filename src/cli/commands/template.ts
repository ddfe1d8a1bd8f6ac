import { CliError } from "../errors.ts";
import type { SourceChoice } from "../template/find-inputs.ts";
import { type Interruption, openInterruption } from "../template/interruption.ts";
import { createMaker, type Made, type Maker } from "../template/make-templates.ts";
import { isSyntaxProblem } from "../template/read-source.ts";
import { summary } from "../template/report.ts";
import { stepProgress } from "../template/step-progress.ts";
import { checkTemplateFlags, modeOf, type TemplateFlags } from "../template/template-flags.ts";
import { watchTemplates } from "../template/watch-templates.ts";
import { writeOutputs } from "../template/write-outputs.ts";

/** Makes templates of sources; with `--watch` again whenever one of them changes. */
export async function template(choice: SourceChoice, paths: readonly string[], flags: TemplateFlags): Promise<void> {
  checkTemplateFlags(choice, flags, paths);
  tellUnused(flags);
  using interruption = openInterruption();
  const maker = createMaker(choice, flags, paths);
  try {
    if (flags.watch) await watchTemplates(maker, { flags, paths, interruption });
    else await makeOnce(maker, flags, interruption);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new CliError("template-interrupted", {}, { cause: error });
  }
}

async function makeOnce(maker: Maker, flags: TemplateFlags, { signal }: Interruption): Promise<void> {
  const progress = stepProgress(process.stderr, { forced: flags.progress, nowMs: () => performance.now() });
  try {
    const made = await maker.make({ progress, signal });
    progress.at("Writing", 0, made.files.length);
    const written = await writeOutputs(flags.outputDir || ".", made.files, { inputs: made.inputs, signal });
    progress.end();
    const counts = { changed: written.changed.length, unchanged: written.unchanged };
    const text = summary({ ...made, ...counts, outputDirectory: flags.outputDir }, { allNotes: flags.notes });
    process.stderr.write(text);
    if (isFailure(made, flags)) process.exitCode = 1;
  } finally {
    progress.end();
  }
}

/** cnoe-cli has these flags, and keeps what stands in the template: a script that gives them gets the same files here. */
function tellUnused(flags: TemplateFlags): void {
  const { templateName, templateTitle, templateDescription } = flags;
  const isGiven = [templateName, templateTitle, templateDescription].some((flag) => flag !== undefined);
  if (!isGiven || modeOf(flags) === "complete") return;
  const names = "--templateName, --templateTitle and --templateDescription";
  process.stderr.write(`${names} change nothing here, as in cnoe-cli: metadata is that of the template\n`);
}

/**
 * With cnoe-cli's flags a definition that cannot be used is passed over, and a file that cannot be read at all is an error; templates that
 * are made whole want every source to be right.
 */
function isFailure({ problems }: Made, flags: TemplateFlags): boolean {
  return modeOf(flags) === "complete" ? problems.length > 0 : problems.some(isSyntaxProblem);
}
