import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import type { ControlPlane, KubeObject, Resource } from "../../src/control-plane/index.ts";
import { openCertificateAuthority } from "../../src/gateway/index.ts";
import { waitUntil } from "../../src/lib/index.ts";
import { openPlane } from "./tools.ts";

const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const path = "/api/v1/namespaces/default/configmaps?watch=true&labelSelector=watched";

const watched = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", labels: { watched: "" } },
  data,
});

/** The certificate authority and the token of a kubeconfig. */
function credentials(plane: ControlPlane): { ca: Buffer; token: string } {
  const [, ca = ""] = /certificate-authority-data: (\S+)/.exec(plane.kubeconfig()) ?? [];
  const [, token = ""] = /token: (\S+)/.exec(plane.kubeconfig()) ?? [];
  return { ca: Buffer.from(ca, "base64"), token };
}

function bearer(token: string): string {
  return `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
}

type Opening = {
  target?: string;
  protocols?: string[];
  headers?: Record<string, string>;
  tls?: { cert: string; key: string };
};

/** Opens as a browser does, which always says where a page is from. */
function open(
  t: TestContext,
  plane: ControlPlane,
  { target = path, protocols = [], headers = {}, tls }: Opening = {},
): WebSocket {
  const url = `${plane.url?.replace("https:", "wss:")}${target}`;
  const socket = new WebSocket(url, protocols, {
    ca: credentials(plane).ca,
    origin: "https://ui.example.com",
    headers,
    ...tls,
  });
  t.after(() => socket.terminate());
  return socket;
}

type Told = { type: string; object: KubeObject & { code?: number } };

/** What a watch tells, from now on. */
function listen(socket: WebSocket): { told: Told[]; hears(count: number): Promise<Told[]> } {
  const told: Told[] = [];
  socket.on("message", (message, isBinary) => {
    assert.equal(isBinary, false);
    told.push(JSON.parse(String(message)));
  });
  const hears = (count: number) =>
    waitUntil(() => (told.length >= count ? told : undefined), { what: `${count} messages`, timeoutMs: 10_000 });
  return { told, hears };
}

/** The HTTP answer to a handshake that is refused. */
async function refusal(socket: WebSocket): Promise<{ status: number | undefined; text: string }> {
  const [, response] = await once(socket, "unexpected-response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

test("a watch over a WebSocket tells each change in a text message", async (t) => {
  const plane = await openPlane(t, { controllers: false });
  const { token } = credentials(plane);
  const openings: [string, Opening, string][] = [
    ["a token beside another protocol", { protocols: ["base64.binary.k8s.io", bearer(token)] }, "base64.binary.k8s.io"],
    ["the same the other way round", { protocols: [bearer(token), "anything"] }, "anything"],
    ["a header and no protocol", { headers: { authorization: `Bearer ${token}` } }, ""],
    ["a header and a protocol", { protocols: ["a"], headers: { authorization: `Bearer ${token}` } }, "a"],
  ];
  await plane.apply(watched("first"));
  for (const [name, opening, protocol] of openings) {
    const socket = open(t, plane, opening);
    const { hears } = listen(socket);
    await once(socket, "open");
    assert.equal(socket.protocol, protocol, name);
    await hears(1);
    await plane.apply(watched("a"));
    await plane.client.delete(configMaps, { namespace: "default", name: "a" });
    const told = (await hears(3)).map(({ type, object }) => `${type} ${object.metadata.name}`);
    assert.deepEqual(told, ["ADDED first", "ADDED a", "DELETED a"], name);
  }
});

test("a watch over a WebSocket takes what other watches take, and ends with a close frame", async (t) => {
  const plane = await openPlane(t, { controllers: false });
  const headers = { authorization: `Bearer ${credentials(plane).token}` };
  await plane.apply(watched("a"));
  const table = { ...headers, accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const socket = open(t, plane, {
    target: `${path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
    headers: table,
  });
  const { told, hears } = listen(socket);
  // Whatever a client says is read and left alone.
  socket.once("open", () => socket.send("hello"));
  await hears(2);
  assert.deepEqual([told[0]?.object.kind, told[1]?.type], ["Table", "BOOKMARK"]);
  const [code] = await once(socket, "close");
  assert.equal(code, 1000);
});

