/** Runs tasks one after another, in the order they were given. A task that fails does not stop the next one. */
export type Lock = <T>(task: () => Promise<T>) => Promise<T>;

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => {});
    return result;
  };
}

/** Lets at most `limit` tasks run at a time; the others wait in order, at most `waitingMax` of them. */
export type Gate = {
  /** @returns gives the place back; `undefined` when too many are waiting already */
  enter(): Promise<Disposable | undefined>;
};

export function createGate(limit: number, waitingMax: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) inside--;
    else next();
  };
  const place = (): Disposable => {
    let left = false;
    return {
      [Symbol.dispose]() {
        if (!left) leave();
        left = true;
      },
    };
  };
  return {
    async enter() {
      if (inside < limit) {
        inside++;
        return place();
      }
      if (waiting.length >= waitingMax) return undefined;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return place();
    },
  };
}
