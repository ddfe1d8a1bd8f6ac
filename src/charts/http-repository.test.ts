import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openCertificateAuthority } from "../gateway/index.ts";
import {
  chartArchive,
  chartFiles,
  findHelm,
  makeDirectory,
  openStore,
  readBytes,
  writeFiles,
} from "./testing/charts.ts";
import { type Answer, type Seen, serve } from "./testing/serve.ts";

const archives = {
  "1.0.0": chartArchive("web", "1.0.0"),
  "1.2.0": chartArchive("web", "1.2.0"),
  "2.0.0-rc.1": chartArchive("web", "2.0.0-rc.1"),
};

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function indexOf(options: { base?: string; digest?: (version: string) => string } = {}): string {
  const entries = Object.entries(archives).map(([version, bytes]) => {
    const digest = options.digest?.(version) ?? digestOf(bytes);
    return `  - apiVersion: v2\n    name: web\n    version: ${version}\n    digest: ${digest}\n    urls:\n    - ${options.base ?? ""}web-${version}.tgz\n`;
  });
  return `apiVersion: v1\nentries:\n  other:\n  - name: other\n    version: 9.9.9\n    urls: [other.tgz]\n  web:\n${entries.join("")}generated: "2026-01-01T00:00:00Z"\n`;
}

/** A chart repository below /charts, with an index that has a tag. */
function answerCharts({ url, headers }: Seen, index = indexOf()): Answer | undefined {
  if (url === "/charts/index.yaml") {
    const etag = `"${digestOf(Buffer.from(index))}"`;
    return headers["if-none-match"] === etag ? { status: 304 } : { headers: { etag }, body: index };
  }
  const [, version = ""] = /^\/charts\/web-(.*)\.tgz$/.exec(url) ?? [];
  const bytes = Object.entries(archives).find(([one]) => one === version)?.[1];
  return bytes === undefined ? undefined : { body: bytes };
}

async function startCharts(t: TestContext, answer: typeof answerCharts = answerCharts) {
  const server = await serve(t, (request) => answer(request));
  return { ...server, repository: `${server.url}/charts` };
}

const choices: [wanted: string, version: string][] = [
  ["1.0.0", "1.0.0"],
  ["v1.0.0", "1.0.0"],
  ["", "1.2.0"],
  ["*", "1.2.0"],
  ["^1.0", "1.2.0"],
  ["<1.2", "1.0.0"],
  ["1.0", "1.0.0"],
  [">=1.0.0-0", "2.0.0-rc.1"],
  ["2.0.0-rc.1", "2.0.0-rc.1"],
];
for (const [wanted, version] of choices) {
  test(`a chart repository has version ${version} for ${JSON.stringify(wanted)}`, async (t) => {
    const { repository } = await startCharts(t);
    const found = await openStore(t).fetch({ repository, chart: "web", version: wanted });
    assert.equal(found.version, version);
    assert.equal(found.name, "web");
    const bytes = Object.entries(archives).find(([one]) => one === version)?.[1] ?? new Uint8Array();
    assert.equal(found.digest, `sha256:${digestOf(bytes)}`);
    assert.deepEqual(Buffer.from(found.bytes), Buffer.from(bytes));
  });
}

test("an exact version is fetched once, also when many ask, and found without the network", async (t) => {
  const directory = makeDirectory(t);
  const { repository, seen } = await startCharts(t);
  const request = { repository, chart: "web", version: "1.0.0" };
  const store = openStore(t, { directory });
  const all = await Promise.all(Array.from({ length: 10 }, () => store.fetch(request)));
  assert.equal(new Set(all.map(({ digest }) => digest)).size, 1);
  assert.deepEqual(
    seen.map(({ url }) => url),
    ["/charts/index.yaml", "/charts/web-1.0.0.tgz"],
  );
  await openStore(t, { directory }).fetch(request);
  assert.equal(seen.length, 2);
});

test("charts and versions of one repository that are asked for at once share its index", async (t) => {
  const { repository, seen } = await startCharts(t);
  const store = openStore(t);
  const wanted = ["1.0.0", "1.2.0", "^1", "*"];
  const all = await Promise.all(wanted.map((version) => store.fetch({ repository, chart: "web", version })));
  assert.deepEqual(
    all.map(({ version }) => version),
    ["1.0.0", "1.2.0", "1.2.0", "1.2.0"],
  );
  assert.equal(seen.filter(({ url }) => url.endsWith("index.yaml")).length, 1);
});

