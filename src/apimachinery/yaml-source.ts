import { YamlError } from "./yaml-error.ts";

/** Where what is broken begins, and where the reader of the message should look. */
export type Marks = { context?: number; place?: number };

/**
 * A YAML text in which each line break is a `\n`, or one of U+2028 and U+2029, which stay what they are in text. Positions
 * are offsets; lines are counted when somebody asks.
 */
export class YamlSource {
  readonly text: string;
  readonly file: string | undefined;

  readonly #hasSeparators: boolean;
  #counted = { offset: 0, line: 1 };

  constructor(text: string, file: string | undefined) {
    this.text = text;
    this.file = file;
    this.#hasSeparators = text.includes("\u2028") || text.includes("\u2029");
  }

  /** Where the line break is that ends this line, or the text. */
  lineEnd(offset: number): number {
    if (this.#hasSeparators) {
      let at = offset;
      while (at < this.text.length && !isBreak(this.text.charCodeAt(at))) at++;
      return at;
    }
    const end = this.text.indexOf("\n", offset);
    return end < 0 ? this.text.length : end;
  }

  /** The line of an offset, from 1. Asking for growing offsets reads the text only once. */
  lineOf(offset: number): number {
    if (offset < this.#counted.offset) this.#counted = { offset: 0, line: 1 };
    let { line } = this.#counted;
    const end = Math.min(offset, this.text.length);
    lineBreak.lastIndex = this.#counted.offset;
    for (
      let match = lineBreak.exec(this.text);
      match !== null && match.index < end;
      match = lineBreak.exec(this.text)
    ) {
      line++;
    }
    this.#counted = { offset: end, line };
    // The end of the text may count as a line of its own; see `Scanner`.
    return offset > this.text.length ? line + 1 : line;
  }

  /**
   * Refuses the text for a mistake in a token.
   *
   * @param mark where go-yaml is when it notices
   */
  failScan(why: string, mark: number, { context = mark, place = mark }: Marks = {}): never {
    const goText = (line: number) => goTextOf(why, line, line);
    throw this.error(why, place, goText(this.lineOf(mark)), goText(this.#contextLine(context, mark)));
  }

  /** Refuses the text for a token that has no business where it stands; go-yaml names the line before it. */
  failParse(why: string, mark: number, { context, place = mark }: Marks = {}): never {
    const goText = (line: number) => goTextOf(why, line, line - 1);
    throw this.error(why, place, goText(this.lineOf(mark)), goText(this.#contextLine(context, mark)));
  }

  /** What begins in the first line begins nowhere. */
  #contextLine(context: number | undefined, mark: number): number {
    const line = context === undefined ? 1 : this.lineOf(context);
    return line > 1 ? line : this.lineOf(mark);
  }

  /** @param goText what Go says, if there is more to it than `why` */
  error(why: string, place: number, goText = `yaml: ${why}`, goTextV3 = goText): YamlError {
    const offset = Math.min(place, this.text.length);
    const column = offset - this.#lineStartOf(offset) + 1;
    return new YamlError(why, { file: this.file, line: this.lineOf(offset), column }, goText, goTextV3);
  }

  #lineStartOf(offset: number): number {
    let at = offset;
    while (at > 0 && !isBreak(this.text.charCodeAt(at - 1))) at--;
    return at;
  }
}

/** go-yaml counts lines from 0 and takes a place in the first one for no place. */
function goTextOf(why: string, line: number, named: number): string {
  return line > 1 ? `yaml: line ${named}: ${why}` : `yaml: ${why}`;
}

const lineBreak = /[\n\u2028\u2029]/g;

export function isBreak(code: number): boolean {
  return code === 0x0a || code === 0x2028 || code === 0x2029;
}

/** Whether white space or the end of the text is at `offset`. */
export function isBlankOrEnd(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  return code === 0x20 || code === 0x0a || code === 0x09 || Number.isNaN(code) || code === 0x2028 || code === 0x2029;
}
