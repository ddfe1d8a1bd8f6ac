import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { conflict } from "../apimachinery/index.ts";
import { silentLog } from "../lib/index.ts";
import { type Result, startController } from "./controller.ts";

test("a key is reconciled again when it was queued while it ran, and never twice at once", async () => {
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  let runs = 0;
  let atOnce = 0;
  await using controller = startController({
    name: "test",
    log: silentLog,
    async reconcile(): Promise<Result> {
      runs += 1;
      atOnce += 1;
      assert.equal(atOnce, 1);
      started.resolve();
      await gate.promise;
      atOnce -= 1;
      return { state: "done" };
    },
  });
  controller.enqueue("a");
  await started.promise;
  controller.enqueue("a");
  controller.enqueue("a");
  gate.resolve();
  await controller.idle();
  assert.equal(runs, 2);
});

test("no more keys run at once than the concurrency allows", async () => {
  let most = 0;
  let now = 0;
  await using controller = startController({
    name: "test",
    log: silentLog,
    concurrency: 2,
    async reconcile(): Promise<Result> {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { state: "done" };
    },
  });
  for (const key of ["a", "b", "c", "d", "e"]) controller.enqueue(key);
  await controller.idle();
  assert.equal(most, 2);
});

test("a reconcile that throws is tried again until it succeeds", async () => {
  const done = Promise.withResolvers<number>();
  let runs = 0;
  await using controller = startController({
    name: "test",
    log: silentLog,
    async reconcile(): Promise<Result> {
      runs += 1;
      if (runs < 4) throw new Error("not yet");
      done.resolve(runs);
      return { state: "done" };
    },
  });
  controller.enqueue("a");
  assert.equal(await done.promise, 4);
});

test("a conflict is no failure to warn of, another error is", async () => {
  const done = Promise.withResolvers<void>();
  const warned: unknown[] = [];
  const errors = [conflict({ group: "", resource: "pods" }, "a"), new Error("broken")];
  await using controller = startController({
    name: "test",
    log: { ...silentLog, warn: (_message, fields) => warned.push(fields?.["why"]) },
    async reconcile(): Promise<Result> {
      const error = errors.shift();
      if (error !== undefined) throw error;
      done.resolve();
      return { state: "done" };
    },
  });
  controller.enqueue("a");
  await done.promise;
  assert.deepEqual(warned, ["broken"]);
});

test("the earlier of two times wins", async () => {
  const done = Promise.withResolvers<void>();
  await using controller = startController({
    name: "test",
    log: silentLog,
    async reconcile(): Promise<Result> {
      done.resolve();
      return { state: "done" };
    },
  });
  controller.enqueue("a", 60_000);
  controller.enqueue("a", 1);
  await done.promise;
});

test("a key that is tried again at once lets the event loop turn in between", async () => {
  let turned = false;
  setImmediate(() => (turned = true));
  await using controller = startController({
    name: "test",
    log: silentLog,
    async reconcile(): Promise<Result> {
      if (turned) seen.resolve();
      return turned ? { state: "done" } : { state: "retry", reason: "not yet", afterMs: 0 };
    },
  });
  const seen = Promise.withResolvers<void>();
  controller.enqueue("a");
  await seen.promise;
});

test("keys that queue each other and wait for nothing let the event loop turn in between", async () => {
  await using controller = startController({
    name: "test",
    log: silentLog,
    async reconcile(key): Promise<Result> {
      controller.enqueue(key === "a" ? "b" : "a");
      return { state: "done" };
    },
  });
  controller.enqueue("a");
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
});

test("a wait that is no number, or longer than a timer can be, does not make a key run at once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  using _timers = { [Symbol.dispose]: () => mock.timers.reset() };
  const errors: string[] = [];
  const log = { ...silentLog, error: (text: string) => void errors.push(text) };
  let runs = 0;
  const waits = [Number.NaN, 2 ** 40];
  await using controller = startController({
    name: "test",
    log,
    async reconcile(): Promise<Result> {
      return { state: "again", afterMs: waits[runs++] ?? 0 };
    },
  });
  controller.enqueue("a");
  await controller.idle();
  controller.enqueue("a");
  await controller.idle();
  mock.timers.tick(1_000);
  await controller.idle();
  assert.equal(runs, 2);
  assert.deepEqual(errors, ["A time to wait is no number"]);
});
