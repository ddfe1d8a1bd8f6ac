import { quoteGo } from "./go-format.ts";
import { toInteger } from "./integers.ts";
import { jsonDepthMax, setField } from "./json.ts";
import type { ExactObject, ExactValue } from "./object.ts";
import { AliasBudget, type Collection, copyCollection } from "./yaml-aliases.ts";
import { DecodeFaults, type Duplicate, formatGoSyntax } from "./yaml-faults.ts";
import { type Entry, type KeyRules, MapKeys } from "./yaml-keys.ts";
import { isMergeKey, resolveScalar, type Scalar, showKey, toKey, toNumber } from "./yaml-node.ts";
import { Scanner } from "./yaml-scanner.ts";
import type { YamlSource } from "./yaml-source.ts";
import { type Token, tokens } from "./yaml-token.ts";

/**
 * What an anchor names, nothing yet while it is open. `cost` is how many nodes that is, as go-yaml counts them, `duplicates`
 * the keys in it that stand twice.
 */
type Anchor = { collection?: Collection | undefined; scalar?: Scalar; cost: number; duplicates: Duplicate[] };

/**
 * Decides what scalars become, for callers to whom JSON says too little. A tag has its handle resolved; `isFlow` says that the
 * scalar is in brackets or braces.
 */
export type ScalarReader = {
  value(text: string, isPlain: boolean, tag: string | undefined, isFlow: boolean): ExactValue;
  key(text: string, isPlain: boolean, tag: string | undefined): string;
};

/**
 * @property isExact whether integers that no number holds are `bigint`
 * @property aliasTextMax how many characters of text aliases may repeat
 */
export type ReaderOptions = KeyRules & {
  isExact: boolean;
  aliasTextMax: number;
  scalars?: ScalarReader | undefined;
};

/**
 * Reads the documents of a YAML text one after another and turns them into JSON.
 *
 * It follows the grammar of go-yaml v2, which differs from that of YAML 1.2 where manifests notice: tabs never indent, a
 * merge key overrides keys that stand before it, and what follows the first node of a document is not looked at.
 */
export class DocumentReader {
  readonly #source: YamlSource;
  readonly #scanner: Scanner;
  readonly #options: ReaderOptions;
  #faults: DecodeFaults;
  #budget: AliasBudget;
  readonly #anchors = new Map<string, Anchor>();
  readonly #tagPrefixes = new Map<string, string>();
  #isFirst = true;
  #depth = 0;
  /** The last node, if it was a scalar. */
  readonly #scalar: Scalar = { at: 0, text: "", isPlain: true, tag: "" };
  /** The keys of each map, in order, if they are watched. */
  readonly #entries = new WeakMap<Collection, Entry[]>();
  /** The last key, as Go shows it, if keys are watched. */
  #shownKey = "";

  constructor(source: YamlSource, options: ReaderOptions) {
    this.#source = source;
    this.#scanner = new Scanner(source);
    this.#options = options;
    this.#faults = new DecodeFaults(source);
    this.#budget = new AliasBudget(options.aliasTextMax);
  }

