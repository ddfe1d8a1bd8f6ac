import assert from "node:assert/strict";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isStatusError } from "../apimachinery/index.ts";
import { silentLog } from "../lib/index.ts";
import { openSources, type Sources } from "./sources.ts";
import { clientEnvironment, startTestServer, type TestServer } from "./testing/git-server.ts";

let server: TestServer;
let sources: Sources;
let home: string;
const author = { name: "a", email: "a@example.org" };
const text = (value: string) => ({ bytes: Buffer.from(value) });

before(async () => {
  server = await startTestServer();
  home = join(server.dir, "home");
  await mkdir(home);
  sources = await open("mirrors");
});
after(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function open(name: string, more: { fetchTimeoutMs?: number } = {}): Promise<Sources> {
  const localUrls = (url: string) => {
    const [, owner, repository] = /^https:\/\/git\.local\/([^/]+)\/([^/]+?)(?:\.git)?$/.exec(url) ?? [];
    return owner === undefined || repository === undefined ? undefined : { owner, name: repository };
  };
  const dir = join(server.dir, name);
  return await openSources({
    dir,
    repositories: server.repositories,
    localUrls,
    log: silentLog,
    env: clientEnvironment(home),
    ...more,
  });
}

async function write(name: string, files: Record<string, string>, branch = "main"): Promise<string> {
  const entries = Object.entries(files).map(([path, value]): [string, { bytes: Buffer }] => [path, text(value)]);
  const { commit } = await server.repositories.writeTree({
    owner: "giteaAdmin",
    name,
    branch,
    files: new Map(entries),
    message: "m",
    author,
  });
  return commit;
}

async function create(name: string, options: { private?: boolean } = {}): Promise<void> {
  await server.repositories.create({ owner: "giteaAdmin", name, ...options });
}

const tag = (name: string, tagName: string, after: string) =>
  server.repositories.setRef({ owner: "giteaAdmin", name, ref: `refs/tags/${tagName}`, before: undefined, after });

for (const kind of ["ours", "remote"] as const) {
  const urlOf = (name: string) =>
    kind === "ours" ? `https://git.local/giteaAdmin/${name}` : `${server.url}/giteaAdmin/${name}.git`;

  test(`${kind}: every form of revision finds its commit`, async () => {
    const name = `revisions-${kind}`;
    await create(name);
    const first = await write(name, { "a.yaml": "1" });
    const second = await write(name, { "a.yaml": "2" });
    const side = await write(name, { "side.yaml": "s" }, "feature/side");
    await tag(name, "v1.0.0", first);
    await tag(name, "v1.2.0", second);
    await tag(name, "v2.0.0-rc.1", side);
    const created = await server.api("POST", `/repos/giteaAdmin/${name}/tags`, {
      tag_name: "annotated",
      message: "hello",
      target: "main",
    });
    assert.equal(created.status, 201);
    const cases: Record<string, string> = {
      HEAD: second,
      "": second,
      main: second,
      "refs/heads/main": second,
      "feature/side": side,
      "v1.0.0": first,
      "refs/tags/v1.0.0": first,
      annotated: second,
      [first]: first,
      [side]: side,
      [second.slice(0, 8)]: second,
      [first.slice(0, 9)]: first,
      "1.x": second,
      "~1.0": first,
      ">=1.0.0 <1.1": first,
      "^2.0.0-0": side,
    };
    for (const [revision, want] of Object.entries(cases))
      assert.equal(await sources.resolve(urlOf(name), revision), want, revision);
    for (const revision of ["nope", "f".repeat(40), "abcdef12", ">=3", "main~1", "-x", "main:a.yaml"]) {
      await assert.rejects(
        sources.resolve(urlOf(name), revision),
        (error) => isStatusError(error, "NotFound") && error.message.includes(revision),
        revision,
      );
    }
  });

  test(`${kind}: trees and blobs are read at any depth`, async () => {
    const name = `trees-${kind}`;
    await create(name);
    const commit = await write(name, {
      "top.txt": "top",
      "apps/one/a.yaml": "a: 1\n",
      "apps/one/deep/er/b.yaml": "bb",
      "apps/two/c.yaml": "",
    });
    const url = urlOf(name);
    assert.equal(await sources.resolve(url, "main"), commit);
    const files = await sources.tree(url, commit, "apps");
    assert.deepEqual(
      files?.map(({ path, mode, sizeBytes }) => ({ path, mode, sizeBytes })),
      [
        { path: "one/a.yaml", mode: "100644", sizeBytes: 5 },
        { path: "one/deep/er/b.yaml", mode: "100644", sizeBytes: 2 },
        { path: "two/c.yaml", mode: "100644", sizeBytes: 0 },
      ],
    );
    assert.equal(Buffer.from(await sources.blob(url, files[0]?.oid ?? "")).toString(), "a: 1\n");
    assert.equal((await sources.tree(url, commit, "./"))?.length, 4);
    assert.equal((await sources.tree(url, commit, "/apps/one/deep/"))?.length, 1);
    for (const path of ["nope", "top.txt", "apps/one/a.yaml/x", "../x"])
      assert.equal(await sources.tree(url, commit, path), undefined, path);
    assert.equal((await sources.entry(url, commit, "top.txt"))?.mode, "100644");
    assert.equal((await sources.entry(url, commit, "apps"))?.mode, "40000");
    const contents = await sources.files(url, commit, "apps", {
      filter: ({ path }) => path.endsWith(".yaml") && !path.startsWith("two"),
    });
    assert.deepEqual(
      [...(contents ?? [])].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]),
      [
        ["one/a.yaml", "a: 1\n"],
        ["one/deep/er/b.yaml", "bb"],
      ],
    );
    await assert.rejects(sources.blob(url, "1".repeat(40)), /Cannot read blob 1{40}: the repository does not have it/);
  });

  test(`${kind}: an empty repository says so`, async () => {
    await create(`empty-${kind}`);
    await assert.rejects(
      sources.resolve(urlOf(`empty-${kind}`), "HEAD"),
      (error) => isStatusError(error, "NotFound") && /is empty/.test(error.message),
    );
  });
}

