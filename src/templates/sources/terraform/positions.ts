/** What may hold text that looks like a block: comments, strings, heredocs. */
const asides = [
  /\/\*[\s\S]*?\*\//,
  /(?:#|\/\/)[^\n]*/,
  /<<-?(?<marker>[p{ID_Start}_][p{ID_Continue}-]*)[ \t]*\r?\n[\s\S]*?^[ \t]*\k<marker>[ \t]*\r?$/,
  /"(?:[^"\\\n]|\\.)*"/,
].map(({ source }) => source);

/**
 * Finds where blocks with one label are declared, which the parser does not tell: it sorts what it read by name.
 *
 * @param text HCL without mistakes
 * @returns the lines, counted from 1, of the blocks of this type and name, in their order
 */
export function declaredLines(text: string, type: string): Map<string, number[]> {
  const declaration = `^[ \\t]*${type}[ \\t]+(?:"(?<quoted>[^"\\n]*)"|(?<bare>[\\p{ID_Start}_][\\p{ID_Continue}-]*))[ \\t]*\\{`;
  const found = new Map<string, number[]>();
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(new RegExp([declaration, ...asides].join("|"), "gmu"))) {
    const name = match.groups?.["quoted"] ?? match.groups?.["bare"];
    if (name === undefined) continue;
    for (; counted < match.index; counted++) if (text.charCodeAt(counted) === 10) line++;
    const lines = found.get(name);
    if (lines) lines.push(line);
    else found.set(name, [line]);
  }
  return found;
}
