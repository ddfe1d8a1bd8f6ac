import { quoteGo } from "../../../apimachinery/index.ts";

/** What is wrong with an address, and the rest of the text where it is, if that says more. */
type Problem = { readonly why: string; readonly at?: string };

/** What `netip.ParseAddr` finds wrong with an address of IPv6, or of IPv4 where a dot comes before the first colon. */
export function addressProblem(text: string): string | undefined {
  const mark = /[.:%]/.exec(text)?.[0];
  const problem = mark === "%" ? { why: "missing IPv6 address" } : mark === "." ? ipv4Problem(text) : ipv6Problem(text);
  if (problem === undefined) return undefined;
  const place = problem.at === undefined ? "" : ` (at ${quoteGo(problem.at)})`;
  return `ParseAddr(${quoteGo(text)}): ${problem.why}${place}`;
}

/** Both kinds of groups count their bytes; an address of IPv6 has this many. */
const bytesMax = 16;

function ipv6Problem(text: string): Problem | undefined {
  const percent = text.indexOf("%");
  if (percent === text.length - 1) return { why: "zone must be a non-empty string" };
  let rest = percent < 0 ? text : text.slice(0, percent);
  let bytes = 0;
  let hasGap = rest.startsWith("::");
  if (hasGap) rest = rest.slice(2);
  if (hasGap && rest === "") return undefined;
  while (bytes < bytesMax) {
    const [digits = ""] = /^[\da-fA-F]*/.exec(rest) ?? [];
    if (digits.length > 4) return { why: "each group must have 4 or less digits", at: rest };
    if (digits === "") return { why: "each colon-separated field must have at least one digit", at: rest };
    if (rest[digits.length] === ".") {
      if (!hasGap && bytes !== bytesMax - 4) {
        return { why: "embedded IPv4 address must replace the final 2 fields of the address", at: rest };
      }
      if (bytes + 4 > bytesMax) {
        return { why: "too many hex fields to fit an embedded IPv4 at the end of the address", at: rest };
      }
      const problem = ipv4Problem(rest);
      if (problem !== undefined) return problem;
      rest = "";
      bytes += 4;
      break;
    }
    bytes += 2;
    rest = rest.slice(digits.length);
    if (rest === "") break;
    if (!rest.startsWith(":")) return { why: "unexpected character, want colon", at: rest };
    if (rest === ":") return { why: "colon must be followed by more characters", at: rest };
    rest = rest.slice(1);
    if (!rest.startsWith(":")) continue;
    if (hasGap) return { why: "multiple :: in address", at: rest };
    hasGap = true;
    rest = rest.slice(1);
    if (rest === "") break;
  }
  if (rest !== "") return { why: "trailing garbage after address", at: rest };
  if (bytes < bytesMax && !hasGap) return { why: "address string too short" };
  return bytes === bytesMax && hasGap ? { why: "the :: must expand to at least one field of zeros" } : undefined;
}

function ipv4Problem(text: string): Problem | undefined {
  let fields = 1;
  let digits = "";
  for (const [index, character] of [...text].entries()) {
    if (/\d/.test(character)) {
      if (digits === "0") return { why: "IPv4 field has octet with leading zero" };
      digits += character;
      if (Number(digits) > 255) return { why: "IPv4 field has value >255" };
    } else if (character === ".") {
      if (digits === "" || index === text.length - 1) {
        return { why: "IPv4 field must have at least one digit", at: text.slice(index) };
      }
      if (fields === 4) return { why: "IPv4 address too long" };
      fields++;
      digits = "";
    } else {
      return { why: "unexpected character", at: text.slice(index) };
    }
  }
  return fields < 4 ? { why: "IPv4 address too short" } : undefined;
}
