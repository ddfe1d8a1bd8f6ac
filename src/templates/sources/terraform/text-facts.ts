import type { JsonObject } from "../../../apimachinery/index.ts";
import { translatePattern } from "../../form/pattern.ts";
import type { Expression } from "./expression.ts";
import type { Fact } from "./formula.ts";
import { pure } from "./pure-functions.ts";
import { type Scope, type Subject, subjectOf } from "./subject.ts";

/** A fact, and the value that it is about. */
export type FactAt = Subject & { fact: Fact };

const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const ipv4 = `${octet}(?:\\.${octet}){3}`;
/** Loose: a colon at least, and no other characters than an address has. */
const ipv6 = "[0-9a-fA-F]*:[0-9a-fA-F:.]*";
const ipv4Prefix = `${ipv4}/(?:3[0-2]|[12]?[0-9])`;
const ipv6Prefix = `${ipv6}/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])`;
const duration = "-?(?:[0-9]+(?:\\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+";

/** Functions that fail unless their first argument is text of this form. */
const formOfFirst: Record<string, JsonObject> = {
  cidrhost: { pattern: `^(?:${ipv4Prefix}|${ipv6Prefix})$` },
  cidrsubnet: { pattern: `^(?:${ipv4Prefix}|${ipv6Prefix})$` },
  cidrsubnets: { pattern: `^(?:${ipv4Prefix}|${ipv6Prefix})$` },
  cidrnetmask: { pattern: `^${ipv4Prefix}$` },
  tonumber: { pattern: "^[+-]?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$" },
  tobool: { pattern: "^(?:true|false)$" },
  base64decode: { pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$" },
  timeadd: { format: "date-time" },
};

/**
 * What it says of a text that a call is true, or gives what it is compared with: `startswith`, `endswith`, `strcontains`, `regex`,
 * and `substr(...) == "x"`.
 */
export function textFact(call: Expression, compared: string | undefined, scope: Scope): FactAt | undefined {
  if (call.kind !== "call") return undefined;
  const [first, second, third] = call.of;
  if (!first || !second) return undefined;
  if (call.name === "regex") return about(second, withPattern(pure(first)), scope);
  if (call.name === "substr" && compared !== undefined && third) {
    return about(first, substringSchema(pure(second), pure(third), compared), scope);
  }
  const part = pure(second);
  if (typeof part !== "string" || compared !== undefined) return undefined;
  switch (call.name) {
    case "startswith":
      return about(first, withPattern(`^${escapePattern(part)}`), scope);
    case "endswith":
      return about(first, withPattern(`${escapePattern(part)}$`), scope);
    case "strcontains":
      return about(first, withPattern(escapePattern(part)), scope);
    default:
      return undefined;
  }
}

function about(text: Expression, schema: JsonObject | undefined, scope: Scope): FactAt | undefined {
  const subject = schema && subjectOf(text, scope);
  // What holds for changed text says little of the text itself.
  if (!schema || !subject || subject.changed) return undefined;
  return { ...subject, fact: { kind: "text", schema, negated: false } };
}

/** Terraform's patterns are Go's; where those of JSON Schema are written in another way, in theirs. */
function withPattern(pattern: unknown): JsonObject | undefined {
  if (typeof pattern !== "string") return undefined;
  try {
    return { pattern: translatePattern(pattern, "go") };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function substringSchema(start: unknown, length: unknown, text: string): JsonObject | undefined {
  if (typeof start !== "number" || typeof length !== "number") return undefined;
  const exact = escapePattern(text);
  if (start < 0) return length === -1 || length === -start ? { pattern: `${exact}$` } : undefined;
  // More characters than are compared with would never be equal to them.
  if (length !== text.length) return undefined;
  return { pattern: start === 0 ? `^${exact}` : `^.{${start}}${exact}` };
}

/** What it says of a text that an expression can be computed: that a pattern is found in it, or a function takes it. */
export function evaluationFact(tried: Expression, scope: Scope): FactAt | undefined {
  if (tried.kind === "index" || tried.kind === "attribute") return evaluationFact(tried.of, scope);
  if (tried.kind !== "call") return undefined;
  const [first, second] = tried.of;
  if (!first) return undefined;
  if (tried.name === "regex") return textFact(tried, undefined, scope);
  if (tried.name === "cidrhost" && first.kind === "template") return addressFact(first.parts, scope);
  if (tried.name === "index" && second) {
    const values = pure(first);
    const subject = subjectOf(second, scope);
    if (!Array.isArray(values) || !subject || subject.changed) return undefined;
    return { ...subject, fact: { kind: "among", values, ignoreCase: false, negated: false } };
  }
  if (tried.name === "formatdate" && second) return about(second, { format: "date-time" }, scope);
  if (tried.name === "timeadd" && second && pure(first) !== undefined) {
    return about(second, { pattern: `^${duration}$` }, scope);
  }
  if (tried.name === "parseint" && second && pure(second) === 10)
    return about(first, { pattern: "^[+-]?[0-9]+$" }, scope);
  return about(first, formOfFirst[tried.name], scope);
}

/** `cidrhost("${var.address}/32", 0)`: an address without the length of its prefix. */
function addressFact([address, length, ...more]: Expression[], scope: Scope): FactAt | undefined {
  const written = length && pure(length);
  if (!address || more.length > 0 || typeof written !== "string" || !/^\/\d+$/.test(written)) return undefined;
  const known = Number(written.slice(1)) > 32 ? ipv6 : `(?:${ipv4}|${ipv6})`;
  return about(address, { pattern: `^${known}$` }, scope);
}

/** Text as a pattern that finds exactly it. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/**
 * A pattern that is one of these texts as a whole.
 *
 * @param ignoreCase upper and lower case of ASCII letters are the same
 */
export function wholeText(texts: string[], ignoreCase: boolean): string {
  const alternatives = texts.map((text) => {
    const escaped = escapePattern(text);
    return ignoreCase
      ? escaped.replace(/[a-zA-Z]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)
      : escaped;
  });
  return `^(?:${alternatives.join("|")})$`;
}
