import { setImmediate as nextTurn } from "node:timers/promises";
import { timedOut } from "../../apimachinery/index.ts";
import { BodyTooLargeError, type HttpRequest, readBody, type User } from "../../lib/index.ts";
import { ResponseError } from "./errors.ts";

/** What kube-apiserver takes: twice etcd's limit of 1.5 MB, so that every object that can be stored fits in a patch. */
export const bodyBytesMax = 3 * 2 ** 20;
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
export type Bodies = {
  /** @returns the body of one request; whoever has answered it disposes of it */
  of(request: HttpRequest, user: User): RequestBody;
};

/** The body of one request, which counts until it is disposed of. */
export type RequestBody = Disposable & {
  /**
   * @throws {BodyTooLargeError}
   * @throws {StatusError} `Timeout` when it does not come in time
   * @throws {ResponseError} 429 when there is no room for it, or others need the room and it is slow to come
   */
  read(): Promise<Uint8Array>;
};

export function createBodies(options: { heldBytesMax?: number; arrivalMsMax?: number } = {}): Bodies {
  const administrators = new Room(options.heldBytesMax ?? heldBytesMax);
  const others = new Room(options.heldBytesMax ?? heldBytesMax);
  const lane = new Lane();
  return {
    of(request, { groups }) {
      const room = groups.includes("system:masters") ? administrators : others;
      return new Held(request, room, lane, options.arrivalMsMax ?? arrivalMsMax);
    },
  };
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

class Held implements RequestBody {
  readonly #request: HttpRequest;
  readonly #room: Room;
  readonly #lane: Lane;
  readonly #arrivalMsMax: number;
  #sizeBytes = 0;
  #stop: ((error: unknown) => void) | undefined;

  constructor(request: HttpRequest, room: Room, lane: Lane, arrivalMsMax: number) {
    this.#request = request;
    this.#room = room;
    this.#lane = lane;
    this.#arrivalMsMax = arrivalMsMax;
  }

  async read(): Promise<Uint8Array> {
    const { body } = this.#request;
    // A caller in this process has it in memory already.
    if (body === undefined || body instanceof Uint8Array) return await readBody(body, bodyBytesMax);
    const bytes = await this.#receive(body);
    if (bytes.byteLength > largeBytes) await this.#lane.turn();
    return bytes;
  }

  /** Ends the wait for the rest of the body, which nobody reads then. */
  fail(error: unknown): void {
    this.#stop?.(error);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#room.coming.delete(this);
    this.#room.leave(this.#sizeBytes);
    this.#sizeBytes = 0;
  }

  async #receive(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const saidBytes = Number(this.#request.headers["content-length"] ?? Number.NaN);
    if (saidBytes > bodyBytesMax) throw new BodyTooLargeError(bodyBytesMax);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(() => {
      this.fail(timedOut("request did not complete within the allotted timeout", 0));
    }, this.#arrivalMsMax);
    this.#stop = reject;
    this.#room.coming.add(this);
    this.#collect(body, saidBytes).then(resolve, reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#stop = undefined;
      this.#room.coming.delete(this);
    }
  }

  /** In one buffer that grows: a client may send each byte by itself. */
  async #collect(body: AsyncIterable<Uint8Array>, saidBytes: number): Promise<Uint8Array> {
    let buffer = Buffer.alloc(0);
    let sizeBytes = 0;
    for await (const chunk of body) {
      if (this.#stop === undefined) break;
      const needed = sizeBytes + chunk.byteLength;
      if (needed > bodyBytesMax) throw new BodyTooLargeError(bodyBytesMax);
      if (needed === saidBytes && sizeBytes === 0) {
        this.#take(needed);
        return chunk;
      }
      if (needed > buffer.byteLength) {
        const room = Math.max(2 * buffer.byteLength, Math.min(roomBytesMin, saidBytes || roomBytesMin), needed);
        this.#take(room - buffer.byteLength);
        buffer = Buffer.concat([buffer.subarray(0, sizeBytes)], room);
      }
      buffer.set(chunk, sizeBytes);
      sizeBytes = needed;
    }
    return buffer.subarray(0, sizeBytes);
  }

  #take(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes;
    this.#room.take(sizeBytes);
    if (this.#room.isFull) this.fail(tooManyRequests());
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
