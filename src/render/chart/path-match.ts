/** What `filepath.Match` says of a malformed pattern. */
export class PatternError extends Error {
  override readonly name = "PatternError";

  constructor() {
    super("syntax error in pattern");
  }
}

type Token = { readonly kind: "any" } | { readonly kind: "one"; readonly matches: (character: string) => boolean };

/**
 * Makes a test of a pattern as Go's `filepath.Match` reads it: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes,
 * `\` takes the next character as it is. The whole path has to match.
 *
 * @throws {PatternError}
 */
export function compilePathPattern(pattern: string): (path: string) => boolean {
  const tokens = tokensOf(Array.from(pattern));
  return (path) => matches(tokens, Array.from(path));
}

function tokensOf(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (character === "*") {
      if (tokens.at(-1)?.kind !== "any") tokens.push({ kind: "any" });
    } else if (character === "?") {
      tokens.push({ kind: "one", matches: (other) => other !== "/" });
    } else if (character === "[") {
      const end = readClass(pattern, at + 1, tokens);
      at = end;
    } else {
      const wanted = character === "\\" ? pattern[++at] : character;
      if (wanted === undefined) throw new PatternError();
      tokens.push({ kind: "one", matches: (other) => other === wanted });
    }
  }
  return tokens;
}

/** Reads a class that begins at `start`. @returns where its `]` stands */
function readClass(pattern: readonly string[], start: number, tokens: Token[]): number {
  let at = start;
  const negated = pattern[at] === "^";
  if (negated) at++;
  const ranges: { low: string; high: string }[] = [];
  const member = () => {
    let character = pattern[at++];
    if (character === undefined || character === "-" || character === "]") throw new PatternError();
    if (character === "\\") character = pattern[at++];
    if (character === undefined || at >= pattern.length) throw new PatternError();
    return character;
  };
  while (pattern[at] !== "]" || ranges.length === 0) {
    const low = member();
    let high = low;
    if (pattern[at] === "-") {
      at++;
      high = member();
    }
    ranges.push({ low, high });
  }
  const code = (character: string) => character.codePointAt(0) ?? 0;
  const isIn = (other: string) => ranges.some(({ low, high }) => code(low) <= code(other) && code(other) <= code(high));
  tokens.push({ kind: "one", matches: (other) => isIn(other) !== negated });
  return at;
}

/** Goes back to the last `*` only: where that cannot reach far enough no earlier one does. */
function matches(tokens: readonly Token[], path: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star: { token: number; at: number } | undefined;
  for (;;) {
    const wanted = tokens[token];
    const character = path[at];
    if (wanted?.kind === "any") {
      star = { token: ++token, at };
    } else if (wanted !== undefined && character !== undefined && wanted.matches(character)) {
      token++;
      at++;
    } else if (wanted === undefined && character === undefined) {
      return true;
    } else {
      if (star === undefined || path[star.at] === undefined || path[star.at] === "/") return false;
      star.at++;
      token = star.token;
      at = star.at;
    }
  }
}
