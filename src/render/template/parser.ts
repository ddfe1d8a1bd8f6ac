import { quoteGo } from "../../apimachinery/index.ts";
import { GoError } from "./go-error.ts";
import { formatToken, Lexer, type Token, type TokenType } from "./lexer.ts";
import { parseNumber, unquote } from "./literals.ts";
import type {
  BranchNode,
  CommandNode,
  ListNode,
  OperandNode,
  PipeNode,
  Source,
  StatementNode,
  TemplateNode,
  VariableNode,
} from "./nodes.ts";

/** A template that a text defines: its body, and whether that is nothing but space and comments. */
export type Tree = {
  readonly name: string;
  readonly source: Source;
  readonly root: ListNode;
  readonly isEmpty: boolean;
};

/** How deep parentheses and control structures may nest: far below what Go allows, and below the end of our stack. */
const depthMax = 500;

/**
 * Reads a template text.
 *
 * @param hasFunction whether a name is a function's
 * @returns every template that it defines, the text itself among them under the name of the source
 * @throws {GoError} in Go's words: `template: name:line: …`
 */
export function parseTemplate(source: Source, hasFunction: (name: string) => boolean): Map<string, Tree> {
  return new Parser(source, hasFunction).parse();
}

/** What ends a list: `{{end}}`, or `{{else}}`, behind which `if` or `with` may stand. */
type Terminator = { readonly kind: "end" | "else"; readonly at: number };

/** What is known inside of one template: `{{define}}` begins afresh. */
type Scope = { variables: string[]; ranges: number };

class Parser {
  readonly #source: Source;
  readonly #hasFunction: (name: string) => boolean;
  readonly #lexer: Lexer;
  /** Tokens that were read and given back, the next one last. */
  readonly #ahead: Token[] = [];
  #lastLine = 1;
  /** Where the action that is being read begins; 0 outside of actions. */
  #actionLine = 0;
  #depth = 0;
  #scope: Scope = { variables: ["$"], ranges: 0 };
  readonly #trees = new Map<string, Tree>();

  constructor(source: Source, hasFunction: (name: string) => boolean) {
    this.#source = source;
    this.#hasFunction = hasFunction;
    this.#lexer = new Lexer(source.text);
  }

  parse(): Map<string, Tree> {
    const root: ListNode = { kind: "list", at: this.#peek().at, nodes: [] };
    for (let token = this.#next(); token.type !== "eof"; token = this.#next()) {
      if (token.type === "leftDelim") {
        const first = this.#nextNonSpace();
        if (first.type === "define") {
          this.#parseDefinition();
          continue;
        }
        this.#back(first);
      }
      this.#back(token);
      const node = this.#parseStatement();
      if (isTerminator(node)) this.#fail(`unexpected {{${node.kind}}}`);
      root.nodes.push(node);
    }
    this.#define(this.#source.name, root);
    return this.#trees;
  }

  #fail(message: string): never {
    throw new GoError(`template: ${this.#source.name}:${this.#lastLine}: ${message}`);
  }

