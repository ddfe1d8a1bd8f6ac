/**
 * Work that several callers may wait for. It is done once, and given up when nobody waits any more.
 *
 * @property share the signal that `work` gets fires when the last waiting caller has gone, or when all is disposed
 */
export type Flights = Disposable & {
  share<T>(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
};

type Flight = { waiting: number; abort: AbortController; result: Promise<unknown> };

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  const start = <T>(key: string, work: (signal: AbortSignal) => Promise<T>): Flight & { result: Promise<T> } => {
    const abort = new AbortController();
    const flight = { waiting: 0, abort, result: work(abort.signal) };
    flights.set(key, flight);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result.then(land, land);
    return flight;
  };

  return {
    async share<T>(
      key: string,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal | undefined,
    ): Promise<T> {
      signal?.throwIfAborted();
      // The key names the work, and with it the type of its result.
      const flight = (flights.get(key) as ReturnType<typeof start<T>> | undefined) ?? start(key, work);
      flight.waiting++;
      const gone = Promise.withResolvers<never>();
      const leave = () => gone.reject(signal?.reason);
      signal?.addEventListener("abort", leave);
      try {
        return await Promise.race([flight.result, gone.promise]);
      } finally {
        signal?.removeEventListener("abort", leave);
        flight.waiting--;
        if (flight.waiting === 0 && signal?.aborted === true) {
          if (flights.get(key) === flight) flights.delete(key);
          flight.abort.abort(signal.reason);
        }
      }
    },

    [Symbol.dispose]() {
      for (const flight of flights.values()) flight.abort.abort(new Error("Skiff is stopping"));
      flights.clear();
    },
  };
}
