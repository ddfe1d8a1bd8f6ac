import type { Definition, SourceError } from "../../templates/index.ts";
import { CliError } from "../errors.ts";
import { type LoadedTemplate, loadTemplates, templatesOf } from "./load-templates.ts";
import { createMaker } from "./make-templates.ts";
import type { StepProgress } from "./step-progress.ts";
import { completeTemplateFlags } from "./template-flags.ts";

/** Templates that were found, and those that were made of sources. */
export type Gathered = {
  templates: LoadedTemplate[];
  /** What the second ones were made of. */
  definitions: Definition[];
  problems: SourceError[];
};

export type GatherOptions = { depth: number; progress: StepProgress; signal: AbortSignal };

/**
 * The templates that a user means: those in files and directories, and of what holds none those that `skiff template auto` would make.
 *
 * @throws {CliError} when there is neither
 */
export async function gatherTemplates(paths: readonly string[], options: GatherOptions): Promise<Gathered> {
  const gathered: Gathered = { templates: [], definitions: [], problems: [] };
  for (const path of paths) {
    const { templates, problems } = loadTemplates(path, options.depth);
    gathered.templates.push(...templates);
    if (templates.length > 0) gathered.problems.push(...problems);
    else await makeOf(path, options, gathered);
  }
  if (gathered.templates.length > 0 || gathered.problems.length > 0) return gathered;
  const why = `There is no template in ${paths.join(", ")}, and nothing to make one of`;
  throw new CliError("template-input", { why, command: "skiff template" });
}

async function makeOf(path: string, { depth, progress, signal }: GatherOptions, gathered: Gathered): Promise<void> {
  const flags = { ...completeTemplateFlags, depth };
  const made = await createMaker("auto", flags, [path]).make({ progress, signal });
  gathered.templates.push(...templatesOf(made.files, "").templates);
  gathered.definitions.push(...made.definitions);
  gathered.problems.push(...made.problems);
}
