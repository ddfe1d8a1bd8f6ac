import { setTimeout as delay } from "node:timers/promises";

/** Waits; ends early, without an error, when the signal fires. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}

/**
 * The wait before attempt `failures + 1`: doubles from `firstMs`, never above `maxMs`.
 *
 * @param failures how many attempts have failed so far, 1 or more
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/**
 * Asks again and again until there is an answer.
 *
 * @param probe gives the answer, or `undefined` while there is none
 * @param what names what is waited for, as in "Kubernetes API at 127.0.0.1:6443"
 * @throws {Error} `Timed out after … waiting for <what>` when `timeoutMs` have passed
 */
export async function waitUntil<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  options: { what: string; timeoutMs: number; intervalMs?: number; signal?: AbortSignal },
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (options.signal?.aborted) throw new Error(`Interrupted while waiting for ${options.what}`);
    if (Date.now() >= deadline)
      throw new Error(`Timed out after ${options.timeoutMs / 1000} s waiting for ${options.what}`);
    await sleep(options.intervalMs ?? 50, options.signal);
  }
}