  /**
   * The next document and the offset of its first node; `undefined` after the last one. Nothing behind the document is
   * looked at.
   *
   * @throws {YamlError}
   */
  read(): { value: ExactValue; at: number } | undefined {
    const beginning = this.#beginDocument();
    if (beginning === undefined) return undefined;
    this.#faults = new DecodeFaults(this.#source);
    this.#anchors.clear();
    this.#budget = new AliasBudget(this.#options.aliasTextMax);
    const token = this.#scanner.peek();
    const { at } = token;
    const isEmpty = beginning === "explicit" && token.type <= tokens.documentEnd;
    const value = isEmpty ? this.#nothing(at) : this.#readValue(true, false);
    if (this.#scanner.peek().type === tokens.documentEnd) this.#scanner.skip();
    this.#tagPrefixes.clear();
    this.#checkAliases(at);
    this.#faults.raise(value);
    return { value, at };
  }

  /** How far the text has been looked at. */
  get at(): number {
    return this.#scanner.at;
  }

  /** Only the first document can begin without `---`; then something must be in it. */
  #beginDocument(): "implicit" | "explicit" | undefined {
    let token = this.#scanner.peek();
    while (!this.#isFirst && token.type === tokens.documentEnd) token = this.#take();
    const mayBeImplicit = this.#isFirst;
    this.#isFirst = false;
    if (token.type === tokens.streamEnd) return undefined;
    if (mayBeImplicit && token.type > tokens.documentStart) return "implicit";
    let hasVersion = false;
    while (token.type === tokens.versionDirective || token.type === tokens.tagDirective) {
      if (token.type === tokens.tagDirective) this.#addTagPrefix(token);
      else if (hasVersion) this.#source.failParse("found duplicate %YAML directive", token.at);
      else if (token.text !== "1.1") this.#source.failParse("found incompatible YAML document", token.at);
      hasVersion ||= token.type === tokens.versionDirective;
      token = this.#take();
    }
    if (token.type !== tokens.documentStart) this.#source.failParse("did not find expected <document start>", token.at);
    this.#scanner.skip();
    return "explicit";
  }

  #addTagPrefix({ text, suffix, at }: Token): void {
    if (this.#tagPrefixes.has(text)) this.#source.failParse("found duplicate %TAG directive", at);
    this.#tagPrefixes.set(text, suffix);
  }

  /** Leaves this token behind. */
  #take(): Token {
    this.#scanner.skip();
    return this.#scanner.peek();
  }