test("an index is asked for again after a while, and then only for whether it has changed", async (t) => {
  let index = indexOf();
  let now = 1_000_000;
  const { repository, seen } = await startCharts(t, (request) => answerCharts(request, index));
  const directory = makeDirectory(t);
  const store = openStore(t, { directory, now: () => now });
  const latest = async (one = store, refresh = false) =>
    (await one.resolve({ repository, chart: "web", version: "*", refresh })).version;
  assert.equal(await latest(), "1.2.0");
  assert.equal(await latest(), "1.2.0");
  assert.equal(seen.length, 1);
  now += 4 * 60_000;
  assert.equal(await latest(), "1.2.0");
  assert.equal(seen.length, 2);
  assert.ok(seen[1]?.headers["if-none-match"]);
  index = index.replace("version: 1.2.0", "version: 1.3.0");
  assert.equal(await latest(), "1.2.0");
  assert.equal(await latest(store, true), "1.3.0");
  // Another process has the index of the first one, but asks.
  const other = openStore(t, { directory });
  assert.equal(await latest(other), "1.3.0");
  assert.ok(seen.at(-1)?.headers["if-none-match"]);
  index = index.replace("version: 1.3.0", "version: 1.4.0");
  assert.equal(await latest(other, true), "1.4.0");
  assert.equal(await latest(store, true), "1.4.0");
});

test("what is not there is said in Helm's words", async (t) => {
  const { repository, url } = await startCharts(t);
  const store = openStore(t);
  const fetch = (chart: string, version: string, at = repository) => store.fetch({ repository: at, chart, version });
  await assert.rejects(fetch("web", "3.0.0"), {
    message: `chart "web" version "3.0.0" not found in ${repository} repository`,
  });
  await assert.rejects(fetch("nothing", ""), { message: `chart "nothing" not found in ${repository} repository` });
  await assert.rejects(fetch("web", "latest"), {
    message: `chart "web" version "latest" not found in ${repository} repository`,
  });
  await assert.rejects(fetch("web", "1.0.0", `${url}/elsewhere`), {
    message: `looks like "${url}/elsewhere" is not a valid chart repository or cannot be reached: failed to fetch ${url}/elsewhere/index.yaml : 404 Not Found`,
  });
  await assert.rejects(
    fetch("web", "1.0.0", "http://127.0.0.1:1/charts"),
    /cannot be reached: Cannot fetch http:\/\/127\.0\.0\.1:1\/charts\/index\.yaml: the connection was refused/,
  );
});

test("an archive that is not what the index says is refused, and not kept", async (t) => {
  let digest = "f".repeat(64);
  const { repository } = await startCharts(t, (request) => answerCharts(request, indexOf({ digest: () => digest })));
  const store = openStore(t);
  const request = { repository, chart: "web", version: "1.0.0", refresh: true };
  await assert.rejects(store.fetch(request), /its digest is sha256:[0-9a-f]{64}, and the index says sha256:f{64}/);
  digest = "";
  assert.equal((await store.fetch(request)).version, "1.0.0");
});

test("credentials go to the repository, and to other hosts only when that is wanted", async (t) => {
  const other = await serve(t, (request) => answerCharts(request));
  const home = await serve(t, (request) =>
    request.authorization === undefined
      ? { status: 401 }
      : answerCharts(request, indexOf({ base: `${other.url}/charts/` })),
  );
  const repository = `${home.url}/charts`;
  const credentials = { username: "somebody", password: "secret" };
  const request = { repository, chart: "web", version: "1.0.0", credentials };
  await openStore(t).fetch(request);
  const basic = `Basic ${Buffer.from("somebody:secret").toString("base64")}`;
  assert.deepEqual(
    home.seen.map(({ authorization }) => authorization),
    [basic],
  );
  assert.deepEqual(
    other.seen.map(({ authorization }) => authorization),
    [undefined],
  );
  await openStore(t).fetch({ ...request, passCredentials: true });
  assert.equal(other.seen.at(-1)?.authorization, basic);
  await openStore(t).fetch({ ...request, credentials: { bearerToken: "token" } });
  assert.equal(home.seen.at(-1)?.authorization, "Bearer token");
  const inUrl = repository.replace("http://", "http://somebody:secret@");
  const error = await openStore(t)
    .fetch({ ...request, repository: inUrl, version: "7.0.0", credentials: undefined })
    .catch((e: Error) => e);
  assert.match(String(error), /version "7.0.0" not found/);
  assert.doesNotMatch(String(error), /secret/);
});

test("credentials are not shown to where a repository redirects", async (t) => {
  const other = await serve(t, (request) => answerCharts(request));
  const home = await serve(t, ({ url }) => ({ status: 302, headers: { location: `${other.url}${url}` } }));
  const credentials = { username: "somebody", password: "secret" };
  await openStore(t).fetch({ repository: `${home.url}/charts`, chart: "web", version: "1.0.0", credentials });
  assert.ok(home.seen.every(({ authorization }) => authorization !== undefined));
  assert.ok(other.seen.every(({ authorization }) => authorization === undefined));
  assert.equal(other.seen.length, 2);
});

