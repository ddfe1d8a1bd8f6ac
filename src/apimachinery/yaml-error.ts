/** Where a mistake is: line and column count from 1, columns in UTF-16 units. */
type Place = { file?: string | undefined; line: number; column: number };

/**
 * What is wrong with a YAML text, and where.
 *
 * @property goText what Go programs say of it, without a prefix of their own: `yaml: line 3: did not find expected key`. The
 *   line is the one that go-yaml v2 names, which can be the one before the mistake, and missing in the first.
 * @property goTextV3 the same with the line that go-yaml v3 names, which is where what is broken begins
 */
export class YamlError extends Error {
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
  readonly goText: string;
  readonly goTextV3: string;

  constructor(why: string, { file, line, column }: Place, goText = `yaml: line ${line}: ${why}`, goTextV3 = goText) {
    super(`${file === undefined ? `line ${line}, column ${column}` : `${file}:${line}:${column}`}: ${why}`);
    this.name = "YamlError";
    this.file = file;
    this.line = line;
    this.column = column;
    this.goText = goText;
    this.goTextV3 = goTextV3;
  }
}
