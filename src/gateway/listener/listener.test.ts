import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import test, { type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import { type ClientCertificate, type Handler, type Log, readBody, silentLog } from "../../lib/index.ts";
import type { CertificateAuthority } from "../certificates/authority.ts";
import { openTestAuthority } from "../testing/authority.ts";
import { type Listener, type ListenOptions, PortTakenError, startListener } from "./listener.ts";

const names = { dnsNames: ["skiff.localhost", "*.skiff.localhost"], ipAddresses: ["127.0.0.1"] };

/** Tells the client what the handler has seen. */
const echo: Handler = async ({ method, target, headers, body, clientCertificate, clientCertificateError }) => {
  const bytes = await readBody(body, 10_000);
  const answer = {
    method,
    target,
    host: headers.host,
    body: Buffer.from(bytes).toString(),
    clientCertificate,
    clientCertificateError,
  };
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(answer) };
};

const protocols: NonNullable<ListenOptions["alpn"]>[] = [["http/1.1"], ["h2", "http/1.1"]];

type Setting = { authority: CertificateAuthority; listener: Listener };

async function start(t: TestContext, options: Partial<ListenOptions> = {}): Promise<Setting> {
  const authority = await openTestAuthority(t);
  const tls = { ...(await authority.issueServer(names)), ca: authority.caCertificatePem };
  const more = { ...options, tls: { ...tls, ...options.tls } };
  const listener = await startListener({ port: 0, host: "127.0.0.1", handler: echo, log: silentLog, ...more });
  t.after(() => listener[Symbol.asyncDispose]());
  return { authority, listener };
}

async function get({ authority, listener }: Setting, options: RequestOptions & { body?: string } = {}) {
  const request = httpsRequest({
    host: "127.0.0.1",
    port: listener.port,
    servername: "skiff.localhost",
    ca: authority.caCertificatePem,
    agent: false,
    ...options,
  });
  request.end(options.body);
  const [response] = await once(request, "response");
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}

async function getOverHttp2({ authority, listener }: Setting, options: { cert?: string; key?: string } = {}) {
  const session = connectHttp2(listener.url, { ca: authority.caCertificatePem, ...options });
  try {
    const stream = session.request({ ":path": "/over?h2", ":authority": "git.skiff.localhost" });
    const [headers] = await once(stream, "response");
    return { status: headers[":status"], text: await text(stream) };
  } finally {
    session.close();
  }
}

test("a listener answers over HTTP/1.1 and HTTP/2 to clients that know its authority only", async (t) => {
  const setting = await start(t);
  assert.equal(setting.listener.url, `https://127.0.0.1:${setting.listener.port}`);
  const plain = await get(setting, {
    method: "POST",
    path: "/a?b=c",
    body: "hello",
    headers: { host: "skiff.localhost" },
  });
  assert.deepEqual(JSON.parse(plain.text), {
    method: "POST",
    target: "/a?b=c",
    host: "skiff.localhost",
    body: "hello",
  });
  const two = await getOverHttp2(setting);
  assert.deepEqual(JSON.parse(two.text), { method: "GET", target: "/over?h2", host: "git.skiff.localhost", body: "" });
  await assert.rejects(get(setting, { ca: [] }), { code: "SELF_SIGNED_CERT_IN_CHAIN" });
});

