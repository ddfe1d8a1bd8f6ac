import { errorText } from "../lib/index.ts";
import { type PlatformConfig, PlatformStartError, type StateDirectory } from "../platform/index.ts";
import type { ErrorCode } from "./errors.ts";

/** The entry of the error table for what kept a platform from starting. */
export function startFailure(
  error: unknown,
  config: PlatformConfig,
  state: StateDirectory,
): { code: ErrorCode; facts: Record<string, string | number> } {
  const { name } = config;
  const why = errorText(error instanceof PlatformStartError ? error.cause : error);
  const failure = error instanceof PlatformStartError ? error.failure : ({ cause: "other" } as const);
  switch (failure.cause) {
    case "port-taken":
    case "port-denied":
      return {
        code: failure.cause,
        facts: {
          name,
          host: failure.host,
          port: failure.port,
          flag: failure.port === config.apiPort ? "--api-port" : "--port",
        },
      };
    case "locked":
      return { code: "locked", facts: { name, file: state.database } };
    case "newer-database":
    case "corrupt-database":
      return { code: failure.cause, facts: { name, why } };
    case "disk-full":
      return { code: "disk-full", facts: { file: state.root } };
    case "state-unwritable":
      return { code: "state-unwritable", facts: { why, directory: state.root } };
    case "git-missing":
      return { code: "git-missing", facts: {} };
    case "other":
      return { code: "start-failed", facts: { name, why, log: state.log } };
  }
}
