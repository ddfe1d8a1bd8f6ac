/**
 * Writes one protobuf message, field by field in the order of the calls. A field is also written when it is empty:
 * whoever wants it left out does not call.
 */
export type ProtobufWriter = {
  text(field: number, value: string): void;
  bool(field: number, value: boolean): void;
  /**
   * A number of type `int64`.
   *
   * @param value a safe integer
   */
  integer(field: number, value: number): void;
  double(field: number, value: number): void;
  /** A message within this one, of the fields that `write` writes. */
  message(field: number, write: () => void): void;
  /** A copy of what was written so far. */
  bytes(): Uint8Array;
};

/** Room to start with; it doubles as often as it is too small. */
const sizeBytesInitial = 16 * 2 ** 10;
/** A number of 64 bits, seven in a byte. */
const varintBytesMax = 10;

const wireTypes = { varint: 0, fixed64: 1, lengthDelimited: 2 };

export function createProtobufWriter(): ProtobufWriter {
  let buffer = Buffer.alloc(sizeBytesInitial);
  let end = 0;
  const reserve = (sizeBytes: number) => {
    if (end + sizeBytes <= buffer.byteLength) return;
    const larger = Buffer.alloc(Math.max(2 * buffer.byteLength, end + sizeBytes));
    buffer.copy(larger, 0, 0, end);
    buffer = larger;
  };
  const varint = (value: number) => {
    reserve(varintBytesMax);
    end = writeVarint(buffer, end, value);
  };
  const tag = (field: number, wireType: number) => varint(field * 8 + wireType);
  return {
    text(field, value) {
      const sizeBytes = Buffer.byteLength(value);
      tag(field, wireTypes.lengthDelimited);
      varint(sizeBytes);
      reserve(sizeBytes);
      end += buffer.write(value, end);
    },
    bool(field, value) {
      tag(field, wireTypes.varint);
      varint(value ? 1 : 0);
    },
    integer(field, value) {
      tag(field, wireTypes.varint);
      varint(value);
    },
    double(field, value) {
      tag(field, wireTypes.fixed64);
      reserve(8);
      end = buffer.writeDoubleLE(value, end);
    },
    message(field, write) {
      tag(field, wireTypes.lengthDelimited);
      const start = end;
      write();
      // The length stands first and is known last, so what was written moves behind it.
      const sizeBytes = end - start;
      const lengthBytes = varintBytes(sizeBytes);
      reserve(lengthBytes);
      buffer.copyWithin(start + lengthBytes, start, end);
      writeVarint(buffer, start, sizeBytes);
      end += lengthBytes;
    },
    bytes: () => new Uint8Array(buffer.subarray(0, end)),
  };
}

/** Writes 64 bits in two's complement, the lowest seven first. Returns where the next byte goes. */
function writeVarint(buffer: Buffer, start: number, value: number): number {
  const last = start + varintBytes(value) - 1;
  let rest = value;
  for (let at = start; at < last; at += 1) {
    buffer[at] = 0x80 + lowBits(rest);
    rest = Math.floor(rest / 0x80);
  }
  // Nine bytes hold 63 bits; of a negative number the sign is left.
  buffer[last] = rest < 0 ? 1 : rest;
  return last + 1;
}

function varintBytes(value: number): number {
  if (value < 0) return varintBytesMax;
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

function lowBits(value: number): number {
  return ((value % 0x80) + 0x80) % 0x80;
}
