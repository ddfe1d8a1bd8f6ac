/** What is wrong with a YAML text, and where: line and column count from 1, columns in UTF-16 units. */
export class YamlError extends Error {
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;

  constructor(why: string, place: { file?: string | undefined; line: number; column: number }) {
    const { file, line, column } = place;
    super(`${file === undefined ? `line ${line}, column ${column}` : `${file}:${line}:${column}`}: ${why}`);
    this.name = "YamlError";
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

/** A position in a text whose line breaks are all `\n`. */
export class Cursor {
  readonly text: string;
  readonly file: string | undefined;
  at = 0;
  /** Where the line begins in which `at` is. */
  lineStart = 0;
  /** How many flow collections, `[` or `{`, are open; in them line breaks and indentation mean nothing. */
  flowLevel = 0;
  /** Whether a key, or a `-`, may stand here: on a new line and right after `-` or `?`, but not right after `key:`. */
  keyAllowed = true;

  #counted = { offset: 0, line: 1 };

  constructor(text: string, file: string | undefined) {
    this.text = text;
    this.file = file;
  }

  get column(): number {
    return this.at - this.lineStart;
  }

  /** The character here; empty at the end of the text. */
  get character(): string {
    return this.text[this.at] ?? "";
  }

  /** The line of an offset, from 1. Asking for growing offsets reads the text only once. */
  lineOf(offset: number): number {
    if (offset < this.#counted.offset) this.#counted = { offset: 0, line: 1 };
    let { line } = this.#counted;
    for (
      let at = this.text.indexOf("\n", this.#counted.offset);
      at >= 0 && at < offset;
      at = this.text.indexOf("\n", at + 1)
    ) {
      line++;
    }
    this.#counted = { offset, line };
    return line;
  }

  fail(why: string, offset = this.at): never {
    const column = offset - this.text.lastIndexOf("\n", offset - 1);
    throw new YamlError(why, { file: this.file, line: this.lineOf(offset), column });
  }

  /** Whether white space or the end of the text is at `offset`. */
  isBlank(offset: number): boolean {
    const code = this.text.charCodeAt(offset);
    return code === space || code === newline || code === tab || Number.isNaN(code);
  }

  /** Whether the character here is `indicator` and stands alone, as `-`, `?` and `:` must to mean something. */
  isIndicator(indicator: string): boolean {
    return this.text[this.at] === indicator && this.isBlank(this.at + 1);
  }

  /** Whether a document ends here: at the end of the text, or at a line that begins with `---` or `...`. */
  isDocumentEnd(): boolean {
    if (this.at >= this.text.length) return true;
    return this.at === this.lineStart && (this.isMarker("---") || this.isMarker("..."));
  }

  isMarker(marker: string): boolean {
    return this.text.startsWith(marker, this.at) && this.isBlank(this.at + 3);
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === space) this.at++;
  }

  skipBlanks(): void {
    while (this.text.charCodeAt(this.at) === space || this.text.charCodeAt(this.at) === tab) this.at++;
  }

  /** Moves over white space, line breaks and comments to what comes next. Says whether that is on another line. */
  skip(): boolean {
    const lineBefore = this.lineStart;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === space) this.at++;
      // A tab where a key may stand would be indentation, which only spaces can be.
      else if (code === tab && (this.flowLevel > 0 || !this.keyAllowed || this.isBlankLine())) this.skipBlanks();
      else if (code === hash) this.at = this.lineEnd();
      else if (code === newline) this.breakLine();
      else return this.lineStart !== lineBefore;
    }
  }

  /** Moves over the line break here. */
  breakLine(): void {
    this.at++;
    this.lineStart = this.at;
    if (this.flowLevel === 0) this.keyAllowed = true;
  }

  /** Matches a sticky expression here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text);
  }

  /** Whether only blanks and a comment follow on this line. */
  isBlankLine(): boolean {
    return this.match(/[ \t]*(?=[\n#]|$)/y) !== null;
  }

  lineEnd(): number {
    const end = this.text.indexOf("\n", this.at);
    return end < 0 ? this.text.length : end;
  }
}

const [tab, newline, space, hash] = [0x09, 0x0a, 0x20, 0x23];
