import { formatFieldPath, type PathStep } from "./field-path.ts";

/**
 * Says what actions in a template of manifests set, by the keys above them: `spec.forProvider.region of Bucket`.
 *
 * @returns a function from where an action begins to what it sets, `undefined` for one that stands in no manifest with a kind or
 *   behind no key
 */
export function createYamlPlaces(text: string): (at: number) => string | undefined {
  const lines = linesOf(text);
  return (at) => {
    const last = lineAt(lines, at);
    const document = lines[last]?.document;
    if (document?.kind === undefined) return undefined;
    const path: PathStep[] = [];
    let inner = Number.POSITIVE_INFINITY;
    for (let index = last; index > last - linesMax && inner > 0; index--) {
      const line = lines[index];
      if (line?.document !== document) break;
      if (line.key === undefined || line.indent >= inner || line.begin + line.indent > at) continue;
      path.unshift({ field: line.key });
      inner = line.indent;
    }
    return inner === 0 ? `${formatFieldPath(path)} of ${document.kind}` : undefined;
  };
}

type Document = { kind?: string };
type Line = { begin: number; key: string | undefined; indent: number; document: Document };

/** How many lines above an action are looked at. Manifests have some hundred lines. */
const linesMax = 1000;

function linesOf(text: string): Line[] {
  let [begin, document]: [number, Document] = [0, {}];
  return text.split("\n").map((line) => {
    if (line.startsWith("---")) document = {};
    const match = /^((?: |- )*)["']?([A-Za-z][\w./-]*)["']?:(?=\s|$)/.exec(line);
    const [, indent = "", key] = match ?? [];
    const kind = key === "kind" && indent === "" ? /^kind:\s*["']?([\w.-]+)/.exec(line)?.[1] : undefined;
    if (kind !== undefined && document.kind === undefined) document.kind = kind;
    const found = { begin, key, indent: indent.length, document };
    begin += line.length + 1;
    return found;
  });
}

/** The last line that begins before a place. */
function lineAt(lines: readonly Line[], at: number): number {
  let [low, high] = [0, lines.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle]?.begin ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
