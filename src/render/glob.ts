/**
 * Makes a test out of a glob as Argo CD reads it: `*` any characters, `**` also across separators, `?` one character,
 * `[a-z]` and `[!a-z]` classes, `{a,b}` alternatives, `\` takes the next character as it is.
 *
 * @param separator what `*` and `?` do not match; without one `*` matches everything, also `/`
 * @returns a test for whole texts; a glob that is not well-formed matches nothing
 */
export function compileGlob(glob: string, separator?: string): (text: string) => boolean {
  const expression = expressionFor(glob, separator);
  if (expression === undefined) return () => false;
  return (text) => expression.test(text);
}

function expressionFor(glob: string, separator: string | undefined): RegExp | undefined {
  const one = separator === undefined ? "." : `[^${escapeInClass(separator)}]`;
  let source = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === "*") {
      const many = glob.charAt(at + 1) === "*";
      if (many) at++;
      source += many ? ".*" : `${one}*`;
    } else if (character === "?") source += one;
    else if (character === "\\" && at + 1 < glob.length) source += escapeRegExp(glob.charAt(++at));
    else if (character === "[") {
      const end = glob.indexOf("]", at + 2);
      if (end < 0) return undefined;
      source += classFor(glob.slice(at + 1, end));
      at = end;
    } else if (character === "{") {
      depth++;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else source += escapeRegExp(character);
  }
  if (depth > 0) return undefined;
  try {
    return new RegExp(`^(?:${source})$`, "su");
  } catch {
    return undefined;
  }
}

function classFor(inner: string): string {
  const negated = inner.startsWith("!") || inner.startsWith("^");
  const members = [...(negated ? inner.slice(1) : inner)].map((member) =>
    member === "-" ? "-" : escapeInClass(member),
  );
  return `[${negated ? "^" : ""}${members.join("")}]`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function escapeInClass(text: string): string {
  return text.replace(/[\]\\^[/&|~-]/g, (member) => `\\${member}`);
}
