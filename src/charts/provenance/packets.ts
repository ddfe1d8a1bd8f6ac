/** Something that OpenPGP does not allow, or that we do not understand. */
export class PacketError extends Error {}

/** @property tag what the packet is, RFC 9580 section 5 */
export type Packet = { tag: number; body: Uint8Array };

export const tags = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  marker: 10,
  userId: 13,
  publicSubkey: 14,
} as const;

/** Far more than any key or signature; a keyring holds thousands of packets. */
const packetsMax = 100_000;

/** Takes a stream apart. @throws {PacketError} when it ends too early */
export function readPackets(stream: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const reader = new Reader(stream);
  while (!reader.atEnd) {
    if (packets.length >= packetsMax) throw new PacketError(`there are more than ${packetsMax} packets`);
    const head = reader.byte();
    if ((head & 0x80) === 0) throw new PacketError("tag byte does not have MSB set");
    if ((head & 0x40) !== 0) packets.push({ tag: head & 0x3f, body: reader.bytes(newLength(reader)) });
    else {
      const sizes = [1, 2, 4] as const;
      const size = sizes[head & 3];
      // The last kind of length means: until the end.
      const length = size === undefined ? reader.left : reader.number(size);
      packets.push({ tag: (head >> 2) & 0x0f, body: reader.bytes(length) });
    }
  }
  return packets;
}

function newLength(reader: Reader): number {
  const first = reader.byte();
  if (first < 192) return first;
  if (first < 224) return ((first - 192) << 8) + reader.byte() + 192;
  if (first < 255) throw new PacketError("packets of unknown length are for messages, not for keys and signatures");
  return reader.number(4);
}

/** Reads bytes from the front. Everything throws {@link PacketError} at the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  get atEnd(): boolean {
    return this.left === 0;
  }

  byte(): number {
    return this.number(1);
  }

  /** Big-endian. */
  number(size: number): number {
    return this.bytes(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new PacketError("unexpected EOF");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A multiprecision integer: its length in bits, then its bytes. */
  integer(): Uint8Array {
    const bits = this.number(2);
    return this.bytes(Math.ceil(bits / 8));
  }
}
