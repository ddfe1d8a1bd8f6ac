import { isIPv4, isIPv6 } from "node:net";
import { quoteGo } from "../../../apimachinery/index.ts";

/** Old fields take addresses that are not in their usual form; this tells what that would be. Nothing for what is no address. */
export function warnOfAddress(path: string, value: unknown): string[] {
  if (typeof value !== "string") return [];
  const found = parseAddress(value);
  if (found === undefined) return [];
  if (isNonStandard(value))
    return [`${path}: non-standard IP address ${quoteGo(value)} ${future}: use ${quoteGo(found)}`];
  if (value.includes(":") && found !== value)
    return [`${path}: IPv6 address ${quoteGo(value)} should be in RFC 5952 canonical format (${quoteGo(found)})`];
  return [];
}

/** The same for a range of addresses. */
export function warnOfRange(path: string, value: unknown): string[] {
  if (typeof value !== "string") return [];
  const [address = "", size = "", ...rest] = value.split("/");
  const parsed = parseAddress(address);
  const bits = parsed === undefined ? 0 : parsed.includes(":") ? 128 : 32;
  if (parsed === undefined || rest.length > 0 || !/^\d+$/.test(size) || Number(size) > bits) return [];
  const network = networkOf(parsed, Number(size), bits);
  const range = `${network}/${Number(size)}`;
  const warnings: string[] = [];
  if (network !== parsed) {
    const either = `${quoteGo(range)} or ${quoteGo(`${parsed}/${bits}`)}`;
    warnings.push(`${path}: CIDR value ${quoteGo(value)} is ambiguous in this context (should be ${either}?)`);
  }
  if (isNonStandard(address) || (size !== "0" && size.startsWith("0")))
    warnings.push(`${path}: non-standard CIDR value ${quoteGo(value)} ${future}: use ${quoteGo(range)}`);
  if (warnings.length === 0 && address.includes(":") && value !== range)
    warnings.push(
      `${path}: IPv6 CIDR value ${quoteGo(value)} should be in RFC 5952 canonical format (${quoteGo(range)})`,
    );
  return warnings;
}

const future = "will be considered invalid in a future Kubernetes release";
/** IPv4 inside IPv6, in its canonical form. */
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** An address as old fields take it, with leading zeros too, in its canonical form. */
function parseAddress(text: string): string | undefined {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const plain = text.split(".").map(Number).join(".");
    return isIPv4(plain) ? plain : undefined;
  }
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const canonical = canonicalIpv6(text);
  const [, high = "", low = ""] = mapped.exec(canonical) ?? [];
  if (high === "") return canonical;
  const bytes = [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]);
  return bytes.join(".");
}

/** URLs write IPv6 addresses as RFC 5952 says. */
function canonicalIpv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** Leading zeros, and IPv4 inside IPv6. */
function isNonStandard(text: string): boolean {
  return text.includes(":") ? mapped.test(canonicalIpv6(text)) : !isIPv4(text);
}

function networkOf(address: string, size: number, bits: number): string {
  const kept = ((1n << BigInt(size)) - 1n) << BigInt(bits - size);
  const network = numberOf(address) & kept;
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (network >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((network >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  return canonicalIpv6(groups.join(":"));
}

function numberOf(address: string): bigint {
  if (!address.includes(":")) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [front = "", back] = address.split("::");
  const groupsOf = (text: string) => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groupsOf(front), groupsOf(back ?? "")];
  const zeros = back === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}
