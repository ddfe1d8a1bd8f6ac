import { badRequest, StatusError } from "../../apimachinery/index.ts";
import { parseGoDurationMs } from "../../apis/index.ts";

/** The longest time that a client may ask for; as in Kubernetes (`--request-timeout`). */
const timeoutMsMax = 60_000;

/**
 * How long a client waits at most, as its parameter `timeout` says. Watches have another one.
 *
 * @returns milliseconds; `undefined` when it does not say
 * @throws {StatusError} `BadRequest` for what is no time span
 */
export function timeLimitOf(query: URLSearchParams): number | undefined {
  const text = query.get("timeout");
  if (!text) return undefined;
  const timeoutMs = parseGoDurationMs(text);
  if (typeof timeoutMs === "string") throw badRequest(`invalid timeout specified in the request URL - ${timeoutMs}`);
  return timeoutMs > 0 ? Math.min(timeoutMs, timeoutMsMax) : undefined;
}

/** Waits no longer than a client does. @throws {StatusError} `Timeout`; what was begun may still come about */
export async function withinLimit<T>(limitMs: number | undefined, answer: Promise<T>): Promise<T> {
  if (limitMs === undefined) return await answer;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const error = new StatusError("Timeout", "Timeout: request did not complete within the allotted timeout", {});
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
    // Nobody is there any more to whom a failure could be told.
    answer.catch(() => {});
  }
}
