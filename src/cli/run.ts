import { CliError } from "./errors.ts";
import { createProgram } from "./program.ts";

/** Runs one command line. @returns the exit code */
export async function run(args: string[]): Promise<number> {
  process.stdout.on("error", (error) => {
    endWithReader(error);
    process.stderr.write(`Error: Cannot write the output: ${error.message}\n`);
  });
  process.stderr.on("error", endWithReader);
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** What a shell reports of a command that SIGPIPE ended: 128 and the signal's number. */
const brokenPipeCode = 141;

/**
 * `skiff status | head -3` is no mistake: who reads has seen enough. Other failures show in the exit code only, because a
 * platform whose log is on a full disk must run on.
 */
function endWithReader(error: Error): void {
  if ("code" in error && error.code === "EPIPE") process.exit(brokenPipeCode);
  process.exitCode = 1;
}

/** Errors are printed once, with what to do; a stack trace only for our own mistakes. */
function report(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`Error: ${error.message}\nFix:   ${error.fix}\n(${error.code})\n`);
    return error.exitCode;
  }
  if (isCommanderError(error)) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`Error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.stderr.write("Fix:   This is a defect of Skiff; please report it with the text above\n");
  return 1;
}

function isCommanderError(error: unknown): error is Error & { exitCode: number } {
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("commander.") && "exitCode" in error
  );
}
