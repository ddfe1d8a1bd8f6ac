import { quoteGo } from "../../../apimachinery/index.ts";
import { compileRegex } from "../../template/functions/regex-match.ts";
import { parseTime } from "../../template/functions/time-layout.ts";
import { utc } from "../../template/functions/time-zone.ts";
import { hostName, parseUrl, type Url } from "../../template/functions/url.ts";
import { GoError } from "../../template/go-error.ts";
import { byteLength } from "../../template/go-text.ts";
import type { Value } from "../../template/values.ts";
import { addressProblem } from "./ip-address.ts";

/** A `format`. `check` says what is wrong with a text; other values always pass. */
export type Format = { readonly name: string; readonly check: (value: Value) => string | undefined };

type Check = (text: string) => string | undefined;

const checks: Readonly<Record<string, Check>> = {
  "json-pointer": checkJsonPointer,
  "relative-json-pointer": checkRelativeJsonPointer,
  uuid: checkUuid,
  duration: checkDuration,
  period: checkPeriod,
  ipv4: checkIpv4,
  ipv6: checkIpv6,
  hostname: checkHostname,
  email: checkEmail,
  date: checkDate,
  time: checkTime,
  "date-time": checkDateTime,
  uri: checkUri,
  iri: checkUri,
  "uri-reference": checkUriReference,
  "iri-reference": checkUriReference,
  "uri-template": checkUriTemplate,
  semver: checkSemver,
  regex: checkRegex,
};

/** The formats that are rules, by their names. */
export const formats: ReadonlyMap<string, Format> = new Map(
  Object.entries(checks).map(([name, check]) => {
    return [name, { name, check: (value) => (typeof value === "string" ? check(value) : undefined) }];
  }),
);

/** `%q` of a character. */
function quoteRune(character: string): string {
  return `'${quoteGo(character).slice(1, -1).replace('\\"', '"').replace("'", "\\'")}'`;
}

