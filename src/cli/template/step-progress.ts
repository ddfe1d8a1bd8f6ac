/** Says on standard error how far a long run is. */
export type StepProgress = {
  /** What is done now, and how much of how much; shown at most once in the interval. */
  at(what: string, done: number, total: number): void;
  /** Takes the line away again. */
  end(): void;
};

/** Runs that are shorter say nothing. */
const quietMs = 1000;
/** A terminal is drawn as often as it looks alive; a log gets a line a second. */
const drawnEveryMs = 100;
const loggedEveryMs = 1000;

/**
 * @param forced lines also where there is no terminal
 * @param nowMs milliseconds of any clock that only grows
 */
export function stepProgress(
  output: { write(text: string): unknown; isTTY?: boolean },
  { forced, nowMs }: { forced: boolean; nowMs: () => number },
): StepProgress {
  const isTerminal = output.isTTY === true;
  const everyMs = isTerminal ? drawnEveryMs : loggedEveryMs;
  let nextMs = nowMs() + quietMs;
  let isDrawn = false;
  return {
    at(what, done, total) {
      if ((!isTerminal && !forced) || nowMs() < nextMs) return;
      nextMs = nowMs() + everyMs;
      const text = `${what}: ${done} of ${total}`;
      output.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
      isDrawn = isTerminal;
    },
    end() {
      if (isDrawn) output.write("\r\u001b[K");
      isDrawn = false;
    },
  };
}
