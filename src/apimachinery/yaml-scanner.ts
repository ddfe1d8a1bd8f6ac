import { scanAnchor, scanDirective, scanTag } from "./yaml-properties.ts";
import { isBlankOrEnd, isBreak, type Marks, type YamlSource } from "./yaml-source.ts";
import { scanBlock, scanDoubleQuoted, scanPlain, scanSingleQuoted } from "./yaml-text.ts";
import { Token, tokens } from "./yaml-token.ts";

/** A place where a key may have begun that has no `?`, as a `:` on the same line would show. */
type SimpleKey = { possible: boolean; required: boolean; number: number; at: number; lineStart: number };

/** How far a `:` may be from the beginning of its key, in characters. */
const keyLengthMax = 1024;

/**
 * Cuts a YAML text into tokens, the way and in the order in which libyaml does: a token is given out when no `:` can any
 * more make it the beginning of a key. What go-yaml says of broken texts, and which broken texts it takes, follows from
 * this order.
 */
export class Scanner {
  readonly source: YamlSource;
  readonly text: string;
  /** Where the scanner is, which is behind the last token and not always before the next. */
  at = 0;
  /** Where the line begins in which `at` is. */
  lineStart = 0;
  /** How many flow collections, `[` or `{`, are open. */
  flowLevel = 0;
  /** The column of the innermost block collection, -1 for none. */
  indent = -1;
  /** Whether a key without `?` may begin here; it may on a new line and behind `-`, but not behind `key:`. */
  keyAllowed = true;

  readonly #indents: number[] = [];
  readonly #queue: Token[] = [];
  #head = 0;
  /** How many tokens have been taken. */
  #taken = 0;
  /** One for each flow level; there may be a key in each. */
  readonly #keys: SimpleKey[] = [{ possible: false, required: false, number: 0, at: 0, lineStart: 0 }];
  #pendingKey = -1;
  #isReady = false;

  constructor(source: YamlSource) {
    this.source = source;
    this.text = source.text;
  }

