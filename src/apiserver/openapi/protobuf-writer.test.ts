import assert from "node:assert/strict";
import { test } from "node:test";
import { createProtobufWriter, type ProtobufWriter } from "./protobuf-writer.ts";

/** Bytes as the encoding is documented at protobuf.dev. */
const cases: Record<string, { write: (writer: ProtobufWriter) => void; hex: string }> = {
  "numbers of one and of two bytes": {
    write: (writer) => {
      writer.integer(1, 127);
      writer.integer(1, 150);
    },
    hex: "087f 089601",
  },
  "numbers above 32 bits": {
    write: (writer) => writer.integer(1, Number.MAX_SAFE_INTEGER),
    hex: "08ffffffffffffff0f",
  },
  "negative numbers as 64 bits": {
    write: (writer) => {
      writer.integer(1, -1);
      writer.integer(1, -300);
    },
    hex: "08ffffffffffffffffff01 08d4fdffffffffffffff01",
  },
  "zero values too": {
    write: (writer) => {
      writer.integer(1, 0);
      writer.bool(2, false);
      writer.bool(3, true);
      writer.text(4, "");
      writer.message(5, () => {});
    },
    hex: "0800 1000 1801 2200 2a00",
  },
  "text as UTF-8": { write: (writer) => writer.text(2, "test⚙"), hex: "1207 74657374e29a99" },
  "doubles, lowest byte first": { write: (writer) => writer.double(1, -2.5), hex: "09 00000000000004c0" },
  "field numbers above 15": { write: (writer) => writer.bool(31, true), hex: "f80101" },
  "messages within messages": {
    write: (writer) => {
      writer.message(3, () => {
        writer.integer(1, 150);
        writer.message(2, () => writer.text(1, "a"));
      });
      writer.bool(4, true);
    },
    hex: "1a08 089601 1203 0a0161 2001",
  },
};
for (const [name, { write, hex }] of Object.entries(cases)) {
  test(`a protobuf writer writes ${name}`, () => {
    const writer = createProtobufWriter();
    write(writer);
    assert.equal(Buffer.from(writer.bytes()).toString("hex"), hex.replaceAll(" ", ""));
  });
}

test("a protobuf writer moves a long message behind its length", () => {
  const writer = createProtobufWriter();
  writer.text(1, "before");
  writer.message(2, () => writer.message(3, () => writer.text(4, "x".repeat(100_000))));
  writer.text(5, "after");
  const expected = [
    Buffer.from("0a06", "hex"),
    Buffer.from("before"),
    Buffer.from("12a88d06 1aa48d06 22a08d06".replaceAll(" ", ""), "hex"),
    Buffer.alloc(100_000, "x"),
    Buffer.from("2a05", "hex"),
    Buffer.from("after"),
  ];
  assert.deepEqual(Buffer.from(writer.bytes()), Buffer.concat(expected));
});

test("a protobuf writer gives bytes that later fields leave alone", () => {
  const writer = createProtobufWriter();
  writer.bool(1, true);
  const first = writer.bytes();
  writer.message(2, () => {});
  assert.deepEqual([...first], [0x08, 0x01]);
  assert.deepEqual([...writer.bytes()], [0x08, 0x01, 0x12, 0x00]);
});
