import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import { openApiServer } from "../apiserver/index.ts";
import { createClient, type Resource } from "../client/index.ts";
import { silentLog, waitUntil } from "../lib/index.ts";
import { openMemoryStore } from "../storage/index.ts";
import { createEventCorrelator } from "./event-correlator.ts";
import { createEventRecorder } from "./events.ts";

const sighting = (message: string, about = "pod") => ({ about, type: "Normal", reason: "Tested", message });
const minuteMs = 60_000;

test("the tenth different message within ten minutes and those after it are one event", () => {
  const { correlate } = createEventCorrelator();
  const keys = new Set<string>();
  for (let index = 1; index < 10; index++) {
    const told = correlate(sighting(`m${index}`), index);
    assert.equal(told?.message, `m${index}`);
    keys.add(told?.key ?? "");
  }
  assert.equal(keys.size, 9);
  const tenth = correlate(sighting("m10"), 10);
  assert.equal(tenth?.message, "(combined from similar events): m10");
  const next = correlate(sighting("m11"), 10 * minuteMs);
  assert.deepEqual([next?.message, next?.key], ["(combined from similar events): m11", tenth?.key]);
  assert.equal(correlate(sighting("m12"), 20 * minuteMs + 1)?.message, "m12", "long after the last one all is new");
});

test("about one object there are 25 events at once, and one more every five minutes", () => {
  const { correlate } = createEventCorrelator();
  const told = (nowMs: number, about?: string) => correlate(sighting("same", about), nowMs) !== undefined;
  assert.deepEqual(
    Array.from({ length: 26 }, () => told(0)),
    [...Array.from({ length: 25 }, () => true), false],
  );
  assert.equal(told(0, "other"), true);
  assert.deepEqual([told(4 * minuteMs), told(5 * minuteMs), told(5 * minuteMs)], [false, true, false]);
});

test("what is forgotten does not grow", () => {
  const { correlate } = createEventCorrelator();
  for (let index = 0; index < 30; index++) correlate(sighting("same"), 0);
  for (let index = 0; index < 4096; index++) correlate(sighting("same", `pod${index}`), 0);
  assert.notEqual(correlate(sighting("same"), 0), undefined);
});

const events: Resource = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };
type Event = KubeObject & Record<"message" | "count" | "involvedObject" | "source" | "lastTimestamp", unknown>;

test("the same event counts up in place, a similar one stands beside it", async () => {
  await using store = openMemoryStore();
  await using server = await openApiServer({ store, log: silentLog });
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  let now = new Date("2026-01-02T03:04:05Z");
  const record = createEventRecorder(client, "test-controller", silentLog, () => now);
  const metadata = { name: "p", namespace: "default", uid: "u", resourceVersion: "7" };
  const pod = { apiVersion: "v1", kind: "Pod", metadata };
  record(pod, "Normal", "Tested", "once");
  now = new Date("2026-01-02T03:05:05Z");
  record(pod, "Normal", "Tested", "once");
  record(pod, "Normal", "Tested", "again");
  const written = async () => (await client.list<Event>(events, { namespace: "default" })).items;
  const shown = async () => (await written()).map(({ message, count }) => `${message} ${count}`).sort();
  await waitUntil(async () => ((await shown()).join() === "again 1,once 2" ? true : undefined), {
    timeoutMs: 5_000,
    what: "both events",
  });
  const once = (await written()).find(({ message }) => message === "once");
  assert.deepEqual(once?.involvedObject, { apiVersion: "v1", kind: "Pod", ...metadata });
  assert.deepEqual([once?.source, once?.["reportingComponent"]], [{ component: "test-controller" }, "test-controller"]);
  assert.deepEqual([once?.["firstTimestamp"], once?.lastTimestamp], ["2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z"]);
});