test("a repository of ours that does not exist is NotFound, and our URLs are known", async () => {
  assert.deepEqual(sources.isLocal("https://git.local/a/b.git"), { owner: "a", name: "b" });
  assert.equal(sources.isLocal("https://github.com/a/b"), undefined);
  await assert.rejects(sources.resolve("https://git.local/a/b", "HEAD"), (error) => isStatusError(error, "NotFound"));
});

test("a push to one of ours is seen at once, to a remote one when refreshed", async () => {
  await create("moving");
  const first = await write("moving", { a: "1" });
  const remote = `${server.url}/giteaAdmin/moving`;
  assert.equal(await sources.resolve(remote, "main"), first);
  const second = await write("moving", { a: "2" });
  assert.equal(await sources.resolve("https://git.local/giteaAdmin/moving", "main"), second);
  assert.equal(await sources.resolve(remote, "main"), first);
  assert.equal(await sources.resolve(remote, "main", { refresh: true }), second);
  const branch = await write("moving", { b: "1" }, "new-branch");
  assert.equal(await sources.resolve(remote, "new-branch"), branch);
});

test("the same fetch is made once for all who ask at the same time", async () => {
  await create("shared");
  const commit = await write("shared", { a: "1" });
  let services = 0;
  server.onRequest = ({ target }) => {
    if (target.includes("/giteaAdmin/shared")) services++;
  };
  const remote = `${server.url}/giteaAdmin/shared`;
  const found = await Promise.all(Array.from({ length: 20 }, () => sources.resolve(remote, "main")));
  const asked = services;
  assert.deepEqual(new Set(found), new Set([commit]));
  // Four requests of one `ls-remote` and one `fetch`: references and objects, each after a greeting.
  assert.ok(asked <= 5, `${asked} requests`);
  await sources.resolve(remote, commit);
  assert.equal(services, asked, "a commit that is here needs no network");
  server.onRequest = undefined;
});

