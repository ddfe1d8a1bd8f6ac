import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { openCertificateAuthority } from "../../gateway/index.ts";
import { chartArchive, chartFiles, findHelm, makeDirectory, openStore, run, writeFiles } from "../testing/charts.ts";
import { type RegistryOptions, startRegistry, type TestRegistry } from "../testing/registry.ts";
import { serve } from "../testing/serve.ts";
import { helmChartType, helmConfigType } from "./artifact.ts";
import { parseOciRepository } from "./reference.ts";
import { parseChallenges } from "./registry.ts";

function put(
  registry: TestRegistry,
  repository: string,
  version: string,
  options: { type?: string; config?: string } = {},
) {
  const name = repository.split("/").at(-1) ?? "";
  const layer = registry.putBlob(chartArchive(name, version));
  const config = registry.putBlob(Buffer.from(JSON.stringify({ apiVersion: "v2", name, version })));
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: options.config ?? helmConfigType, ...config },
    layers: [{ mediaType: options.type ?? helmChartType, ...layer }],
    annotations: { "org.opencontainers.image.version": version },
  };
  return { digest: registry.put(repository, version.replaceAll("+", "_"), manifest), layer: layer.digest };
}

const user = { username: "somebody", password: "secret" };
const ways: [what: string, options: RegistryOptions, credentials: typeof user | undefined][] = [
  ["is open", {}, undefined],
  ["wants a password", { wants: "basic", user }, user],
  ["wants a token for a password", { wants: "token", user }, user],
  ["wants a token that everybody gets", { wants: "public token" }, undefined],
  ["wants a token that everybody gets, with a password", { wants: "public token", user }, user],
];
for (const [what, options, credentials] of ways) {
  test(`a chart of a registry that ${what} is fetched`, async (t) => {
    const registry = await startRegistry(t, options);
    const { layer } = put(registry, "team/charts/web", "1.0.0+build.1");
    const request = {
      repository: `oci://${registry.host}/team/charts`,
      chart: "web",
      version: "1.0.0+build.1",
      credentials,
    };
    const directory = makeDirectory(t);
    const found = await openStore(t, { directory }).fetch(request);
    assert.deepEqual([found.name, found.version, found.digest], ["web", "1.0.0+build.1", layer]);
    const requests = registry.seen.length;
    await openStore(t, { directory }).fetch(request);
    assert.equal(registry.seen.length, requests);
  });
}

test("a token is asked for once, and never sent elsewhere", async (t) => {
  const storage = await serve(t, ({ url }) => ({ body: registry.blobs.get(url.slice(1).replace(/\?.*/, "")) ?? "" }));
  const registry = await startRegistry(t, { wants: "token", user, storage: storage.url });
  for (const version of ["1.0.0", "1.1.0", "2.0.0"]) put(registry, "web", version);
  const store = openStore(t);
  for (const version of ["1.0.0", "1.1.0"])
    await store.fetch({ repository: `oci://${registry.host}`, chart: "web", version, credentials: user });
  assert.equal(registry.seen.filter(({ url }) => url.startsWith("/token")).length, 1);
  assert.equal(storage.seen.length, 2);
  assert.ok(storage.seen.every(({ authorization }) => authorization === undefined));
});

test("a wrong password is told in the registry's words", async (t) => {
  const registry = await startRegistry(t, { wants: "token", user });
  put(registry, "web", "1.0.0");
  const request = { repository: `oci://${registry.host}`, chart: "web", version: "1.0.0" };
  const wrong = openStore(t).fetch({ ...request, credentials: { username: "somebody", password: "guessed" } });
  const error = await wrong.catch((e: Error) => e);
  assert.match(
    String(error),
    /^Error: failed to perform "FetchReference" on source: GET "http:\/\/[\d.:]+\/v2\/web\/manifests\/1\.0\.0": GET "http:\/\/[\d.:]+\/token\?scope=repository%3Aweb%3Apull&service=test": response status code 401: unauthorized: wrong password$/,
  );
  assert.doesNotMatch(String(error), /guessed/);
  await assert.rejects(openStore(t).fetch(request), /401/);
});

