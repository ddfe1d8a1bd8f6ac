import { isIP, isIPv6 } from "node:net";

/**
 * The formats of strings that Kubernetes validates in custom resources, by name without hyphens. It ignores all other names,
 * those of number formats among them.
 */
export const stringFormats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["bsonobjectid", matcher(/^[0-9a-fA-F]{24}$/)],
  ["uri", isRequestUri],
  ["email", isMailAddress],
  ["hostname", isHostname],
  ["ipv4", isIpv4],
  ["ipv6", (text: string) => isIPv6(text) && !text.includes("%")],
  ["cidr", isCidr],
  ["mac", isMac],
  ["uuid", matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ["uuid3", matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ["uuid4", matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ["uuid5", matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ["isbn", (text: string) => isIsbn10(text) || isIsbn13(text)],
  ["isbn10", isIsbn10],
  ["isbn13", isIsbn13],
  ["creditcard", isCreditCard],
  ["ssn", matcher(/^\d{3}[- ]\d{2}[- ]\d{4}$/)],
  ["hexcolor", matcher(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  [
    "rgbcolor",
    matcher(
      /^rgb\(\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*(?:,\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*){2}\)$/,
    ),
  ],
  ["byte", matcher(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/)],
  ["password", () => true],
  ["date", isDate],
  ["duration", isDuration],
  ["datetime", isDateTime],
]);

function matcher(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

/** 6, 8 or 20 octets, in pairs of digits with colons or hyphens between them or in fours with dots. */
function isMac(text: string): boolean {
  const separator = text.charAt(4) === "." ? "." : text.charAt(2);
  if (separator !== "." && separator !== ":" && separator !== "-") return false;
  const octets = separator === "." ? /^[0-9a-f]{4}$/i : /^[0-9a-f]{2}$/i;
  const parts = text.split(separator);
  const count = parts.length * (separator === "." ? 2 : 1);
  return [6, 8, 20].includes(count) && parts.every((part) => octets.test(part));
}

function isDate(text: string): boolean {
  const [, year = "", month = "", day = ""] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return isCalendarDay(Number(year), Number(month), Number(day));
}

/** RFC 3339 without leap seconds; before fractions Kubernetes takes any character. */
function isDateTime(text: string): boolean {
  const parts = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:.\d+)?(?:[zZ]|[+-]\d\d:\d\d)$/.exec(text);
  if (parts === null) return false;
  const [, date = "", hours = "", minutes = "", seconds = ""] = parts;
  return isDate(date) && Number(hours) <= 23 && Number(minutes) <= 59 && Number(seconds) <= 59;
}

function isCalendarDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  // Day 0 of the next month is the last one of this; setUTCFullYear takes years below 100 literally.
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return day <= last.getUTCDate();
}

/** Go's durations, or anything that holds a number with a unit of Scala's. */
function isDuration(text: string): boolean {
  if (/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true;
  return /\d\s*(?:(?:ns|us|µs|ms|s|m|h|hr|d|w|wk)(?![A-Za-zµ])|nano|micro|milli|sec|min|hour|day|week)/i.test(text);
}

function isHostname(text: string): boolean {
  return (
    Buffer.byteLength(text) <= 255 &&
    text.split(".").every((label) => Buffer.byteLength(label) <= 63) &&
    /^[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$|^(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63}$/u.test(
      text,
    )
  );
}

/** Go's sloppy parser: leading zeros are allowed, and so is a dotted IPv6 address. */
function isIpv4(text: string): boolean {
  return text.includes(".") && isSloppyIp(text);
}

function isSloppyIp(text: string): boolean {
  if (/^\d+(?:\.\d+){3}$/.test(text)) return text.split(".").every((part) => Number(part) <= 255 && part.length > 0);
  return !text.includes("%") && isIP(text) !== 0;
}

function isCidr(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  if (bits === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits) || !isSloppyIp(address)) return false;
  return Number(bits) <= (address.includes(":") ? 128 : 32);
}

/** What `net/url.ParseRequestURI` accepts: an absolute URI or an absolute path. */
function isRequestUri(text: string): boolean {
  if (text === "*") return true;
  if (/[\u0000-\u0020\u007f]/.test(text.replace(/[?#].*$/s, "")) || /[\u0000-\u001f\u007f]/.test(text)) return false;
  const path = text.replace(/\?.*$/s, "");
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return false;
  if (path.startsWith("/")) return true;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(path);
  if (scheme === null) return false;
  const rest = path.slice(scheme[0].length);
  if (!rest.startsWith("//")) return true;
  const authority = /^\/\/([^/]*)/.exec(rest)?.[1] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("[")) return /^\[[^\]]*\](?::\d*)?$/.test(host);
  return /^[^:<>"\\^`{|}\s[\]]*(?::\d*)?$/.test(host);
}

/** The common form of RFC 5322: an optional display name, then `local@domain`, in angle brackets when there is a name. */
function isMailAddress(text: string): boolean {
  const address = /^(?:[^<>@,;:\\]*|"(?:[^"\\]|\\.)*"\s*)<([^<>]+)>$/.exec(text.trim())?.[1] ?? text.trim();
  const atom = '[^\\s\\u0000-\\u001f()<>\\[\\]:;@\\\\,."]+';
  return new RegExp(`^(?:${atom}(?:\\.${atom})*|"(?:[^"\\\\]|\\\\.)*")@(?:${atom}(?:\\.${atom})*|\\[[^\\]]+\\])$`).test(
    address,
  );
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, "");
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = Array.from(digits, (digit, i) => (10 - i) * (digit === "X" ? 10 : Number(digit))).reduce((a, b) => a + b);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, "");
  if (!/^\d{13}$/.test(digits)) return false;
  return Array.from(digits, (digit, i) => (i % 2 === 0 ? 1 : 3) * Number(digit)).reduce((a, b) => a + b) % 10 === 0;
}

const cardNumber =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  if (!cardNumber.test(digits)) return false;
  const sum = Array.from(digits)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? Number(digit) : Number(digit) * 2))
    .reduce((total, part) => total + (part > 9 ? part - 9 : part), 0);
  return sum % 10 === 0;
}
