/**
 * What is wrong with a chart, its values or what was asked of it, in the words of Helm 4.1: what the binary prints after
 * `Error: `.
 *
 * @property debuggable whether the binary adds that `--debug` would print the invalid YAML, which it does once it renders
 */
export class ChartError extends Error {
  override readonly name = "ChartError";
  readonly debuggable: boolean;

  constructor(message: string, { debuggable = false, cause }: { debuggable?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.debuggable = debuggable;
  }
}
