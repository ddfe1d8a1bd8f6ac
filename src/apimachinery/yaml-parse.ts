import { jsonDepthMax, setField } from "./json.ts";
import type { JsonObject, JsonValue } from "./object.ts";
import type { Cursor } from "./yaml-cursor.ts";
import { isMergeKey, type Node, type Scalar, toJson, toKey } from "./yaml-node.ts";
import { readBlockScalar, readPlain, readQuoted } from "./yaml-text.ts";

/** An anchor or a tag, or both, in front of a node. */
type Properties = { at: number; anchor?: string; tag?: string };

/** Where a block node may stand. */
type Place = {
  /** The column of the collection around it, -1 for none; the node must be to the right of it. */
  parent: number;
  /** As the value of a key, a sequence may be in the column of the key. */
  mayBeIndentless: boolean;
};

/**
 * @property aliasNodesMax how many nodes aliases may add to the text
 * @property aliasSizeMax how many characters aliases may add to the text
 * @property onDuplicate told of a key that its map has already; the later value replaces the earlier one
 */
export type ReaderOptions = {
  aliasNodesMax: number;
  aliasSizeMax: number;
  onDuplicate?: (key: string, offset: number) => void;
};

/**
 * Reads the documents of a YAML text one after another and turns them into JSON.
 *
 * The grammar is that of go-yaml v2, which differs from that of YAML 1.2 where manifests notice: a closing bracket or a
 * quoted text may be indented less than the block around it, tabs never indent, and a merge key overrides keys that stand
 * before it.
 */
export class DocumentReader {
  readonly #cursor: Cursor;
  readonly #options: ReaderOptions;
  readonly #anchors = new Map<string, Node | "open">();
  readonly #tagPrefixes = new Map<string, string>();
  #depth = 0;
  #aliasNodes = 0;
  #aliasSize = 0;

  constructor(cursor: Cursor, options: ReaderOptions) {
    this.#cursor = cursor;
    this.#options = options;
  }

