import { type TokenKind, tokenKinds } from "./tokens.ts";

// The grammar of the language as the network of states that an ANTLR parser walks. It serves to word syntax errors as
// cel-go does, which follow from that network; expressions without errors never come here.

export type RuleName =
  | "start"
  | "expr"
  | "conditionalOr"
  | "conditionalAnd"
  | "relation"
  | "calc"
  | "unary"
  | "member"
  | "primary"
  | "exprList"
  | "listInit"
  | "fieldInitializerList"
  | "optField"
  | "mapInitializerList"
  | "escapeIdent"
  | "optExpr"
  | "literal";

/** A place between two symbols. What a parser does with a token that fits nowhere depends on the `kind`. */
export type State = {
  readonly id: number;
  kind: "plain" | "choice" | "loopEntry" | "loopBack" | "repeatBack" | "stop";
  readonly edges: Edge[];
};

/** A way on: over a token, through a rule, or for nothing, which an operator allows only up to its own precedence. */
export type Edge = {
  readonly to: State;
  readonly tokens?: ReadonlySet<TokenKind>;
  readonly rule?: RuleName;
  readonly precedence?: number;
};

export type Grammar = Readonly<Record<RuleName, State>>;

type Part =
  | { readonly op: "tokens"; readonly tokens: ReadonlySet<TokenKind> }
  | { readonly op: "rule"; readonly rule: RuleName; readonly precedence: number }
  | { readonly op: "sequence"; readonly parts: readonly Part[] }
  | { readonly op: "choice"; readonly parts: readonly Part[] }
  | { readonly op: "optional"; readonly part: Part }
  | { readonly op: "many"; readonly part: Part }
  | { readonly op: "repeat"; readonly part: Part }
  | { readonly op: "atLevel"; readonly precedence: number; readonly part: Part };

const token = (...kinds: TokenKind[]): Part => ({ op: "tokens", tokens: new Set(kinds) });
const rule = (name: RuleName, precedence = 0): Part => ({ op: "rule", rule: name, precedence });
const sequence = (...parts: Part[]): Part => ({ op: "sequence", parts });
const choice = (...parts: Part[]): Part => ({ op: "choice", parts });
const optional = (...parts: Part[]): Part => ({ op: "optional", part: sequence(...parts) });
const many = (...parts: Part[]): Part => ({
  op: "many",
  part: parts.length === 1 && parts[0] ? parts[0] : sequence(...parts),
});
const repeat = (part: Part): Part => ({ op: "repeat", part });
const atLevel = (precedence: number, ...parts: Part[]): Part => ({
  op: "atLevel",
  precedence,
  part: sequence(...parts),
});

const dottedName = [optional(token("'.'")), token("IDENTIFIER")];
const argumentList = [token("'('"), optional(rule("exprList")), token("')'")];
const entry = [rule("optExpr"), token("':'"), rule("expr")];
const field = [rule("optField"), token("':'"), rule("expr")];

