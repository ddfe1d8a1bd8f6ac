import { ChartError } from "./chart-error.ts";
import { compilePathPattern, PatternError } from "./path-match.ts";

type Rule = {
  readonly matches: (path: string) => boolean;
  readonly negated: boolean;
  readonly onlyDirectories: boolean;
};

/** What every chart leaves out: files in `templates/` whose name begins with a dot. */
const builtIn = "templates/.?*";

/**
 * Makes a test of a `.helmignore`. It differs from `.gitignore`: a rule without a slash is compared with the name alone, `**`
 * is refused, and a negated rule leaves out everything that it does not match.
 *
 * @param text `undefined` when a chart has no such file
 * @returns says whether a file or directory is left out; directories have to be asked first, with all that is in them
 * @throws {ChartError} for a malformed rule
 */
export function compileIgnore(text: string | undefined): (path: string, isDirectory: boolean) => boolean {
  const lines = [...(text?.split("\n") ?? []), builtIn];
  const rules = lines.flatMap((line) => ruleOf(line.trim()) ?? []);
  return (path, isDirectory) => {
    for (const { matches, negated, onlyDirectories } of rules) {
      if (negated) {
        if ((onlyDirectories && !isDirectory) || !matches(path)) return true;
      } else if ((isDirectory || !onlyDirectories) && matches(path)) {
        return true;
      }
    }
    return false;
  };
}

function ruleOf(line: string): Rule | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  if (line.includes("**")) throw new ChartError("double-star (**) syntax is not supported");
  const negated = line.startsWith("!");
  const onlyDirectories = line.endsWith("/");
  const pattern = line.slice(negated ? 1 : 0, onlyDirectories ? -1 : undefined);
  const isPath = pattern.includes("/");
  const matches = compile(pattern.startsWith("/") ? pattern.slice(1) : pattern);
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return { negated, onlyDirectories, matches: isPath ? matches : (path) => matches(nameOf(path)) };
}

function compile(pattern: string): (path: string) => boolean {
  try {
    return compilePathPattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw new ChartError(error.message);
    throw error;
  }
}
