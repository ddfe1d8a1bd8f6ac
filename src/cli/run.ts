import { CliError } from "./errors.ts";
import { createProgram } from "./program.ts";

/** Runs one command line. @returns the exit code */
export async function run(args: string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
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
