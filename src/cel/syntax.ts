import { buildGrammar, type Edge, formatExpected, type Grammar, type RuleName, type State } from "./grammar.ts";
import type { Issue } from "./source.ts";
import type { Token, TokenKind } from "./tokens.ts";

/** How often, and over how many tokens at once, cel-go's parser goes on after an error; and how deep rules may nest. */
const recoveriesMax = 30;
const skippedMax = 256;
const nestingMax = 250;

let grammar: Grammar | undefined;

/**
 * Says what is wrong with a text that is no expression, in the words of cel-go's parser and as often as it would: it walks
 * the grammar as that parser does, leaving out or adding a token where this helps.
 *
 * @param unexpected the first token that fits nowhere; reported if the walk finds nothing
 */
export function syntaxIssues(text: string, tokens: readonly Token[], unexpected: Token): Issue[] {
  grammar ??= buildGrammar();
  const walk = new Walk(text, tokens, grammar);
  try {
    walk.run("start", 0, undefined);
  } catch (error) {
    if (!(error instanceof Halt)) throw error;
  }
  if (walk.issues.length > 0) return walk.issues;
  return [{ at: unexpected.start, message: `Syntax error: mismatched input '${unexpected.text}'` }];
}

/** A rule that is being walked: where its caller goes on, and which operators it may take in. */
type Context = {
  readonly parent: Context | undefined;
  readonly follow: State | undefined;
  readonly precedence: number;
};

/** The tokens that can come after a state; `open` when the rule may end there. */
type Following = { readonly tokens: ReadonlySet<TokenKind>; readonly open: boolean };

/** A token that does not fit, on its way to the rule that recovers. */
class Mismatch {
  readonly message: string;
  readonly token: Token;
  constructor(message: string, token: Token) {
    this.message = message;
    this.token = token;
  }
}

class Halt extends Error {}

/** One reading of a text that may still be right: where it is, and where the rules that are open go on. */
type Reading = {
  readonly state: State;
  readonly stack: Stack | undefined;
  readonly alternative: number;
  readonly depth: number;
};
type Stack = { readonly id: number; readonly follow: State; readonly below: Stack | undefined };

class Walk {
  readonly issues: Issue[] = [];
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #grammar: Grammar;
  readonly #following = new Map<State, Following>();
  readonly #nesting = new Map<RuleName, number>();
  #index = 0;
  #recoveries = 0;
  /** Set after an error until a token fits again; until then nothing is reported. */
  #recovering = false;
  #lastError: { index: number; states: Set<State> } | undefined;

  constructor(text: string, tokens: readonly Token[], rules: Grammar) {
    this.#text = text;
    this.#tokens = tokens;
    this.#grammar = rules;
  }

  run(name: RuleName, precedence: number, caller: { context: Context; follow: State } | undefined): void {
    const nesting = (this.#nesting.get(name) ?? 0) + 1;
    this.#nesting.set(name, nesting);
    if (nesting > nestingMax) this.#halt(`expression recursion limit exceeded: ${nestingMax}`);
    const context: Context = { parent: caller?.context, follow: caller?.follow, precedence };
    let state = this.#grammar[name];
    let cameFrom: State | undefined;
    try {
      while (state.kind !== "stop") {
        const here: State = state;
        if (here.kind !== "plain" && !(here.kind === "loopEntry" && cameFrom?.kind === "loopBack")) {
          this.#sync(here, context);
        }
        const edge = here.edges.length > 1 ? this.#choose(here, context) : here.edges[0];
        if (edge === undefined) return;
        if (edge.tokens !== undefined) this.#match(here, edge, edge.tokens, context);
        else if (edge.rule !== undefined) this.run(edge.rule, edge.precedence ?? 0, { context, follow: edge.to });
        cameFrom = here;
        state = edge.to;
      }
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      this.#report(error.token, error.message);
      this.#recover(state, context);
    }
    this.#nesting.set(name, nesting - 1);
  }

  #peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError("a text has at least one token, its end");
    return token;
  }

  #consume(): void {
    if (this.#peek().kind !== "<EOF>") this.#index++;
  }

  #report(token: Token, message: string): void {
    if (this.#recovering) return;
    this.#recovering = true;
    const reserved = /no viable alternative at input '.(true|false|null)'/;
    const words = message.replace(reserved, "mismatched input '$1' expecting IDENTIFIER");
    this.issues.push({ at: token.start, message: `Syntax error: ${words}` });
  }

