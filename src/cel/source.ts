/** A fault in an expression; `at` is an offset in its text, -1 for one that is nowhere in particular. */
export type Issue = { readonly at: number; readonly message: string };

/** How many faults of one expression are shown, and how long a line may be to be shown with them: cel-go's limits. */
const issuesMax = 100;
const snippetMax = 16_384;

/**
 * Faults as cel-go shows them, in the order of their places: a line `ERROR: <input>:1:6: …` each, the line of source it is
 * in and a mark below the place.
 */
export function formatIssues(text: string, issues: readonly Issue[]): string {
  const lines = text.split("\n");
  const placed = issues.slice(0, issuesMax).map((issue) => ({ ...issue, ...placeOf(lines, issue.at) }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = placed.map(({ line, column, message }) => {
    const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
    const snippet = text === "" ? undefined : lines[line - 1]?.replaceAll("\t", " ");
    if (snippet === undefined || Buffer.byteLength(snippet) > snippetMax) return head;
    return `${head}\n | ${snippet}\n | ${markUnder(snippet, column)}`;
  });
  if (issues.length > issuesMax) shown.push(`${issues.length - issuesMax} more errors were truncated`);
  return shown.join("\n");
}

/** Lines from 1, columns from 0 in characters; a fault that is nowhere is in line -1 before column 0. */
function placeOf(lines: readonly string[], at: number): { line: number; column: number } {
  if (at < 0) return { line: -1, column: -1 };
  if (lines.length === 1 && lines[0] === "") return { line: 1, column: -1 };
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (at <= start + line.length) return { line: index + 1, column: characters(line.slice(0, at - start)).length };
    start += line.length + 1;
  }
  return { line: lines.length, column: characters(lines.at(-1) ?? "").length };
}

/** Dots up to a column, then the mark; characters outside ASCII get wide ones. */
function markUnder(snippet: string, column: number): string {
  const line = characters(snippet);
  const dots = line.slice(0, column).map((character) => (isAscii(character) ? "." : "．"));
  const marked = line[column];
  return dots.join("") + (marked === undefined || isAscii(marked) ? "^" : "＾");
}

function characters(text: string): string[] {
  return Array.from(text);
}

function isAscii(character: string): boolean {
  return character < "\u0080";
}
