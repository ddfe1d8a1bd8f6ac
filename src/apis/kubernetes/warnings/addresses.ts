import { quoteGo } from "../../../apimachinery/index.ts";
import { parseAddress, parseRange } from "../addresses.ts";

const future = "will be considered invalid in a future Kubernetes release";

/** Old fields take addresses that are not in their usual form; this tells what that would be. Nothing for what is no address. */
export function warnOfAddress(path: string, value: unknown): string[] {
  const found = typeof value === "string" ? parseAddress(value) : undefined;
  if (found === undefined || found.canonical === value) return [];
  const [written, usual] = [quoteGo(String(value)), quoteGo(found.canonical)];
  return found.isOdd
    ? [`${path}: non-standard IP address ${written} ${future}: use ${usual}`]
    : [`${path}: IPv6 address ${written} should be in RFC 5952 canonical format (${usual})`];
}

/** The same for a range of addresses. */
export function warnOfRange(path: string, value: unknown): string[] {
  const found = typeof value === "string" ? parseRange(value) : undefined;
  if (found === undefined || found.canonical === value) return [];
  const [written, usual] = [quoteGo(String(value)), quoteGo(found.canonical)];
  const warnings: string[] = [];
  if (!found.isNetwork) {
    const either = `${usual} or ${quoteGo(found.single)}`;
    warnings.push(`${path}: CIDR value ${written} is ambiguous in this context (should be ${either}?)`);
  }
  if (found.isOdd) warnings.push(`${path}: non-standard CIDR value ${written} ${future}: use ${usual}`);
  if (warnings.length === 0)
    warnings.push(`${path}: IPv6 CIDR value ${written} should be in RFC 5952 canonical format (${usual})`);
  return warnings;
}