  #readValue(isBlock: boolean, mayBeIndentless: boolean): ExactValue {
    return this.#readNode(isBlock, mayBeIndentless) ?? this.#scalarValue(!isBlock);
  }

  #scalarValue(isFlow: boolean): ExactValue {
    const { at, text, isPlain, tag } = this.#scalar;
    const { scalars, isExact } = this.#options;
    if (scalars !== undefined) return scalars.value(text, isPlain, tag === "" ? undefined : tag, isFlow);
    if (tag === "" && !isPlain) return text;
    const value = resolveScalar(this.#scalar, this.#faults);
    if (typeof value === "bigint") return isExact ? toInteger(value) : Number(value);
    return typeof value === "number" ? toNumber(value, at, this.#faults) : value;
  }

  /** A collection, or `undefined` for a scalar, which then is in `#scalar`. */
  #readNode(isBlock: boolean, mayBeIndentless: boolean): Collection | undefined {
    const token = this.#scanner.peek();
    switch (token.type) {
      case tokens.alias:
        return this.#readAlias(token);
      case tokens.anchor:
      case tokens.tag:
        return this.#readNodeWithProperties(token, isBlock, mayBeIndentless);
      case tokens.plain:
      case tokens.quoted:
        this.#readScalar(token, token.at, "");
        return undefined;
    }
    const node = this.#readCollection(token, isBlock, mayBeIndentless);
    if (node === undefined)
      this.#source.failParse("did not find expected node content", token.at, { context: token.at });
    return node;
  }

  #readNodeWithProperties(first: Token, isBlock: boolean, mayBeIndentless: boolean): Collection | undefined {
    const { at } = first;
    let token = this.#take();
    let anchor = first.type === tokens.anchor ? first : undefined;
    let tagToken = first.type === tokens.tag ? first : undefined;
    if (tagToken === undefined && token.type === tokens.tag) {
      tagToken = token;
      token = this.#take();
    } else if (anchor === undefined && token.type === tokens.anchor) {
      anchor = token;
      token = this.#take();
    }
    const tag = tagToken === undefined ? "" : this.#resolveTag(tagToken);
    const before = this.#budget.nodes;
    const duplicatesBefore = this.#faults.duplicates.length;
    // go-yaml gives a name to a node where the node begins, so the same name inside is what counts afterwards.
    const named: Anchor = { cost: 0, duplicates: [] };
    if (anchor !== undefined) this.#anchors.set(anchor.text, named);
    let node: Collection | undefined;
    if (token.type === tokens.plain || token.type === tokens.quoted) this.#readScalar(token, at, tag);
    else node = this.#readCollection(token, isBlock, mayBeIndentless) ?? this.#readNothing(at, tag);
    if (anchor !== undefined) {
      named.collection = node;
      if (node === undefined) named.scalar = { ...this.#scalar };
      named.cost = this.#budget.nodes - before;
      named.duplicates = this.#faults.duplicates.slice(duplicatesBefore);
    }
    return node;
  }

  #resolveTag({ text, suffix, at }: Token): string {
    if (text === "") return suffix;
    const prefix = this.#tagPrefixes.get(text) ?? { "!": "!", "!!": "tag:yaml.org,2002:" }[text];
    if (prefix === undefined) this.#source.failParse("found undefined tag handle", at, { context: at });
    return prefix + suffix;
  }

  /** @param at where the node begins, with its anchor and tag */
  #readScalar({ type, text }: Token, at: number, tag: string): void {
    this.#setScalar(at, text, type === tokens.plain, tag);
    this.#scanner.skip();
  }

  #setScalar(at: number, text: string, isPlain: boolean, tag: string): void {
    this.#budget.nodes++;
    const scalar = this.#scalar;
    scalar.at = at;
    scalar.text = text;
    scalar.isPlain = isPlain;
    scalar.tag = tag;
  }

  /** What is not there, which is null, or an empty text with a tag for it. */
  #readNothing(at: number, tag = ""): undefined {
    this.#setScalar(at, "", true, tag);
    return undefined;
  }

  #nothing(at: number, isFlow = false): ExactValue {
    this.#readNothing(at);
    return this.#scalarValue(isFlow);
  }

  #readCollection(token: Token, isBlock: boolean, mayBeIndentless: boolean): Collection | undefined {
    switch (token.type) {
      case tokens.flowSequenceStart:
        return this.#readFlowSequence();
      case tokens.flowMappingStart:
        return this.#readFlowMapping();
      case tokens.blockSequenceStart:
        return isBlock ? this.#readBlockSequence() : undefined;
      case tokens.blockMappingStart:
        return isBlock ? this.#readBlockMapping() : undefined;
      case tokens.blockEntry:
        return mayBeIndentless ? this.#readIndentlessSequence() : undefined;
    }
    return undefined;
  }

  #enter(): void {
    this.#budget.nodes++;
    if (++this.#depth > jsonDepthMax) throw this.#source.error(tooDeep, this.#scanner.at);
  }

  #readBlockSequence(): ExactValue[] {
    this.#enter();
    const { at } = this.#scanner.peek();
    const value: ExactValue[] = [];
    let token = this.#take();
    for (; token.type === tokens.blockEntry; token = this.#scanner.peek()) {
      const { type } = this.#take();
      const isEmpty = type === tokens.blockEntry || type === tokens.blockEnd;
      value.push(isEmpty ? this.#nothing(token.at) : this.#readValue(true, false));
    }
    if (token.type !== tokens.blockEnd) this.#failInBlock("did not find expected '-' indicator", token, at);
    this.#scanner.skip();
    this.#depth--;
    return value;
  }

  #failInBlock(why: string, { at }: Token, start: number): never {
    this.#source.failParse(why, at, { context: start });
  }

  /** A sequence in the column of the key whose value it is. */
  #readIndentlessSequence(): ExactValue[] {
    this.#enter();
    const value: ExactValue[] = [];
    for (let token = this.#scanner.peek(); token.type === tokens.blockEntry; token = this.#scanner.peek()) {
      const { type } = this.#take();
      const isEmpty = type === tokens.blockEntry || isEndOfPart(type);
      value.push(isEmpty ? this.#nothing(token.at) : this.#readValue(true, false));
    }
    this.#depth--;
    return value;
  }

  #readBlockMapping(): ExactObject {
    this.#enter();
    const { at } = this.#scanner.peek();
    const value: ExactObject = {};
    const keys = this.#watchKeys(value);
    let token = this.#take();
    for (; token.type === tokens.key; token = this.#scanner.peek()) {
      const isEmpty = isEndOfPart(this.#take().type);
      const key = this.#toKey(isEmpty ? this.#readNothing(token.at) : this.#readNode(true, true), token.at, keys);
      const colon = this.#scanner.peek();
      const isMissing = colon.type !== tokens.value || isEndOfPart(this.#take().type);
      this.#readEntry(value, key, keys, isMissing ? colon.at : undefined, true);
    }
    if (token.type !== tokens.blockEnd) this.#failInBlock("did not find expected key", token, at);
    this.#scanner.skip();
    this.#depth--;
    return value;
  }

  #readFlowSequence(): ExactValue[] {
    this.#enter();
    const { at } = this.#scanner.peek();
    const value: ExactValue[] = [];
    let token = this.#take();
    for (let isFirst = true; token.type !== tokens.flowSequenceEnd; isFirst = false, token = this.#scanner.peek()) {
      if (!isFirst) {
        if (token.type !== tokens.flowEntry) this.#failInFlow("did not find expected ',' or ']'", token, at);
        token = this.#take();
        if (token.type === tokens.flowSequenceEnd) break;
      }
      value.push(token.type === tokens.key ? this.#readFlowPair() : this.#readValue(false, false));
    }
    this.#scanner.skip();
    this.#depth--;
    return value;
  }

  /** At the end of the text what matters is where the bracket is that nothing closes. */
  #failInFlow(why: string, { type, at }: Token, start: number): never {
    this.#source.failParse(why, at, { context: start, place: type === tokens.streamEnd ? start : at });
  }

  /** A map of one key that stands in a sequence without braces. */
  #readFlowPair(): ExactObject {
    this.#enter();
    const value: ExactObject = {};
    const keys = this.#watchKeys(value);
    const { type, at } = this.#take();
    const isEmpty = isEndOfFlowKey(type, tokens.flowSequenceEnd);
    const key = this.#toKey(isEmpty ? this.#readNothing(at) : this.#readNode(false, false), at, keys);
    // libyaml leaves behind whatever ends an empty key, the `:` too.
    if (isEmpty) this.#scanner.skip();
    this.#readEntry(value, key, keys, this.#skipFlowColon(tokens.flowSequenceEnd), false);
    this.#depth--;
    return value;
  }

  #readFlowMapping(): ExactObject {
    this.#enter();
    const { at } = this.#scanner.peek();
    const value: ExactObject = {};
    const keys = this.#watchKeys(value);
    let token = this.#take();
    for (let isFirst = true; token.type !== tokens.flowMappingEnd; isFirst = false, token = this.#scanner.peek()) {
      if (!isFirst) {
        if (token.type !== tokens.flowEntry) this.#failInFlow("did not find expected ',' or '}'", token, at);
        token = this.#take();
        if (token.type === tokens.flowMappingEnd) break;
      }
      this.#readFlowEntry(value, keys, token);
    }
    this.#scanner.skip();
    this.#depth--;
    return value;
  }

  #readFlowEntry(target: ExactObject, keys: MapKeys | undefined, first: Token): void {
    if (first.type !== tokens.key) {
      const key = this.#toKey(this.#readNode(false, false), first.at, keys);
      this.#readEntry(target, key, keys, this.#scanner.peek().at, false);
      return;
    }
    const { type, at } = this.#take();
    const isEmpty = isEndOfFlowKey(type, tokens.flowMappingEnd);
    const key = this.#toKey(isEmpty ? this.#readNothing(at) : this.#readNode(false, false), first.at, keys);
    this.#readEntry(target, key, keys, this.#skipFlowColon(tokens.flowMappingEnd), false);
  }

  /** Moves to the value of a key in brackets, or says where it would be if it is not there. */
  #skipFlowColon(close: number): number | undefined {
    const colon = this.#scanner.peek();
    if (colon.type !== tokens.value) return colon.at;
    const next = this.#take();
    return next.type === tokens.flowEntry || next.type === close ? next.at : undefined;
  }

  #watchKeys(map: ExactObject): MapKeys | undefined {
    if (!this.#options.isStrict && !this.#options.mergeYields) return undefined;
    const keys = new MapKeys(this.#options, this.#faults);
    this.#entries.set(map, keys.entries);
    return keys;
  }

  /** The name of a key, `undefined` for a merge key. @param node `undefined` for a scalar */
  #toKey(node: Collection | undefined, at: number, keys: MapKeys | undefined): string | undefined {
    if (node !== undefined) {
      this.#faults.add(`invalid map key: ${formatGoSyntax(node)}`, at);
      return "";
    }
    const scalar = this.#scalar;
    if (scalar.text === "<<" && isMergeKey(scalar)) return undefined;
    const { scalars } = this.#options;
    if (scalars !== undefined) {
      const name = scalars.key(scalar.text, scalar.isPlain, scalar.tag === "" ? undefined : scalar.tag);
      if (keys !== undefined) this.#shownKey = quoteGo(name);
      return name;
    }
    const value = resolveScalar(scalar, this.#faults);
    if (keys !== undefined) this.#shownKey = showKey(value);
    return toKey(value, scalar.at, this.#faults);
  }

  /** @param missingAt where a value would be that is not there */
  #readEntry(
    target: ExactObject,
    key: string | undefined,
    keys: MapKeys | undefined,
    missingAt: number | undefined,
    isBlock: boolean,
  ): void {
    const shown = this.#shownKey;
    const first = missingAt === undefined ? this.#scanner.peek() : undefined;
    const at = first?.at ?? missingAt ?? 0;
    if (key === undefined) {
      const node = first === undefined ? this.#readNothing(at) : this.#readNode(isBlock, isBlock);
      this.#merge(target, node, keys, at, first?.type === tokens.alias);
      return;
    }
    const value = first === undefined ? this.#nothing(at, !isBlock) : this.#readValue(isBlock, isBlock);
    keys?.add({ name: key, key: shown, at });
    setField(target, key, value);
  }

  /** Of several maps the first one wins; all of them win over what is there already, unless they are to yield. */
  #merge(
    target: ExactObject,
    node: Collection | undefined,
    keys: MapKeys | undefined,
    at: number,
    isAlias: boolean,
  ): void {
    // The key is no node to be decoded.
    this.#budget.nodes--;
    const sources = Array.isArray(node) && !isAlias ? node.toReversed() : [node];
    for (const source of sources) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        this.#faults.add("map merge requires map or sequence of maps as the value", at);
        return;
      }
      if (keys === undefined) {
        for (const [key, value] of Object.entries(source)) setField(target, key, value);
      } else {
        for (const entry of this.#entries.get(source) ?? []) {
          if (keys.merge(entry)) setField(target, entry.name, source[entry.name]);
        }
      }
    }
  }

  #readAlias({ text, at }: Token): Collection | undefined {
    const named = this.#anchors.get(text);
    if (named === undefined) throw this.#source.error(`unknown anchor '${text}' referenced`, at);
    this.#scanner.skip();
    this.#budget.nodes++;
    // go-yaml decodes again what an alias stands for.
    for (const duplicate of named.duplicates) this.#faults.addDuplicate(duplicate);
    const { collection, scalar, cost } = named;
    this.#budget.addNodes(cost);
    if (scalar !== undefined) {
      this.#budget.nodes--;
      this.#setScalar(at, scalar.text, scalar.isPlain, scalar.tag);
      this.#budget.addText(scalar.text.length);
      this.#checkAliases(at);
      return undefined;
    }
    if (collection === undefined) this.#faults.add(`anchor '${text}' value contains itself`, at);
    if (collection === undefined || !this.#checkAliases(at)) return {};
    const copy = copyCollection(collection, this.#depth + 1, this.#budget);
    if (copy === undefined) throw this.#source.error(tooDeep, at);
    this.#checkAliases(at);
    const entries = this.#entries.get(collection);
    if (entries !== undefined) this.#entries.set(copy, entries);
    return copy;
  }

  #checkAliases(at: number): boolean {
    if (!this.#budget.isSpent()) return true;
    this.#faults.add("document contains excessive aliasing", at);
    return false;
  }
}

/** Whether a key in brackets has no text. @param close the type of the closing bracket */
function isEndOfFlowKey(type: number, close: number): boolean {
  return type === tokens.value || type === tokens.flowEntry || type === close;
}

/** Whether what comes now ends a key or a value that is not there. */
function isEndOfPart(type: number): boolean {
  return type === tokens.key || type === tokens.value || type === tokens.blockEnd;
}

const tooDeep = `nested more than ${jsonDepthMax} levels deep`;