const rules: Readonly<Record<RuleName, Part>> = {
  start: sequence(rule("expr"), token("<EOF>")),
  expr: sequence(rule("conditionalOr"), optional(token("'?'"), rule("conditionalOr"), token("':'"), rule("expr"))),
  conditionalOr: sequence(rule("conditionalAnd"), many(token("'||'"), rule("conditionalAnd"))),
  conditionalAnd: sequence(rule("relation"), many(token("'&&'"), rule("relation"))),
  relation: sequence(
    rule("calc"),
    many(atLevel(1, token("'<'", "'<='", "'>='", "'>'", "'=='", "'!='", "'in'"), rule("relation", 2))),
  ),
  calc: sequence(
    rule("unary"),
    many(
      choice(atLevel(2, token("'*'", "'/'", "'%'"), rule("calc", 3)), atLevel(1, token("'+'", "'-'"), rule("calc", 2))),
    ),
  ),
  unary: choice(
    rule("member"),
    sequence(repeat(token("'!'")), rule("member")),
    sequence(repeat(token("'-'")), rule("member")),
  ),
  member: sequence(
    rule("primary"),
    many(
      choice(
        atLevel(3, token("'.'"), optional(token("'?'")), rule("escapeIdent")),
        atLevel(2, token("'.'"), token("IDENTIFIER"), ...argumentList),
        atLevel(1, token("'['"), optional(token("'?'")), rule("expr"), token("']'")),
      ),
    ),
  ),
  primary: choice(
    sequence(...dottedName),
    sequence(...dottedName, ...argumentList),
    sequence(token("'('"), rule("expr"), token("')'")),
    sequence(token("'['"), optional(rule("listInit")), optional(token("','")), token("']'")),
    sequence(token("'{'"), optional(rule("mapInitializerList")), optional(token("','")), token("'}'")),
    sequence(
      ...dottedName,
      many(token("'.'"), token("IDENTIFIER")),
      token("'{'"),
      optional(rule("fieldInitializerList")),
      optional(token("','")),
      token("'}'"),
    ),
    rule("literal"),
  ),
  exprList: sequence(rule("expr"), many(token("','"), rule("expr"))),
  listInit: sequence(rule("optExpr"), many(token("','"), rule("optExpr"))),
  fieldInitializerList: sequence(...field, many(token("','"), ...field)),
  optField: sequence(optional(token("'?'")), rule("escapeIdent")),
  mapInitializerList: sequence(...entry, many(token("','"), ...entry)),
  escapeIdent: choice(token("IDENTIFIER"), token("ESC_IDENTIFIER")),
  optExpr: sequence(optional(token("'?'")), rule("expr")),
  literal: choice(
    sequence(optional(token("'-'")), token("NUM_INT")),
    token("NUM_UINT"),
    sequence(optional(token("'-'")), token("NUM_FLOAT")),
    token("STRING"),
    token("BYTES"),
    token("'true'"),
    token("'false'"),
    token("'null'"),
  ),
};

/** Builds the network: the first state of each rule. */
export function buildGrammar(): Grammar {
  let count = 0;
  const state = (kind: State["kind"] = "plain"): State => ({ id: count++, kind, edges: [] });

  const connect = (part: Part, from: State, to: State): void => {
    switch (part.op) {
      case "tokens":
        from.edges.push({ to, tokens: part.tokens });
        break;
      case "rule":
        from.edges.push({ to, rule: part.rule, precedence: part.precedence });
        break;
      case "sequence": {
        let at = from;
        for (const [index, one] of part.parts.entries()) {
          const after = index === part.parts.length - 1 ? to : state();
          connect(one, at, after);
          at = after;
        }
        break;
      }
      case "choice":
        choose(part.parts, enter(from, "choice"), to);
        break;
      case "optional": {
        const begin = enter(from, "choice");
        choose([part.part], begin, to);
        begin.edges.push({ to });
        break;
      }
      case "many": {
        const begin = enter(from, "loopEntry");
        const back = state("loopBack");
        choose([part.part], begin, back);
        back.edges.push({ to: begin });
        begin.edges.push({ to });
        break;
      }
      case "repeat": {
        const begin = enter(from, "choice");
        const back = state("repeatBack");
        choose([part.part], begin, back);
        back.edges.push({ to: begin }, { to });
        break;
      }
      case "atLevel": {
        const inside = state();
        from.edges.push({ to: inside, precedence: part.precedence });
        connect(part.part, inside, to);
      }
    }
  };
  const enter = (from: State, kind: State["kind"]): State => {
    const begin = state(kind);
    from.edges.push({ to: begin });
    return begin;
  };
  /** Each alternative begins in a state of its own, so that it is one edge of the choice. */
  const choose = (parts: readonly Part[], begin: State, to: State): void => {
    for (const part of parts) {
      if (part.op === "atLevel") {
        connect(part, begin, to);
        continue;
      }
      const first = state();
      begin.edges.push({ to: first });
      connect(part, first, to);
    }
  };
  const entries = Object.entries(rules).map(([name, part]) => {
    const begin = state();
    connect(part, begin, state("stop"));
    return [name, begin];
  });
  return Object.fromEntries(entries);
}

/** Tokens as error messages list them: in the order of their kinds, in braces if there are several. */
export function formatExpected(expected: ReadonlySet<TokenKind>): string {
  const order = (kind: TokenKind) => (kind === "<EOF>" ? -1 : tokenKinds.indexOf(kind));
  const names = [...expected].sort((a, b) => order(a) - order(b));
  return names.length === 1 ? names.join() : `{${names.join(", ")}}`;
}
