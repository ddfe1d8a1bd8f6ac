/** Measures how long something works, without the time in which it waits for others, and rings when that is too long. */
export type Clock = {
  start(): void;
  /** May be called several times; counts as often as it is resumed. */
  pause(): void;
  resume(): void;
  stop(): void;
};

export function createClock(limitMs: number, ring: () => void): Clock {
  let leftMs = limitMs;
  let startedAtMs = 0;
  let pauses = 0;
  let timer: NodeJS.Timeout | undefined;
  const go = () => {
    startedAtMs = performance.now();
    timer = setTimeout(ring, leftMs);
  };
  const halt = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      halt();
      leftMs = limitMs;
      pauses = 0;
      go();
    },
    pause() {
      if (pauses++ > 0) return;
      halt();
      leftMs -= performance.now() - startedAtMs;
    },
    resume() {
      if (--pauses === 0) go();
    },
    stop: halt,
  };
}