  /** The next document and the offset of its first node; `undefined` after the last one. */
  read(): { value: JsonValue; at: number } | undefined {
    const cursor = this.#cursor;
    if (!this.#beginDocument()) return undefined;
    const node = this.#readBlockNode({ parent: -1, mayBeIndentless: false });
    const value = toJson(cursor, node);
    cursor.skip();
    if (!cursor.isDocumentEnd()) cursor.fail("did not find expected <document start>");
    return { value, at: node.at };
  }

  #beginDocument(): boolean {
    const cursor = this.#cursor;
    this.#anchors.clear();
    this.#tagPrefixes.clear();
    cursor.keyAllowed = true;
    cursor.skip();
    while (cursor.column === 0 && cursor.isMarker("...")) {
      cursor.at += 3;
      this.#endLine();
    }
    const directives = new Set<string>();
    for (; cursor.column === 0 && cursor.character === "%"; this.#endLine()) this.#readDirective(directives);
    if (cursor.column === 0 && cursor.isMarker("---")) {
      cursor.at += 3;
      cursor.keyAllowed = false;
      return true;
    }
    if (directives.size > 0) cursor.fail("did not find expected <document start>");
    return cursor.at < cursor.text.length;
  }

  #readDirective(seen: Set<string>): void {
    const cursor = this.#cursor;
    const [text = "", name = "", first = "", second = ""] =
      cursor.match(/%(\S+)(?:[ \t]+(\S+))?(?:[ \t]+([^\s#]\S*))?/y) ?? [];
    if (name === "YAML") {
      if (seen.has(name)) cursor.fail("found duplicate %YAML directive");
      if (!/^1\.\d+$/.test(first) || second !== "") cursor.fail("found incompatible YAML document");
    } else if (name === "TAG") {
      if (!/^!(?:[\w-]*!)?$/.test(first) || second === "") cursor.fail("did not find expected tag handle and prefix");
      this.#tagPrefixes.set(first, second);
    } else {
      cursor.fail("found unknown directive name");
    }
    seen.add(name);
    cursor.at += text.length;
  }

  /** Nothing but a comment may follow on this line. */
  #endLine(): void {
    const cursor = this.#cursor;
    cursor.skipBlanks();
    if (!["", "\n", "#"].includes(cursor.character)) cursor.fail("did not find expected comment or line break");
    cursor.skip();
  }

  #readBlockNode(place: Place): Node {
    const cursor = this.#cursor;
    cursor.skip();
    if (!this.#belongs(place)) return emptyScalar(cursor.at);
    let start = cursor.at;
    let keyAllowed = cursor.keyAllowed;
    // What stands alone on a line belongs to the whole node that follows, what stands in a line to the key in that line.
    let outer: Properties | undefined;
    let inner = this.#readProperties();
    while (inner !== undefined && cursor.skip()) {
      outer = this.#join(outer, inner);
      if (!this.#belongs(place)) return this.#finish(emptyScalar(outer.at), outer);
      start = cursor.at;
      keyAllowed = cursor.keyAllowed;
      inner = this.#readProperties();
    }
    const column = start - cursor.lineStart;
    if (cursor.isIndicator("-")) {
      if (!cursor.keyAllowed) cursor.fail("block sequence entries are not allowed in this context");
      return this.#finish(this.#readBlockSequence(column, column === place.parent, outer), outer);
    }
    if (cursor.isIndicator("?")) {
      if (!cursor.keyAllowed) cursor.fail("mapping keys are not allowed in this context");
      return this.#finish(this.#readBlockMapping(column, undefined, outer), outer);
    }
    const { lineStart, character } = cursor;
    const content = this.#readContent(inner ?? outer, place.parent);
    if (character === "|" || character === ">" || !this.#isKeyNext()) {
      return this.#finish(content, inner === undefined ? outer : this.#join(outer, inner));
    }
    if (!keyAllowed || cursor.lineStart !== lineStart) cursor.fail("mapping values are not allowed in this context");
    const key = this.#finish(content, inner);
    return this.#finish(this.#readBlockMapping(column, key, outer), outer);
  }

  #join(outer: Properties | undefined, inner: Properties): Properties {
    if (outer === undefined) return inner;
    const isTwice = (inner.anchor && outer.anchor) !== undefined || (inner.tag && outer.tag) !== undefined;
    if (isTwice) this.#cursor.fail("found a second anchor or tag for one node", inner.at);
    return { ...outer, ...inner };
  }

  #belongs({ parent, mayBeIndentless }: Place): boolean {
    const cursor = this.#cursor;
    if (cursor.isDocumentEnd()) return false;
    return cursor.column > parent || (mayBeIndentless && cursor.column === parent && cursor.isIndicator("-"));
  }

  #isKeyNext(): boolean {
    this.#cursor.skipBlanks();
    return this.#cursor.isIndicator(":");
  }

  #readBlockSequence(column: number, isIndentless: boolean, properties: Properties | undefined): Node {
    const cursor = this.#cursor;
    const at = cursor.at;
    const value: JsonValue[] = [];
    this.#enter(properties);
    for (;;) {
      cursor.at++;
      cursor.keyAllowed = true;
      value.push(toJson(cursor, this.#readBlockNode({ parent: column, mayBeIndentless: false })));
      cursor.skip();
      if (cursor.isDocumentEnd() || cursor.column < column) break;
      if (cursor.column === column && cursor.isIndicator("-")) continue;
      if (cursor.column === column && isIndentless) break;
      cursor.fail(isIndentless ? "did not find expected key" : "did not find expected '-' indicator");
    }
    this.#depth--;
    return { kind: "collection", at, value };
  }

  /** @param firstKey read already, with the cursor at its `:`; without it the cursor is at a `?` */
  #readBlockMapping(column: number, firstKey: Node | undefined, properties: Properties | undefined): Node {
    const cursor = this.#cursor;
    const place = { parent: column, mayBeIndentless: true };
    const value: JsonObject = {};
    const at = firstKey?.at ?? cursor.at;
    this.#enter(properties);
    for (let key = firstKey; ; key = undefined) {
      const isExplicit = key === undefined && cursor.isIndicator("?");
      if (isExplicit) {
        cursor.at++;
        cursor.keyAllowed = true;
        key = this.#readBlockNode(place);
        cursor.skip();
      }
      key ??= this.#readImplicitKey(column);
      if (cursor.isIndicator(":") && (!isExplicit || cursor.column === column)) {
        cursor.at++;
        cursor.keyAllowed = isExplicit;
        this.#setEntry(value, key, this.#readBlockNode(place));
      } else {
        this.#setEntry(value, key, emptyScalar(cursor.at));
      }
      cursor.skip();
      if (cursor.isDocumentEnd() || cursor.column < column) break;
      if (cursor.column > column || cursor.isIndicator("-")) cursor.fail("did not find expected key");
    }
    this.#depth--;
    return { kind: "collection", at, value };
  }

  #readImplicitKey(column: number): Node {
    const cursor = this.#cursor;
    const { at, lineStart } = cursor;
    const properties = this.#readProperties();
    if (cursor.isIndicator(":") && properties === undefined) cursor.fail("did not find expected key");
    const key = this.#finish(this.#readContent(properties, column), properties);
    if (cursor.lineStart !== lineStart || !this.#isKeyNext()) cursor.fail("could not find expected ':'", at);
    return key;
  }

  /** A scalar, an alias or a flow collection. @param parent as in {@link Place} */
  #readContent(properties: Properties | undefined, parent: number): Node {
    const cursor = this.#cursor;
    const { at, character } = cursor;
    const isFlow = cursor.flowLevel > 0;
    let node: Node;
    if (character === "[") node = this.#readFlowSequence(properties);
    else if (character === "{") node = this.#readFlowMapping(properties);
    else if (character === "*") node = this.#readAlias();
    else if (character === '"' || character === "'") node = scalar(at, readQuoted(cursor), false);
    else if (!isFlow && (character === "|" || character === ">"))
      return scalar(at, readBlockScalar(cursor, parent), false);
    else if (properties !== undefined && this.#isNothing()) node = emptyScalar(at);
    else node = this.#readPlain(parent);
    cursor.keyAllowed = false;
    return node;
  }

  /** Whether an anchor or tag stands for an empty scalar: the node ends before it has begun. */
  #isNothing(): boolean {
    const cursor = this.#cursor;
    if (cursor.isDocumentEnd()) return true;
    return cursor.flowLevel > 0 ? ",]}:".includes(cursor.character) : cursor.isIndicator(":");
  }

