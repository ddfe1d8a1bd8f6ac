/** What a user who presses Ctrl-C, or a system that ends the process, wants: the work ends at its next safe place. */
export type Interruption = Disposable & { signal: AbortSignal };

export function openInterruption(): Interruption {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}
