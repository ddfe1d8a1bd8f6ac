import { LimitError } from "./go-error.ts";

/** How many values one function may look at: a list that holds another twice, which holds another twice, soon has too many. */
const visitsMax = 5_000_000;

/** Ends a walk through a value that takes too long. */
export class Fuse {
  #left = visitsMax;

  /** @throws {LimitError} */
  burn(): void {
    if (--this.#left < 0) throw new LimitError(`one value holds more than ${visitsMax} others`);
  }
}
