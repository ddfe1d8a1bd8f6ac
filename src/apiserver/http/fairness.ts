/** What callers inside the process may ask for in one turn of the event loop: some tens of milliseconds of work. */
const requestsMax = 500;

/**
 * Lets those who ask over the network have their turn when somebody in this process asks for thousands of things at once:
 * whoever comes after the first ones of a turn waits for the next.
 */
export class Fairness {
  #begun = 0;
  #waiting: (() => void)[] = [];

  /** @returns `undefined` when the caller may begin at once */
  turn(): Promise<void> | undefined {
    if (this.#begun === 0 && this.#waiting.length === 0) setImmediate(() => this.#next());
    if (this.#begun < requestsMax) {
      this.#begun += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #next(): void {
    const admitted = this.#waiting.splice(0, requestsMax);
    this.#begun = admitted.length;
    if (admitted.length > 0) setImmediate(() => this.#next());
    for (const begin of admitted) begin();
  }
}
