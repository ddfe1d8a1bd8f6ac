/**
 * An error that a function or the template engine of Go would return. Its cause is what Go wraps with `%w`, which Helm follows
 * to show where the error came from.
 */
export class GoError extends Error {
  override readonly name: string = "GoError";

  constructor(message: string, cause?: GoError) {
    super(message, cause && { cause });
  }

  /** The error that this one wraps. */
  get wrapped(): GoError | undefined {
    return this.cause instanceof GoError ? this.cause : undefined;
  }
}

/** An error of `text/template` while a template runs: names the template and the place in it. */
export class ExecError extends GoError {
  override readonly name = "ExecError";
}

/** What stops a template that would run or grow without end. It is no error that a template could see. */
export class LimitError extends Error {
  override readonly name = "LimitError";
}
