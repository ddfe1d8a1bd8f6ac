import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { chartArchive, makeDirectory, openStore } from "./testing/charts.ts";
import { type Answer, serve } from "./testing/serve.ts";

const archive = chartArchive("web", "1.0.0");
const index = "apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    urls: [web-1.0.0.tgz]\n";

function answer(url: string): Answer | undefined {
  const { pathname } = new URL(url, "http://charts.example.invalid");
  if (pathname === "/index.yaml") return { body: index };
  return pathname === "/web-1.0.0.tgz" ? { body: archive } : undefined;
}

async function startRepository(t: TestContext) {
  return await serve(t, ({ url }) => answer(url));
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile());
}

test("a chart whose file has been damaged is fetched again", async (t) => {
  const { url, seen } = await startRepository(t);
  const directory = makeDirectory(t);
  const store = openStore(t, { directory });
  const request = { repository: url, chart: "web", version: "1.0.0" };
  await store.fetch(request);
  const before = seen.length;
  for (const file of filesBelow(directory)) writeFileSync(file, "damaged");
  assert.deepEqual(Buffer.from((await store.fetch(request)).bytes), Buffer.from(archive));
  assert.ok(seen.length > before);
});

test("several processes may fill the same directory", async (t) => {
  const { url } = await startRepository(t);
  const directory = makeDirectory(t);
  const program = `
    import { createChartStore } from ${JSON.stringify(new URL("./store.ts", import.meta.url).href)};
    const store = createChartStore({ directory: ${JSON.stringify(directory)}, environment: {} });
    for (let round = 0; round < 20; round++) {
      const { digest } = await store.fetch({ repository: ${JSON.stringify(url)}, chart: "web", version: "1.0.0", refresh: true });
      console.log(digest);
    }
    await store[Symbol.asyncDispose]();`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  const runs = [1, 2].map(async () => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = await once(child, "close");
    return { code, digests: output.trim().split("\n") };
  });
  const [first, second] = await Promise.all(runs);
  assert.deepEqual([first?.code, second?.code], [0, 0]);
  assert.equal(first?.digests.length, 20);
  assert.equal(new Set([...(first?.digests ?? []), ...(second?.digests ?? [])]).size, 1);
  assert.ok(filesBelow(directory).every((file) => !file.includes("drafts")));
});

test("proxies of the environment and of credentials are used, but for the hosts that are exempt", async (t) => {
  const proxy = await startRepository(t);
  const repository = "http://charts.example.invalid";
  const request = { repository, chart: "web", version: "1.0.0" };
  await openStore(t, { environment: { HTTP_PROXY: proxy.url } }).fetch(request);
  assert.deepEqual(
    proxy.seen.map(({ url }) => url),
    [`${repository}/index.yaml`, `${repository}/web-1.0.0.tgz`],
  );
  await openStore(t).fetch({ ...request, credentials: { proxy: proxy.url } });
  assert.equal(proxy.seen.length, 4);
  const exempt = openStore(t, {
    environment: { HTTP_PROXY: proxy.url, NO_PROXY: "*.example.invalid,charts.example.invalid" },
  });
  await assert.rejects(exempt.fetch(request), /there is no such host|name server/);
  assert.equal(proxy.seen.length, 4);
});

test("a store that is ended gives up what it is fetching", async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { url } = await serve(t, async () => {
    arrived.resolve();
    return await new Promise<Answer>(() => {});
  });
  const store = openStore(t);
  const fetching = assert.rejects(
    store.fetch({ repository: url, chart: "web", version: "1.0.0" }),
    /Skiff is stopping/,
  );
  await arrived.promise;
  await store[Symbol.asyncDispose]();
  await fetching;
});
