/**
 * What is wrong with a chart, its values or what was asked of it, in the words of Helm 4.1: what the binary prints after
 * `Error: `.
 *
 * @property debuggable whether the binary adds that `--debug` would print the invalid YAML, which it does once it renders
 * @property missingSchemas URLs of what the charts' schemas refer to and was not given as `remoteSchemas`
 */
export class ChartError extends Error {
  override readonly name = "ChartError";
  readonly debuggable: boolean;
  readonly missingSchemas: readonly string[];

  constructor(
    message: string,
    {
      debuggable = false,
      missingSchemas = [],
      cause,
    }: { debuggable?: boolean; missingSchemas?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.debuggable = debuggable;
    this.missingSchemas = missingSchemas;
  }
}