/** The problem of a part, with what the part is in front. */
function inPart(what: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${what}: ${problem}`;
}

function checkRegex(text: string): string | undefined {
  try {
    compileRegex(text);
    return undefined;
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
}

function checkJsonPointer(text: string): string | undefined {
  if (text === "") return undefined;
  if (!text.startsWith("/")) return "not starting with /";
  return /~(?![01])/.test(text) ? "~ must be followed by 0 or 1" : undefined;
}

function checkRelativeJsonPointer(text: string): string | undefined {
  const [digits = ""] = /^\d*/.exec(text) ?? [];
  if (digits === "") return "must start with non-negative integer";
  if (digits.length > 1 && digits.startsWith("0")) return "starts with zero";
  const rest = text.slice(digits.length);
  return rest === "#" ? undefined : checkJsonPointer(rest);
}

function checkUuid(text: string): string | undefined {
  const lengths = [8, 4, 4, 4, 12];
  const groups = text.split("-");
  if (groups.length !== lengths.length) return `must have ${lengths.length} elements`;
  for (const [index, group] of groups.entries()) {
    if (byteLength(group) !== lengths[index]) return `element ${index + 1} must be ${lengths[index]} characters long`;
    const wrong = /[^0-9a-fA-F]/u.exec(group);
    if (wrong !== null) return `non-hex character ${quoteRune(wrong[0])}`;
  }
  return undefined;
}

function checkDuration(text: string): string | undefined {
  if (!text.startsWith("P")) return "must start with P";
  const rest = text.slice(1);
  if (rest === "") return "nothing after P";
  if (rest.endsWith("W")) {
    if (rest === "W") return "no number in week";
    return /^\d+W$/.test(rest) ? undefined : "invalid week";
  }
  const allUnits = ["YMD", "HMS"];
  for (const [index, part] of rest.split("T").entries()) {
    const known = allUnits[index];
    if (index > 0 && part === "") return "no time elements";
    if (known === undefined) return "more than one T";
    const problem = checkElements(part, known);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkElements(text: string, allowed: string): string | undefined {
  let units = allowed;
  for (let at = 0; at < text.length; ) {
    const [digits = ""] = /^\d*/.exec(text.slice(at)) ?? [];
    if (digits === "") return "missing number";
    const unit = text[at + digits.length];
    if (unit === undefined) return "missing unit";
    const found = units.indexOf(unit);
    if (found < 0)
      return `${allowed.includes(unit) ? "unit" : "invalid unit"} ${quoteRune(unit)}${allowed.includes(unit) ? " out of order" : ""}`;
    units = units.slice(found + 1);
    at += digits.length + 1;
  }
  return undefined;
}

function checkPeriod(text: string): string | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return "missing slash";
  const [start, end] = [text.slice(0, slash), text.slice(slash + 1)];
  const endDate = () => inPart("invalid end date-time", checkDateTime(end));
  if (start.startsWith("P")) return inPart("invalid start duration", checkDuration(start)) ?? endDate();
  const problem = inPart("invalid start date-time", checkDateTime(start));
  return problem ?? (end.startsWith("P") ? inPart("invalid end duration", checkDuration(end)) : endDate());
}

function checkIpv4(text: string): string | undefined {
  const groups = text.split(".");
  if (groups.length !== 4) return "expected four decimals";
  for (const group of groups) {
    if (group.length > 1 && group.startsWith("0")) return "leading zeros";
    if (!/^[+-]?\d+$/.test(group)) return `strconv.Atoi: parsing ${quoteGo(group)}: invalid syntax`;
    if (Number(group) > 255 || Number(group) < 0) return "decimal must be between 0 and 255";
  }
  return undefined;
}

function checkIpv6(text: string): string | undefined {
  if (!text.includes(":")) return "missing colon";
  const problem = addressProblem(text);
  if (problem !== undefined) return problem;
  return text.includes("%") ? "zone id is not a part of ipv6 address" : undefined;
}

function checkHostname(text: string): string | undefined {
  const name = text.replace(/\.$/, "");
  if (byteLength(name) > 253) return "more than 253 characters long";
  for (const label of name.split(".")) {
    if (label === "" || byteLength(label) > 63) return "label must be 1 to 63 characters long";
    if (label.startsWith("-")) return "label starts with hyphen";
    if (label.endsWith("-")) return "label ends with hyphen";
    const wrong = /[^a-zA-Z0-9-]/u.exec(label);
    if (wrong !== null) return `invalid character ${quoteRune(wrong[0])}`;
  }
  return undefined;
}

function checkEmail(text: string): string | undefined {
  if (byteLength(text) > 254) return "more than 255 characters long";
  const at = text.lastIndexOf("@");
  if (at < 0) return "missing @";
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  const problem = checkLocalPart(local);
  if (problem !== undefined) return problem;
  if (!domain.startsWith("[") || !domain.endsWith("]")) return inPart("invalid domain", checkHostname(domain));
  const address = domain.slice(1, -1);
  if (address.startsWith("IPv6:")) return inPart("invalid ipv6 address", checkIpv6(address.slice(5)));
  return inPart("invalid ipv4 address", checkIpv4(address));
}

function checkLocalPart(local: string): string | undefined {
  if (byteLength(local) > 64) return "local part more than 64 characters long";
  if (local.length > 1 && local.startsWith('"')) {
    const isWrong = /["\\]/.test(local.slice(1, -1));
    return isWrong ? "backslash and quote are not allowed within quoted local part" : undefined;
  }
  if (local.startsWith(".")) return "starts with dot";
  if (local.endsWith(".")) return "ends with dot";
  if (local.includes("..")) return "consecutive dots";
  const wrong = /[^a-zA-Z0-9.!#$%&'*+\-/=?^_`{|}~]/u.exec(local);
  return wrong === null ? undefined : `invalid character ${quoteRune(wrong[0])}`;
}

function checkDate(text: string): string | undefined {
  const parsed = parseTime("2006-01-02", text, utc);
  return typeof parsed === "string" ? parsed : undefined;
}

