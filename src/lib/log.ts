/** Extra facts of a log line; values are printed as JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes log lines. Messages are constant sentences; what varies goes into the fields. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `room` and other fields added to every line. */
  with(fields: LogFields): Log;
};

export type LogLevel = "debug" | "info" | "warn" | "error";
const order: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log whose lines are JSON objects `{time, level, message, ...fields}`, given one by one to `write`. */
export function createLog(
  options: { level: LogLevel; write: (line: string) => void; now?: () => Date },
  fields: LogFields = {},
): Log {
  const now = options.now ?? (() => new Date());
  const line = (level: LogLevel, message: string, more: LogFields | undefined) => {
    if (order[level] < order[options.level]) return;
    options.write(
      JSON.stringify({ time: now().toISOString(), level, message, ...fields, ...errorsAsText(more) }) + "\n",
    );
  };
  return {
    debug: (message, more) => line("debug", message, more),
    info: (message, more) => line("info", message, more),
    warn: (message, more) => line("warn", message, more),
    error: (message, more) => line("error", message, more),
    with: (more) => createLog(options, { ...fields, ...more }),
  };
}

/** A log that drops everything, for tests and callers that do not care. */
export const silentLog: Log = createLog({ level: "error", write: () => {} });

/** The message of an error and of its causes, in one line; what a message says of its cause already is not said again. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  let text = error.message;
  for (let cause = error.cause; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (!text.includes(message)) text += `: ${message}`;
  }
  return text;
}

function errorsAsText(fields: LogFields | undefined): LogFields {
  if (fields === undefined) return {};
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? (value.stack ?? errorText(value)) : value,
    ]),
  );
}
