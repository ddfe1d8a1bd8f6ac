import { isIPv4, isIPv6 } from "node:net";

/** An address, or a range of addresses, as fields from Kubernetes' first years take it, in its canonical form. */
export type AddressForm = {
  canonical: string;
  /** Whether it is written as nobody should: with leading zeros, or IPv4 inside IPv6. */
  isOdd: boolean;
};

/** @returns `undefined` for what is no address */
export function parseAddress(text: string): AddressForm | undefined {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const canonical = text.split(".").map(Number).join(".");
    return isIPv4(canonical) ? { canonical, isOdd: canonical !== text } : undefined;
  }
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const canonical = canonicalIpv6(text);
  const [, high = "", low = ""] = mapped.exec(canonical) ?? [];
  if (high === "") return { canonical, isOdd: false };
  const bytes = [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]);
  return { canonical: bytes.join("."), isOdd: true };
}

/**
 * Reads `address/bits`; the canonical form begins with the first address of the range.
 *
 * @returns `undefined` for what is no range; `single` is the range of the one address that is written
 */
export function parseRange(text: string): (AddressForm & { isNetwork: boolean; single: string }) | undefined {
  const [address = "", written = "", ...rest] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0 || !/^\d{1,3}$/.test(written)) return undefined;
  const { canonical } = parsed;
  const bits = canonical.includes(":") ? 128 : 32;
  const size = Number(written) - (address.includes(":") ? 128 - bits : 0);
  if (size < 0 || size > bits) return undefined;
  const network = networkOf(canonical, size, bits);
  return {
    canonical: `${network}/${size}`,
    isOdd: parsed.isOdd || (written !== "0" && written.startsWith("0")),
    isNetwork: network === canonical,
    single: `${canonical}/${bits}`,
  };
}

/** IPv4 inside IPv6, in its canonical form. */
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** URLs write IPv6 addresses as RFC 5952 says. */
function canonicalIpv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
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

/** Whether an address is in a range; both in their canonical form. */
export function rangeHolds(range: string, address: string): boolean {
  const [network = "", size = ""] = range.split("/");
  if (parseAddress(address) === undefined || network.includes(":") !== address.includes(":")) return false;
  const bits = network.includes(":") ? 128 : 32;
  return networkOf(address, Number(size), bits) === networkOf(network, Number(size), bits);
}