function checkTime(text: string): string | undefined {
  if (byteLength(text) < 9) return "less than 9 characters long";
  if (text[2] !== ":" || text[5] !== ":") return "missing colon in correct place";
  const parts = [text.slice(0, 2), text.slice(3, 5), text.slice(6, 8)];
  if (parts.some((part) => !/^[+-]?\d+$/.test(part))) return "invalid hour/min/sec";
  const [hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (hour < 0 || minute < 0 || second < 0) return "non-positive hour/min/sec";
  if (hour > 23 || minute > 59 || second > 60) return "hour/min/sec out of range";
  let rest = text.slice(8);
  if (rest.startsWith(".")) {
    const [digits = ""] = /^\d*/.exec(rest.slice(1)) ?? [];
    if (digits === "") return "no digits in second fraction";
    rest = rest.slice(1 + digits.length);
  }
  const offset = offsetOf(rest);
  if (typeof offset === "string") return offset;
  const inUtc = hour * 60 + minute - offset;
  const isLastMinute = (inUtc < 0 ? inUtc + 24 * 60 : inUtc) === 23 * 60 + 59;
  return second >= 60 && !isLastMinute ? "invalid leap second" : undefined;
}

/** Minutes east of Greenwich, or what is wrong with them. */
function offsetOf(text: string): number | string {
  if (text === "z" || text === "Z") return 0;
  if (byteLength(text) !== 6) return "offset must be 6 characters long";
  if (!/^[+-]/.test(text)) return "offset must begin with plus/minus";
  if (text[3] !== ":") return "missing colon in offset in correct place";
  const parts = [text.slice(1, 3), text.slice(4)];
  if (parts.some((part) => !/^[+-]?\d+$/.test(part))) return "invalid hour/min in offset";
  const [hour = 0, minute = 0] = parts.map(Number);
  if (hour < 0 || minute < 0) return "non-positive hour/min in offset";
  if (hour > 23 || minute > 59) return "hour/min in offset out of range";
  return (text.startsWith("-") ? -1 : 1) * (hour * 60 + minute);
}

function checkDateTime(text: string): string | undefined {
  if (byteLength(text) < 20) return "less than 20 characters long";
  if (!/^[tT]$/.test(text.charAt(10))) return "11th character must be t or T";
  return (
    inPart("invalid date element", checkDate(text.slice(0, 10))) ??
    inPart("invalid time element", checkTime(text.slice(11)))
  );
}

function parse(text: string): Url | string {
  let url: Url;
  try {
    url = parseUrl(text);
  } catch (error) {
    if (error instanceof GoError) return `parse ${quoteGo(text)}: ${error.message}`;
    throw error;
  }
  const host = hostName(url.host);
  if (!host.includes(":")) return url;
  if (!url.host.includes("[") || !url.host.includes("]")) return "ipv6 address not enclosed in brackets";
  return inPart("invalid ipv6 address", checkIpv6(host)) ?? url;
}

function checkUri(text: string): string | undefined {
  const url = parse(text);
  if (typeof url === "string") return url;
  return url.scheme === "" ? "relative url" : undefined;
}

function checkUriReference(text: string): string | undefined {
  if (text.includes("\\")) return "contains \\";
  const url = parse(text);
  return typeof url === "string" ? url : undefined;
}

function checkUriTemplate(text: string): string | undefined {
  const url = parse(text);
  if (typeof url === "string") return url;
  for (const part of url.path.split("/")) {
    let isOpen = false;
    for (const { 0: brace } of part.matchAll(/[{}]/g)) {
      if ((brace === "{") === isOpen) return "nested curly braces";
      isOpen = !isOpen;
    }
    if (isOpen) return "no matching closing brace";
  }
  return undefined;
}

function checkSemver(text: string): string | undefined {
  const plus = text.indexOf("+");
  const beforeBuild = plus < 0 ? text : text.slice(0, plus);
  const build = plus < 0 ? undefined : text.slice(plus + 1);
  if (build === "") return "build is empty";
  for (const part of build?.split(".") ?? []) {
    if (part === "") return "build identifier is empty";
    const wrong = /[^0-9a-zA-Z-]/u.exec(part);
    if (wrong !== null) return `invalid character ${quoteRune(wrong[0])} in build identifier`;
  }
  const dash = beforeBuild.indexOf("-");
  const core = dash < 0 ? beforeBuild : beforeBuild.slice(0, dash);
  for (const part of dash < 0 ? [] : beforeBuild.slice(dash + 1).split(".")) {
    if (part === "") return "pre-release identifier is empty";
    const wrong = /[^0-9a-zA-Z-]/u.exec(part);
    if (wrong !== null) return `invalid character ${quoteRune(wrong[0])} in pre-release identifier`;
    if (/^0\d+$/.test(part)) return "pre-release numeric identifier starts with zero";
  }
  const numbers = core.split(".");
  if (numbers.length !== 3) return "versionCore must have 3 numbers separated by dot";
  for (const [index, part] of numbers.entries()) {
    const name = ["major", "minor", "patch"][index];
    if (part === "") return `${name} is empty`;
    if (part.length > 1 && part.startsWith("0")) return `${name} starts with zero`;
    if (!/^\d+$/.test(part)) return `${name} contains non-digit`;
  }
  return undefined;
}
