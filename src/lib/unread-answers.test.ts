import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { UnreadAnswers } from "./unread-answers.ts";

function setting(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { nowMs: 0 };
  const ended: string[] = [];
  const unread = new UnreadAnswers({ sizeBytesMax: 100, nowMs: () => clock.nowMs });
  const reply = (name: string) => ({ destroy: () => ended.push(name) });
  return { clock, ended, unread, reply };
}

test("answers that hold too much end those that have waited longest, but none that has just begun to wait", (t) => {
  const { clock, ended, unread, reply } = setting(t);
  const [first, second, third] = [reply("first"), reply("second"), reply("third")];
  unread.add(first, 60);
  unread.add(second, 60);
  assert.deepEqual(ended, []);
  clock.nowMs = 5_000;
  unread.add(third, 60);
  // With one of them gone there is still too much.
  assert.deepEqual(ended, ["first", "second"]);
  clock.nowMs = 20_000;
  unread.add(reply("fourth"), 30);
  assert.deepEqual(ended, ["first", "second"]);
});

test("who reads is not ended", (t) => {
  const { clock, ended, unread, reply } = setting(t);
  const [first, second] = [reply("first"), reply("second")];
  unread.add(first, 90);
  clock.nowMs = 6_000;
  unread.delete(first);
  unread.add(first, 90);
  unread.add(second, 90);
  assert.deepEqual(ended, []);
});

test("who reads nothing for two minutes is ended, however little it is", (t) => {
  const { clock, ended, unread, reply } = setting(t);
  unread.add(reply("silent"), 1);
  clock.nowMs = 60_000;
  t.mock.timers.tick(5_000);
  assert.deepEqual(ended, []);
  clock.nowMs = 120_000;
  t.mock.timers.tick(5_000);
  assert.deepEqual(ended, ["silent"]);
});