test("a handshake that is refused gets the answer of any other request", async (t) => {
  const plane = await openPlane(t, { controllers: false });
  const { token } = credentials(plane);
  const headers = { authorization: `Bearer ${token}` };
  const cases: [string, Opening, number, RegExp][] = [
    ["no credentials", {}, 403, /User \\"system:anonymous\\" cannot watch resource \\"configmaps\\"/],
    ["a wrong token", { protocols: [bearer("wrong"), "a"] }, 401, /Unauthorized/],
    ["a token alone", { protocols: [bearer(token)] }, 401, /Unauthorized/],
    ["two tokens", { protocols: [bearer(token), `${bearer(token)}AA`, "a"] }, 401, /Unauthorized/],
    ["a token that is no base64url", { protocols: [`${bearer("")}A`, "a"] }, 401, /Unauthorized/],
    [
      "an unknown resource",
      { target: "/api/v1/nothing?watch=true", headers },
      404,
      /could not find the requested resource/,
    ],
    ["no watch", { target: "/api/v1/namespaces/default", headers }, 200, /"kind":"Namespace"/],
    [
      "no such command",
      { target: "/api/v1/namespaces/default/pods/a/exec?command=x", headers },
      404,
      /pods \\"a\\" not found/,
    ],
  ];
  for (const [name, opening, status, said] of cases) {
    const socket = open(t, plane, opening);
    socket.on("error", () => {});
    const answer = await refusal(socket).catch((error: unknown) => assert.fail(`${name}: ${error}`));
    assert.equal(answer.status, status, `${name}: ${answer.text}`);
    assert.match(answer.text, said, name);
  }
});

test("a client certificate opens a WebSocket as well", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "skiff-websocket-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const plane = await openPlane(t, { controllers: false, dir });
  const authority = await openCertificateAuthority(dir);
  const pair = await authority.issueClient({ commonName: "jane", organizations: [] });
  const forbidden = open(t, plane, { tls: pair });
  forbidden.on("error", () => {});
  assert.match((await refusal(forbidden)).text, /User \\"jane\\" cannot watch/);
  const admin = await authority.issueClient({ commonName: "boss", organizations: ["system:masters"] });
  const socket = open(t, plane, { tls: admin });
  const { hears } = listen(socket);
  await plane.apply(watched("a"));
  assert.equal((await hears(1))[0]?.object.metadata.name, "a");
});

/** How many watches the server holds open. */
async function watches(plane: ControlPlane): Promise<number> {
  const response = await plane.handler({
    method: "GET",
    target: "/metrics",
    headers: {},
    signal: new AbortController().signal,
    user: { name: "test", groups: ["system:masters"] },
  });
  const counted = String(response.body).matchAll(/^apiserver_longrunning_requests\{.*\} (\d+)$/gm);
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function becomesUnwatched(plane: ControlPlane): Promise<void> {
  const probe = async () => ((await watches(plane)) === 0 ? true : undefined);
  await waitUntil(probe, { what: "the watch to end", timeoutMs: 10_000 });
}

test("a watch ends with its client, and clients are told when the server ends", async (t) => {
  const plane = await openPlane(t, { controllers: false });
  const headers = { authorization: `Bearer ${credentials(plane).token}` };
  const closing = open(t, plane, { headers });
  await once(closing, "open");
  assert.equal(await watches(plane), 1);
  closing.close();
  await becomesUnwatched(plane);
  const vanishing = open(t, plane, { headers });
  await once(vanishing, "open");
  vanishing.terminate();
  await becomesUnwatched(plane);
  const staying = open(t, plane, { headers });
  await once(staying, "open");
  const closed = once(staying, "close");
  await plane[Symbol.asyncDispose]();
  assert.equal((await closed)[0], 1000);
});

test("a client that reads nothing loses its watch and holds nobody up", async (t) => {
  const plane = await openPlane(t, { controllers: false });
  const headers = { authorization: `Bearer ${credentials(plane).token}` };
  const deaf = open(t, plane, { headers });
  await once(deaf, "open");
  deaf.pause();
  const reading = open(t, plane, { headers });
  await once(reading, "open");
  const { told, hears } = listen(reading);
  // More than the backlog of a watch, 32 MiB, and what the system keeps for a connection.
  const rounds = 60;
  for (let round = 0; round < rounds; round++) {
    const big = watched("big", { text: String(round).padEnd(1_000_000, "x") });
    await (round === 0 ? plane.client.create(configMaps, big) : plane.client.update(configMaps, big));
    if (round % 10 === 9) await hears(round + 1);
  }
  assert.equal(told.length, rounds);
  assert.equal(await watches(plane), 1);
});
