import { quoteGo } from "../../apimachinery/index.ts";

/** An address as a number of 32 or 128 bits. */
export type IpAddress = { readonly bits: 32 | 128; readonly value: bigint };

type Parsed =
  | { address: IpAddress; zone: boolean; error?: undefined }
  | { address?: undefined; zone?: undefined; error: string };

/** Reads an address as Go's `netip.ParseAddr` does, and says in its words why it cannot. */
export function parseAddress(text: string): Parsed {
  const wrong = (why: string, at = "") => ({
    error: `ParseAddr(${quoteGo(text)}): ${why}${at === "" ? "" : ` (at ${quoteGo(at)})`}`,
  });
  const first = /[.:%]/.exec(text)?.[0];
  if (first === ".") {
    const read = parseIpv4(text);
    return typeof read === "string" ? wrong(read) : { address: { bits: 32, value: read }, zone: false };
  }
  if (first === "%") return wrong("missing IPv6 address");
  return first === ":" ? parseIpv6(text, wrong) : wrong("unable to parse IP");
}

/** @returns the number, or what is wrong */
function parseIpv4(text: string): bigint | string {
  let value = 0n;
  let count = 0;
  let octet: string | undefined = "";
  for (const character of `${text}.`) {
    if (/\d/.test(character)) {
      if (octet === "0") return "IPv4 field has octet with leading zero";
      octet += character;
      if (Number(octet) > 255) return "IPv4 field has value >255";
    } else if (character === ".") {
      if (octet === "") return "IPv4 field must have at least one digit";
      if (count === 4) return "IPv4 address too long";
      value = (value << 8n) | BigInt(octet);
      count++;
      octet = "";
    } else {
      return "unexpected character";
    }
  }
  return count < 4 ? "IPv4 address too short" : value;
}

function parseIpv6(text: string, wrong: (why: string, at?: string) => { error: string }): Parsed {
  const percent = text.indexOf("%");
  if (percent >= 0 && percent === text.length - 1) return wrong("zone must be a non-empty string");
  let rest = percent < 0 ? text : text.slice(0, percent);
  const groups: bigint[] = [];
  let gap: number | undefined;
  if (rest.startsWith("::")) {
    gap = 0;
    rest = rest.slice(2);
  }
  while (groups.length < 8 && !(gap === groups.length && rest === "" && gap === 0)) {
    const digits = /^[0-9a-fA-F]*/.exec(rest)?.[0] ?? "";
    if (digits.length > 4) return wrong("each group must have 4 or less digits", rest);
    if (digits === "") return wrong("each colon-separated field must have at least one digit", rest);
    const after = rest.slice(digits.length);
    if (after.startsWith(".")) {
      if ((gap === undefined && groups.length !== 6) || groups.length > 6) {
        return wrong("embedded IPv4 address must replace the final 2 fields of the address", rest);
      }
      const embedded = parseIpv4(rest);
      if (typeof embedded === "string") return wrong(embedded, rest);
      groups.push(embedded >> 16n, embedded & 0xffffn);
      rest = "";
      break;
    }
    groups.push(BigInt(`0x${digits}`));
    rest = after;
    if (rest === "") break;
    if (!rest.startsWith(":")) return wrong("unexpected character, want colon", rest);
    if (rest === ":") return wrong("colon must be followed by more characters", rest);
    rest = rest.slice(1);
    if (!rest.startsWith(":")) continue;
    if (gap !== undefined) return wrong("multiple :: in address", rest);
    gap = groups.length;
    rest = rest.slice(1);
    if (rest === "") break;
  }
  if (rest !== "") return wrong("trailing garbage after address", rest);
  if (groups.length < 8) {
    if (gap === undefined) return wrong("address string too short");
    groups.splice(gap, 0, ...new Array<bigint>(8 - groups.length).fill(0n));
  } else if (gap !== undefined) {
    return wrong("the :: must expand to at least one field of zeros");
  }
  return {
    address: { bits: 128, value: groups.reduce((value, group) => (value << 16n) | group, 0n) },
    zone: percent >= 0,
  };
}

/** Reads `address/length` as Go's `netip.ParsePrefix` does. */
export function parsePrefix(text: string): { address: IpAddress; length: number } | { error: string } {
  const wrong = (why: string) => ({ error: `netip.ParsePrefix(${quoteGo(text)}): ${why}` });
  const slash = text.lastIndexOf("/");
  if (slash < 0) return wrong("no '/'");
  const { address, zone, error } = parseAddress(text.slice(0, slash));
  if (address === undefined) return wrong(error);
  if (zone) return wrong("IPv6 zones cannot be present in a prefix");
  const bits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d*)$/.test(bits)) return wrong(`bad bits after slash: ${quoteGo(bits)}`);
  return Number(bits) > address.bits ? wrong("prefix length out of range") : { address, length: Number(bits) };
}

/** Whether an IPv6 address stands for an IPv4 one. */
export function isMapped({ bits, value }: IpAddress): boolean {
  return bits === 128 && value >> 32n === 0xffffn;
}

export function maskAddress({ bits, value }: IpAddress, length: number): IpAddress {
  const rest = BigInt(bits - length);
  return { bits, value: (value >> rest) << rest };
}

/** The canonical text: lower case, the longest run of zero groups as `::`. */
export function formatAddress({ bits, value }: IpAddress): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let [start, length] = [-1, 1];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (groups[to] === "0") to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  if (start < 0) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
