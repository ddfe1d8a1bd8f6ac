import assert from "node:assert/strict";
import { test } from "node:test";
import { createRenderCache, type Inputs, type Render } from "./render-cache.ts";

let nowMs = 0;
const now = () => new Date(nowMs);
const outcome = { ok: true, sourceType: "Directory", manifests: [] } as const;
const render = (reads: Record<string, string>, more: Partial<Render> = {}): Render => ({
  outcome,
  reads: new Map(Object.entries(reads)),
  sizeBytes: 10,
  untilMs: Number.POSITIVE_INFINITY,
  heldAt: "",
  ...more,
});
const inputs = (state: string, values: Record<string, string>, asked: string[] = []): Inputs => ({
  state,
  isVolatile: (read) => read.startsWith("volatile"),
  valueOf: async (read) => {
    asked.push(read);
    return values[read];
  },
});

test("a render holds as long as what it has read is the same", async () => {
  const cache = createRenderCache({ now });
  const old = render({ a: "1" });
  const young = render({ a: "2" });
  cache.put("k", old);
  cache.put("k", young);
  assert.equal(await cache.find("k", inputs("s1", { a: "1" }), []), old);
  assert.equal(await cache.find("k", inputs("s2", { a: "2" }), []), young);
  assert.equal(await cache.find("k", inputs("s3", { a: "3" }), []), undefined);
  assert.equal(await cache.find("other", inputs("s1", { a: "1" }), []), undefined);
});

test("in the same state only what is volatile is compared", async () => {
  const cache = createRenderCache({ now });
  const known = render({ a: "1", "volatile b": "1" }, { heldAt: "s" });
  cache.put("k", known);
  const asked: string[] = [];
  assert.equal(await cache.find("k", inputs("s", { a: "9", "volatile b": "1" }, asked), []), known);
  assert.deepEqual(asked, ["volatile b"]);
  assert.equal(await cache.find("k", inputs("s", { a: "1", "volatile b": "2" }), []), undefined);
});

test("a render whose time is over is done again", async () => {
  const cache = createRenderCache({ now });
  cache.put("k", render({}, { untilMs: 100 }));
  nowMs = 99;
  assert.ok(await cache.find("k", inputs("s", {}), []));
  nowMs = 100;
  assert.equal(await cache.find("k", inputs("s", {}), []), undefined);
});

test("the renders used longest ago go when there are too many bytes; those of the caller count all the same", async () => {
  const cache = createRenderCache({ now, bytesMax: 25 });
  const first = render({});
  cache.put("a", first);
  cache.put("b", render({}));
  await cache.find("a", inputs("s", {}), []);
  cache.put("c", render({}));
  assert.ok(await cache.find("a", inputs("s", {}), []));
  assert.equal(await cache.find("b", inputs("s", {}), []), undefined);
  assert.equal(await cache.find("b", inputs("s", {}), [first]), first);
});