test("ranges are chosen from all pages of the list of tags", async (t) => {
  const registry = await startRegistry(t, { pageSize: 2 });
  for (const version of ["1.0.0", "1.1.0", "1.2.0+b1", "2.0.0-rc.1", "2.0.0-rc.2"]) put(registry, "web", version);
  registry.put("web", "latest", {});
  const store = openStore(t);
  const source = { repository: `oci://${registry.host}`, chart: "web" };
  const resolve = async (version: string) => (await store.resolve({ ...source, version })).version;
  assert.equal(await resolve("^1.0"), "1.2.0+b1");
  assert.equal(await resolve(""), "1.2.0+b1");
  assert.equal(await resolve(">1.0.0-0"), "2.0.0-rc.2");
  assert.equal(registry.seen.length, 3);
  assert.deepEqual(await store.versions(source), ["2.0.0-rc.2", "2.0.0-rc.1", "1.2.0+b1", "1.1.0", "1.0.0"]);
  assert.equal((await store.fetch({ ...source, version: "~1.2" })).version, "1.2.0+b1");
  await assert.rejects(resolve("^9"), { message: "could not locate a version matching provided version string ^9" });
  await assert.rejects(resolve("^1 nonsense"), /improper constraint/);
  await assert.rejects(
    store.resolve({ ...source, chart: "none", version: "*" }),
    /\/v2\/none\/tags\/list": response status code 404: name unknown: repository name not known to registry/,
  );
});

test("a chart is fetched by the digest of its manifest, and out of an index", async (t) => {
  const registry = await startRegistry(t);
  const { digest, layer } = put(registry, "web", "1.0.0");
  const source = { repository: `oci://${registry.host}`, chart: "web" };
  const found = await openStore(t).fetch({ ...source, version: digest });
  assert.deepEqual([found.digest, found.version], [layer, "1.0.0"]);
  const image = registry.put("web", "image", {
    config: { mediaType: "application/vnd.oci.image.config.v1+json" },
    layers: [],
  });
  registry.put("web", "3.0.0", { manifests: [{ digest: image }, { digest }] });
  assert.equal((await openStore(t).fetch({ ...source, version: "3.0.0" })).digest, layer);
});

test("what is no chart, and what is not there, is said", async (t) => {
  const registry = await startRegistry(t);
  put(registry, "image", "1.0.0", { config: "application/vnd.oci.image.config.v1+json" });
  put(registry, "empty", "1.0.0", { type: "text/plain" });
  put(registry, "old", "1.0.0", { type: "application/tar+gzip" });
  const fetch = (chart: string, version = "1.0.0") =>
    openStore(t).fetch({ repository: `oci://${registry.host}`, chart, version });
  await assert.rejects(
    fetch("image"),
    /could not load config with mediatype application\/vnd\.cncf\.helm\.config\.v1\+json/,
  );
  await assert.rejects(
    fetch("empty"),
    /manifest does not contain a layer with mediatype application\/vnd\.cncf\.helm\.chart/,
  );
  await assert.rejects(fetch("old", "2.0.0"), {
    message: `failed to perform "FetchReference" on source: ${registry.host}/old:2.0.0: not found`,
  });
  assert.equal((await fetch("old")).version, "1.0.0");
  await assert.rejects(fetch("Upper"), { message: 'invalid reference: invalid repository "Upper"' });
});

test("a layer with other content than its digest says is refused", async (t) => {
  const registry = await startRegistry(t);
  const { layer } = put(registry, "web", "1.0.0");
  registry.blobs.set(layer, Buffer.from("something else"));
  const fetched = openStore(t).fetch({ repository: `oci://${registry.host}`, chart: "web", version: "1.0.0" });
  await assert.rejects(fetched, /mismatch digest: layer sha256:/);
});