test("a listener with HTTP/1.1 only offers no HTTP/2", async (t) => {
  const { authority, listener } = await start(t, { alpn: ["http/1.1"] });
  const socket = connectTls({
    port: listener.port,
    host: "127.0.0.1",
    ca: authority.caCertificatePem,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  await once(socket, "secureConnect");
  assert.equal(socket.alpnProtocol, "http/1.1");
  socket.destroy();
});

for (const alpn of protocols) {
  test(`the identity of a client certificate reaches the handler, with ${alpn}`, async (t) => {
    const setting = await start(t, { alpn });
    const { authority } = setting;
    const asking = await start(t, {
      alpn,
      tls: { ...(await authority.issueServer(names)), ca: authority.caCertificatePem, requestClientCertificate: true },
    });
    const both = { authority, listener: asking.listener };
    const admin = await authority.issueClient({ commonName: "kubernetes-admin", organizations: ["system:masters"] });
    const identity = { commonName: "kubernetes-admin", organizations: ["system:masters"] };
    const shown = async (options: RequestOptions) => JSON.parse((await get(both, options)).text);
    const namesOf = (request: { clientCertificate?: ClientCertificate }) => {
      if (request.clientCertificate === undefined) return undefined;
      const { commonName, organizations, uids, sha256, validUntilMs } = request.clientCertificate;
      const { fingerprint256, validToDate } = new X509Certificate(admin.cert);
      assert.deepEqual([uids, validUntilMs], [[], validToDate.getTime()]);
      assert.equal(sha256, fingerprint256.replaceAll(":", "").toLowerCase());
      return { commonName, organizations };
    };
    const seen = async (options: RequestOptions) => namesOf(await shown(options));

    assert.deepEqual(await seen(admin), identity);
    // Twice over one connection, and again over one that resumes the TLS session of the first.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    assert.deepEqual(await seen({ ...admin, agent }), identity);
    assert.deepEqual(await seen({ ...admin, agent }), identity);
    agent.destroy();
    assert.deepEqual(await seen({ ...admin, agent }), identity);
    agent.destroy();

    assert.equal(await seen({}), undefined);
    const stranger = await (await openTestAuthority(t)).issueClient(identity);
    assert.equal(await seen(stranger), undefined);
    assert.equal(await seen(await authority.issueServer(names)), undefined);
    assert.equal((await shown({})).clientCertificateError, undefined);
    assert.equal((await shown(stranger)).clientCertificateError, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert.equal((await shown(await authority.issueServer(names))).clientCertificateError, "INVALID_PURPOSE");
    if (alpn.includes("h2")) {
      assert.deepEqual(namesOf(JSON.parse((await getOverHttp2(both, admin)).text)), identity);
      assert.equal(JSON.parse((await getOverHttp2(both)).text).clientCertificate, undefined);
    }
    assert.equal(JSON.parse((await get(setting, admin)).text).clientCertificate, undefined);
  });
}

test("a listener shows the certificate of the host that is asked for", async (t) => {
  const other = await openTestAuthority(t);
  const pair = await other.issueServer({ dnsNames: ["cnoe.localtest.me", "*.cnoe.localtest.me"], ipAddresses: [] });
  const { authority, listener } = await start(t, {
    sni: new Map([
      ["cnoe.localtest.me", pair],
      ["*.cnoe.localtest.me", pair],
    ]),
  });
  const trusting = (ca: CertificateAuthority) => ({ authority: ca, listener });
  assert.equal((await get(trusting(authority), { servername: "git.skiff.localhost" })).status, 200);
  assert.equal((await get(trusting(other), { servername: "cnoe.localtest.me" })).status, 200);
  assert.equal((await get(trusting(other), { servername: "Git.cnoe.localtest.me" })).status, 200);
  await assert.rejects(get(trusting(other), { servername: "skiff.localhost" }));
});

test("plain HTTP is sent to https", async (t) => {
  const { listener } = await start(t);
  const ask = async (options: { path: string; headers?: Record<string, string> }) => {
    const request = httpRequest({ host: "127.0.0.1", port: listener.port, ...options }).end();
    const [response] = await once(request, "response");
    return { status: response.statusCode, location: response.headers.location, text: await text(response) };
  };
  const url = `https://skiff.localhost:${listener.port}/a?b=c`;
  assert.deepEqual(await ask({ path: "/a?b=c", headers: { host: `skiff.localhost:${listener.port}` } }), {
    status: 307,
    location: url,
    text: `This port speaks HTTPS only. Use ${url}\n`,
  });
  assert.equal((await ask({ path: "/", headers: { host: "a/b" } })).status, 400);
});

test("plain HTTP is served where that is wanted, beside TLS", async (t) => {
  const setting = await start(t, { plainHttp: "serve" });
  const request = httpRequest({ host: "127.0.0.1", port: setting.listener.port, method: "PUT", path: "/x" }).end(
    "body",
  );
  const [response] = await once(request, "response");
  const { method, target, body } = JSON.parse(await text(response));
  assert.deepEqual({ method, target, body }, { method: "PUT", target: "/x", body: "body" });
  assert.equal((await get(setting)).status, 200);
});

test("what is neither TLS nor HTTP is told so, and the port lives on", async (t) => {
  const setting = await start(t);
  for (const bytes of ["SSH-2.0-OpenSSH\r\n", "\0\0\0", "\x16\x03\x01\xff\xffnonsense nonsense"]) {
    const socket = connectTcp(setting.listener.port, "127.0.0.1").on("error", () => {});
    socket.write(bytes);
    socket.end();
    socket.resume();
    await once(socket, "close");
  }
  const silent = connectTcp(setting.listener.port, "127.0.0.1").on("error", () => {});
  await once(silent, "connect");
  silent.resetAndDestroy();
  assert.equal((await get(setting)).status, 200);
});

test("a WebSocket handshake goes to its handler, other upgrades are plain requests", async (t) => {
  const server = new WebSocketServer({ noServer: true });
  const setting = await start(t, {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (data) => client.send(`${request.url} ${data}`));
      }),
  });
  const { authority, listener } = setting;
  const socket = new WebSocket(`wss://127.0.0.1:${listener.port}/chat`, { ca: authority.caCertificatePem });
  await once(socket, "open");
  socket.send("hello");
  const [message] = await once(socket, "message");
  assert.equal(String(message), "/chat hello");
  socket.close();
  await once(socket, "close");
  const other = await get(setting, { headers: { upgrade: "h2c", connection: "upgrade" } });
  assert.equal(other.status, 200);
});

