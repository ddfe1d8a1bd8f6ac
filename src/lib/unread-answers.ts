/** A client that takes nothing for so long is not slow but stopped; its socket and what waits for it are let go. */
const stalledMs = 120_000;
/** How much may wait for clients in all: a thousand answers with a slice each. TLS holds as much again, encrypted. */
const sizeBytesMax = 64 * 2 ** 20;
/** How long any answer may wait; and how often they are looked at, while there are any. */
const patienceMs = 5_000;

/** What can be ended together with its connection: an answer, or a WebSocket. */
export type Ending = { destroy(): unknown };

type Waiting = { sizeBytes: number; sinceMs: number };

/**
 * Answers that wait for their clients to read. When they hold too much, or wait too long, those that have waited the longest
 * are ended with their connections.
 */
export class UnreadAnswers {
  /** In the order in which they began to wait. */
  readonly #waiting = new Map<Ending, Waiting>();
  readonly #sizeBytesMax: number;
  readonly #nowMs: () => number;
  #sizeBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { sizeBytesMax?: number; nowMs?: () => number } = {}) {
    this.#sizeBytesMax = options.sizeBytesMax ?? sizeBytesMax;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** @param sizeBytes what is kept for the client until it reads */
  add(reply: Ending, sizeBytes: number): void {
    this.delete(reply);
    this.#waiting.set(reply, { sizeBytes, sinceMs: this.#nowMs() });
    this.#sizeBytes += sizeBytes;
    if (this.#sizeBytes > this.#sizeBytesMax) this.#end();
    this.#lookLater();
  }

  delete(reply: Ending): void {
    const waiting = this.#waiting.get(reply);
    if (waiting === undefined) return;
    this.#waiting.delete(reply);
    this.#sizeBytes -= waiting.sizeBytes;
  }

  /** No timer runs while nothing waits. */
  #lookLater(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#end();
      this.#lookLater();
    }, patienceMs).unref();
  }

  #end(): void {
    const nowMs = this.#nowMs();
    for (const [reply, { sinceMs }] of this.#waiting) {
      const waitedMs = nowMs - sinceMs;
      if (waitedMs < (this.#sizeBytes > this.#sizeBytesMax ? patienceMs : stalledMs)) return;
      this.delete(reply);
      reply.destroy();
    }
  }
}