test("a registry with TLS is verified, also on this machine", async (t) => {
  const authority = await openCertificateAuthority(makeDirectory(t), { name: "registry" });
  const tls = await authority.issueServer({ dnsNames: [], ipAddresses: ["127.0.0.1"] });
  const registry = await startRegistry(t, { tls, wants: "token", user });
  put(registry, "web", "1.0.0");
  const request = { repository: registry.host, chart: "web", version: "1.0.0" };
  const fetch = (more: object) => openStore(t).fetch({ ...request, credentials: { ...user, ...more } });
  assert.equal((await fetch({ caData: authority.caCertificatePem })).version, "1.0.0");
  assert.equal((await fetch({ insecure: true })).version, "1.0.0");
  await assert.rejects(fetch({}), /Cannot fetch http:/);
});

/** A layer of an artifact, as `tar` makes it. */
async function tar(t: TestContext, files: Record<string, string>): Promise<Uint8Array> {
  const directory = makeDirectory(t);
  writeFiles(directory, new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
  const { stdout } = await run("sh", ["-c", "tar -cf - * | base64 -w0"], directory);
  return Buffer.from(stdout, "base64");
}

test("an artifact of manifests is unpacked", async (t) => {
  const registry = await startRegistry(t);
  const layer = registry.putBlob(gzipSync(await tar(t, { "a.yaml": "a: 1\n", "deep/b.yaml": "b: 2\n" })));
  const manifest = {
    config: { mediaType: "application/vnd.oci.empty.v1+json", ...registry.putBlob(Buffer.from("{}")) },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
    annotations: { "org.opencontainers.image.authors": "somebody" },
  };
  const digest = registry.put("team/app", "1.0.0", manifest);
  registry.put("team/app", "stable", manifest);
  const repository = `oci://${registry.host}/team/app`;
  for (const revision of ["1.0.0", "stable", "^1", digest]) {
    const found = await openStore(t).artifact({ repository, revision });
    assert.equal(found.revision, digest);
    assert.deepEqual([...found.files.keys()].sort(), ["a.yaml", "deep/b.yaml"]);
    assert.equal(Buffer.from(found.files.get("deep/b.yaml") ?? []).toString(), "b: 2\n");
    assert.deepEqual(found.annotations, { "org.opencontainers.image.authors": "somebody" });
  }
  await assert.rejects(
    openStore(t).artifact({ repository, revision: "3.0.0" }),
    /cannot get digest for revision 3\.0\.0/,
  );
});

test("an artifact that is a chart is the chart's directory", async (t) => {
  const registry = await startRegistry(t);
  put(registry, "web", "1.0.0");
  const { files } = await openStore(t).artifact({ repository: `oci://${registry.host}/web`, revision: "1.0.0" });
  assert.deepEqual([...files.keys()].sort(), ["Chart.yaml", "templates/config.yaml", "values.yaml"]);
});

const artifacts: [what: string, layers: string[], why: RegExp][] = [
  ["nothing in it", [], /expected only a single oci content layer, got 0/],
  [
    "two layers",
    ["application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar"],
    /expected only a single oci content layer, got 2/,
  ],
  [
    "another type",
    ["application/x.tar+gzip"],
    /oci layer media type application\/x\.tar\+gzip is not in the list of allowed media types/,
  ],
  ["many layers", Array.from({ length: 11 }, () => "text/plain"), /expected no more than 10 oci layers, got 11/],
];
for (const [what, types, why] of artifacts) {
  test(`an artifact with ${what} is refused`, async (t) => {
    const registry = await startRegistry(t);
    const blob = registry.putBlob(await tar(t, { "a.yaml": "a: 1\n" }));
    registry.put("app", "1.0.0", {
      config: { mediaType: "text/plain" },
      layers: types.map((mediaType) => ({ mediaType, ...blob })),
    });
    await assert.rejects(openStore(t).artifact({ repository: `oci://${registry.host}/app`, revision: "1.0.0" }), why);
  });
}

test("what the real helm pushes is fetched, and is what it packaged", async (t) => {
  const home = makeDirectory(t);
  const helm = findHelm(home);
  if (helm === undefined) return t.skip("there is no helm for this machine");
  const registry = await startRegistry(t, { wants: "basic", user });
  writeFiles(join(home, "web"), chartFiles("web", "1.2.3+abc"));
  assert.equal((await helm("package", "web")).code, 0);
  const login = await run(
    "sh",
    [
      "-c",
      `echo ${user.password} | ${process.env["SKIFF_HELM"] ?? ".cache/bin/helm"} registry login ${registry.host} -u ${user.username} --password-stdin --plain-http`,
    ],
    home,
  );
  assert.equal(login.code, 0, login.stderr);
  const pushed = await helm("push", "web-1.2.3+abc.tgz", `oci://${registry.host}/charts`, "--plain-http");
  assert.equal(pushed.code, 0, pushed.stderr);
  const found = await openStore(t).fetch({
    repository: `oci://${registry.host}/charts`,
    chart: "web",
    version: ">1.0.0",
    credentials: user,
  });
  assert.equal(found.version, "1.2.3+abc");
  writeFileSync(join(home, "ours.tgz"), found.bytes);
  assert.equal((await run("cmp", ["ours.tgz", "web-1.2.3+abc.tgz"], home)).code, 0);
});

test("references are read as Helm and Argo CD write them", () => {
  assert.deepEqual(parseOciRepository("oci://ghcr.io/team/charts", "web"), {
    registry: "ghcr.io",
    repository: "team/charts/web",
  });
  assert.deepEqual(parseOciRepository("localhost:5000", "team/web"), {
    registry: "localhost:5000",
    repository: "team/web",
  });
  assert.throws(() => parseOciRepository("oci://ghcr.io"), /missing registry or repository/);
  assert.throws(() => parseOciRepository("oci://gh cr.io/x"), /invalid registry "gh cr.io"/);
});

test("challenges are read with quotes and in any number", () => {
  const bearer = 'Bearer realm="https://auth.example.com/token",service="a \\"b\\"", scope="repository:x:pull,push"';
  const parameters = { realm: "https://auth.example.com/token", service: 'a "b"', scope: "repository:x:pull,push" };
  assert.deepEqual(parseChallenges(bearer), [{ scheme: "bearer", parameters }]);
  assert.deepEqual(
    parseChallenges(`Basic realm=test, ${bearer}`).map(({ scheme }) => scheme),
    ["basic", "bearer"],
  );
});

test("what unpacks to more than is allowed, or is no archive, is refused", async (t) => {
  const registry = await startRegistry(t);
  const type = "application/vnd.oci.image.layer.v1.tar+gzip";
  const put = (tag: string, bytes: Uint8Array) =>
    registry.put("app", tag, { config: { mediaType: "x" }, layers: [{ mediaType: type, ...registry.putBlob(bytes) }] });
  put("bomb", gzipSync(Buffer.alloc(80 * 2 ** 20)));
  put("large", gzipSync(await tar(t, { "a.yaml": "a".repeat(2_000) })));
  put("nothing", Buffer.from("no archive"));
  const fetch = (revision: string) =>
    openStore(t, {
      limits: { artifactBytes: 1_000_000, ...(revision === "large" && { artifactBytes: 1_500 }) },
    }).artifact({
      repository: `oci://${registry.host}/app`,
      revision,
    });
  await assert.rejects(fetch("bomb"), /could not decompress layer: its files have more than 1000000 bytes/);
  await assert.rejects(fetch("large"), /could not decompress layer: its files have more than 1500 bytes/);
  await assert.rejects(fetch("nothing"), /could not decompress layer: incorrect header check/);
});