  #readPlain(parent: number): Scalar {
    const cursor = this.#cursor;
    const { at, character } = cursor;
    const isFlow = cursor.flowLevel > 0;
    if (cursor.isIndicator(":")) {
      cursor.fail(cursor.keyAllowed ? "did not find expected key" : "mapping values are not allowed in this context");
    }
    if (character === "\t") cursor.fail("found a tab character where indentation by spaces is expected");
    if (
      character === "" ||
      ",[]{}".includes(character) ||
      cursor.isIndicator("-") ||
      (isFlow && /[?:]/.test(character))
    ) {
      cursor.fail("did not find expected node content");
    }
    if ("#&*!|>'\"%@`".includes(character)) cursor.fail(`found character '${character}' that cannot start any token`);
    return scalar(at, readPlain(cursor, parent), true);
  }

  #readProperties(): Properties | undefined {
    const cursor = this.#cursor;
    if (cursor.character !== "&" && cursor.character !== "!") return undefined;
    const properties: Properties = { at: cursor.at };
    for (;;) {
      if (cursor.character === "&" && properties.anchor === undefined) properties.anchor = this.#readName();
      else if (cursor.character === "!" && properties.tag === undefined) properties.tag = this.#readTag();
      else return properties;
      cursor.keyAllowed = false;
      cursor.skipBlanks();
    }
  }

  /** The name after `&` or `*`. */
  #readName(): string {
    const cursor: Cursor = this.#cursor;
    const [text, name = ""] = cursor.match(/[&*]([\w-]+)(?=[\s?:,\]}%@`]|$)/y) ?? [];
    if (text === undefined) cursor.fail("did not find expected alphabetic or numeric character");
    cursor.at += text.length;
    return name;
  }

  #readTag(): string {
    const cursor: Cursor = this.#cursor;
    const [text, verbatim, name, suffix = ""] =
      cursor.match(/(?:!<([^\s>]+)>|(?:!([\w-]*)!|!)([^\s,[\]{}!]*))(?=[\s,\]}]|$)/y) ?? [];
    if (text === undefined) cursor.fail("did not find expected whitespace or line break after a tag");
    cursor.at += text.length;
    if (verbatim !== undefined) return verbatim;
    const handle = name === undefined ? "!" : `!${name}!`;
    const prefix = this.#tagPrefixes.get(handle) ?? { "!": "!", "!!": "tag:yaml.org,2002:" }[handle];
    if (prefix === undefined) cursor.fail(`found undefined tag handle ${handle}`, cursor.at - text.length);
    return prefix + suffix;
  }

  #readAlias(): Node {
    const cursor: Cursor = this.#cursor;
    const at = cursor.at;
    const name = this.#readName();
    const node = this.#anchors.get(name);
    if (node === undefined) cursor.fail(`unknown anchor '${name}' referenced`, at);
    if (node === "open") cursor.fail(`anchor '${name}' value contains itself`, at);
    if (node.kind === "collection") {
      return { kind: "collection", at, value: this.#copy(node.value, this.#depth + 1, at), isAlias: true };
    }
    this.#charge(node.text.length, at);
    return { ...node, at, isAlias: true };
  }

  /** A copy, so that nothing in the result is in two places, and so that what aliases add up to is known. */
  #copy<T extends JsonValue>(value: T, depth: number, at: number): T;
  #copy(value: JsonValue, depth: number, at: number): JsonValue {
    this.#charge(typeof value === "string" ? value.length : 0, at);
    if (typeof value !== "object" || value === null) return value;
    if (depth > jsonDepthMax) this.#cursor.fail(tooDeep, at);
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, depth + 1, at));
    const copy: JsonObject = {};
    for (const [key, field] of Object.entries(value)) {
      this.#charge(key.length, at);
      setField(copy, key, this.#copy(field, depth + 1, at));
    }
    return copy;
  }

  #charge(size: number, at: number): void {
    this.#aliasNodes++;
    this.#aliasSize += size;
    if (this.#aliasNodes > this.#options.aliasNodesMax || this.#aliasSize > this.#options.aliasSizeMax) {
      this.#cursor.fail("document contains excessive aliasing", at);
    }
  }

  #readFlowSequence(properties: Properties | undefined): Node {
    const value: JsonValue[] = [];
    return this.#readFlow("]", value, properties, (isExplicit) => {
      const node = isExplicit && this.#isFlowEnd() ? emptyScalar(this.#cursor.at) : this.#readFlowNode();
      if (!isExplicit && !this.#isFlowValueNext(node, false)) {
        value.push(toJson(this.#cursor, node));
        return;
      }
      const pair: JsonObject = {};
      value.push(pair);
      this.#setEntry(pair, node, this.#readFlowValue(node, isExplicit));
    });
  }

  #readFlowMapping(properties: Properties | undefined): Node {
    const value: JsonObject = {};
    return this.#readFlow("}", value, properties, (isExplicit) => {
      const key = isExplicit && this.#isFlowEnd() ? emptyScalar(this.#cursor.at) : this.#readFlowNode();
      this.#setEntry(value, key, this.#readFlowValue(key, isExplicit));
    });
  }

  #readFlow(
    close: string,
    value: JsonValue[] | JsonObject,
    properties: Properties | undefined,
    readEntry: (isExplicit: boolean) => void,
  ): Node {
    const cursor = this.#cursor;
    const at = cursor.at;
    this.#enter(properties);
    cursor.flowLevel++;
    cursor.at++;
    for (let isFirst = true; ; isFirst = false) {
      this.#skipInFlow(close, at);
      if (!isFirst && cursor.character !== close) {
        if (cursor.character !== ",") cursor.fail(`did not find expected ',' or '${close}'`);
        cursor.at++;
        this.#skipInFlow(close, at);
      }
      if (cursor.character === close) break;
      const isExplicit = cursor.character === "?";
      if (isExplicit) {
        cursor.at++;
        this.#skipInFlow(close, at);
      }
      readEntry(isExplicit);
    }
    cursor.at++;
    cursor.flowLevel--;
    this.#depth--;
    return { kind: "collection", at, value };
  }

  #skipInFlow(close: string, start: number): void {
    const cursor = this.#cursor;
    cursor.skip();
    if (cursor.isDocumentEnd())
      cursor.fail(`did not find expected ',' or '${close}': this bracket is never closed`, start);
  }

  #isFlowEnd(): boolean {
    return ",]}:".includes(this.#cursor.character);
  }

  #readFlowNode(): Node {
    const cursor = this.#cursor;
    const properties = this.#readProperties();
    if (properties !== undefined) cursor.skip();
    return this.#finish(this.#readContent(properties, -1), properties);
  }

  /** Whether a `:` makes `key` a key; without `?` it must be on the line where the key begins. */
  #isFlowValueNext(key: Node, isExplicit: boolean): boolean {
    const cursor = this.#cursor;
    cursor.skip();
    return cursor.character === ":" && (isExplicit || !cursor.text.slice(key.at, cursor.at).includes("\n"));
  }

  #readFlowValue(key: Node, isExplicit: boolean): Node {
    const cursor = this.#cursor;
    if (!this.#isFlowValueNext(key, isExplicit)) return emptyScalar(cursor.at);
    cursor.at++;
    cursor.skip();
    return cursor.isDocumentEnd() || this.#isFlowEnd() ? emptyScalar(cursor.at) : this.#readFlowNode();
  }

  #setEntry(target: JsonObject, key: Node, node: Node): void {
    if (isMergeKey(key)) this.#merge(target, node);
    else this.#set(target, toKey(this.#cursor, key), toJson(this.#cursor, node), key.at);
  }

  /** Of several maps the first one wins; all of them win over what is there already. */
  #merge(target: JsonObject, node: Node): void {
    const sources = node.kind === "collection" ? [node.value].flat() : [undefined];
    for (const source of sources.toReversed()) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        this.#cursor.fail("map merge requires map or sequence of maps as the value", node.at);
      }
      for (const [key, value] of Object.entries(source)) this.#set(target, key, value, node.at);
    }
  }

  #set(target: JsonObject, key: string, value: JsonValue, at: number): void {
    if (this.#options.onDuplicate !== undefined && Object.hasOwn(target, key)) this.#options.onDuplicate(key, at);
    setField(target, key, value);
  }

  /** Opens a collection. An alias to it makes no sense until {@link #finish}. */
  #enter(properties: Properties | undefined): void {
    if (++this.#depth > jsonDepthMax) this.#cursor.fail(tooDeep);
    if (properties?.anchor !== undefined) this.#anchors.set(properties.anchor, "open");
  }

  #finish(node: Node, properties: Properties | undefined): Node {
    if (properties !== undefined && node.isAlias === true) {
      this.#cursor.fail("an alias cannot have an anchor or a tag", properties.at);
    }
    if (node.kind === "scalar" && properties?.tag !== undefined) node.tag = properties.tag;
    if (properties?.anchor !== undefined) this.#anchors.set(properties.anchor, node);
    return node;
  }
}

const tooDeep = `nested more than ${jsonDepthMax} levels deep`;

function scalar(at: number, text: string, isPlain: boolean): Scalar {
  return { kind: "scalar", at, text, isPlain };
}

/** What is not there: null, or an empty string with the tag for it. */
function emptyScalar(at: number): Scalar {
  return scalar(at, "", true);
}
