import { readBody } from "../../lib/index.ts";

/** What a server on the web answers. */
export type UrlAnswer = { status: number; body: Uint8Array };

/** Values and manifests by URL are small; a longer answer is something else. */
const bytesMax = 10 * 2 ** 20;
/** Time for the whole answer, as long as Helm waits for a values file. */
const timeoutMs = 120_000;

/**
 * Asks for a file on the web.
 *
 * @returns whatever the server answers, errors too
 * @throws {Error} `Cannot fetch <url>: <why>` when there is no answer
 */
export async function fetchUrl(url: string, signal: AbortSignal): Promise<UrlAnswer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    return { status: response.status, body: await readBody(response.body ?? undefined, bytesMax) };
  } catch (cause) {
    throw new Error(`Cannot fetch ${shownUrl(url)}`, { cause });
  }
}

/** A URL without the name and password that may be in it. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//***@");
}