test("only what is asked for is fetched, and what is gone is fetched again", async () => {
  await create("lean");
  for (let count = 0; count < 5; count++) await write("lean", { a: String(count) });
  const remote = `${server.url}/giteaAdmin/lean.git`;
  const own = await open("lean-mirrors");
  const head = await own.resolve(remote, "main");
  const [mirror] = await readdir(join(server.dir, "lean-mirrors"));
  const gitDir = join(server.dir, "lean-mirrors", mirror ?? "");
  assert.equal((await server.git(["--git-dir", gitDir, "rev-list", "--all", "--count"])).stdout.trim(), "1");
  await own[Symbol.asyncDispose]();
  await rm(gitDir, { recursive: true });
  const again = await open("lean-mirrors");
  assert.equal((await again.tree(remote, head, ""))?.length, 1);
  await again[Symbol.asyncDispose]();
});

test("a damaged mirror is made anew, an abandoned one is removed", async () => {
  await create("broken");
  const first = await write("broken", { a: "1" });
  const remote = `${server.url}/giteaAdmin/broken.git`;
  const one = await open("broken-mirrors");
  assert.equal(await one.resolve(remote, "main"), first);
  await one[Symbol.asyncDispose]();
  const dir = join(server.dir, "broken-mirrors");
  const [mirror = ""] = await readdir(dir);
  await writeFile(join(dir, mirror, "shallow.lock"), "");
  await writeFile(join(dir, mirror, "refs", "skiff", "x.lock"), "");
  const second = await write("broken", { a: "2" });
  const two = await open("broken-mirrors");
  assert.equal(await two.resolve(remote, "main"), second);
  await two[Symbol.asyncDispose]();

  await rm(join(dir, mirror, "objects"), { recursive: true });
  await mkdir(join(dir, mirror, "objects"));
  const three = await open("broken-mirrors");
  assert.equal(await three.resolve(remote, "main", { refresh: true }), second);
  assert.equal((await three.tree(remote, second, ""))?.length, 1);
  await three[Symbol.asyncDispose]();

  const old = new Date(Date.now() - 31 * 24 * 3_600_000);
  await utimes(join(dir, mirror), old, old);
  await mkdir(join(dir, "half.new"));
  const four = await open("broken-mirrors");
  assert.deepEqual(await readdir(dir), []);
  await four[Symbol.asyncDispose]();
});

