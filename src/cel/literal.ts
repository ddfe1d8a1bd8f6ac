/**
 * What a string or bytes literal stands for.
 *
 * @param literal as written, with prefix and quotes
 * @throws {SyntaxError} in cel-go's words
 */
export function unescapeString(literal: string): string {
  const { body, isRaw } = bodyOf(literal);
  if (isRaw || !body.includes("\\")) return body;
  return body.replace(escapes, (_match, letter, octal, hex) => {
    if (letter !== undefined) return letters[letter] ?? letter;
    const code = octal === undefined ? Number.parseInt(hex.slice(1), 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new SyntaxError("invalid unicode code point");
    return String.fromCodePoint(code);
  });
}

/** Like {@link unescapeString} for what stands behind the `b` of bytes. */
export function unescapeBytes(literal: string): Uint8Array {
  const { body, isRaw } = bodyOf(literal);
  if (isRaw || !body.includes("\\")) return Buffer.from(body);
  const bytes: number[] = [];
  let at = 0;
  for (const match of body.matchAll(escapes)) {
    bytes.push(...Buffer.from(body.slice(at, match.index)));
    at = match.index + match[0].length;
    const [, letter, octal, hex] = match;
    if (letter !== undefined) bytes.push((letters[letter] ?? letter).charCodeAt(0));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (hex !== undefined && /^x/i.test(hex)) bytes.push(Number.parseInt(hex.slice(1), 16));
    else throw new SyntaxError("unable to unescape string");
  }
  bytes.push(...Buffer.from(body.slice(at)));
  return Uint8Array.from(bytes);
}

const escapes = /\\(?:([abfnrtv"'\\?`])|([0-3][0-7][0-7])|([xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))/g;

const letters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The text between the quotes, with the line ends of the platform it was written on made equal. */
function bodyOf(literal: string): { body: string; isRaw: boolean } {
  const isRaw = /^[rR]/.test(literal);
  const quoted = (isRaw ? literal.slice(1) : literal).replace(/\r\n?/g, "\n");
  const length = quoted.length >= 6 && (quoted.startsWith("'''") || quoted.startsWith('"""')) ? 3 : 1;
  return { body: quoted.slice(length, -length), isRaw };
}
