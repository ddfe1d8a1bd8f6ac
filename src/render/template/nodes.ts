import { quoteGo } from "../../apimachinery/index.ts";

/** The source that nodes come from: what errors name. */
export type Source = { readonly name: string; readonly text: string };

/** `at` is the offset in the text of the source. */
type At = { readonly at: number };

export type TextNode = At & { readonly kind: "text"; readonly text: string };
export type ActionNode = At & { readonly kind: "action"; readonly pipe: PipeNode };
export type BranchNode = At & {
  readonly kind: "if" | "range" | "with";
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList: ListNode | undefined;
};
export type TemplateNode = At & {
  readonly kind: "template";
  readonly name: string;
  readonly pipe: PipeNode | undefined;
};
export type JumpNode = At & { readonly kind: "break" | "continue" };
export type ListNode = At & { readonly kind: "list"; readonly nodes: StatementNode[] };
/** What a list consists of. */
export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode;

export type PipeNode = At & {
  readonly kind: "pipe";
  readonly isAssignment: boolean;
  readonly declarations: VariableNode[];
  readonly commands: CommandNode[];
};
export type CommandNode = At & { readonly kind: "command"; readonly args: OperandNode[] };
export type IdentifierNode = At & { readonly kind: "identifier"; readonly name: string };
/** `$x.a.b`: the name with its `$`, then the fields. */
export type VariableNode = At & { readonly kind: "variable"; readonly path: readonly string[] };
export type DotNode = At & { readonly kind: "dot" };
export type NilNode = At & { readonly kind: "nil" };
export type FieldNode = At & { readonly kind: "field"; readonly path: readonly string[] };
/** Fields of what is no variable: `(pipeline).a.b`. */
export type ChainNode = At & {
  readonly kind: "chain";
  readonly of: OperandNode;
  readonly path: readonly string[];
};
export type BoolNode = At & { readonly kind: "bool"; readonly value: boolean };
/** Each of the values that the constant can be, by type. */
export type NumberNode = At & {
  readonly kind: "number";
  readonly text: string;
  readonly int: bigint | undefined;
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
  readonly isComplex: boolean;
};
export type StringNode = At & { readonly kind: "string"; readonly quoted: string; readonly text: string };
export type OperandNode =
  | IdentifierNode
  | VariableNode
  | DotNode
  | NilNode
  | FieldNode
  | ChainNode
  | BoolNode
  | NumberNode
  | StringNode
  | PipeNode;

export type Node = StatementNode | ListNode | CommandNode | OperandNode;

/** A node in the words of the template language, as error messages show it. */
export function formatNode(node: Node): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "action":
      return `{{${formatNode(node.pipe)}}}`;
    case "if":
    case "range":
    case "with": {
      const otherwise = node.elseList === undefined ? "" : `{{else}}${formatNode(node.elseList)}`;
      return `{{${node.kind} ${formatNode(node.pipe)}}}${formatNode(node.list)}${otherwise}{{end}}`;
    }
    case "template":
      return `{{template ${quoteGo(node.name)}${node.pipe === undefined ? "" : ` ${formatNode(node.pipe)}`}}}`;
    case "break":
    case "continue":
      return `{{${node.kind}}}`;
    case "list":
      return node.nodes.map(formatNode).join("");
    case "pipe":
      return formatPipe(node);
    case "command":
      return node.args.map(formatOperand).join(" ");
    case "identifier":
      return node.name;
    case "variable":
      return node.path.join(".");
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "field":
      return `.${node.path.join(".")}`;
    case "chain":
      return `${formatOperand(node.of)}.${node.path.join(".")}`;
    case "bool":
      return String(node.value);
    case "number":
      return node.text;
    case "string":
      return node.quoted;
  }
}

function formatOperand(node: OperandNode): string {
  return node.kind === "pipe" ? `(${formatPipe(node)})` : formatNode(node);
}

function formatPipe({ declarations, isAssignment, commands }: PipeNode): string {
  const body = commands.map(formatNode).join(" | ");
  if (declarations.length === 0) return body;
  return `${declarations.map(formatNode).join(", ")} ${isAssignment ? "=" : ":="} ${body}`;
}

/** `name:line:column` of an offset; the column counts bytes from 0. */
export function locate({ name, text }: Source, at: number): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  return `${name}:${line}:${Buffer.byteLength(before.slice(lineStart))}`;
}
