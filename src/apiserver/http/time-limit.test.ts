import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatusError } from "../../apimachinery/index.ts";
import { openTestServer } from "../testing.ts";
import { timeLimitOf, withinLimit } from "./time-limit.ts";

const limitOf = (text: string) => timeLimitOf(new URLSearchParams({ timeout: text }));

test("a client says how long it waits, at most a minute", () => {
  const cases = { "1s": 1000, "1m30s": 60_000, "100h": 60_000, "0": undefined, "-1s": undefined, "": undefined };
  for (const [text, want] of Object.entries(cases)) assert.equal(limitOf(text), want, text);
});

test("what is no time span is refused, whatever is asked for", async () => {
  await using server = await openTestServer();
  for (const path of ["/api/v1/namespaces", "/apis/apps", "/api/v1/namespaces/default"]) {
    const { status, body } = await server.send("GET", `${path}?timeout=5`);
    assert.equal(status, 400);
    const why = 'time: missing unit in duration "5"';
    assert.equal(body.message, `invalid timeout specified in the request URL - ${why}`);
  }
  await server.ok("GET", "/api/v1/namespaces?timeout=32s");
});

test("an answer that comes too late is a Timeout", async () => {
  const late = withinLimit(1, new Promise(() => {}));
  await assert.rejects(late, (error: StatusError) => error.reason === "Timeout" && error.status.code === 504);
  assert.equal(await withinLimit(1000, Promise.resolve("in time")), "in time");
});
