import type { Socket } from "node:net";

/**
 * Requests that may wait on one connection for those before them. Nobody who sends requests without waiting for answers
 * (pipelining) is known to send as many.
 */
const waitingMax = 32;

/** Lets the requests of each HTTP/1.1 connection have their turn one after the other, as Go's server does. */
export class Turns {
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();

  /** Starts at once, or when those before are answered. A connection on which too many wait is ended. */
  take(socket: Socket, start: () => void): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      start();
      return;
    }
    if (waiting.length < waitingMax) waiting.push(start);
    else socket.destroy();
  }

  /** The request whose turn it was is answered, or its connection is gone. */
  done(socket: Socket): void {
    const next = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
    if (next === undefined) this.#waiting.delete(socket);
    else next();
  }
}
