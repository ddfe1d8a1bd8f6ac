/** The value of one field on the wire, read as what the field's type says it is. */
export type FieldReader = {
  bytes(): Uint8Array;
  text(): string;
  integer(): number;
  double(): number;
  /** Whether this is a run of bytes, as a packed list of numbers is. */
  packed(): boolean;
  packedItems(): FieldReader[];
};

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Calls `field` for each field of a protobuf message, in the order of the bytes.
 *
 * @throws {RangeError} when the bytes are no message, or a value is read as what it is not
 */
export function readFields(message: Uint8Array, field: (number: number, value: FieldReader) => void): void {
  let at = 0;
  while (at < message.byteLength) {
    const [tag, afterTag] = varint(message, at);
    const wire = tag & 7;
    const [value, next] = fieldValue(message, afterTag, wire);
    field(Math.floor(tag / 8), value);
    at = next;
  }
}

function fieldValue(message: Uint8Array, at: number, wire: number): [FieldReader, number] {
  switch (wire) {
    case 0: {
      const [number, next] = varint(message, at);
      return [reader({ number }), next];
    }
    case 1:
      return [reader({ bytes: slice(message, at, 8), fixed: true }), at + 8];
    case 2: {
      const [length, start] = varint(message, at);
      return [reader({ bytes: slice(message, start, length) }), start + length];
    }
    case 5:
      return [reader({ bytes: slice(message, at, 4), fixed: true }), at + 4];
    default:
      throw new RangeError(`there is no wire type ${wire}`);
  }
}

function reader({ bytes, number, fixed }: { bytes?: Uint8Array; number?: number; fixed?: boolean }): FieldReader {
  const run = () => {
    if (bytes === undefined) throw new RangeError("a number stands where bytes should be");
    return bytes;
  };
  return {
    bytes: run,
    text() {
      try {
        return decoder.decode(run());
      } catch (cause) {
        throw new RangeError("a text is not UTF-8", { cause });
      }
    },
    integer() {
      if (number === undefined) throw new RangeError("bytes stand where a number should be");
      return number;
    },
    double() {
      const eight = run();
      return new DataView(eight.buffer, eight.byteOffset, eight.byteLength).getFloat64(0, true);
    },
    packed: () => bytes !== undefined && fixed !== true,
    packedItems() {
      const items: FieldReader[] = [];
      for (let at = 0; at < run().byteLength; ) {
        const [item, next] = varint(run(), at);
        items.push(reader({ number: item }));
        at = next;
      }
      return items;
    },
  };
}

function slice(message: Uint8Array, start: number, length: number): Uint8Array {
  if (length < 0 || start + length > message.byteLength) throw new RangeError("it ends too early");
  return message.subarray(start, start + length);
}

/** A number of up to 64 bits, signed as int64 is. Above 2^53 the last digits are lost, as they are in JSON numbers here. */
function varint(message: Uint8Array, start: number): [value: number, next: number] {
  let low = 0;
  let high = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = message[start + index];
    if (byte === undefined) throw new RangeError("it ends too early");
    const bits = byte & 0x7f;
    if (index < 4) low += bits * 2 ** (7 * index);
    else if (index === 4) {
      low += (bits & 0x0f) * 2 ** 28;
      high += bits >> 4;
    } else high += bits * 2 ** (7 * index - 32);
    if (byte < 0x80) {
      const negative = high >= 2 ** 31;
      return [low + (negative ? high - 2 ** 32 : high) * 2 ** 32, start + index + 1];
    }
  }
  throw new RangeError("a number is longer than 64 bits");
}
