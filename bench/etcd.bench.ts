import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../src/storage/index.ts";
import { type Figure, round } from "./figure.ts";

export const title =
  "Durable writes of 2 KB, 16 at a time: our store in its process, and etcd (Debian's etcd-server) over gRPC, each with fsync on the same disk";

const width = 16;
const seconds = 5;
const value = Buffer.alloc(2000, 120);

export async function run(): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), "skiff-bench-etcd-"));
  try {
    const ours = await oursPerSecond(dir);
    const theirs = isInstalled() ? await etcdPerSecond(dir) : undefined;
    const figure = (name: string, perSecond: number): Figure => ({
      name,
      value: round(perSecond),
      unit: "per s",
      goal: null,
      better: "higher",
    });
    return [figure("puts into our store", ours), ...(theirs === undefined ? [] : [figure("puts into etcd", theirs)])];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function oursPerSecond(dir: string): Promise<number> {
  await using store = await openSqliteStore({ file: join(dir, "skiff.db") });
  let serial = 0;
  return await rate(async () => void (await store.put(`/bench/k${serial++}`, 0, () => Buffer.from(value))));
}

function isInstalled(): boolean {
  try {
    execFileSync("etcd", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.log("  etcd is not installed (Debian: apt-get install etcd-server), so there is nothing to compare with");
    return false;
  }
}

async function etcdPerSecond(dir: string): Promise<number> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const etcd: ChildProcess = spawn(
    "etcd",
    [
      ...["--data-dir", join(dir, "etcd"), "--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", `http://127.0.0.1:${peer}`],
    ],
    { stdio: "ignore" },
  );
  try {
    const sessions = await Promise.all(Array.from({ length: width }, () => connected(url)));
    let serial = 0;
    const perSecond = await rate(async (lane) => {
      const session = sessions[lane];
      if (session !== undefined) await put(session, `/bench/k${serial++}`);
    });
    for (const session of sessions) session.destroy();
    return perSecond;
  } finally {
    etcd.kill("SIGKILL");
    await once(etcd, "exit");
  }
}

/** etcd answers within seconds; each try is one connection. */
async function connected(url: string): Promise<ClientHttp2Session> {
  for (let attempt = 0; ; attempt++) {
    const session = connect(url);
    try {
      await once(session, "connect");
      await put(session, "/bench/first");
      return session;
    } catch (error) {
      session.destroy();
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** `etcdserverpb.KV/Put`: a gRPC message is five bytes of framing and the fields 1 (key) and 2 (value). */
async function put(session: ClientHttp2Session, key: string): Promise<void> {
  const message = Buffer.concat([field(1, Buffer.from(key)), field(2, value)]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.byteLength, 1);
  const stream = session.request({
    ":method": "POST",
    ":path": "/etcdserverpb.KV/Put",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const status = new Promise<string>((resolve, reject) => {
    stream.on("trailers", (trailers) => resolve(String(trailers["grpc-status"])));
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("etcd closed the stream")));
  });
  stream.resume();
  stream.end(Buffer.concat([frame, message]));
  const code = await status;
  if (code !== "0") throw new Error(`etcd answered with gRPC status ${code}`);
}

function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let left = bytes.byteLength; ; left >>>= 7) {
    if (left < 128) {
      length.push(left);
      break;
    }
    length.push((left & 127) | 128);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

async function rate(call: (lane: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  const deadlineMs = startedMs + seconds * 1000;
  let calls = 0;
  const lane = async (index: number) => {
    while (performance.now() < deadlineMs) {
      await call(index);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: width }, (_, index) => lane(index)));
  return (calls / (performance.now() - startedMs)) * 1000;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
