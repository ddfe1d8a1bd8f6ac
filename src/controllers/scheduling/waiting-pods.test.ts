import assert from "node:assert/strict";
import { test } from "node:test";
import { podNamed } from "../compute/testing.ts";
import { createWaitingPods } from "./waiting-pods.ts";

const pod = (name: string, priority = 0, creationTimestamp = "2026-01-02T03:04:05Z") =>
  podNamed(name, { priority }, { uid: name, creationTimestamp, resourceVersion: "1" });
const everything = new Set(["node", "resources"] as const);

test("more important pods are tried first, older ones before newer ones", () => {
  const waiting = createWaitingPods();
  for (const one of [pod("new", 0, "2026-01-02T03:04:09Z"), pod("old"), pod("high", 9), pod("gone", 99)])
    waiting.put(one);
  waiting.delete("gone");
  const order = [1, 2, 3, 4].map(() => waiting.next(0)?.metadata.name);
  assert.deepEqual(order, ["high", "old", "new", undefined]);
});

test("a pod that was tried in vain waits for a change that may help it, for longer each time", () => {
  const waiting = createWaitingPods();
  const one = pod("one");
  waiting.put(one);
  const tries = [0, 1000, 2000, 4000, 8000, 10_000, 10_000];
  let nowMs = 0;
  for (const waitMs of tries) {
    assert.equal(waiting.next(nowMs), one);
    waiting.park(one, everything, nowMs);
    assert.equal(waiting.dueInMs(nowMs), undefined);
    waiting.wake("volumes");
    assert.equal(waiting.next(nowMs + 60_000), undefined);
    waiting.wake("resources");
    assert.equal(waiting.dueInMs(nowMs), waitMs);
    if (waitMs > 0) assert.equal(waiting.next(nowMs + waitMs - 1), undefined);
    nowMs += waitMs;
  }
});
