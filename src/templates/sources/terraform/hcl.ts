import { isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/index.ts";
import { SourceError } from "../../definition.ts";
import {
  type HclCode,
  HclRefusal,
  type HclRuntime,
  HclSurrender,
  loadHclCode,
  startHclRuntime,
} from "./hcl-runtime.ts";

/**
 * The longest file that is parsed. The longest of 6,700 files in public modules has 180 kB; the worst text of this length, a
 * list of digits, keeps the parser busy for half a minute, a usual one for a second.
 */
export const hclBytesMax = 2 ** 20;

/** How many further mistakes of a file an error tells after the first. */
const furtherFaultsMax = 9;

/** Code and instance are kept by the process: compiling takes some 60 ms, a start 15. Neither holds a handle that keeps it alive. */
let code: Promise<HclCode> | undefined;
let runtime: Promise<HclRuntime> | undefined;

/**
 * Reads HCL with HashiCorp's own parser.
 *
 * @param file what errors call it
 * @returns the content in Terraform's JSON syntax: every block is a list of bodies, below its labels; expressions that are no
 *   constants are `${...}` with their source text, and constants are values, whose strings keep `$${` and `%%{`
 * @throws {SourceError} with the parser's words, for the first mistake its place
 */
export async function parseHcl(file: string, text: string): Promise<JsonObject> {
  const bytes = Buffer.byteLength(text);
  if (bytes > hclBytesMax)
    throw new SourceError(`has ${bytes} bytes, more than the ${hclBytesMax} that are read`, { file });
  const parser = await readyRuntime();
  try {
    const content: JsonValue = JSON.parse(parser.convert(label, text));
    return isJsonObject(content) ? content : {};
  } catch (cause) {
    if (cause instanceof HclRefusal) throw faultOf(file, cause);
    if (!(cause instanceof HclSurrender)) throw cause;
    throw new SourceError("nests blocks or expressions too deeply to be read", { file, ...deepPlace(text) }, { cause });
  }
}

async function readyRuntime(): Promise<HclRuntime> {
  const running = await runtime;
  if (running && !running.isSpent()) return running;
  code ??= loadHclCode();
  runtime = code.then(startHclRuntime);
  // A start that failed is tried anew by whoever comes next.
  runtime.catch(() => {
    code = undefined;
    runtime = undefined;
  });
  return await runtime;
}

/** Deeper than anything that people write, and where the parser still is far from the end of its stack. */
const usualDepthMax = 500;

/** Where brackets begin to nest deeper than usual. Those in strings and comments count, too: it is a hint. */
function deepPlace(text: string): { line?: number; column?: number } {
  let depth = 0;
  for (const { index, 0: bracket } of text.matchAll(/[([{}\])]/g)) {
    depth += "([{".includes(bracket) ? 1 : -1;
    if (depth <= usualDepthMax) continue;
    const lines = text.slice(0, index).split("\n");
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  }
  return {};
}

/** What the parser calls every file: no text has it, so that places in its messages are found by it. */
const label = "\u0001";
const faultStart = new RegExp(`${label}:(\\d+),(\\d+)-(?:\\d+,)?\\d+: `, "g");

/** Its message is a list of `file:line,column-[line,]column: Summary; Detail`, with one space between two. */
function faultOf(file: string, refusal: HclRefusal): SourceError {
  const { message } = refusal;
  const starts = [...message.matchAll(faultStart)];
  const faults = starts.map((start, index) => {
    const text = message.slice(start.index + start[0].length, starts[index + 1]?.index).trim();
    // Summary and detail are two lines where Terraform shows them; the list as a whole ends with a bracket.
    const sentence = (index === starts.length - 1 ? text.replace(/\]$/, "") : text)
      .replace("; ", ": ")
      .replace(/\.$/, "");
    return { line: Number(start[1]), column: Number(start[2]), sentence: sentence.replaceAll(label, file) };
  });
  const [first, ...further] = faults;
  if (!first) return new SourceError(message.replaceAll(label, file), { file }, { cause: refusal });
  const told = further
    .slice(0, furtherFaultsMax)
    .map(({ line, column, sentence }) => `${file}:${line}:${column}: ${sentence}`);
  if (further.length > told.length) told.push(`${further.length - told.length} more`);
  return new SourceError([first.sentence, ...told].join("; "), { file, ...first }, { cause: refusal });
}
