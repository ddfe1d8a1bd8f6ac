import assert from "node:assert/strict";
import { test } from "node:test";
import { type HttpRequest, readBody } from "../../lib/index.ts";
import { admin } from "../testing.ts";
import { Bodies } from "./bodies.ts";
import { ResponseError } from "./errors.ts";

const tenant = { name: "tenant", groups: ["system:authenticated"] };

/** A body that is sent piece by piece, and may stop before its end. */
function sender(headers: Record<string, string> = {}) {
  const pieces: (Uint8Array | undefined)[] = [];
  let wake = () => {};
  const body = (async function* () {
    for (;;) {
      while (pieces.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const piece = pieces.shift();
      if (piece === undefined) return;
      yield piece;
    }
  })();
  const request: HttpRequest = { method: "POST", target: "/", headers, body, signal: new AbortController().signal };
  const send = (piece: string | undefined) => {
    pieces.push(piece === undefined ? undefined : Buffer.from(piece));
    wake();
  };
  return { request, send };
}

const read = async ({ body }: HttpRequest) => Buffer.from(await readBody(body, 2 ** 30)).toString();

function isTooMany(error: unknown): boolean {
  assert.ok(error instanceof ResponseError);
  assert.equal(error.response.status, 429);
  assert.equal(error.response.headers["retry-after"], "1");
  assert.equal(error.response.body, "Too many requests, please try again later.\n");
  return true;
}

test("a body comes as a whole, however it is cut", async () => {
  const bodies = new Bodies();
  const text = "0123456789".repeat(5_000);
  for (const pieces of [[text], [...text.slice(0, 3_000)], [text.slice(0, 20_000), "", text.slice(20_000)]]) {
    for (const length of [undefined, String(pieces.join("").length)]) {
      const { request, send } = sender(length === undefined ? {} : { "content-length": length });
      using _held = bodies.bound(request, tenant);
      for (const piece of [...pieces, undefined]) send(piece);
      assert.equal(await read(request), pieces.join(""));
    }
  }
});

test("callers in this process have their bodies already", () => {
  const { request } = sender();
  const body = Buffer.from("x");
  assert.equal(new Bodies().bound({ ...request, body }, tenant), undefined);
});

test("a body that says that it is too large is not read, and one that becomes so not to its end", async () => {
  const said = sender({ "content-length": String(4 * 2 ** 20) });
  using _said = new Bodies().bound(said.request, tenant);
  await assert.rejects(read(said.request), { sizeBytesMax: 3 * 2 ** 20 });
  const { request, send } = sender();
  using _held = new Bodies().bound(request, tenant);
  for (let count = 0; count < 4; count++) send("x".repeat(2 ** 20));
  await assert.rejects(read(request), { sizeBytesMax: 3 * 2 ** 20 });
});

test("a body that does not come in time is a Timeout", async () => {
  const { request, send } = sender({ "content-length": "10" });
  using _held = new Bodies({ arrivalMsMax: 1 }).bound(request, tenant);
  send("half");
  await assert.rejects(read(request), { reason: "Timeout", code: 504 });
});

test("a body that is slow to come makes room for others", async () => {
  const bodies = new Bodies({ heldBytesMax: 200_000 });
  const slow = sender();
  using _slow = bodies.bound(slow.request, tenant);
  const refused = assert.rejects(read(slow.request), isTooMany);
  slow.send("x".repeat(120_000));
  await new Promise((resolve) => setImmediate(resolve));
  const quick = sender();
  using _quick = bodies.bound(quick.request, tenant);
  quick.send("y".repeat(150_000));
  quick.send(undefined);
  assert.equal((await read(quick.request)).length, 150_000);
  await refused;
});

test("bodies of requests that are not answered yet take room, but none from administrators", async () => {
  const bodies = new Bodies({ heldBytesMax: 200_000 });
  const text = "x".repeat(150_000);
  const begin = (user: typeof tenant | typeof admin) => {
    const { request, send } = sender({ "content-length": String(text.length) });
    const held = bodies.bound(request, user);
    send(text);
    return { held, text: read(request) };
  };
  const first = begin(tenant);
  assert.equal((await first.text).length, text.length);
  const second = begin(tenant);
  await assert.rejects(second.text, isTooMany);
  const administrator = begin(admin);
  assert.equal((await administrator.text).length, text.length);
  first.held?.[Symbol.dispose]();
  const third = begin(tenant);
  assert.equal((await third.text).length, text.length);
});
