/** What ends an evaluation: an error of the expression. Short of a stack, because expressions may absorb many of them. */
export class EvaluationError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Ends an evaluation for good: no operator absorbs it. */
export class LimitExceeded {
  readonly message = "operation cancelled: actual cost limit exceeded";
}

export function fail(message: string): never {
  throw new EvaluationError(message);
}

export function noOverload(): never {
  throw new EvaluationError("no such overload");
}

/**
 * How many elementary steps functions may take beside what their cost says: comparing nested lists, for one, costs by their
 * outer size only. Far more than any rule on a request of 3 MiB needs, and some 100 ms.
 */
const stepsMax = 10_000_000;

/** How long a text an evaluation may make: a few times the largest request. */
export const textLengthMax = 16 * 2 ** 20;

/** Counts what an evaluation costs. */
export class Meter {
  cost = 0;
  readonly limit: number;
  #steps = 0;
  constructor(limit: number) {
    this.limit = limit;
  }

  /** @throws {LimitExceeded} */
  charge(amount: number): void {
    this.cost += amount;
    if (this.cost > this.limit) throw new LimitExceeded();
  }

  /** @throws {LimitExceeded} when functions did too much that has no cost */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > stepsMax) throw new LimitExceeded();
  }
}
