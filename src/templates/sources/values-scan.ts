/**
 * A key of a values file, where it stands and what is written around it.
 *
 * @property path from the root of its document; an item of a list is `[]`
 * @property line from 1
 * @property text its value as far as it stands in the same line, without a comment; empty for what follows below
 * @property above the comments right above it, without anything between
 * @property trailing the comment behind its value
 * @property below comments right below it that belong to nothing else
 */
export type ScannedKey = {
  readonly path: readonly string[];
  readonly line: number;
  readonly text: string;
  readonly above: readonly string[];
  readonly trailing: string | undefined;
  readonly below: readonly string[];
};

/** What was found in a values file; `comments` are all of its comment lines, from their first `#` on. */
export type ScannedValues = { readonly keys: readonly ScannedKey[]; readonly comments: readonly string[] };

/** The part of a path that stands for any item of a list. */
export const itemPart = "[]";

/**
 * Finds the keys and comments of a values file, line by line.
 *
 * It is no reader of YAML: what it says counts only where the file, read, has such a key. Text in block scalars, in quotes and
 * behind plain text is passed over, and so is all that is in brackets and braces. It makes something of any text.
 */
export function scanValues(text: string): ScannedValues {
  const scan = new Scan(text.split(/\r\n|[\r\n\u0085]/));
  scan.run();
  return { keys: scan.keys, comments: scan.comments };
}

type Key = {
  path: string[];
  line: number;
  text: string;
  above: string[];
  trailing: string | undefined;
  below: string[];
};

/** What is open at a line. Items stand in the column of their dash. */
type Level = { readonly column: number; readonly path: string[]; readonly isItem: boolean };

/** How long a key that stands in a line with its value may be in YAML. */
const keyTextMax = 1024;

type Comment = { readonly text: string; readonly column: number };

class Scan {
  readonly keys: Key[] = [];
  readonly comments: string[] = [];
  readonly #lines: readonly string[];
  readonly #levels: Level[] = [];
  /** Comments since the last line that is none; `#owner` is the key right above them. */
  #pending: Comment[] = [];
  #owner: Key | undefined;
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  run(): void {
    while (this.#at < this.#lines.length) this.#readLine(this.#lines[this.#at] ?? "");
    this.#endComments();
  }

  #readLine(line: string): void {
    this.#at++;
    const content = line.trim();
    if (content === "") {
      this.#endComments();
      return;
    }
    const column = line.length - line.trimStart().length;
    if (content.startsWith("#")) {
      this.comments.push(content);
      this.#pending.push({ text: content, column });
      return;
    }
    if (column === 0 && /^(?:---|\.\.\.)(?:\s|$)|^%/.test(line)) {
      this.#levels.length = 0;
      this.#endComments();
      return;
    }
    this.#readContent(line, column);
  }

  /** Comments that no key follows are said about the key right above them. */
  #endComments(): void {
    this.#owner?.below.push(...this.#pending.map(({ text }) => text));
    this.#pending = [];
    this.#owner = undefined;
  }

  #readContent(line: string, start: number): void {
    let column = start;
    let rest = line.slice(column);
    // `- - key: value` opens two lists and a map in them.
    for (let dash = /^-(\s+|$)/.exec(rest); dash !== null; dash = /^-(\s+|$)/.exec(rest)) {
      this.#close((level) => level.column > column || (level.column === column && level.isItem));
      this.#levels.push({ column, path: [...this.#path(), itemPart], isItem: true });
      column += dash[0].length;
      rest = line.slice(column);
    }
    const found = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'[\]{},&*!|>%@`][^#]*?)\s*:(?=\s|$)/.exec(
      rest.slice(0, keyTextMax),
    );
    if (found === null) {
      this.#takeComments(column);
      this.#skipValue(rest, this.#levels.at(-1)?.column ?? -1);
      this.#owner = undefined;
      return;
    }
    const [whole, name = ""] = found;
    this.#close((level) => level.column >= column);
    const path = [...this.#path(), unquote(name)];
    const key: Key = {
      path,
      line: this.#at,
      text: "",
      above: this.#takeComments(column),
      trailing: undefined,
      below: [],
    };
    this.keys.push(key);
    this.#levels.push({ column, path, isItem: false });
    const value = rest.slice(whole.length);
    const { text, comment } = splitComment(value);
    key.text = text;
    if (comment !== undefined) {
      key.trailing = comment;
      this.comments.push(comment);
    }
    this.#skipValue(value, column);
    this.#owner = key;
  }

  #close(isOver: (level: Level) => boolean): void {
    for (let last = this.#levels.at(-1); last !== undefined && isOver(last); last = this.#levels.at(-1))
      this.#levels.pop();
  }

  #path(): string[] {
    return this.#levels.at(-1)?.path ?? [];
  }

  /** The comments above something in this column. Those that stand deeper, or look like values, are about what is above them. */
  #takeComments(column: number): string[] {
    const comments = this.#pending;
    this.#pending = [];
    const owner = this.#owner;
    if (owner === undefined) return comments.map(({ text }) => text);
    const first = comments.findIndex((comment) => comment.column <= column && !looksLikeValue(comment.text));
    const own = first < 0 ? comments.length : first;
    // Comments over a key that say nothing but a value describe nothing, whosever they are.
    owner.below.push(...comments.slice(0, own).map(({ text }) => text));
    return comments.slice(own).map(({ text }) => text);
  }

  /** Passes over the lines that a value goes on in. @param column that of what the value belongs to */
  #skipValue(value: string, column: number): void {
    const start = value.replace(/^(?:\s*[&!][^\s,[\]{}]*)+(?=\s|$)/, "").trimStart();
    if (/^[|>][-+0-9]*\s*(?:#.*)?$/.test(start)) this.#skipWhile((line) => isBlankOrDeeper(line, column));
    else if (start.startsWith('"') || start.startsWith("'") || start.startsWith("[") || start.startsWith("{")) {
      this.#skipClosed(start);
    } else if (start !== "" && !start.startsWith("#")) {
      // Plain text goes on in deeper lines, until one of them is a comment.
      this.#skipWhile((line) => line.trim() !== "" && !/^\s*#/.test(line) && isBlankOrDeeper(line, column));
    }
  }

  #skipWhile(isPart: (line: string) => boolean): void {
    while (this.#at < this.#lines.length && isPart(this.#lines[this.#at] ?? "")) this.#at++;
  }

  /** Goes on until all quotes, brackets and braces that the text opens are closed. */
  #skipClosed(first: string): void {
    const start = this.#at;
    let state = closing(first, { quote: "", depth: 0 });
    while ((state.quote !== "" || state.depth > 0) && this.#at < this.#lines.length) {
      state = closing(this.#lines[this.#at] ?? "", state);
      this.#at++;
    }
    // What nothing closes is no value of a file that can be read.
    if (state.quote !== "" || state.depth > 0) this.#at = start;
  }
}

