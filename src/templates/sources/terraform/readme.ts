/** Longer than any sentence that introduces a module. */
const paragraphMax = 1000;

/**
 * The first paragraph of a README in Markdown: what a module says of itself. Headings, badges, images, HTML, tables, lists and code are no
 * paragraphs.
 *
 * @returns plain text in one line, or `undefined` when there is none
 */
export function firstParagraph(markdown: string): string | undefined {
  const blocks = withoutAsides(markdown).split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/);
  for (const block of blocks) {
    const lines = block.split(/\r?\n/).map((line) => line.trim());
    const prose = lines.filter((line, index) => line !== "" && !isHeading(line, lines[index + 1]));
    const [first] = prose;
    if (first === undefined || notProse.test(first)) continue;
    const text = plain(prose.join(" "));
    if (/\p{L}/u.test(text)) return text.slice(0, paragraphMax);
  }
  return undefined;
}

/** Comments, front matter and fenced code may have blank lines inside. */
function withoutAsides(markdown: string): string {
  return markdown
    .replace(/^\ufeff?---\r?\n[\s\S]*?\r?\n---\r?\n/, "")
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/^[ \t]*(```|~~~)[\s\S]*?^[ \t]*\1[^\n]*$/gm, "");
}

function isHeading(line: string, next = ""): boolean {
  return line.startsWith("#") || isUnderline(line) || isUnderline(next);
}

function isUnderline(line: string): boolean {
  return /^(=+|-{2,})$/.test(line);
}

/** Lists, tables, quotes, HTML. */
const notProse = /^(?:[-*+] |\d+[.)] |\||>|<)/;

function plain(text: string): string {
  return text
    .replaceAll(/\[?!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])(?:\](?:\([^)]*\)|\[[^\]]*\]))?/g, "")
    .replaceAll(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replaceAll(/<[^<>]*>/g, "")
    .replaceAll(/(\*\*|__|`)/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
