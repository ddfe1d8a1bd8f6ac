// A bad neighbour in a process of its own: `node bad-neighbours.ts <name> <url> <token>` does its worst for some seconds and prints what
// it has seen as JSON. It speaks over sockets of its own, because clients of good manners cannot do these things.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";

const [name = "", url = "", token = ""] = process.argv.slice(2);
const { port } = new URL(url);
const host = "127.0.0.1";
const authorization = `authorization: Bearer ${token}\r\n`;
const configMaps = "/api/v1/namespaces/neighbour/configmaps";

type Seen = Record<string, number>;
type Neighbour = () => Promise<Seen>;

const neighbours: Record<string, Neighbour> = {
  /** Watches that are opened and never read, while there is something to read. */
  async silentWatchers() {
    const sockets = await openAll(
      500,
      async () => await silent(get("/api/v1/configmaps?watch=true&resourceVersion=0")),
    );
    const written = await writeObjects(100, 6_000);
    await delay(1_000);
    return { opened: sockets.length, written };
  },

  /** Watches that begin with all objects, of some resources, with selectors, whose clients read a little at a time. */
  async slowWatchers() {
    const resources = ["configmaps", "secrets", "pods", "services", "events"];
    const sockets = await openAll(200, async (index) => {
      const resource = resources[index % resources.length];
      const socket = await silent(
        get(`/api/v1/${resource}?watch=true&labelSelector=shard in (${index % 100},1,2,3),part notin (none)`),
      );
      const timer = setInterval(() => socket.read(1_000), 100);
      socket.on("close", () => clearInterval(timer));
      return socket;
    });
    const written = await writeObjects(100, 6_000);
    return { opened: sockets.length, written };
  },

  /** Lists of 20 MB that nobody reads. */
  async unreadLists() {
    const sockets = await openAll(100, async () => await silent(get("/api/v1/namespaces/bulk/configmaps")));
    await delay(1_500);
    return { opened: sockets.length };
  },

  async unreadZippedLists() {
    const headers = "accept-encoding: gzip\r\n";
    const sockets = await openAll(100, async () => await silent(get("/api/v1/namespaces/bulk/configmaps", headers)));
    await delay(1_500);
    return { opened: sockets.length };
  },

  /** Forms that cost more: tables, YAML and indented JSON. */
  async unreadTables() {
    const accepts = [
      "application/json;as=Table;g=meta.k8s.io;v=v1",
      "application/yaml",
      "application/json;pretty=1",
      "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    ];
    const sockets = await openAll(40, async (index) => {
      return await silent(get("/api/v1/namespaces/bulk/configmaps", `accept: ${accepts[index % accepts.length]}\r\n`));
    });
    await delay(1_500);
    return { opened: sockets.length };
  },

  /** Bodies of 100 MB: with their length, in chunks, and slowly. */
  async largeBodies() {
    const hundred = 100 * 2 ** 20;
    const piece = Buffer.alloc(64 * 1024, " ");
    const statuses = await Promise.all([
      ...times(20, async () => await upload(`content-length: ${hundred}\r\n`, piece, hundred)),
      ...times(20, async () => await upload("transfer-encoding: chunked\r\n", chunk(piece), hundred)),
      ...times(
        20,
        async () => await upload("expect: 100-continue\r\ntransfer-encoding: chunked\r\n", chunk(piece), hundred),
      ),
    ]);
    return countOf(statuses);
  },

  /** Bodies that come to nearly their end and stop. */
  async halfBodies() {
    const size = 2.9 * 2 ** 20;
    const head = `POST ${configMaps} HTTP/1.1\r\nhost: x\r\n${authorization}content-length: ${3 * 2 ** 20}\r\n\r\n`;
    const sockets = await openAll(150, open);
    for (const socket of sockets) {
      socket.write(head);
      socket.write(Buffer.alloc(size, " "));
    }
    const statuses: number[] = [];
    for (const socket of sockets) void statusOf(socket, 10_000).then((status) => statuses.push(status));
    const until = performance.now() + 9_000;
    while (statuses.length < 60 && performance.now() < until) await delay(100);
    return countOf(statuses);
  },

  /** Bodies in chunks of one byte each, so that what surrounds the bytes is much more than they are. */
  async drippingBodies() {
    const drops = Buffer.from("1\r\nx\r\n".repeat(1_000));
    const sockets = await openAll(20, async () => {
      const socket = await open();
      socket.write(`POST ${configMaps} HTTP/1.1\r\nhost: x\r\n${authorization}transfer-encoding: chunked\r\n\r\n`);
      return socket;
    });
    for (let round = 0; round < 30; round++) {
      for (const socket of sockets) if (!socket.destroyed && socket.writableLength < 100_000) socket.write(drops);
      await delay(100);
    }
    return { opened: sockets.length };
  },

  /** Headers that never end, that are too large, and that come letter by letter. */
  async headers() {
    const endless = await openAll(200, async () => {
      const socket = await open();
      socket.write(`GET /api HTTP/1.1\r\nhost: x\r\n`);
      const timer = setInterval(() => socket.write("a"), 200);
      socket.on("close", () => clearInterval(timer));
      return socket;
    });
    const bombs = await openAll(50, async () => {
      const socket = await open();
      socket.write(`GET /api HTTP/1.1\r\nhost: x\r\n`);
      for (let line = 0; line < 200 && socket.writable; line++) socket.write(`x-${line}: ${"y".repeat(8_000)}\r\n`);
      return await statusOf(socket, 3_000);
    });
    const letters = await openAll(50, async () => {
      const socket = await open();
      socket.write(`GET /${"a".repeat(100_000)} HTTP/1.1\r\n`);
      return await statusOf(socket, 3_000);
    });
    return { endless: endless.length, ...countOf([...bombs, ...letters]) };
  },

  /** Requests upon requests on one connection, without a look at the answers. */
  async pipelines() {
    const lists = get("/api/v1/namespaces/bulk/configmaps").repeat(500);
    const small = get("/version").repeat(5_000);
    const sockets = await openAll(20, async (index) => await silent(index % 2 === 0 ? lists : small));
    await delay(1_500);
    return { opened: sockets.length };
  },

  /** Ten thousand connections that say nothing, as many as can be made in the time. */
  async idleConnections() {
    return await connectMany(10_000, 4_000, async () => await open());
  },

  /** Connections for one request each. */
  async briefConnections() {
    return await connectMany(10_000, 3_000, async () => {
      const socket = await open();
      socket.write(get("/version"));
      await statusOf(socket, 3_000);
      return socket;
    });
  },

  /** Handshakes that are begun: nothing, half a record, and what is none. */
  async halfHandshakes() {
    return await connectMany(10_000, 3_000, async (index) => {
      const socket = connectTcp(Number(port), host).on("error", () => {});
      await ready(socket, "connect");
      const beginnings = ["", "\x16\x03\x01\x02\x00\x01", "GET / HT"];
      socket.write(beginnings[index % beginnings.length] ?? "");
      return socket;
    });
  },

  /** The largest objects that can be kept, over and over. */
  async largeObjects() {
    const until = performance.now() + 3_000;
    const text = "x".repeat(1_000_000);
    const statuses: number[] = [];
    await Promise.all(
      times(8, async (index) => {
        for (let round = 0; performance.now() < until; round++) {
          const object = { ...meta(`large-${index}`), data: { text: `${round}${text}` } };
          const method = round === 0 ? "POST" : "PUT";
          statuses.push(await send(method, round === 0 ? configMaps : `${configMaps}/large-${index}`, object));
          // Three megabytes of which nothing will be kept.
          statuses.push(await send("POST", configMaps, { ...meta("refused"), data: { text: "x".repeat(3_000_000) } }));
        }
      }),
    );
    return countOf(statuses);
  },

  /** Watches that are opened and left at once. */
  async watchChurn() {
    return await connectMany(1_000, 4_000, async (index) => {
      const socket = await silent(get(`/api/v1/configmaps?watch=true${index % 2 === 0 ? "&resourceVersion=0" : ""}`));
      socket.destroy();
      return socket;
    });
  },

  /** Continue tokens that are left open, while what they point to becomes history. */
  async openTokens() {
    const statuses = await Promise.all(
      times(20, async (index) => {
        const found: number[] = [];
        for (let round = 0; round < 10; round++) {
          found.push(await send("GET", `/api/v1/namespaces/bulk/configmaps?limit=1&labelSelector=shard=${index}`));
          found.push(await send("GET", `/api/v1/namespaces/bulk/configmaps?limit=1&resourceVersion=${round + 1}`));
        }
        return found;
      }),
    );
    const written = await writeObjects(100, 6_000);
    return { ...countOf(statuses.flat()), written };
  },

  /** Bodies that cost much to read, whatever is made of them. */
  async hostileBodies() {
    const statuses: number[] = [];
    const until = performance.now() + 6_000;
    const bodies = hostileBodies();
    await Promise.all(
      times(4, async (worker) => {
        for (let index = worker; index < bodies.length && performance.now() < until; index += 4) {
          const [method, target, type, body] = bodies[index] ?? ["GET", "/version", "", ""];
          statuses.push(await send(method, target, body, type));
        }
      }),
    );
    return countOf(statuses);
  },

  /** A definition with hostile patterns and a deep schema, and objects that are judged by it. */
  async hostileSchemas() {
    const statuses = [
      await send("POST", definitions, hostileDefinition()),
      await send("POST", definitions, wideDefinition()),
    ];
    statuses.push(await send("POST", definitions, deepDefinition(400)));
    statuses.push(await send("POST", definitions, costlyDefinition()));
    await delay(500);
    const text = "a".repeat(500_000);
    for (let round = 0; round < 4; round++) {
      const spec = {
        evil: text,
        nested: `${text}!`,
        counted: text.slice(0, 100_000),
        many: times(2_000, () => "a".repeat(200)),
      };
      const object = { apiVersion: "neighbour.test/v1", kind: "Evil", metadata: { name: `evil-${round}` }, spec };
      statuses.push(await send("POST", "/apis/neighbour.test/v1/evils", object));
      const costly = { numbers: times(1_000, (index) => index), text };
      const judged = {
        apiVersion: "neighbour.test/v1",
        kind: "Costly",
        metadata: { name: `c-${round}` },
        spec: costly,
      };
      statuses.push(await send("POST", "/apis/neighbour.test/v1/costlys", judged));
    }
    for (const name of ["evils", "wides", "deeps", "costlys"])
      await send("DELETE", `${definitions}/${name}.neighbour.test`);
    return countOf(statuses);
  },
};

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function definitionOf(kind: string, schema: object): object {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.neighbour.test` },
    spec: {
      group: "neighbour.test",
      scope: "Cluster",
      names: { kind, plural },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: schema } } },
        },
      ],
    },
  };
}

function hostileDefinition(): object {
  const pattern = (text: string) => ({ type: "string", pattern: text });
  return definitionOf("Evil", {
    type: "object",
    properties: {
      evil: pattern("^(a+)+$"),
      nested: pattern("^((a|a)*|(aa)*)*$"),
      counted: pattern("^(a{1,30}){1,30}$"),
      many: { type: "array", items: pattern("^(.*a){12}$") },
    },
  });
}

/** Expressions that are allowed by what they are estimated to cost, and cost as much as may be when they run. */
function costlyDefinition(): object {
  return definitionOf("Costly", {
    type: "object",
    properties: {
      numbers: { type: "array", maxItems: 1_000, items: { type: "integer" } },
      text: { type: "string", maxLength: 1_000_000 },
    },
    "x-kubernetes-validations": [
      { rule: "self.text.matches('^(a+)+$') && self.text.matches('(.*a){30}')" },
      { rule: "self.numbers.all(x, self.numbers.all(y, x != y || x == y))" },
    ],
  });
}

function wideDefinition(): object {
  const names = times(9_000, (index) => [`field${index}`, { type: "string", description: "x".repeat(60) }] as const);
  return definitionOf("Wide", { type: "object", properties: Object.fromEntries(names) });
}

function deepDefinition(levels: number): object {
  let schema: object = { type: "string" };
  for (let level = 0; level < levels; level++) schema = { type: "object", properties: { a: schema } };
  return definitionOf("Deep", schema);
}

type Hostile = [method: string, target: string, type: string, body: string];

function hostileBodies(): Hostile[] {
  const json = "application/json";
  const yaml = "application/yaml";
  const jsonPatch = "application/json-patch+json";
  const merge = "application/merge-patch+json";
  const strategic = "application/strategic-merge-patch+json";
  const apply = "application/apply-patch+yaml";
  const head = '"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hostile"}';
  const arrays = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const target = `${configMaps}/hostile`;
  const bodies: Hostile[] = [["POST", configMaps, json, `{${head}}`]];
  for (const depth of [900, 10_000, 300_000]) {
    bodies.push(["POST", configMaps, json, `{${head},"data":${objects(depth)}}`]);
    bodies.push(["POST", configMaps, yaml, `{${head},"data":${arrays(depth)}, a: b}`]);
    bodies.push(["POST", configMaps, yaml, `a:\n${"- ".repeat(depth)}b\n`]);
    bodies.push(["PATCH", target, jsonPatch, `[{"op":"add","path":"/data","value":${objects(depth)}}]`]);
    bodies.push(["PATCH", target, merge, `{"data":${objects(depth)}}`]);
    bodies.push(["PATCH", target, strategic, `{"data":${objects(depth)}}`]);
    bodies.push(["PATCH", `${target}?fieldManager=x`, apply, `{${head},"data":${objects(depth)}}`]);
    bodies.push(["POST", configMaps, "application/vnd.kubernetes.protobuf", `k8s\0${"\x0a\x7f".repeat(depth)}`]);
  }
  const many = (count: number, text: (index: number) => string) => times(count, text).join(",");
  bodies.push([
    "POST",
    `${configMaps}?fieldValidation=Strict`,
    json,
    `{${head},${many(150_000, (at) => `"k${at}":1`)}}`,
  ]);
  const twice = many(150_000, (at) => `"k${at % 50_000}":1`);
  bodies.push([
    "POST",
    `${configMaps}?fieldValidation=Strict`,
    json,
    `{${head},"x":${'{"a":'.repeat(900)}{${twice}}${"}".repeat(900)}}`,
  ]);
  bodies.push([
    "POST",
    configMaps,
    json,
    `{${head.slice(0, -1)},"labels":{${many(50_000, (at) => `"-k${at}":"/"`)}}}}`,
  ]);
  let bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (let at = 1; at < 10; at++) bomb += `a${at}: &a${at} [${many(10, () => `*a${at - 1}`)}]\n`;
  bodies.push(["POST", configMaps, yaml, bomb]);
  const copies = times(10_000, () => ({ op: "copy", from: "", path: "/data" }));
  bodies.push(["PATCH", target, jsonPatch, JSON.stringify(copies)]);
  const there = '{"op":"move","from":"/x","path":"/y"},{"op":"move","from":"/y","path":"/x"}';
  bodies.push([
    "PATCH",
    target,
    jsonPatch,
    `[{"op":"add","path":"/x","value":[${"[],".repeat(300_000)}1]},${many(4_000, () => there)}]`,
  ]);
  bodies.push([
    "PATCH",
    target,
    jsonPatch,
    JSON.stringify(times(10_001, () => ({ op: "add", path: "/data/a", value: "b" }))),
  ]);
  bodies.push(["POST", configMaps, json, `{${head.replace("hostile", "n".repeat(65_536))}}`]);
  bodies.push([
    "PATCH",
    target,
    merge,
    '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},"data":{"constructor":"x"}}',
  ]);
  return bodies;
}

function meta(objectName: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: objectName } };
}

function get(target: string, headers = ""): string {
  return `GET ${encodeURI(target)} HTTP/1.1\r\nhost: x\r\n${authorization}${headers}\r\n`;
}

function chunk(piece: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${piece.byteLength.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function countOf(statuses: readonly number[]): Seen {
  const counts: Seen = {};
  for (const status of statuses) counts[`status${status}`] = (counts[`status${status}`] ?? 0) + 1;
  return counts;
}

async function open(): Promise<TLSSocket> {
  const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
  socket.on("error", () => {});
  await ready(socket, "secureConnect");
  return socket;
}

/** Also comes back when the server wants no connection, or does not answer. */
async function ready(socket: Socket, event: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => socket.destroy(), 10_000);
  socket.once(event, resolve).once("close", resolve);
  await promise;
  clearTimeout(timer);
}

/** Asks, and never reads. */
async function silent(request: string): Promise<TLSSocket> {
  const socket = await open();
  socket.pause();
  socket.write(request);
  return socket;
}

/** In steps, so that the time to open them is the server's and not that of a queue. */
async function openAll<T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let start = 0; start < count; start += 50) {
    all.push(...(await Promise.all(times(Math.min(50, count - start), (at) => one(start + at)))));
  }
  return all;
}

/** As many as can be had in the time, all at once or one after the other. */
async function connectMany(count: number, limitMs: number, one: (index: number) => Promise<Socket>): Promise<Seen> {
  const until = performance.now() + limitMs;
  const sockets: Socket[] = [];
  let next = 0;
  await Promise.all(
    times(64, async () => {
      while (next < count && performance.now() < until) sockets.push(await one(next++));
    }),
  );
  return { opened: sockets.length, kept: sockets.filter(({ destroyed }) => !destroyed).length };
}

/** The status of an answer; 0 when there is none in the time, or the connection ends without. */
async function statusOf(socket: Socket, limitMs: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(0), limitMs);
  let text = "";
  socket.on("data", (data) => {
    text += text.length > 1_000 ? "" : data.toString("latin1");
    const [, status] = /^HTTP\/1\.1 ([2-5]\d\d)/m.exec(text) ?? [];
    if (status !== undefined) resolve(Number(status));
  });
  socket.on("close", () => resolve(0));
  const status = await promise;
  clearTimeout(timer);
  return status;
}

async function upload(headers: string, piece: Buffer, sizeBytes: number): Promise<number> {
  const socket = await open();
  socket.write(`POST ${configMaps} HTTP/1.1\r\nhost: x\r\n${authorization}${headers}\r\n`);
  const answered = statusOf(socket, 8_000);
  let done = false;
  void answered.then(() => (done = true));
  for (let sent = 0; sent < sizeBytes && !done && socket.writable; sent += piece.byteLength) {
    if (!socket.write(piece)) await Promise.race([once(socket, "drain").catch(() => {}), answered]);
  }
  const status = await answered;
  socket.destroy();
  return status;
}

const kept: TLSSocket[] = [];

/** One request over a connection that is kept. @returns the status of the answer, which is read to its end */
async function send(
  method: string,
  target: string,
  body?: object | string,
  type = "application/json",
): Promise<number> {
  let socket = kept.pop();
  if (socket === undefined || socket.destroyed) socket = await open();
  const bytes = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body), "latin1");
  const framing = body === undefined ? "" : `content-type: ${type}\r\ncontent-length: ${bytes.byteLength}\r\n`;
  socket.write(`${method} ${encodeURI(target)} HTTP/1.1\r\nhost: x\r\n${authorization}${framing}\r\n`);
  socket.write(bytes);
  const status = await answerOf(socket);
  if (status > 0) kept.push(socket);
  return status;
}

/** Reads an answer whole, by its length or to its last chunk. */
async function answerOf(socket: TLSSocket): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let head = "";
  let sizeBytes = 0;
  let tail = "";
  const read = (data: Buffer) => {
    if (!head.includes("\r\n\r\n")) {
      const text = head + data.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      head = text;
      if (end < 0) return;
      head = text.slice(0, end + 4);
      sizeBytes = text.length - head.length;
      tail = text.slice(-5);
    } else {
      sizeBytes += data.byteLength;
      tail = (tail + data.toString("latin1")).slice(-5);
    }
    const status = Number(head.slice("HTTP/1.1 ".length, 12));
    const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
    if (length === undefined ? tail === "0\r\n\r\n" : sizeBytes >= Number(length)) resolve(status);
  };
  const gone = () => resolve(0);
  socket.on("data", read).on("close", gone);
  const timer = setTimeout(() => socket.destroy(), 20_000);
  const status = await promise;
  clearTimeout(timer);
  socket.off("data", read).off("close", gone);
  return status;
}

async function writeObjects(count: number, sizeBytes: number): Promise<number> {
  const text = "x".repeat(sizeBytes);
  let written = 0;
  await Promise.all(
    times(8, async (worker) => {
      for (let at = worker; at < count; at += 8) {
        const labels = { shard: String(at % 100) };
        const object = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { generateName: `${name.toLowerCase()}-`, labels },
          data: { text },
        };
        if ((await send("POST", configMaps, object)) === 201) written += 1;
      }
    }),
  );
  return written;
}

const run = neighbours[name];
if (run === undefined) throw new Error(`No neighbour is called ${name}`);
process.stdout.write(`${JSON.stringify(await run())}\n`);
// The connections stay open until somebody ends this process.
await new Promise(() => setInterval(() => {}, 60_000));
