import { quoteGo } from "../../apimachinery/index.ts";
import { asText } from "../convert.ts";
import { declareWith, type FunctionTable, type Overload } from "../functions.ts";
import { EvaluationError, fail, noOverload } from "../meter.ts";
import { opaqueType } from "../types.ts";
import { Foreign, type Value } from "../values.ts";
import { formatAddress, type IpAddress, isMapped, maskAddress, parseAddress, parsePrefix } from "./ip-address.ts";

export const ipType = opaqueType("net.IP");
export const cidrType = opaqueType("net.CIDR");

class Ip extends Foreign {
  override readonly type = ipType;
  readonly address: IpAddress;
  constructor(address: IpAddress) {
    super();
    this.address = address;
  }
  override get size(): number {
    return this.address.bits / 8;
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof Ip ? same(this.address, other.address) : undefined;
  }
}

class Cidr extends Foreign {
  override readonly type = cidrType;
  readonly address: IpAddress;
  readonly length: number;
  constructor(address: IpAddress, length: number) {
    super();
    this.address = address;
    this.length = length;
  }
  override get size(): number {
    return Math.ceil(this.length / 8);
  }
  override equals(other: Value): boolean | undefined {
    return other instanceof Cidr ? this.length === other.length && same(this.address, other.address) : undefined;
  }
  get text(): string {
    return `${formatAddress(this.address)}/${this.length}`;
  }
  masked(): Cidr {
    return new Cidr(maskAddress(this.address, this.length), this.length);
  }
  contains(address: IpAddress): boolean {
    return address.bits === this.address.bits && same(maskAddress(address, this.length), this.masked().address);
  }
}

function same(a: IpAddress, b: IpAddress): boolean {
  return a.bits === b.bits && a.value === b.value;
}

const { overload, method } = declareWith({ IP: ipType, CIDR: cidrType });

const ofIp = (test: (ip: IpAddress) => Value) => (args: readonly Value[]) => {
  const [ip] = args;
  return ip instanceof Ip ? test(ip.address) : noOverload();
};
const ofCidr = (get: (cidr: Cidr) => Value) => (args: readonly Value[]) => {
  const [cidr] = args;
  return cidr instanceof Cidr ? get(cidr) : noOverload();
};
const tests: [name: string, id: string, test: (ip: IpAddress) => boolean][] = [
  ["isUnspecified", "ip_is_unspecified", ({ value }) => value === 0n],
  ["isLoopback", "ip_is_loopback", isLoopback],
  ["isLinkLocalMulticast", "ip_is_link_local_multicast", isLinkLocalMulticast],
  ["isLinkLocalUnicast", "ip_is_link_local_unicast", isLinkLocalUnicast],
  ["isGlobalUnicast", "ip_is_global_unicast", isGlobalUnicast],
];

/** Kubernetes' functions of addresses. */
export const ipFunctions: FunctionTable = new Map<string, Overload[]>([
  ["ip", [overload("string_to_ip", "string -> IP", ([text]) => toIp(asText(text)))]],
  [
    "family",
    [
      method(
        "ip_family",
        "IP -> int",
        ofIp(({ bits }) => (bits === 32 ? 4n : 6n)),
      ),
    ],
  ],
  [
    "ip.isCanonical",
    [
      overload("ip_is_canonical", "string -> bool", ([text]) => {
        return formatAddress(toIp(asText(text)).address) === text;
      }),
    ],
  ],
  ...tests.map(([name, id, test]): [string, Overload[]] => [name, [method(id, "IP -> bool", ofIp(test))]]),
  ["isIP", [overload("is_ip", "string -> bool", ([text]) => succeeds(() => toIp(asText(text))))]],
  ["string", [overload("ip_to_string", "IP -> string", ofIp(formatAddress))]],
]);

