/** A kustomization that cannot be built, in the words of kustomize. */
export class KustomizeError extends Error {
  /** Whether kustomize would look no further: an answer of an HTTP server, say, is no reason to try the same as a directory. */
  readonly isFinal: boolean;
  /** Whether what was read is no YAML. */
  readonly isMalformed: boolean;

  constructor(message: string, options: { cause?: unknown; isFinal?: boolean; isMalformed?: boolean } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "KustomizeError";
    this.isFinal = options.isFinal ?? false;
    this.isMalformed = options.isMalformed ?? false;
  }
}

/** Puts the place in front of an error, as Go's wrapping does. */
export function prefixed(prefix: string, error: unknown): KustomizeError {
  const { message, isFinal, isMalformed } = asKustomizeError(error);
  return new KustomizeError(`${prefix}: ${message}`, { cause: error, isFinal, isMalformed });
}

/** @throws what is no failure of the kustomization, for that is ours */
export function asKustomizeError(error: unknown): KustomizeError {
  if (error instanceof KustomizeError) return error;
  throw error;
}

/** Runs something whose errors get a place in front of them. */
export function within<T>(prefix: string | (() => string), run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw prefixed(typeof prefix === "string" ? prefix : prefix(), error);
  }
}

/** The same for what takes time. */
export async function inPlace<T>(place: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw prefixed(place, error);
  }
}
