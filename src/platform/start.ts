import type { Log } from "../lib/index.ts";
import type { PlatformConfig } from "./config.ts";
import type { StateDirectory } from "./state-directory.ts";

export type PlatformOptions = {
  config: PlatformConfig;
  state: StateDirectory;
  log: Log;
  version: string;
  startedAt: string;
  /** Called when this process holds the platform's database: from then on no other can start it. */
  opened?: () => void;
};

/** A running platform. Disposing stops its parts in the opposite order of their start. */
export type Platform = AsyncDisposable & { url: string };

/** What kept a platform from starting, as far as a user can do something about it. */
export type StartFailure =
  | { cause: "port-taken" | "port-denied"; host: string; port: number }
  | {
      cause:
        | "locked"
        | "newer-database"
        | "corrupt-database"
        | "disk-full"
        | "state-unwritable"
        | "git-missing"
        | "other";
    };

/** A platform did not start; what had been started is stopped again. */
export class PlatformStartError extends Error {
  readonly failure: StartFailure;
  constructor(failure: StartFailure, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.failure = failure;
  }
}

/**
 * Starts all parts of a platform. When it resolves everything answers and the kinds are installed. The parts are loaded
 * here and not before: most commands only talk to a platform that runs already.
 *
 * @throws {PlatformStartError}
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { startParts, whyStartFailed } = await import("./start-platform.ts");
  try {
    return await startParts(options);
  } catch (error) {
    throw new PlatformStartError(whyStartFailed(error), error);
  }
}