test("private repositories are read with the user's own credentials, whose absence is explained", async () => {
  await create("hidden", { private: true });
  const commit = await write("hidden", { a: "1" });
  const remote = `${server.url}/giteaAdmin/hidden.git`;
  await assert.rejects(
    sources.resolve(remote, "main"),
    (error) => error instanceof Error && error.message.startsWith(`Cannot fetch ${remote}: it needs a user name`),
  );
  const { login, password } = server.admin;
  const wrong = remote.replace("http://", `http://${login}:not-the-password@`);
  await assert.rejects(
    sources.resolve(wrong, "main"),
    (error) =>
      error instanceof Error &&
      error.message.includes(`${login}:***@`) &&
      !String(error.cause).includes("not-the-password"),
  );
  assert.equal(await sources.resolve(remote.replace("http://", `http://${login}:${password}@`), "main"), commit);
  await assert.rejects(
    sources.resolve(remote, "main"),
    /it needs a user name/,
    "what one URL could read is not given to another",
  );

  await writeFile(join(home, ".git-credentials"), `${server.url.replace("http://", `http://${login}:${password}@`)}\n`);
  await writeFile(join(home, ".gitconfig"), "[credential]\n\thelper = store\n");
  assert.equal(await sources.resolve(remote, "main"), commit);
});

test("what cannot be fetched says why, with the URL", async () => {
  const closed = createServer();
  const port = await listen(closed);
  await new Promise<void>((resolve) => closed.close(() => resolve()));
  const cases: Record<string, RegExp> = {
    [`${server.url}/giteaAdmin/never`]: /Cannot fetch http:\S+never: there is no such repository/,
    [`http://127.0.0.1:${port}/a/b`]: /Cannot fetch http:\S+: the host cannot be reached/,
    "https://no-such-host.invalid/a/b": /Cannot fetch https:\S+: the name of the host cannot be resolved/,
    [`file://${server.dir}/nowhere`]: /Cannot fetch file:\S+: there is no such repository/,
  };
  for (const [url, want] of Object.entries(cases)) await assert.rejects(sources.resolve(url, "main"), want, url);
  for (const url of [
    "",
    "ext::sh -c id",
    "ext::id",
    "--upload-pack=id",
    "a/b",
    "ssh://-oProxyCommand=id/x",
    "https://",
    "fd::17",
    "https://a b/",
  ]) {
    await assert.rejects(sources.resolve(url, "main"), (error) => isStatusError(error, "Invalid"), url);
  }
});

test("a host that never answers is given up, and a caller can give up before", async (context) => {
  const silent = createServer(() => {});
  context.after(() => void silent.close());
  const port = await listen(silent);
  const impatient = await open("impatient-mirrors", { fetchTimeoutMs: 300 });
  await assert.rejects(
    impatient.resolve(`http://127.0.0.1:${port}/a/b`, "main"),
    /Cannot fetch http:\S+: no answer within 0.3 s/,
  );
  const gone = new AbortController();
  const waiting = sources.resolve(`http://127.0.0.1:${port}/a/c`, "main", { signal: gone.signal });
  gone.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await impatient[Symbol.asyncDispose]();
});

test("file URLs and absolute paths are read too, annotated tags and other branches included", async () => {
  await create("disk");
  const commit = await write("disk", { a: "1" });
  const other = await write("disk", { b: "1" }, "other");
  const gitDir = server.repositories.get("giteaAdmin", "disk")?.gitDir ?? "";
  for (const url of [gitDir, `file://${gitDir}`]) {
    assert.equal(await sources.resolve(url, "HEAD"), commit);
    assert.equal(await sources.resolve(url, "other"), other);
    assert.equal((await sources.tree(url, other, ""))?.[0]?.path, "b");
  }
});

test("submodules are named with their URL and commit", async () => {
  await create("outer");
  const work = join(server.dir, "outer-work");
  const inner = "1234567890123456789012345678901234567890";
  const steps: [string[], string?][] = [
    [["init", "-q", work]],
    [["-C", work, "config", "-f", ".gitmodules", "submodule.lib.path", "vendor/lib"]],
    [["-C", work, "config", "-f", ".gitmodules", "submodule.lib.url", "../inner.git"]],
    [["-C", work, "add", ".gitmodules"]],
    [["-C", work, "update-index", "--add", "--cacheinfo", `160000,${inner},vendor/lib`]],
    [["-C", work, "commit", "-q", "-m", "m"]],
    [["-C", work, "push", "-q", `${server.adminUrl}/giteaAdmin/outer.git`, "main"]],
  ];
  for (const [args] of steps) assert.equal((await server.git(args)).code, 0, args.join(" "));
  const url = `${server.url}/giteaAdmin/outer.git`;
  const commit = await sources.resolve(url, "main");
  assert.deepEqual(await sources.submodules(url, commit), [
    { path: "vendor/lib", url: `${server.url}/giteaAdmin/inner.git`, commit: inner },
  ]);
  assert.deepEqual(
    (await sources.tree(url, commit, ""))?.map(({ path }) => path),
    [".gitmodules"],
  );
  const all = await sources.tree(url, commit, "", { submodules: true });
  assert.deepEqual(
    all?.find(({ mode }) => mode === "160000"),
    { path: "vendor/lib", mode: "160000", oid: inner, sizeBytes: 0 },
  );
});

async function listen(listener: Server): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
