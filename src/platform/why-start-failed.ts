import { isStatusError } from "../apimachinery/index.ts";
import { PortForbiddenError, PortTakenError } from "../gateway/index.ts";
import { StoreError } from "../storage/index.ts";
import type { StartFailure } from "./start.ts";

/** Finds in an error and its causes what a user can do something about. */
export function whyStartFailed(error: unknown): StartFailure {
  if (error instanceof PortTakenError) return { cause: "port-taken", host: error.host, port: error.port };
  if (error instanceof PortForbiddenError) return { cause: "port-denied", host: error.host, port: error.port };
  if (error instanceof StoreError) return { cause: storeCauses[error.code] ?? "other" };
  if (!(error instanceof Error)) return { cause: "other" };
  if (error.message.startsWith("Cannot run git: it is not installed")) return { cause: "git-missing" };
  // The API server's own word for it, which everything that starts later learns of it.
  if (isStatusError(error, "InternalError") && error.message.includes("disk that holds the objects is full"))
    return { cause: "disk-full" };
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return { cause: "disk-full" };
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") return { cause: "state-unwritable" };
  return error.cause === undefined ? { cause: "other" } : whyStartFailed(error.cause);
}

const storeCauses: Record<string, Exclude<StartFailure["cause"], "port-taken" | "port-denied">> = {
  locked: "locked",
  "newer-version": "newer-database",
  corrupt: "corrupt-database",
  "disk-full": "disk-full",
  "read-only": "state-unwritable",
};
