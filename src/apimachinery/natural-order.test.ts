import assert from "node:assert/strict";
import { test } from "node:test";
import { compareNatural, compareNaturalV3 } from "./natural-order.ts";

// Each list is in the order in which go-yaml v2 writes the keys.
const orders: string[][] = [
  ["", "-", "_", "1", "9", "10", "A", "K1", "a", "a b", "ab", "b"],
  ["k-1", "k_1", "k1", "k9", "k10", "k10a", "ka"],
  ["v1.2", "v1.9", "v1.10", "v2"],
  ["a0", "a00", "a1", "a01"],
  ["a100", "a101", "a110", "a200"],
  ["x.y/a", "x.y/b", "x/y", "xy", "é", "日"],
];
for (const order of orders) {
  test(`keys sort as ${order.join(" < ")}`, () => {
    assert.deepEqual(order.toReversed().sort(compareNatural), order);
    for (const key of order) assert.equal(compareNatural(key, key), 0);
  });
}

test("go-yaml v3 takes letters first behind a digit", () => {
  const order = ["1b", "10", "a", "k1", "k1a", "k1-", "k1.5", "k1_", "k9", "k10", "k10a", "k100", "ka"];
  assert.deepEqual(order.toReversed().sort(compareNaturalV3), order);
});