  #halt(message: string): never {
    this.issues.push({ at: -1, message });
    throw new Halt(message);
  }

  #matched(): void {
    this.#recovering = false;
    this.#lastError = undefined;
  }

  #match(state: State, edge: Edge, wanted: ReadonlySet<TokenKind>, context: Context): void {
    if (!wanted.has(this.#peek().kind)) {
      this.#countRecovery();
      if (!this.#deleteToken(state, context)) {
        if (!this.#tokensAfter(edge.to, context).has(this.#peek().kind)) throw this.#mismatch(state, context);
        const missing = formatExpected(this.#expected(state, context));
        this.#report(this.#peek(), `missing ${missing} at ${show(this.#peek().text)}`);
        return;
      }
    }
    this.#matched();
    this.#consume();
  }

  #countRecovery(): void {
    if (this.#recoveries === recoveriesMax) {
      const message = `Syntax error: error recovery attempt limit exceeded: ${recoveriesMax}`;
      this.issues.push({ at: this.#peek().start, message });
      throw new Halt(message);
    }
    this.#recoveries++;
  }

  #mismatch(state: State, context: Context): Mismatch {
    const token = this.#peek();
    const expected = formatExpected(this.#expected(state, context));
    return new Mismatch(`mismatched input ${show(token.text)} expecting ${expected}`, token);
  }

  /** Leaves out one token if the next one fits. */
  #deleteToken(state: State, context: Context): boolean {
    const expected = this.#expected(state, context);
    if (!expected.has(this.#peek(1).kind)) return false;
    this.#report(this.#peek(), `extraneous input ${show(this.#peek().text)} expecting ${formatExpected(expected)}`);
    this.#consume();
    this.#matched();
    return true;
  }

  /** Before a choice or a loop, makes sure that the next token can go on from there. */
  #sync(state: State, context: Context): void {
    if (this.#recovering) return;
    const { tokens, open } = this.#followingOf(state);
    if (open || tokens.has(this.#peek().kind)) return;
    if (state.kind === "choice" || state.kind === "loopEntry") {
      if (!this.#deleteToken(state, context)) throw this.#mismatch(state, context);
      return;
    }
    const expected = this.#expected(state, context);
    this.#report(this.#peek(), `extraneous input ${show(this.#peek().text)} expecting ${formatExpected(expected)}`);
    this.#skipTo(new Set([...expected, ...this.#recoverySet(context)]));
  }

  #recover(state: State, context: Context): void {
    this.#countRecovery();
    if (this.#lastError?.index === this.#index && this.#lastError.states.has(state)) this.#consume();
    this.#lastError = { index: this.#index, states: (this.#lastError?.states ?? new Set()).add(state) };
    const before = this.#index;
    this.#skipTo(this.#recoverySet(context));
    if (this.#index - before > skippedMax) {
      this.#halt(`error recovery token lookahead limit exceeded: ${skippedMax}`);
    }
  }

  #skipTo(wanted: ReadonlySet<TokenKind>): void {
    while (this.#peek().kind !== "<EOF>" && !wanted.has(this.#peek().kind)) this.#consume();
  }

  /** What can come after each of the rules that are open. */
  #recoverySet(context: Context): Set<TokenKind> {
    const result = new Set<TokenKind>();
    for (let here: Context | undefined = context; here?.follow !== undefined; here = here.parent) {
      for (const kind of this.#followingOf(here.follow).tokens) result.add(kind);
    }
    return result;
  }

  #expected(state: State, context: Context): Set<TokenKind> {
    return this.#tokensAfter(state, context);
  }

  /** The tokens that can come after a state, also those behind the end of the rules that are open. */
  #tokensAfter(state: State, context: Context): Set<TokenKind> {
    const result = new Set<TokenKind>();
    let following = this.#followingOf(state);
    let here: Context | undefined = context;
    for (;;) {
      for (const kind of following.tokens) result.add(kind);
      if (!following.open) return result;
      if (here?.follow === undefined) return result.add("<EOF>");
      following = this.#followingOf(here.follow);
      here = here.parent;
    }
  }

  #followingOf(state: State): Following {
    let known = this.#following.get(state);
    if (known === undefined) {
      const tokens = new Set<TokenKind>();
      const open = this.#collect(state, tokens, new Set());
      known = { tokens, open };
      this.#following.set(state, known);
    }
    return known;
  }

  #collect(state: State, tokens: Set<TokenKind>, seen: Set<State>): boolean {
    if (state.kind === "stop") return true;
    if (seen.has(state)) return false;
    seen.add(state);
    let open = false;
    for (const edge of state.edges) {
      if (edge.tokens !== undefined) {
        for (const kind of edge.tokens) tokens.add(kind);
      } else if (edge.rule !== undefined) {
        const inner = this.#collect(this.#grammar[edge.rule], tokens, new Set());
        if (inner) open = this.#collect(edge.to, tokens, seen) || open;
      } else {
        open = this.#collect(edge.to, tokens, seen) || open;
      }
    }
    return open;
  }

  /** Looks ahead as far as needed to know which edge to take. */
  #choose(state: State, context: Context): Edge | undefined {
    const stacks = new Map<string, Stack>();
    const push = (follow: State, below: Stack | undefined): Stack => {
      const key = `${follow.id}/${below?.id ?? -1}`;
      let stack = stacks.get(key);
      if (stack === undefined) {
        stack = { id: stacks.size, follow, below };
        stacks.set(key, stack);
      }
      return stack;
    };
    const stackOf = (here: Context | undefined): Stack | undefined =>
      here?.follow === undefined ? undefined : push(here.follow, stackOf(here.parent));
    const outer = stackOf(context);
    let readings = this.#close(
      state.edges.flatMap((edge, alternative): Reading[] =>
        edge.precedence !== undefined && edge.precedence < context.precedence
          ? []
          : [{ state: edge.to, stack: outer, alternative, depth: 0 }],
      ),
      context.precedence,
      push,
    );
    for (let ahead = 0; ; ahead++) {
      const token = this.#peek(ahead);
      const moved = readings.flatMap((reading) =>
        reading.state.edges
          .filter(({ tokens }) => tokens?.has(token.kind) === true)
          .map((edge): Reading => ({ ...reading, state: edge.to })),
      );
      if (moved.length === 0) {
        const finished = readings.filter(({ depth }) => depth < 0).map(({ alternative }) => alternative);
        if (finished.length > 0) return state.edges[Math.min(...finished)];
        const first = this.#peek();
        const input = first.kind === "<EOF>" ? "<EOF>" : this.#text.slice(first.start, token.end);
        throw new Mismatch(`no viable alternative at input ${show(input)}`, token);
      }
      readings = this.#close(moved, context.precedence, push);
      const decided = decide(readings);
      if (decided !== undefined || token.kind === "<EOF>") return state.edges[decided ?? moved[0]?.alternative ?? 0];
    }
  }

  /** Follows all edges that need no token. */
  #close(
    readings: readonly Reading[],
    precedence: number,
    push: (follow: State, below: Stack | undefined) => Stack,
  ): Reading[] {
    const result: Reading[] = [];
    const seen = new Set<string>();
    const open = [...readings];
    for (let reading = open.pop(); reading !== undefined; reading = open.pop()) {
      const { state, stack, alternative, depth } = reading;
      const key = `${state.id}/${stack?.id ?? -1}/${alternative}/${depth < 0}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (state.kind === "stop") {
        if (stack === undefined) result.push({ ...reading, depth: -1 });
        else open.push({ state: stack.follow, stack: stack.below, alternative, depth: depth - 1 });
        continue;
      }
      if (state.edges.some(({ tokens }) => tokens !== undefined)) result.push(reading);
      for (const edge of state.edges) {
        if (edge.tokens !== undefined) continue;
        if (edge.rule !== undefined) {
          const inside = this.#grammar[edge.rule];
          open.push({ state: inside, stack: push(edge.to, stack), alternative, depth: depth < 0 ? depth : depth + 1 });
        } else if (edge.precedence === undefined || depth !== 0 || edge.precedence >= precedence) {
          open.push({ ...reading, state: edge.to });
        }
      }
    }
    return result;
  }
}

/** The alternative that all readings agree on, the first one where several read the same. */
function decide(readings: readonly Reading[]): number | undefined {
  const firsts = new Map<string, number>();
  for (const { state, stack, alternative } of readings) {
    const key = `${state.id}/${stack?.id ?? -1}`;
    firsts.set(key, Math.min(firsts.get(key) ?? alternative, alternative));
  }
  const [decided, ...others] = new Set(firsts.values());
  return others.length === 0 ? decided : undefined;
}

function show(text: string): string {
  return `'${text.replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}
