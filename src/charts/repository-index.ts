import { itemsAt, parseJson, parseYaml, textAt, textsAt, valueAt } from "../apimachinery/index.ts";
import { scalarTextAt } from "./scalar-text.ts";
import { sortVersions } from "./versions.ts";

/**
 * One version of a chart in the index of a repository.
 *
 * @property urls absolute, or relative to the repository; Helm takes the first
 * @property digest 64 hex digits, perhaps after `sha256:`; empty when the index has none
 */
export type IndexEntry = { version: string; urls: string[]; digest: string };

/**
 * Reads what an `index.yaml` says about one chart.
 *
 * Large repositories have indexes of tens of megabytes, of which this is a small part: it is cut out before it is parsed where
 * the text is laid out as Helm and all known servers write it.
 *
 * @returns the highest version first; `undefined` when the index does not have the chart
 * @throws {Error} in Helm's words, for a text that is no index
 */
export function readIndex(text: string, chart: string): IndexEntry[] | undefined {
  if (text.trim() === "") throw new Error("empty index.yaml file");
  const cut = cutEntry(text, chart);
  if (cut?.found === false) return undefined;
  const index = cut === undefined ? readWhole(text) : parseYaml(cut.text, { file: "index.yaml" });
  if (textAt(index, "apiVersion") === "") throw new Error("no API version specified");
  if (valueAt(index, "entries", chart) === undefined) return undefined;
  const entries = itemsAt(index, "entries", chart).map((item) => ({
    version: scalarTextAt(item, "version"),
    urls: textsAt(item, "urls"),
    digest: scalarTextAt(item, "digest"),
  }));
  return sortVersions(entries);
}

/** The URL of a chart; relative ones are below the repository, whose query, a token perhaps, they keep. */
export function chartUrl(repository: string, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
  const base = new URL(repository);
  base.pathname = `${base.pathname.replace(/\/+$/, "")}/`;
  const resolved = new URL(url, base);
  resolved.search = base.search;
  return resolved.href;
}

/** An index may be JSON, as some servers make it: that is read faster, and may be larger. */
function readWhole(text: string): unknown {
  if (/^\s*\{/.test(text)) {
    try {
      return parseJson(text);
    } catch {
      // Flow style looks the same at first.
    }
  }
  return parseYaml(text, { file: "index.yaml" });
}

type Cut = { found: true; text: string } | { found: false };

/**
 * The lines of one entry, with what is needed around them to be an index.
 *
 * @returns `undefined` when the text is laid out otherwise and must be read as a whole: JSON, flow style, anchors
 */
function cutEntry(text: string, chart: string): Cut | undefined {
  const apiVersion = /^apiVersion:.*$/m.exec(text)?.[0];
  const head = /^entries:[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*( +)(?=[^ \t\r\n#-])/m.exec(text);
  if (apiVersion === undefined || head === null || /^\s*[{[]|(?:^|\s)[&*]\w/m.test(text.slice(0, head.index)))
    return undefined;
  const indent = head[1] ?? "";
  const end = endOfEntries(text, head.index + head[0].length);
  if (!/^[\w.-]+$/.test(chart)) return undefined;
  const key = new RegExp(`^${indent}(["']?)${chart.replaceAll(".", "\\.")}\\1:[ \\t]*\\r?$`, "gm");
  key.lastIndex = head.index;
  const start = key.exec(text);
  if (start === null || start.index >= end) {
    // A key written in another way could still be the chart.
    return text.slice(head.index, end).includes(chart) && !isPlain(text, indent, head.index, end)
      ? undefined
      : { found: false };
  }
  // Lists may stand in the column of their key.
  const next = new RegExp(`^(?:${indent}[^ \\r\\n#-]| {0,${indent.length - 1}}[^ \\r\\n#])`, "gm");
  next.lastIndex = start.index + start[0].length + 1;
  const after = next.exec(text)?.index ?? text.length;
  const lines = text.slice(start.index, after);
  if (/[:-] +[&*]\w/.test(lines)) return undefined;
  return { found: true, text: `${apiVersion}\nentries:\n${lines}` };
}

/** Where the next field of the index begins. */
function endOfEntries(text: string, from: number): number {
  const next = /^[^\s#-]/gm;
  next.lastIndex = from;
  return next.exec(text)?.index ?? text.length;
}

/** Whether all keys in a column are words that mean themselves. */
function isPlain(text: string, indent: string, from: number, to: number): boolean {
  const keys = new RegExp(`^${indent}[^ \\r\\n#-].*$`, "gm");
  keys.lastIndex = from;
  for (let match = keys.exec(text); match !== null && match.index < to; match = keys.exec(text))
    if (!/^ *["']?[\w.-]+["']?:\s*$/.test(match[0])) return false;
  return true;
}
