import assert from "node:assert/strict";
import { test } from "node:test";
import { SortedKeys } from "./keys.ts";

test("SortedKeys holds the same as a sorted array, whatever comes and goes", () => {
  const keys = new SortedKeys(["/b/2", "/a", "/b/1"]);
  const model = new Set(["/b/2", "/a", "/b/1"]);
  const add = (key: string) => {
    keys.add(key);
    model.add(key);
  };
  const remove = (key: string) => {
    keys.delete(key);
    model.delete(key);
  };
  const check = () => {
    const sorted = [...model].toSorted();
    const prefixed = sorted.filter((key) => key.startsWith("/n/1"));
    const after = prefixed[Math.floor(prefixed.length / 3)] ?? "";
    const later = prefixed.filter((key) => key > after);
    assert.deepEqual(keys.list(""), sorted);
    assert.deepEqual(keys.list("/n/1", after, 700), later.slice(0, 700));
    assert.deepEqual(
      [keys.count(""), keys.count("/n/1"), keys.count("/n/1", after)],
      [sorted, prefixed, later].map((list) => list.length),
    );
  };
  const numbers = Array.from({ length: 5000 }, (_, index) => `/n/${(index * 1709) % 5000}`);
  for (const key of numbers) add(key);
  check();
  for (const key of numbers.slice(0, 4900)) remove(key);
  check();
  for (const key of [...model]) remove(key);
  check();
  add("/n/17");
  check();
});

test("SortedKeys notices that a key to remove is not there", () => {
  assert.throws(() => new SortedKeys(["/a"]).delete("/b"), /not in the index/);
});