test("a taken port is an error of its own", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await assert.rejects(start(t, { port }), (error) => {
    assert.ok(error instanceof PortTakenError);
    assert.deepEqual({ port: error.port, host: error.host }, { port, host: "127.0.0.1" });
    assert.match(error.message, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: another program`));
    return true;
  });
});

test("an address that is not this machine's is an error with its cause", async (t) => {
  await assert.rejects(start(t, { host: "192.0.2.1" }), { message: "Cannot listen on 192.0.2.1:0" });
});

test("a handler that throws answers 500 without details, and the log tells no query", async (t) => {
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, error: (message, fields) => lines.push({ message, ...fields }) };
  const error = new Error("secret");
  const setting = await start(t, { log, handler: () => Promise.reject(error) });
  const answer = await get(setting, { path: "/a?token=x" });
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
  assert.deepEqual(lines, [{ message: "Request failed", method: "GET", path: "/a", error }]);
});

test("a header that is too large does not reach the handler", async (t) => {
  let calls = 0;
  const setting = await start(t, {
    handler: async () => {
      calls += 1;
      return { status: 200, headers: {} };
    },
  });
  // The answer is 431, but may be lost when the connection is closed with the header half read.
  const tooLarge = await get(setting, { headers: { big: "x".repeat(40_000) } }).catch(() => ({ status: 431 }));
  assert.equal(tooLarge.status, 431);
  assert.equal(calls, 0);
  assert.equal((await get(setting, { headers: { big: "x".repeat(30_000) } })).status, 200);
});

/** Answers when told to. */
function slowHandler() {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const handler: Handler = async () => {
    begun.resolve();
    await go.promise;
    return { status: 200, headers: {}, body: "done" };
  };
  return { handler, begun: begun.promise, go: go.resolve };
}

for (const alpn of protocols) {
  test(`closing lets open requests end and takes no new ones, with ${alpn}`, async (t) => {
    const { handler, begun, go } = slowHandler();
    const setting = await start(t, { handler, alpn });
    const agent = new Agent({ keepAlive: true });
    const answer = get(setting, { agent });
    const answerOver2 = alpn.includes("h2") ? getOverHttp2(setting) : undefined;
    await begun;
    const startedMs = performance.now();
    const closed = setting.listener[Symbol.asyncDispose]();
    await assert.rejects(get(setting), { code: "ECONNREFUSED" });
    go();
    assert.equal((await answer).text, "done");
    assert.equal((await answerOver2)?.text ?? "done", "done");
    await closed;
    // Far from the limit: the connection that is kept alive holds nothing up.
    assert.ok(performance.now() - startedMs < 1500);
    agent.destroy();
  });
}

test("closing ends what does not end by itself, WebSockets too, after two seconds", async (t) => {
  const gone = Promise.withResolvers<void>();
  const sockets: Socket[] = [];
  const setting = await start(t, {
    handler: async ({ signal }) => {
      signal.addEventListener("abort", () => gone.resolve());
      return { status: 200, headers: {}, body: endless(signal) };
    },
    upgrade: (_, socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"),
  });
  const { authority, listener } = setting;
  const session = connectHttp2(listener.url, { ca: authority.caCertificatePem }).on("error", () => {});
  const stream = session.request({ ":path": "/" }).on("error", () => {});
  await once(stream, "data");
  const upgraded = connectTls({ port: listener.port, host: "127.0.0.1", ca: authority.caCertificatePem });
  sockets.push(upgraded.on("error", () => {}));
  upgraded.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  await once(upgraded, "data");

  const startedMs = performance.now();
  await listener[Symbol.asyncDispose]();
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs > 1500 && tookMs < 4000, `took ${tookMs} ms`);
  await gone.promise;
  for (const socket of sockets) socket.destroy();
});

async function* endless(signal: AbortSignal): AsyncGenerator<string> {
  yield "first\n";
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}
