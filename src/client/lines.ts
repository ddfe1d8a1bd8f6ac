/**
 * The lines of a stream of text, without their line ends; empty ones are left out.
 *
 * @throws {Error} when a line is longer than `lineBytesMax`
 */
export async function* readLines(
  chunks: AsyncIterable<string | Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n", start); end >= 0; end = rest.indexOf("\n", start)) {
      if (end > start) yield rest.slice(start, end);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > lineBytesMax) throw new Error(`Cannot read stream: a line is longer than ${lineBytesMax} bytes`);
  }
  if (rest !== "") yield rest;
}
