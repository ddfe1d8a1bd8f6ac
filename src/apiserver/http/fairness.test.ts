import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { configMap, openTestServer } from "../testing.ts";
import { Fairness } from "./fairness.ts";

test("a few begin at once, and of thousands some in each turn, in the order in which they came", async () => {
  const fairness = new Fairness();
  assert.equal(fairness.turn(), undefined);
  await nextTurn();
  const begun: number[] = [];
  const all = Array.from({ length: 2_000 }, async (_, index) => {
    await fairness.turn();
    begun.push(index);
  });
  const seen: number[] = [];
  while (begun.length < all.length) {
    seen.push(begun.length);
    await nextTurn();
  }
  assert.ok(seen.length >= 3, "all had their turn at once");
  assert.deepEqual(begun, [...begun.keys()]);
  await nextTurn();
  assert.equal(fairness.turn(), undefined);
});

test("thousands of writes of one turn leave the event loop to others in between", async () => {
  await using server = await openTestServer();
  let turns = 0;
  let writing = true;
  const others = (async () => {
    for (; writing; turns++) await nextTurn();
  })();
  const target = "/api/v1/namespaces/default/configmaps";
  const names = Array.from({ length: 3_000 }, (_, index) => `a${index}`);
  await Promise.all(names.map((name) => server.ok("POST", target, { body: configMap(name) })));
  writing = false;
  await others;
  assert.ok(turns >= 5, `others had ${turns} turns`);
});