  #unexpected(token: Token, context: string): never {
    if (token.type !== "error") this.#fail(`unexpected ${formatToken(token)} in ${context}`);
    let where = "";
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      const place = ` started at ${this.#source.name}:${this.#actionLine}`;
      where = token.text.endsWith(" action") ? place : ` in action${place}`;
    }
    this.#fail(token.text + where);
  }

  #next(): Token {
    const ahead = this.#ahead.pop();
    if (ahead !== undefined) return ahead;
    const token = this.#lexer.next();
    this.#lastLine = token.line;
    return token;
  }

  #back(token: Token): void {
    this.#ahead.push(token);
  }

  #peek(): Token {
    const token = this.#next();
    this.#back(token);
    return token;
  }

  #nextNonSpace(): Token {
    for (;;) {
      const token = this.#next();
      if (token.type !== "space") return token;
    }
  }

  #peekNonSpace(): Token {
    const token = this.#nextNonSpace();
    this.#back(token);
    return token;
  }

  #expect(type: TokenType, context: string): Token {
    const token = this.#nextNonSpace();
    return token.type === type ? token : this.#unexpected(token, context);
  }

  #define(name: string, root: ListNode): void {
    const isEmpty = isEmptyList(root);
    const known = this.#trees.get(name);
    if (known !== undefined && !known.isEmpty) {
      if (!isEmpty) this.#fail(`template: multiple definition of template ${quoteGo(name)}`);
      return;
    }
    this.#trees.set(name, { name, source: this.#source, root, isEmpty });
  }

  #parseDefinition(): void {
    const context = "define clause";
    const name = this.#parseName(this.#nextNonSpace(), context);
    this.#expect("rightDelim", context);
    this.#defineRest(name, context);
  }

  /** Reads up to `{{end}}` what is the body of another template. */
  #defineRest(name: string, context: string): void {
    const outer = this.#scope;
    this.#scope = { variables: ["$"], ranges: 0 };
    // Of a block Go tells the line of what stands in front of its body.
    const line = this.#lastLine;
    const { list, end } = this.#parseList();
    if (end.kind !== "end") {
      if (context === "block clause") this.#lastLine = line;
      this.#fail(`unexpected {{${end.kind}}} in ${context}`);
    }
    this.#define(name, list);
    this.#scope = outer;
  }

  #parseName(token: Token, context: string): string {
    if (token.type !== "string" && token.type !== "rawString") this.#unexpected(token, context);
    return unquote(token.text) ?? this.#fail("invalid syntax");
  }

  #parseList(): { list: ListNode; end: Terminator } {
    if (++this.#depth > depthMax) this.#fail("max control structure depth exceeded");
    const list: ListNode = { kind: "list", at: this.#peekNonSpace().at, nodes: [] };
    while (this.#peekNonSpace().type !== "eof") {
      const node = this.#parseStatement();
      if (isTerminator(node)) {
        this.#depth--;
        return { list, end: node };
      }
      list.nodes.push(node);
    }
    this.#fail("unexpected EOF");
  }

  #parseStatement(): StatementNode | Terminator {
    const token = this.#nextNonSpace();
    if (token.type === "text") return { kind: "text", at: token.at, text: token.text };
    if (token.type !== "leftDelim") this.#unexpected(token, "input");
    this.#actionLine = token.line;
    const statement = this.#parseAction();
    this.#actionLine = 0;
    return statement;
  }

  #parseAction(): StatementNode | Terminator {
    const token = this.#nextNonSpace();
    switch (token.type) {
      case "block":
        return this.#parseBlock();
      case "break":
      case "continue": {
        const close = this.#nextNonSpace();
        if (close.type !== "rightDelim") this.#unexpected(close, `{{${token.type}}}`);
        if (this.#scope.ranges === 0) this.#fail(`{{${token.type}}} outside {{range}}`);
        return { kind: token.type, at: token.at };
      }
      case "else": {
        const next = this.#peekNonSpace();
        if (next.type === "if" || next.type === "with") return { kind: "else", at: next.at };
        return { kind: "else", at: this.#expect("rightDelim", "else").at };
      }
      case "end":
        return { kind: "end", at: this.#expect("rightDelim", "end").at };
      case "if":
      case "range":
      case "with":
        return this.#parseBranch(token.type);
      case "template":
        return this.#parseTemplateCall();
    }
    this.#back(token);
    const pipe = this.#parsePipeline("command", "rightDelim");
    return { kind: "action", at: token.at, pipe };
  }

  #parseBranch(kind: "if" | "range" | "with"): BranchNode {
    const known = this.#scope.variables.length;
    const pipe = this.#parsePipeline(kind, "rightDelim");
    if (kind === "range") this.#scope.ranges++;
    const { list, end } = this.#parseList();
    if (kind === "range") this.#scope.ranges--;
    const elseList = end.kind === "else" ? this.#parseElse(kind, end) : undefined;
    this.#scope.variables.length = known;
    return { kind, at: pipe.at, pipe, list, elseList };
  }

  #parseElse(kind: "if" | "range" | "with", { at }: Terminator): ListNode {
    // `{{else if}}` is an `if` in the `else`, and both have one `{{end}}`.
    const next = this.#peek().type;
    if (next === kind && next !== "range") {
      this.#next();
      if (++this.#depth > depthMax) this.#fail("max control structure depth exceeded");
      const nodes = [this.#parseBranch(next)];
      this.#depth--;
      return { kind: "list", at, nodes };
    }
    const { list, end } = this.#parseList();
    if (end.kind !== "end") this.#fail(`expected end; found {{${end.kind}}}`);
    return list;
  }

  #parseBlock(): TemplateNode {
    const context = "block clause";
    const token = this.#nextNonSpace();
    const name = this.#parseName(token, context);
    const pipe = this.#parsePipeline(context, "rightDelim");
    this.#defineRest(name, context);
    return { kind: "template", at: token.at, name, pipe };
  }

  #parseTemplateCall(): TemplateNode {
    const context = "template clause";
    const token = this.#nextNonSpace();
    const name = this.#parseName(token, context);
    const next = this.#nextNonSpace();
    if (next.type === "rightDelim") return { kind: "template", at: token.at, name, pipe: undefined };
    this.#back(next);
    return { kind: "template", at: token.at, name, pipe: this.#parsePipeline(context, "rightDelim") };
  }

  #parsePipeline(context: string, end: "rightDelim" | "rightParen"): PipeNode {
    const declarations: VariableNode[] = [];
    const commands: CommandNode[] = [];
    const at = this.#peekNonSpace().at;
    const isAssignment = this.#parseDeclarations(context, declarations);
    for (;;) {
      const token = this.#nextNonSpace();
      if (token.type === end) break;
      if (!operandTypes.has(token.type)) this.#unexpected(token, context);
      this.#back(token);
      commands.push(this.#parseCommand());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, { args }] of commands.entries()) {
      if (index > 0 && /^(?:bool|dot|nil|number|string)$/.test(args[0]?.kind ?? "")) {
        this.#fail(`non executable command in pipeline stage ${index + 1}`);
      }
    }
    return { kind: "pipe", at, isAssignment, declarations, commands };
  }

  /** The variables in front of `:=` or `=`, of which `range` may have two. */
  #parseDeclarations(context: string, declarations: VariableNode[]): boolean {
    const variable = this.#peekNonSpace();
    if (variable.type !== "variable") return false;
    this.#next();
    const between = this.#next();
    const after = between.type === "space" ? this.#nextNonSpace() : between;
    const isComma = after.type === "char" && after.text === ",";
    if (after.type !== "assign" && after.type !== "declare" && !isComma) {
      this.#back(after);
      if (between !== after) this.#back(between);
      this.#back(variable);
      return false;
    }
    declarations.push({ kind: "variable", at: variable.at, path: variable.text.split(".") });
    this.#scope.variables.push(variable.text);
    if (!isComma) return after.type === "assign";
    if (context !== "range" || declarations.length > 1) this.#fail(`too many declarations in ${context}`);
    if (!["variable", "rightDelim", "rightParen"].includes(this.#peekNonSpace().type)) {
      this.#fail("range can only initialize variables");
    }
    return this.#parseDeclarations(context, declarations);
  }

  #parseCommand(): CommandNode {
    const at = this.#peekNonSpace().at;
    const args: OperandNode[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#parseOperand();
      if (operand !== undefined) args.push(operand);
      const token = this.#next();
      if (token.type === "space") continue;
      if (token.type === "rightDelim" || token.type === "rightParen") this.#back(token);
      else if (token.type !== "pipe") this.#unexpected(token, "operand");
      break;
    }
    if (args.length === 0) this.#fail("empty command");
    return { kind: "command", at, args };
  }

  #parseOperand(): OperandNode | undefined {
    const term = this.#parseTerm();
    if (term === undefined || this.#peek().type !== "field") return term;
    const at = this.#peek().at;
    const path: string[] = [];
    while (this.#peek().type === "field") path.push(this.#next().text.slice(1));
    switch (term.kind) {
      case "field":
      case "variable":
        return { ...term, at, path: [...term.path, ...path] };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        this.#fail(`unexpected . after term ${quoteGo(termText(term))}`);
    }
    return { kind: "chain", at, of: term, path };
  }

  #parseTerm(): OperandNode | undefined {
    const token = this.#nextNonSpace();
    const { at, text } = token;
    switch (token.type) {
      case "identifier":
        if (!this.#hasFunction(text)) this.#fail(`function ${quoteGo(text)} not defined`);
        return { kind: "identifier", at, name: text };
      case "dot":
      case "nil":
        return { kind: token.type, at };
      case "variable": {
        if (!this.#scope.variables.includes(text)) this.#fail(`undefined variable ${quoteGo(text)}`);
        return { kind: "variable", at, path: [text] };
      }
      case "field":
        return { kind: "field", at, path: [text.slice(1)] };
      case "bool":
        return { kind: "bool", at, value: text === "true" };
      case "charConstant":
      case "complex":
      case "number": {
        const number = parseNumber(text, token.type);
        if (typeof number === "string") this.#fail(number);
        return { kind: "number", at, ...number };
      }
      case "leftParen": {
        if (++this.#depth > depthMax) this.#fail("max expression depth exceeded");
        const pipe = this.#parsePipeline("parenthesized pipeline", "rightParen");
        this.#depth--;
        return pipe;
      }
      case "rawString":
      case "string":
        return { kind: "string", at, quoted: text, text: unquote(text) ?? this.#fail("invalid syntax") };
    }
    this.#back(token);
    return undefined;
  }
}

const operandTypes: ReadonlySet<TokenType> = new Set([
  "bool",
  "charConstant",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

function isTerminator(node: StatementNode | Terminator): node is Terminator {
  return node.kind === "end" || node.kind === "else";
}

function termText(term: OperandNode & { kind: "bool" | "string" | "number" | "nil" | "dot" }): string {
  switch (term.kind) {
    case "bool":
      return String(term.value);
    case "string":
      return term.quoted;
    case "number":
      return term.text;
    case "nil":
      return "nil";
    case "dot":
      return ".";
  }
}

function isEmptyList({ nodes }: ListNode): boolean {
  return nodes.every((node) => node.kind === "text" && node.text.trim() === "");
}
