import { isStatusError } from "../../apimachinery/index.ts";
import { errorText } from "../../lib/index.ts";
import { CompareError } from "../../storage/index.ts";
import type { Server } from "../server.ts";
import type { Writing } from "../write/create.ts";

/** Work of the server itself that follows writes of others. */
export type Reaction = AsyncDisposable & {
  /** Has the work done soon; calls before it begins are one. */
  wake(): void;
};

/**
 * @param what names the work in the log
 * @param work brings everything up to date; runs once at a time, and once more when it was woken meanwhile
 */
export function createReaction(server: Server, what: string, work: () => Promise<void>): Reaction {
  let state: "idle" | "running" | "again" | "closed" = "idle";
  let running = Promise.resolve();
  const run = async () => {
    do {
      state = "running";
      try {
        await work();
      } catch (error) {
        // Somebody else was quicker; what they wrote wakes it again.
        const isLate = error instanceof CompareError || isStatusError(error, "NotFound", "Conflict", "AlreadyExists");
        if (!isLate && !isClosed()) server.log.warn(`Cannot ${what}`, { why: errorText(error) });
      }
    } while (isWanted());
    if (!isClosed()) state = "idle";
  };
  const isClosed = () => state === "closed";
  const isWanted = () => state === "again";
  return {
    wake() {
      if (state === "running") state = "again";
      if (state !== "idle") return;
      state = "running";
      running = Promise.resolve().then(run);
    },
    async [Symbol.asyncDispose]() {
      state = "closed";
      await running;
    },
  };
}

/** Who the server is when it writes for itself; admission is not asked. */
export function ownWriting(): Writing {
  const user = { name: "system:apiserver", groups: ["system:masters"] };
  return { user, dryRun: false, manager: "kube-apiserver", warnings: [], admitted: true };
}
