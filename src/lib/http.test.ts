import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Handler, readBody, serveHandler } from "./http.ts";

async function serve(t: TestContext, handler: Handler): Promise<Socket> {
  const server = createServer(serveHandler(handler, (error) => assert.fail(String(error))));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const socket = connect(address.port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  t.after(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  return socket;
}

/** Reads until the text has come. */
async function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (pattern.test(text)) return text;
  }
  assert.fail(`the connection ended after ${JSON.stringify(text.slice(0, 200))}`);
}

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

test("requests that come together on a connection are answered one after the other", async (t) => {
  const seen: string[] = [];
  let open = 0;
  const socket = await serve(t, async ({ target }) => {
    open += 1;
    seen.push(`${target} ${open}`);
    await nextTurn();
    open -= 1;
    return { status: 200, headers: {}, body: `answer ${target}` };
  });
  socket.write(ask("/1") + ask("/2") + ask("/3"));
  const text = await readUntil(socket, /answer \/3/);
  assert.deepEqual(seen, ["/1 1", "/2 1", "/3 1"]);
  assert.deepEqual(text.match(/answer \/\d/g), ["answer /1", "answer /2", "answer /3"]);
});

test("a connection on which too many requests wait is ended", async (t) => {
  let calls = 0;
  const socket = await serve(t, () => {
    calls += 1;
    return new Promise(() => {});
  });
  socket.write(ask("/").repeat(100));
  socket.resume();
  await once(socket, "close");
  assert.equal(calls, 1);
});

test("a client gets its answer although its body is not read", async (t) => {
  const socket = await serve(t, async ({ body }) => {
    const refused = await readBody(body, 1_000).catch(() => "too large");
    return { status: 413, headers: {}, body: String(refused) };
  });
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  const piece = `4000\r\n${"x".repeat(0x4000)}\r\n`;
  for (let count = 0; count < 20; count++) socket.write(piece);
  assert.match(await readUntil(socket, /too large/), /^HTTP\/1.1 413 /);
  // And goes on with the same connection when it has sent the rest.
  socket.write("0\r\n\r\n");
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello");
  await readUntil(socket, /HTTP\/1.1 413 /);
});

test("a large answer is written bit by bit, and others have their turn meanwhile", async (t) => {
  const whole = Buffer.alloc(5_000_000, "x");
  for (const body of [whole, later(whole)]) {
    const socket = await serve(t, async () => ({ status: 200, headers: { connection: "close" }, body }));
    let turns = 0;
    let reading = true;
    void (async () => {
      for (; reading; turns++) await nextTurn();
    })();
    socket.write(ask("/"));
    let sizeBytes = 0;
    for await (const chunk of socket) sizeBytes += chunk.length;
    reading = false;
    assert.ok(sizeBytes > whole.byteLength);
    assert.ok(turns > 50, `others had ${turns} turns`);
  }
});

async function* later(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