/** Kubernetes' functions of networks. */
export const cidrFunctions: FunctionTable = new Map<string, Overload[]>([
  ["cidr", [overload("string_to_cidr", "string -> CIDR", ([text]) => toCidr(asText(text)))]],
  [
    "containsIP",
    [
      method("cidr_contains_ip_string", "CIDR, string -> bool", ([cidr, text]) =>
        containsIp(
          cidr,
          orNothing(() => toIp(asText(text))),
        ),
      ),
      method("cidr_contains_ip_ip", "CIDR, IP -> bool", ([cidr, ip]) => containsIp(cidr, ip)),
    ],
  ],
  [
    "containsCIDR",
    [
      method("cidr_contains_cidr_string", "CIDR, string -> bool", ([cidr, text]) =>
        containsCidr(
          cidr,
          orNothing(() => toCidr(asText(text))),
        ),
      ),
      method("cidr_contains_cidr", "CIDR, CIDR -> bool", ([cidr, other]) => containsCidr(cidr, other)),
    ],
  ],
  [
    "ip",
    [
      method(
        "cidr_ip",
        "CIDR -> IP",
        ofCidr(({ address }) => new Ip(address)),
      ),
    ],
  ],
  [
    "prefixLength",
    [
      method(
        "cidr_prefix_length",
        "CIDR -> int",
        ofCidr(({ length }) => BigInt(length)),
      ),
    ],
  ],
  [
    "masked",
    [
      method(
        "cidr_masked",
        "CIDR -> CIDR",
        ofCidr((cidr) => cidr.masked()),
      ),
    ],
  ],
  ["isCIDR", [overload("is_cidr", "string -> bool", ([text]) => succeeds(() => toCidr(asText(text))))]],
  [
    "string",
    [
      overload(
        "cidr_to_string",
        "CIDR -> string",
        ofCidr(({ text }) => text),
      ),
    ],
  ],
]);

function toIp(text: string): Ip {
  const { address, zone, error } = parseAddress(text);
  if (address === undefined)
    return fail(`IP Address ${quoteGo(text)} parse error during conversion from string: ${error}`);
  if (zone) return fail(`IP address ${quoteGo(text)} with zone value is not allowed`);
  if (isMapped(address)) return fail(`IPv4-mapped IPv6 address ${quoteGo(text)} is not allowed`);
  return new Ip(address);
}

function toCidr(text: string): Cidr {
  const prefix = parsePrefix(text);
  const what = "network address parse error during conversion from string";
  if ("error" in prefix) return fail(`${what}: ${what}: ${prefix.error}`);
  if (isMapped(prefix.address)) return fail(`${what}: IPv4-mapped IPv6 address ${quoteGo(text)} is not allowed`);
  return new Cidr(prefix.address, prefix.length);
}

function succeeds(run: () => unknown): boolean {
  return orNothing(run) !== undefined;
}

function orNothing<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof EvaluationError) return undefined;
    throw error;
  }
}

function containsIp(cidr: Value | undefined, ip: Value | undefined): boolean {
  return cidr instanceof Cidr && ip instanceof Ip ? cidr.contains(ip.address) : noOverload();
}

function containsCidr(cidr: Value | undefined, other: Value | undefined): boolean {
  if (!(cidr instanceof Cidr) || !(other instanceof Cidr)) return noOverload();
  return cidr.length <= other.length && cidr.contains(other.address);
}

function startsWith({ value, bits }: IpAddress, prefix: bigint, length: number): boolean {
  return value >> BigInt(bits - length) === prefix;
}

function isLoopback(ip: IpAddress): boolean {
  return ip.bits === 32 ? startsWith(ip, 127n, 8) : ip.value === 1n;
}

/** 224.0.0.0/24 or ff02::/16 with any flags. */
function isLinkLocalMulticast(ip: IpAddress): boolean {
  if (ip.bits === 32) return startsWith(ip, 0xe00000n, 24);
  return startsWith(ip, 0xffn, 8) && ((ip.value >> 112n) & 0xfn) === 2n;
}

function isLinkLocalUnicast(ip: IpAddress): boolean {
  return ip.bits === 32 ? startsWith(ip, 0xa9fen, 16) : startsWith(ip, 0xfe80n >> 6n, 10);
}

function isGlobalUnicast(ip: IpAddress): boolean {
  const isMulticast = ip.bits === 32 ? startsWith(ip, 0xen, 4) : startsWith(ip, 0xffn, 8);
  const isBroadcast = ip.bits === 32 && ip.value === 0xffffffffn;
  return ip.value !== 0n && !isBroadcast && !isLoopback(ip) && !isMulticast && !isLinkLocalUnicast(ip);
}