  /** The next token. @throws {YamlError} */
  peek(): Token {
    if (!this.#isReady) this.#fetchMore();
    const token = this.#queue[this.#head];
    if (token === undefined) throw new Error("no token was fetched");
    return token;
  }

  /** Moves to the token after the one that `peek` gave. */
  skip(): void {
    this.#isReady = false;
    this.#taken++;
    this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
  }

  get column(): number {
    return this.at - this.lineStart;
  }

  /** Refuses the text here. */
  fail(why: string, marks: Marks = {}): never {
    this.source.failScan(why, this.at, marks);
  }

  /** Moves over the line break here. */
  breakLine(): void {
    this.at++;
    this.lineStart = this.at;
  }

  /** Whether `---` or `...` stands alone at the beginning of this line. */
  isDocumentMarker(): boolean {
    if (this.at !== this.lineStart) return false;
    const code = this.text.charCodeAt(this.at);
    if (code !== dash && code !== dot) return false;
    return (
      this.text.charCodeAt(this.at + 1) === code &&
      this.text.charCodeAt(this.at + 2) === code &&
      isBlankOrEnd(this.text, this.at + 3)
    );
  }

  #fetchMore(): void {
    for (;;) {
      const head = this.#queue[this.#head];
      if (head !== undefined) {
        const key = head.keyIndex < 0 ? undefined : this.#keys[head.keyIndex];
        if (key === undefined || !this.#isStillPossible(key)) break;
      }
      this.#fetchNext();
    }
    this.#isReady = true;
  }

  #fetchNext() {
    this.#skipToToken();
    const { text, at } = this;
    if (this.flowLevel === 0) this.#unroll(at - this.lineStart, at);
    if (at >= text.length) return this.#fetchStreamEnd();
    const code = text.charCodeAt(at);
    // Letters, which most tokens begin with, begin nothing but plain scalars.
    if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) return this.#fetchScalar(scanPlain, tokens.plain);
    const isFlow = this.flowLevel > 0;
    if (at === this.lineStart) {
      if (code === percent) return this.#fetchDirective();
      if (this.isDocumentMarker()) return this.#fetchDocumentMarker(code === dash);
    }
    switch (code) {
      case quote:
        return this.#fetchScalar(scanDoubleQuoted, tokens.quoted);
      case apostrophe:
        return this.#fetchScalar(scanSingleQuoted, tokens.quoted);
      case openBracket:
        return this.#fetchFlowStart(tokens.flowSequenceStart);
      case openBrace:
        return this.#fetchFlowStart(tokens.flowMappingStart);
      case closeBracket:
        return this.#fetchFlowEnd(tokens.flowSequenceEnd);
      case closeBrace:
        return this.#fetchFlowEnd(tokens.flowMappingEnd);
      case comma:
        return this.#fetchFlowEntry();
      case dash:
        if (isBlankOrEnd(text, at + 1)) return this.#fetchBlockEntry();
        break;
      case question:
        if (isFlow || isBlankOrEnd(text, at + 1)) return this.#fetchKey();
        break;
      case colon:
        if (isFlow || isBlankOrEnd(text, at + 1)) return this.#fetchValue();
        break;
      case star:
        return this.#fetchProperty(() => this.#push(tokens.alias, at, scanAnchor(this)));
      case ampersand:
        return this.#fetchProperty(() => this.#push(tokens.anchor, at, scanAnchor(this)));
      case exclamation:
        return this.#fetchProperty(() => {
          const { handle, suffix } = scanTag(this);
          this.#push(tokens.tag, at, handle, suffix);
        });
      case bar:
      case greater:
        if (!isFlow) return this.#fetchBlockScalar(code === bar);
        this.fail("found character that cannot start any token");
        break;
      case tab:
      case hash:
      case percent:
      case atSign:
      case backtick:
        this.fail("found character that cannot start any token");
    }
    this.#fetchScalar(scanPlain, tokens.plain);
  }

  /** Moves over white space, line breaks and comments. */
  #skipToToken(): void {
    const { text } = this;
    let { at } = this;
    for (;;) {
      let code = text.charCodeAt(at);
      // A tab where a key may begin would be indentation, which only spaces can be.
      while (code === space || (code === tab && (this.flowLevel > 0 || !this.keyAllowed))) code = text.charCodeAt(++at);
      if (code === hash) {
        at = this.source.lineEnd(at);
        code = text.charCodeAt(at);
      }
      if (!isBreak(code)) break;
      at++;
      this.lineStart = at;
      if (this.flowLevel === 0) this.keyAllowed = true;
    }
    this.at = at;
  }

  #isStillPossible(key: SimpleKey): boolean {
    if (!key.possible) return false;
    if (key.lineStart === this.lineStart && this.#isNear(key.at)) return true;
    if (key.required) this.fail("could not find expected ':'", { context: key.at, place: key.at });
    key.possible = false;
    return false;
  }

  #isNear(start: number): boolean {
    const length = this.at - start;
    if (length <= keyLengthMax) return true;
    // Characters beyond U+FFFF take two units.
    return length <= 2 * keyLengthMax && Array.from(this.text.slice(start, this.at)).length <= keyLengthMax;
  }

  /** A key may begin with the token that comes next. */
  #saveKey(): void {
    if (!this.keyAllowed) return;
    const required = this.flowLevel === 0 && this.indent === this.at - this.lineStart;
    this.#dropKey();
    const key = this.#keys[this.flowLevel];
    if (key === undefined) return;
    key.possible = true;
    key.required = required;
    key.number = this.#taken + this.#queue.length - this.#head;
    key.at = this.at;
    key.lineStart = this.lineStart;
    this.#pendingKey = this.flowLevel;
  }

  #dropKey(): void {
    const key = this.#keys[this.flowLevel];
    if (key?.possible !== true) return;
    if (key.required) this.fail("could not find expected ':'", { context: key.at, place: key.at });
    key.possible = false;
    this.#unlink(key);
  }

  #unlink(key: SimpleKey): void {
    const token = this.#queue[this.#head + key.number - this.#taken];
    if (token !== undefined) token.keyIndex = -1;
  }

  #push(type: number, at: number, text = "", suffix = ""): void {
    const token = new Token(type, at, text, suffix);
    token.keyIndex = this.#pendingKey;
    this.#pendingKey = -1;
    this.#queue.push(token);
  }

  /** Puts a token before the one that is number `number`; at the end if that one has been taken. */
  #insert(token: Token, number: number): void {
    const queue = this.#queue;
    queue.push(token);
    if (number < this.#taken) return;
    // Few tokens have to make room, and `splice` is slow for few.
    let index = queue.length - 1;
    for (const first = this.#head + number - this.#taken; index > first; index--)
      queue[index] = queue[index - 1] ?? token;
    queue[index] = token;
  }

  /** Opens a block collection if this column is deeper than the one around it. */
  #roll(column: number, type: number, at: number, number?: number): void {
    if (this.flowLevel > 0 || this.indent >= column) return;
    this.#indents.push(this.indent);
    this.indent = column;
    if (this.#indents.length > indentsMax) this.fail(`exceeded max depth of ${indentsMax}`);
    if (number === undefined) this.#queue.push(new Token(type, at));
    else this.#insert(new Token(type, at), number);
  }

  /** Closes the block collections that are deeper than `column`. */
  #unroll(column: number, at: number): void {
    while (this.flowLevel === 0 && this.indent > column) {
      this.#queue.push(new Token(tokens.blockEnd, at));
      this.indent = this.#indents.pop() ?? -1;
    }
  }

  #fetchStreamEnd(): void {
    // To libyaml the end is on a line of its own, even if the last line has no line break.
    if (this.at > this.lineStart) {
      this.at++;
      this.lineStart = this.at;
    }
    this.#unroll(-1, this.at);
    this.#dropKey();
    this.keyAllowed = false;
    this.#push(tokens.streamEnd, this.at);
  }

  #fetchDirective(): void {
    this.#unroll(-1, this.at);
    this.#dropKey();
    this.keyAllowed = false;
    const { at } = this;
    const { isVersion, first, second } = scanDirective(this);
    this.#push(isVersion ? tokens.versionDirective : tokens.tagDirective, at, first, second);
  }

  #fetchDocumentMarker(isStart: boolean): void {
    this.#unroll(-1, this.at);
    this.#dropKey();
    this.keyAllowed = false;
    this.#push(isStart ? tokens.documentStart : tokens.documentEnd, this.at);
    this.at += 3;
  }

  #fetchFlowStart(type: number): void {
    this.#saveKey();
    const number = this.#taken + this.#queue.length - this.#head;
    this.flowLevel++;
    this.#keys.push({ possible: false, required: false, number, at: this.at, lineStart: this.lineStart });
    if (this.flowLevel > flowLevelMax) this.fail(`exceeded max depth of ${flowLevelMax}`);
    this.keyAllowed = true;
    this.#push(type, this.at);
    this.at++;
  }

  #fetchFlowEnd(type: number): void {
    this.#dropKey();
    if (this.flowLevel > 0) {
      this.flowLevel--;
      const key = this.#keys.pop();
      // If no key was met between the brackets this makes the opening one no key: `{}: 1` is `{}` to go-yaml.
      if (key !== undefined) this.#unlink(key);
    }
    this.keyAllowed = false;
    this.#push(type, this.at);
    this.at++;
  }

  #fetchFlowEntry(): void {
    this.#dropKey();
    this.keyAllowed = true;
    this.#push(tokens.flowEntry, this.at);
    this.at++;
  }

  #fetchBlockEntry(): void {
    const { at } = this;
    if (this.flowLevel === 0) {
      if (!this.keyAllowed) this.fail("block sequence entries are not allowed in this context");
      this.#roll(this.column, tokens.blockSequenceStart, at);
    }
    this.#dropKey();
    this.keyAllowed = true;
    this.#push(tokens.blockEntry, at);
    this.at++;
  }

  #fetchKey(): void {
    const { at } = this;
    if (this.flowLevel === 0) {
      if (!this.keyAllowed) this.fail("mapping keys are not allowed in this context");
      this.#roll(this.column, tokens.blockMappingStart, at);
    }
    this.#dropKey();
    this.keyAllowed = this.flowLevel === 0;
    this.#push(tokens.key, at);
    this.at++;
  }

  #fetchValue(): void {
    const { at } = this;
    const key = this.#keys[this.flowLevel];
    if (key !== undefined && this.#isStillPossible(key)) {
      this.#unlink(key);
      this.#insert(new Token(tokens.key, key.at), key.number);
      this.#roll(key.at - key.lineStart, tokens.blockMappingStart, key.at, key.number);
      key.possible = false;
      this.keyAllowed = false;
    } else {
      if (this.flowLevel === 0) {
        if (!this.keyAllowed) this.fail("mapping values are not allowed in this context");
        this.#roll(this.column, tokens.blockMappingStart, at);
      }
      this.keyAllowed = this.flowLevel === 0;
    }
    this.#push(tokens.value, at);
    this.at++;
  }

  #fetchProperty(scan: () => void): void {
    this.#saveKey();
    this.keyAllowed = false;
    scan();
  }

  #fetchScalar(scan: (scanner: Scanner) => string, type: number): void {
    this.#saveKey();
    this.keyAllowed = false;
    const { at } = this;
    this.#push(type, at, scan(this));
  }

  #fetchBlockScalar(isLiteral: boolean): void {
    this.#dropKey();
    this.keyAllowed = true;
    const { at } = this;
    this.#push(tokens.quoted, at, scanBlock(this, isLiteral));
  }
}

/** libyaml's own limits for open block and flow collections. */
const [indentsMax, flowLevelMax] = [10_000, 10_000];

const [tab, space, exclamation, quote, hash, percent, ampersand, apostrophe] = [
  0x09, 0x20, 0x21, 0x22, 0x23, 0x25, 0x26, 0x27,
];
const [star, comma, dash, dot, colon, greater, question, atSign] = [0x2a, 0x2c, 0x2d, 0x2e, 0x3a, 0x3e, 0x3f, 0x40];
const [openBracket, closeBracket, backtick, openBrace, bar, closeBrace] = [0x5b, 0x5d, 0x60, 0x7b, 0x7c, 0x7d];