type Open = { readonly quote: string; readonly depth: number };

/** What is open at the end of a line. */
function closing(line: string, open: Open): Open {
  let { quote, depth } = open;
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (quote !== "") {
      if (quote === '"' && character === "\\") index++;
      else if (quote === "'" && character === "'" && line.charAt(index + 1) === "'") index++;
      else if (character === quote) quote = "";
      if (quote !== "" || depth > 0) continue;
      return { quote, depth };
    }
    if (character === "#" && (index === 0 || /\s/.test(line.charAt(index - 1)))) break;
    if ((character === '"' || character === "'") && !/[\w)]/.test(line.charAt(index - 1))) quote = character;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth < 1 && quote === "") return { quote: "", depth: 0 };
  }
  return { quote, depth };
}

function isBlankOrDeeper(line: string, column: number): boolean {
  const content = line.trimStart();
  return content === "" || line.length - content.length > column;
}

/** The value of a line and the comment behind it. */
function splitComment(value: string): { text: string; comment: string | undefined } {
  let quote = "";
  for (let index = 0; index < value.length; index++) {
    const character = value.charAt(index);
    if (quote !== "") {
      if (quote === '"' && character === "\\") index++;
      else if (character === quote) quote = "";
    } else if ((character === '"' || character === "'") && /^[\s,[{:]?$/.test(value.charAt(index - 1))) {
      quote = character;
    } else if (character === "#" && /^\s?$/.test(value.charAt(index - 1))) {
      return { text: value.slice(0, index).trim(), comment: value.slice(index).trim() };
    }
  }
  return { text: value.trim(), comment: undefined };
}

/** The name of a key; plain ones may be booleans of YAML 1.1. */
function unquote(name: string): string {
  if (name.startsWith("'")) return name.slice(1, -1).replaceAll("''", "'");
  if (!name.startsWith('"')) return /^(?:y|yes|on|n|no|off)$/i.test(name) ? String(/^(?:y|yes|on)$/i.test(name)) : name;
  return name.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** Whether a comment is a line of YAML that somebody switched off: a key with or without a value, an item of a list. */
export function looksLikeValue(comment: string): boolean {
  const line = comment.replace(/^#+/, "").trim();
  if (/^-\s+[\w.\-/"']+:(?:\s|$)/.test(line) || /^-\s+["']?[^\s"']+["']?$/.test(line)) return true;
  const match = /^["']?([\w.\-/]+)["']?:(?:\s+(.*))?$/.exec(line);
  if (match === null) return /^[\]}]\s*,?$/.test(line);
  const [, name = "", value = ""] = match;
  if (
    /^(?:note|notes|ref|reference|refs|see|docs?|default|defaults|example|examples|e\.g\.?|eg|ie|warning|warn|important|todo|deprecated|required|optional|requires|info|caution|https?|source|format|hint|usage|tip|alternatively|fixme)$/i.test(
      name,
    )
  ) {
    return false;
  }
  // A sentence after a colon is prose: `storage: the class that is used for data`.
  return /^["'[{|>&*!]/.test(value) || value.replace(/\s+#.*$/, "").split(/\s+/).length <= 2;
}
