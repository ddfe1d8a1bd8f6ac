/** Lines around a change that are shown with it. */
const contextLines = 3;
/** More edits than this are shown as one text in place of the other; finding the least takes their square. */
const editsMax = 5_000;

/** @property line without its line break */
type Edit = { kind: " " | "-" | "+"; line: string };

/**
 * Compares two texts line by line, as `diff -u` shows it.
 *
 * @returns an empty text when they are the same
 */
export function unifiedDiff(before: string, after: string, names: { before: string; after: string }): string {
  if (before === after) return "";
  const edits = editsBetween(linesOf(before), linesOf(after));
  return [`--- ${names.before}`, `+++ ${names.after}`, ...hunksOf(edits), ""].join("\n");
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** The least edits, after Eugene Myers, "An O(ND) difference algorithm and its variations" (1986). */
function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let endBefore = before.length;
  let endAfter = after.length;
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore--;
    endAfter--;
  }
  const same = (line: string): Edit => ({ kind: " ", line });
  return [
    ...before.slice(0, start).map(same),
    ...middleEdits(before.slice(start, endBefore), after.slice(start, endAfter)),
    ...before.slice(endBefore).map(same),
  ];
}

function middleEdits(before: readonly string[], after: readonly string[]): Edit[] {
  const traces: Map<number, number>[] = [];
  let furthest = new Map([[1, 0]]);
  for (let depth = 0; depth <= Math.min(before.length + after.length, editsMax); depth++) {
    const next = new Map(furthest);
    traces.push(furthest);
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      const down = furthest.get(diagonal + 1) ?? -1;
      const right = furthest.get(diagonal - 1) ?? -1;
      let x = diagonal === -depth || (diagonal !== depth && right < down) ? down : right + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return pathBack(traces, before, after);
    }
    furthest = next;
  }
  return [...before.map((line): Edit => ({ kind: "-", line })), ...after.map((line): Edit => ({ kind: "+", line }))];
}

function pathBack(traces: readonly ReadonlyMap<number, number>[], before: readonly string[], after: readonly string[]) {
  const edits: Edit[] = [];
  let [x, y] = [before.length, after.length];
  for (let depth = traces.length - 1; depth >= 0; depth--) {
    const furthest = traces[depth];
    const diagonal = x - y;
    const down = furthest?.get(diagonal + 1) ?? -1;
    const right = furthest?.get(diagonal - 1) ?? -1;
    const isDown = diagonal === -depth || (diagonal !== depth && right < down);
    const fromX = isDown ? down : right;
    const fromY = fromX - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY && x > 0 && y > 0) edits.push({ kind: " ", line: before[--x] ?? "" }) && y--;
    if (depth === 0) break;
    if (isDown) edits.push({ kind: "+", line: after[--y] ?? "" });
    else edits.push({ kind: "-", line: before[--x] ?? "" });
  }
  return edits.reverse();
}

function hunksOf(edits: readonly Edit[]): string[] {
  const lines: string[] = [];
  let [oldLine, newLine] = [1, 1];
  let at = 0;
  while (at < edits.length) {
    const change = edits.findIndex((edit, index) => index >= at && edit.kind !== " ");
    if (change < 0) break;
    const from = Math.max(at, change - contextLines);
    for (const edit of edits.slice(at, from)) [oldLine, newLine] = after(edit, oldLine, newLine);
    let end = change;
    let quiet = 0;
    for (let index = change; index < edits.length && quiet <= 2 * contextLines; index++) {
      if (edits[index]?.kind === " ") quiet++;
      else {
        quiet = 0;
        end = index + 1;
      }
    }
    const to = Math.min(edits.length, end + contextLines);
    const hunk = edits.slice(from, to);
    const olds = hunk.filter(({ kind }) => kind !== "+").length;
    const news = hunk.filter(({ kind }) => kind !== "-").length;
    lines.push(`@@ -${range(oldLine, olds)} +${range(newLine, news)} @@`, ...hunk.map(({ kind, line }) => kind + line));
    for (const edit of hunk) [oldLine, newLine] = after(edit, oldLine, newLine);
    at = to;
  }
  return lines;
}

function after({ kind }: Edit, oldLine: number, newLine: number): [number, number] {
  return [oldLine + (kind === "+" ? 0 : 1), newLine + (kind === "-" ? 0 : 1)];
}

/** An empty range names the line before it. */
function range(line: number, count: number): string {
  if (count === 1) return String(line);
  return `${count === 0 ? line - 1 : line},${count}`;
}
