import { rmSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../../lib/index.ts";
import { openPathWatches } from "../../packages/index.ts";
import { CliError } from "../errors.ts";
import type { Interruption } from "./interruption.ts";
import type { Maker } from "./make-templates.ts";
import { plural, summary } from "./report.ts";
import { stepProgress } from "./step-progress.ts";
import type { TemplateFlags } from "./template-flags.ts";
import { writeOutputs } from "./write-outputs.ts";

/** Nothing else keeps the process alive while it waits for changes; the time is of no meaning. */
const keepAliveMs = 60_000;

/**
 * Makes templates, and again what changes, until it is interrupted. What is wrong is said once, and again when it has changed.
 *
 * @param paths what is watched beside the input directories and the template
 */
export async function watchTemplates(
  maker: Maker,
  { flags, paths, interruption }: { flags: TemplateFlags; paths: readonly string[]; interruption: Interruption },
): Promise<void> {
  const { signal } = interruption;
  const out = flags.outputDir || ".";
  const watched = [...flags.inputDir, ...paths, ...(flags.templatePath === undefined ? [] : [flags.templatePath])];
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let told = new Set<string>();
  let made = new Set<string>();
  let isFirst = true;

  const tell = (problems: readonly string[]) => {
    for (const problem of problems) if (!told.has(problem)) say(problem);
    told = new Set(problems);
  };
  const makeAgain = async () => {
    const progress = stepProgress(process.stderr, { forced: flags.progress, nowMs: () => performance.now() });
    try {
      const now = await maker.make({ progress, signal });
      const { changed, unchanged } = await writeOutputs(out, now.files, { inputs: now.inputs, signal });
      progress.end();
      if (isFirst)
        process.stderr.write(
          summary(
            { ...now, changed: changed.length, unchanged, outputDirectory: flags.outputDir },
            { allNotes: flags.notes },
          ),
        );
      else for (const file of changed) say(`made ${file}`);
      const paths = new Set(now.files.map(({ path }) => path));
      // A source that is broken for a moment keeps what was made of it.
      if (now.problems.length === 0) {
        for (const path of made) if (!paths.has(path)) removeOutput(join(out, path), say);
        made = paths;
      } else for (const path of paths) made.add(path);
      tell(isFirst ? [] : now.problems.map(({ message }) => message));
      if (isFirst) told = new Set(now.problems.map(({ message }) => message));
    } catch (error) {
      if (signal.aborted || !(error instanceof CliError)) throw error;
      tell([error.message]);
    } finally {
      progress.end();
    }
  };

  using watches = openPathWatches();
  let wake = () => {};
  let isChanged = true;
  const change = () => {
    isChanged = true;
    wake();
  };
  watches.set("sources", watched, change);
  signal.addEventListener("abort", () => wake());
  const alive = setInterval(() => {}, keepAliveMs);
  try {
    while (!signal.aborted) {
      if (isChanged) {
        isChanged = false;
        await makeAgain();
        if (isFirst) say(`Watching ${plural(watched.length, "path")}; Ctrl-C ends it`);
        isFirst = false;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted || isChanged) resolve();
        });
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(alive);
  }
}

function removeOutput(file: string, say: (line: string) => void): void {
  try {
    rmSync(file);
    say(`removed ${file}`);
  } catch (error) {
    say(`Cannot remove ${file}: ${errorText(error)}`);
  }
}
