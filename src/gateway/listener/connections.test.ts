import assert from "node:assert/strict";
import { once } from "node:events";
import test, { type TestContext } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { type Handler, silentLog } from "../../lib/index.ts";
import { openTestAuthority } from "../testing/authority.ts";
import { startListener } from "./listener.ts";

const connectionsMax = 4;

type Setting = { open(): Promise<TLSSocket>; begun: string[] };

/** `/wait` is answered with a beginning only, everything else at once. */
async function start(t: TestContext): Promise<Setting> {
  const authority = await openTestAuthority(t);
  const begun: string[] = [];
  const handler: Handler = async ({ target, signal }) => {
    begun.push(target);
    if (!target.startsWith("/wait")) return { status: 200, headers: {}, body: `answer ${target}` };
    return { status: 200, headers: {}, body: waiting(signal) };
  };
  const tls = await authority.issueServer({ dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });
  const options = { port: 0, host: "127.0.0.1", alpn: ["http/1.1"], connectionsMax } as const;
  const listener = await startListener({ ...options, tls, handler, log: silentLog });
  t.after(() => listener[Symbol.asyncDispose]());
  return {
    begun,
    async open() {
      const socket = connect({ port: listener.port, host: "127.0.0.1", ca: authority.caCertificatePem });
      socket.on("error", () => {});
      t.after(() => socket.destroy());
      await once(socket, "secureConnect");
      return socket;
    },
  };
}

async function* waiting(signal: AbortSignal): AsyncGenerator<string> {
  yield "begun";
  await once(signal, "abort");
}

async function ask(socket: TLSSocket, path: string): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  let text = "";
  while (!/answer|begun/.test(text)) text += String((await once(socket, "data"))[0]);
  return text;
}

async function closed(socket: TLSSocket): Promise<void> {
  socket.resume();
  if (!socket.destroyed) await once(socket, "close");
}

test("when as many connections are open as may be, the one that was idle longest is closed for a new one", async (t) => {
  const { open } = await start(t);
  const first = await open();
  const second = await open();
  const third = await open();
  const fourth = await open();
  // Who asks is not idle, and afterwards has been so for a shorter time than the others.
  assert.match(await ask(first, "/a"), /answer \/a/);
  const fifth = await open();
  await closed(second);
  assert.match(await ask(fifth, "/b"), /answer \/b/);
  assert.match(await ask(first, "/c"), /answer \/c/);
  await open();
  await closed(third);
  assert.match(await ask(fourth, "/d"), /answer \/d/);
});

test("who is being answered is closed only when all are, and then the one that takes longest", async (t) => {
  const { open } = await start(t);
  const watching = await open();
  await ask(watching, "/wait/1");
  const idle = await open();
  const others = [await open(), await open()];
  const newcomer = await open();
  await closed(idle);
  assert.ok(!watching.destroyed);
  for (const [index, socket] of [...others, newcomer].entries()) await ask(socket, `/wait/${index + 2}`);
  const last = await open();
  await closed(watching);
  assert.match(await ask(last, "/e"), /answer \/e/);
});
