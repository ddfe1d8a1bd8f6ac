import { bufferOf } from "../../../lib/index.ts";
/** One value of DER: its tag and its content. */
export type Der = { readonly tag: number; readonly content: Buffer; readonly all: Buffer };

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value with its tag and length in front. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(body.length), body]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Uint8Array.of(0x80 | bytes.length), bytes]);
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return der(tags.sequence, ...items);
}

/** An integer that is not negative. */
export function integer(value: bigint): Buffer {
  const bytes = bytesOf(value);
  return der(tags.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

/** The bytes of a number, the highest first; at least `size` of them. */
export function bytesOf(value: bigint, size = 1): Buffer {
  const hex = value.toString(16).padStart(size * 2, "0");
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
}

/** An object identifier, as in `2.5.29.15`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128))
      groups.unshift((more & 0x7f) | 0x80);
    return groups;
  });
  return der(tags.oid, Uint8Array.from(bytes));
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return der(tags.bitString, Uint8Array.of(unusedBits), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return der(tags.octetString, bytes);
}

/** A time to the second: two digits of the year where that is clear. */
export function time(unixMs: number): Buffer {
  const [year = "", ...rest] = new Date(unixMs)
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .split(/[-:T]/);
  const isClear = Number(year) >= 1950 && Number(year) < 2050;
  const digits = `${isClear ? year.slice(2) : year}${rest.join("")}Z`;
  return der(isClear ? tags.utcTime : tags.generalizedTime, Buffer.from(digits));
}

/** The values that bytes consist of; `undefined` when they are malformed. */
export function readDer(bytes: Uint8Array): Der[] | undefined {
  const buffer = bufferOf(bytes);
  const values: Der[] = [];
  for (let at = 0; at < buffer.length; ) {
    const tag = buffer[at] ?? 0;
    const first = buffer[at + 1];
    if (first === undefined) return undefined;
    const lengthSize = first < 0x80 ? 0 : first & 0x7f;
    if (lengthSize > 4 || at + 2 + lengthSize > buffer.length) return undefined;
    const length = lengthSize === 0 ? first : Number(numberOf(buffer.subarray(at + 2, at + 2 + lengthSize)));
    const start = at + 2 + lengthSize;
    if (start + length > buffer.length) return undefined;
    values.push({ tag, content: buffer.subarray(start, start + length), all: buffer.subarray(at, start + length) });
    at = start + length;
  }
  return values;
}