test("a chart that only others may fetch is not found on disk by somebody without their password", async (t) => {
  const directory = makeDirectory(t);
  const { repository } = await startCharts(t, (request) =>
    request.authorization === undefined ? { status: 403 } : answerCharts(request),
  );
  const request = { repository, chart: "web", version: "1.0.0" };
  await openStore(t, { directory }).fetch({ ...request, credentials: { username: "a", password: "b" } });
  await assert.rejects(openStore(t, { directory }).fetch(request), /403 Forbidden/);
});

test("servers are verified by their authority, and clients by their certificate", async (t) => {
  const authority = await openCertificateAuthority(makeDirectory(t), { name: "charts" });
  const server = await authority.issueServer({ dnsNames: [], ipAddresses: ["127.0.0.1"] });
  const client = await authority.issueClient({ commonName: "somebody", organizations: [] });
  const { url } = await serve(t, (request) => (request.isAuthorized ? answerCharts(request) : { status: 403 }), {
    ...server,
    ca: authority.caCertificatePem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const request = { repository: `${url}/charts`, chart: "web", version: "1.0.0" };
  await assert.rejects(openStore(t).fetch(request), /its certificate is signed by nobody who is trusted/);
  const caData = authority.caCertificatePem;
  await assert.rejects(openStore(t).fetch({ ...request, credentials: { caData } }), /403 Forbidden/);
  const pair = { tlsClientCertData: client.cert, tlsClientCertKey: client.key };
  assert.equal((await openStore(t).fetch({ ...request, credentials: { caData, ...pair } })).version, "1.0.0");
  assert.equal((await openStore(t).fetch({ ...request, credentials: { insecure: true, ...pair } })).version, "1.0.0");
});

test("answers are bounded in size and time", async (t) => {
  const { url } = await serve(t, async (request) => {
    if (request.url.startsWith("/silent")) return await new Promise(() => {});
    if (request.url.startsWith("/around")) return { status: 302, headers: { location: request.url } };
    return answerCharts({ ...request, url: request.url.replace("/large", "/charts") }) ?? { status: 404 };
  });
  const limits = { indexBytes: 100, http: { connectMs: 5_000, silenceMs: 50, totalMs: 5_000 } };
  const fetch = (name: string) =>
    openStore(t, { limits }).fetch({ repository: `${url}/${name}`, chart: "web", version: "1.0.0" });
  await assert.rejects(fetch("large"), /it has more than 100 bytes/);
  await assert.rejects(fetch("silent"), /nothing came for 0.05 s/);
  await assert.rejects(fetch("around"), /stopped after 10 redirects/);
});

test("a caller may give up while another one goes on", async (t) => {
  const arrived = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { url } = await serve(t, async (request) => {
    arrived.resolve();
    await goOn.promise;
    return answerCharts(request) ?? { status: 404 };
  });
  const store = openStore(t);
  const request = { repository: `${url}/charts`, chart: "web", version: "1.0.0" };
  const leaving = new AbortController();
  const first = store.fetch(request, leaving.signal);
  const second = store.fetch(request);
  await arrived.promise;
  leaving.abort(new Error("enough"));
  await assert.rejects(first, /enough/);
  goOn.resolve();
  assert.equal((await second).version, "1.0.0");
});

test("all versions of a chart are listed, the highest first", async (t) => {
  const { repository } = await startCharts(t);
  assert.deepEqual(await openStore(t).versions({ repository, chart: "web" }), ["2.0.0-rc.1", "1.2.0", "1.0.0"]);
});

test("an index that the real helm has written is read, and its digests are those of the archives", async (t) => {
  const home = makeDirectory(t);
  const helm = findHelm(home);
  if (helm === undefined) return t.skip("there is no helm for this machine");
  const description = `description: "${"a: long text, with {braces} and 'quotes' ".repeat(10)}"\n`;
  for (const version of ["1.0.0", "1.10.0", "1.9.0+build.1"]) {
    const chart = `apiVersion: v2\nname: web\nversion: ${version}\n${description}annotations:\n  notes: |\n    web:\n    - x\n`;
    writeFiles(join(home, "web"), chartFiles("web", version, { "Chart.yaml": chart }));
    assert.equal((await helm("package", "web")).code, 0);
  }
  writeFiles(join(home, "web-ui"), chartFiles("web-ui", "7.0.0"));
  await helm("package", "web-ui");
  assert.equal((await helm("repo", "index", ".")).code, 0);
  const { url } = await serve(t, (request) => ({ body: readBytes(join(home, decodeURIComponent(request.url))) }));
  const store = openStore(t);
  const source = { repository: url, chart: "web" };
  assert.deepEqual(await store.versions(source), ["1.10.0", "1.9.0+build.1", "1.0.0"]);
  const found = await store.fetch({ ...source, version: "~1.9" });
  assert.deepEqual(Buffer.from(found.bytes), Buffer.from(readBytes(join(home, "web-1.9.0+build.1.tgz"))));
});
