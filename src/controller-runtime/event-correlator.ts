/** client-go's own figures (`tools/record`), with which a controller that goes round in circles does not fill a cluster with events. */
const rememberedMax = 4096;
/** From this many different messages on, they are told as one. */
const similarMax = 10;
/** How long after the last similar message one counts as new. */
const similarWithinMs = 600_000;
/** Events about one object at once, and how long until there may be one more. */
const burst = 25;
const refillMs = 300_000;

export const combinedPrefix = "(combined from similar events): ";

/** An event before it is written: what it is about, and what it says. */
export type Sighting = { about: string; type: string; reason: string; message: string };

/** What becomes of it. */
export type Correlated = {
  /** The same for events that are one. */
  key: string;
  message: string;
};

/** Decides which events are the same, which are told as one, and which not at all. */
export type EventCorrelator = {
  /** @returns `undefined` when there have been too many about the same object */
  correlate(sighting: Sighting, nowMs: number): Correlated | undefined;
};

/** @param about names an object: its kind, namespace, name and uid */
export function createEventCorrelator(): EventCorrelator {
  const similar = new Recent<{ messages: Set<string>; lastMs: number }>();
  const buckets = new Recent<{ tokens: number; atMs: number }>();

  const combined = ({ about, type, reason, message }: Sighting, nowMs: number): Correlated => {
    const group = [about, type, reason].join("\0");
    const known = similar.get(group);
    const messages = known === undefined || nowMs - known.lastMs > similarWithinMs ? new Set<string>() : known.messages;
    messages.add(message);
    similar.set(group, { messages, lastMs: nowMs });
    if (messages.size < similarMax) return { key: `${group}\0${message}`, message };
    // One is forgotten, so that the set stays as small; the group is full all the same.
    const [first] = messages;
    if (first !== undefined) messages.delete(first);
    return { key: group, message: combinedPrefix + message };
  };
  const isAllowed = (about: string, nowMs: number): boolean => {
    const bucket = buckets.get(about) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs);
    buckets.set(about, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    return tokens >= 1;
  };
  return {
    correlate(sighting, nowMs) {
      const result = combined(sighting, nowMs);
      return isAllowed(sighting.about, nowMs) ? result : undefined;
    },
  };
}

/** A map that forgets what was not used for longest. */
export class Recent<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const oldest = this.#entries.size > rememberedMax ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
