import { X509Certificate } from "node:crypto";
import type { SigningRequest } from "./kinds.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** kube-controller-manager's `--cluster-signing-duration`. */
const certificateMs = 365 * 24 * hourMs;
/** A certificate begins in the past, since clocks differ. */
const backdateMs = 5 * minuteMs;
/** Below it the end is not moved along: five minutes are a hundredth of it. */
const shortMs = 8 * hourMs;
const certificateMsMin = 10 * minuteMs;

/** How long a certificate is good: a year, or less when the request asks for less. */
export function validityOf({ spec }: SigningRequest, now: Date): { notBefore: Date; notAfter: Date } {
  const asked = spec.expirationSeconds === undefined ? certificateMs : spec.expirationSeconds * 1000;
  const lifeMs = Math.min(Math.max(asked, certificateMsMin), certificateMs);
  const nowMs = now.getTime();
  return {
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + lifeMs - (lifeMs < shortMs ? 0 : backdateMs)),
  };
}

/** What nobody has answered is kept longer than what is over. */
const pendingMs = 24 * hourMs;
const answeredMs = hourMs;

/**
 * When a request is of no use any more: an hour after its answer, a day without one, or when its certificate has ended.
 *
 * @returns milliseconds since 1970, `undefined` for what is approved and still has no certificate
 */
export function uselessAtMs({ metadata, status }: SigningRequest): number | undefined {
  const conditions = status?.conditions ?? [];
  if (conditions.length === 0) return Date.parse(metadata.creationTimestamp ?? "") + pendingMs;
  const ends = conditions.flatMap(({ type, lastUpdateTime }) => {
    const isOver = type === "Denied" || type === "Failed" || (type === "Approved" && status?.certificate !== undefined);
    return isOver && lastUpdateTime ? [Date.parse(lastUpdateTime) + answeredMs] : [];
  });
  const approved = conditions.some(({ type }) => type === "Approved");
  if (approved && status?.certificate !== undefined) ends.push(endOf(status.certificate));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function endOf(certificate: string): number {
  try {
    return new X509Certificate(Buffer.from(certificate, "base64")).validToDate.getTime();
  } catch {
    // Another signer may have put in what is no certificate; then its age alone counts.
    return Number.POSITIVE_INFINITY;
  }
}
