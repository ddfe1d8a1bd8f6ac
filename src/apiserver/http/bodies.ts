import { setImmediate as nextTurn } from "node:timers/promises";
import { timedOut } from "../../apimachinery/index.ts";
import { BodyTooLargeError, type Chunks, type HttpRequest, type User } from "../../lib/index.ts";
import { bodyBytesMax } from "./decode.ts";
import { ResponseError } from "./errors.ts";

/**
 * What the bodies of all requests that are not answered yet may hold together: twenty of the largest, whose objects take ten
 * times as much memory.
 */
const heldBytesMax = 64 * 2 ** 20;
/** kube-apiserver's `--request-timeout`. */
const arrivalMsMax = 60_000;
/** Decoding more takes so long that others have their turn before the next one. */
const largeBytes = 128 * 1024;
/** What room for a body is made first, unless it says that it is smaller. */
const roomBytesMin = 16 * 1024;

/**
 * The bodies of the requests that one process is answering. Those of administrators have room of their own, so that they get
 * through whatever others do.
 */
export class Bodies {
  readonly #administrators: Room;
  readonly #others: Room;
  readonly #arrivalMsMax: number;
  readonly #lane = new Lane();

  constructor(options: { heldBytesMax?: number; arrivalMsMax?: number } = {}) {
    this.#administrators = new Room(options.heldBytesMax ?? heldBytesMax);
    this.#others = new Room(options.heldBytesMax ?? heldBytesMax);
    this.#arrivalMsMax = options.arrivalMsMax ?? arrivalMsMax;
  }

  /**
   * Puts in the place of a body that comes over the network one that comes as a whole, within bounds. Reading it throws
   * `BodyTooLargeError`, `Timeout` when it does not come in time, and a 429 when there is no room for it, or when it is slow to
   * come and others need the room.
   *
   * @returns what to dispose of when the request is answered; `undefined` when there is nothing to bound
   */
  bound(request: HttpRequest, user: User): Disposable | undefined {
    const { body } = request;
    // A caller in this process has its body in memory already.
    if (body === undefined || body instanceof Uint8Array) return undefined;
    const room = user.groups.includes("system:masters") ? this.#administrators : this.#others;
    const said = Number(request.headers["content-length"] ?? Number.NaN);
    const held = new Held(body, said, { room, lane: this.#lane, arrivalMsMax: this.#arrivalMsMax });
    request.body = held;
    return held;
  }
}

/** So much may be held; what comes slowly makes room for what comes quickly. */
class Room {
  readonly #sizeBytesMax: number;
  /** Bodies that are still coming, in the order in which they began to. */
  readonly coming = new Set<Held>();
  #sizeBytes = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  take(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes;
    for (const slowest of this.coming) {
      if (this.#sizeBytes <= this.#sizeBytesMax) return;
      slowest.fail(tooManyRequests());
    }
  }

  leave(sizeBytes: number): void {
    this.#sizeBytes -= sizeBytes;
  }

  get isFull(): boolean {
    return this.#sizeBytes > this.#sizeBytesMax;
  }
}

type Bounds = { room: Room; lane: Lane; arrivalMsMax: number };

/** The body of one request, which counts until it is disposed of. */
class Held implements Chunks, Disposable {
  readonly #body: Chunks;
  readonly #saidBytes: number;
  readonly #bounds: Bounds;
  #sizeBytes = 0;
  #stop: ((error: unknown) => void) | undefined;

  /** @param saidBytes how large it says that it is; not a number when it does not say */
  constructor(body: Chunks, saidBytes: number, bounds: Bounds) {
    this.#body = body;
    this.#saidBytes = saidBytes;
    this.#bounds = bounds;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield await this.#whole();
  }

  async each(take: (chunk: Uint8Array) => void): Promise<void> {
    take(await this.#whole());
  }

  /** Ends the wait for the rest of the body, which nobody reads then. */
  fail(error: unknown): void {
    this.#stop?.(error);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#stop?.(new Error("Cannot read the body: its request is answered"));
    this.#stop = undefined;
    this.#bounds.room.coming.delete(this);
    this.#bounds.room.leave(this.#sizeBytes);
    this.#sizeBytes = 0;
  }

  async #whole(): Promise<Uint8Array> {
    if (this.#saidBytes > bodyBytesMax) throw new BodyTooLargeError(bodyBytesMax);
    const bytes = await this.#receive();
    if (bytes.byteLength > largeBytes) await this.#bounds.lane.turn();
    return bytes;
  }

  async #receive(): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const { room, arrivalMsMax: limitMs } = this.#bounds;
    const late = () => this.fail(timedOut("request did not complete within the allotted timeout", 0));
    const timer = setTimeout(late, limitMs);
    this.#stop = reject;
    room.coming.add(this);
    this.#collect(resolve).catch(reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#stop = undefined;
      room.coming.delete(this);
    }
  }

  /** In one buffer that grows: a client may send each byte by itself. What comes as a whole is not copied, nor its end waited for. */
  async #collect(resolve: (bytes: Uint8Array) => void): Promise<void> {
    let buffer: Uint8Array = new Uint8Array();
    let sizeBytes = 0;
    const add = (chunk: Uint8Array) => {
      if (this.#stop === undefined) throw new Error("Cannot read the body: nobody waits for it");
      const neededBytes = sizeBytes + chunk.byteLength;
      if (neededBytes > bodyBytesMax) throw new BodyTooLargeError(bodyBytesMax);
      if (neededBytes === this.#saidBytes && sizeBytes === 0) {
        this.#take(neededBytes);
        buffer = chunk;
        resolve(chunk);
      } else if (neededBytes > buffer.byteLength) {
        const roomBytes = Math.max(
          2 * buffer.byteLength,
          Math.min(roomBytesMin, this.#saidBytes || roomBytesMin),
          neededBytes,
        );
        this.#take(roomBytes - buffer.byteLength);
        buffer = Buffer.concat([buffer.subarray(0, sizeBytes)], roomBytes);
      }
      if (buffer !== chunk) buffer.set(chunk, sizeBytes);
      sizeBytes = neededBytes;
    };
    if (this.#body.each === undefined) for await (const chunk of this.#body) add(chunk);
    else await this.#body.each(add);
    resolve(buffer.subarray(0, sizeBytes));
  }

  #take(sizeBytes: number): void {
    const { room } = this.#bounds;
    this.#sizeBytes += sizeBytes;
    room.take(sizeBytes);
    if (room.isFull) this.fail(tooManyRequests());
    if (!room.coming.has(this)) throw tooManyRequests();
  }
}

/** Lets one after the other go on, each in a turn of the event loop of its own. */
class Lane {
  #last: Promise<unknown> = Promise.resolve();

  turn(): Promise<unknown> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}

/** As kube-apiserver says it when too much is asked at once; clients try again after the time that it names. */
function tooManyRequests(): ResponseError {
  return new ResponseError({
    status: 429,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "retry-after": "1",
    },
    body: "Too many requests, please try again later.\n",
  });
}
