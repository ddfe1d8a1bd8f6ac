import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { waitUntil } from "../lib/index.ts";
import { basic, startTestServer, type TestServer } from "./testing/git-server.ts";

const execute = promisify(execFile);
let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

/** Makes a working directory with one commit, and pushes it to a new repository of the administrator. */
async function pushed(name: string, options: { private?: boolean } = {}): Promise<string> {
  await server.repositories.create({ owner: "giteaAdmin", name, ...options });
  const work = join(server.dir, `work-${name}`);
  await succeed(["init", "-q", work]);
  await commitFile(work, "README.md", `# ${name}\n`);
  await succeed(["remote", "add", "origin", `${server.adminUrl}/giteaAdmin/${name}.git`], work);
  await succeed(["push", "-q", "-u", "origin", "main"], work);
  return work;
}

async function commitFile(work: string, path: string, text: string): Promise<string> {
  await mkdir(join(work, path, ".."), { recursive: true });
  await writeFile(join(work, path), text);
  await succeed(["add", "-A"], work);
  await succeed(["commit", "-q", "-m", `Write ${path}`], work);
  return await succeed(["rev-parse", "HEAD"], work);
}

async function succeed(args: readonly string[], cwd?: string, env?: Record<string, string>): Promise<string> {
  const ended = await server.git(args, {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  });
  assert.equal(ended.code, 0, `git ${args.join(" ")}: ${ended.stderr}`);
  return ended.stdout.trim();
}

test("a push is told to listeners once, with who did it, and can be cloned anonymously", async () => {
  const from = server.events.length;
  const work = await pushed("basic");
  const head = await succeed(["rev-parse", "HEAD"], work);
  assert.deepEqual(server.events.slice(from), [
    {
      owner: "giteaAdmin",
      name: "basic",
      refs: [{ ref: "refs/heads/main", before: undefined, after: head }],
      pusher: "giteaAdmin",
    },
  ]);
  const clone = join(server.dir, "clone-basic");
  await succeed(["clone", "-q", `${server.url}/GITEAADMIN/Basic`, clone]);
  assert.equal(await readFile(join(clone, "README.md"), "utf8"), "# basic\n");

  const second = await commitFile(work, "b.txt", "b");
  await succeed(["tag", "-a", "v1", "-m", "one"], work);
  await succeed(["push", "-q", "--follow-tags", "origin", "main", "main:other"], work);
  const tag = await succeed(["rev-parse", "v1"], work);
  assert.deepEqual(server.events.at(-1)?.refs, [
    { ref: "refs/heads/main", before: head, after: second },
    { ref: "refs/heads/other", before: undefined, after: second },
    { ref: "refs/tags/v1", before: undefined, after: tag },
  ]);
  await succeed(["push", "-q", "origin", ":other"], work);
  assert.deepEqual(server.events.at(-1)?.refs, [{ ref: "refs/heads/other", before: second, after: undefined }]);
  await succeed(["push", "-q", "--force", "origin", `${head}:main`], work);
  assert.deepEqual(server.events.at(-1)?.refs, [{ ref: "refs/heads/main", before: second, after: head }]);
  assert.deepEqual(server.errors, []);
});

test("the first branch that is pushed becomes the default one", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "trunk" });
  const work = join(server.dir, "work-trunk");
  await succeed(["init", "-q", "-b", "trunk", work]);
  await commitFile(work, "a", "a");
  await succeed(["push", "-q", `${server.adminUrl}/giteaAdmin/trunk`, "trunk"], work);
  assert.equal(server.repositories.get("giteaAdmin", "trunk")?.defaultBranch, "trunk");
  const clone = join(server.dir, "clone-trunk");
  await succeed(["clone", "-q", `${server.url}/giteaAdmin/trunk.git`, clone]);
  assert.equal(await succeed(["branch", "--show-current"], clone), "trunk");
});

test("protocol versions 0, 1 and 2 all work", async () => {
  await pushed("versions");
  for (const version of ["0", "1", "2"]) {
    const trace = await server.git(
      ["-c", `protocol.version=${version}`, "ls-remote", `${server.url}/giteaAdmin/versions.git`],
      { env: { GIT_TRACE_PACKET: "1" } },
    );
    assert.match(trace.stdout, /refs\/heads\/main/);
    assert.equal(/< version 2/.test(trace.stderr), version === "2", `version ${version}`);
  }
});

test("shallow clones, partial clones and fetches of single commits work", async () => {
  const work = await pushed("shallow");
  const first = await succeed(["rev-parse", "HEAD"], work);
  for (let count = 0; count < 5; count++) await commitFile(work, `f${count}`, String(count));
  await succeed(["push", "-q", "origin", "main"], work);
  const url = `${server.url}/giteaAdmin/shallow.git`;

  const shallow = join(server.dir, "clone-shallow");
  await succeed(["clone", "-q", "--depth=1", url, shallow]);
  assert.equal(await succeed(["rev-list", "--count", "HEAD"], shallow), "1");
  await succeed(["fetch", "-q", "--deepen=2"], shallow);
  assert.equal(await succeed(["rev-list", "--count", "HEAD"], shallow), "3");
  await succeed(["fetch", "-q", "--unshallow"], shallow);
  assert.equal(await succeed(["rev-list", "--count", "HEAD"], shallow), "6");

  const partial = join(server.dir, "clone-partial");
  await succeed(["clone", "-q", "--filter=blob:none", "--no-checkout", url, partial]);
  assert.match(await succeed(["rev-list", "--objects", "--missing=print", "HEAD"], partial), /^\?/m);
  await succeed(["checkout", "-q", "main"], partial);
  assert.equal(await readFile(join(partial, "f4"), "utf8"), "4");

  const single = join(server.dir, "clone-single");
  await succeed(["init", "-q", single]);
  await succeed(["fetch", "-q", "--depth=1", url, first], single);
  assert.equal(await succeed(["rev-parse", "FETCH_HEAD"], single), first);
});

test("who may not push is told why", async () => {
  const work = await pushed("guarded");
  await commitFile(work, "x", "x");
  const { user, admin, url } = server;
  const push = (credentials: string) =>
    server.git(["push", `${url.replace("http://", `http://${credentials}`)}/giteaAdmin/guarded.git`, "main"], {
      cwd: work,
    });
  const cases: Record<string, { credentials: string; want: RegExp }> = {
    nobody: { credentials: "", want: /could not read Username|Authentication failed/ },
    "a wrong password": { credentials: "giteaAdmin:wrong-password@", want: /Authentication failed/ },
    "an unknown user": { credentials: "nobody:developer@", want: /Authentication failed/ },
    "somebody else": {
      credentials: `${user.login}:${user.password}@`,
      want: /dev may not push to giteaAdmin\/guarded/,
    },
  };
  for (const [name, { credentials, want }] of Object.entries(cases)) {
    const ended = await push(credentials);
    assert.notEqual(ended.code, 0, name);
    assert.match(ended.stderr, want, name);
  }
  const readOnly = await server.accounts.createToken("giteaAdmin", { name: "read", scopes: ["read:repository"] });
  assert.match((await push(`x:${readOnly.secret}@`)).stderr, /may not push/);
  for (const credentials of [
    `${admin.login}:${admin.token}@`,
    `oauth2:${admin.token}@`,
    `x-access-token:${admin.token}@`,
    `${admin.token}:x-oauth-basic@`,
    `${admin.token}:@`,
  ]) {
    assert.equal((await push(credentials)).code, 0, credentials);
  }
  const header = `http.extraHeader=Authorization: Bearer ${admin.token}`;
  assert.equal(
    (await server.git(["-c", header, "push", `${url}/giteaAdmin/guarded.git`, "main"], { cwd: work })).code,
    0,
  );
});

test("private repositories are for those who may see them", async () => {
  await pushed("secret", { private: true });
  const { admin, user } = server;
  assert.match(
    (await server.git(["ls-remote", `${server.url}/giteaAdmin/secret.git`])).stderr,
    /could not read Username/,
  );
  const other = server.url.replace("http://", `http://${user.login}:${user.password}@`);
  assert.match(
    (await server.git(["ls-remote", `${other}/giteaAdmin/secret.git`])).stderr,
    /Repository giteaAdmin\/secret does not exist/,
  );
  assert.match(await succeed(["ls-remote", `${server.adminUrl}/giteaAdmin/secret.git`]), /refs\/heads\/main/);
  const refs = await server.get("/giteaAdmin/secret.git/info/refs?service=git-upload-pack");
  assert.equal(refs.status, 401);
  assert.match(refs.headers.get("www-authenticate") ?? "", /^Basic realm=/);
  assert.equal(
    (
      await server.get("/giteaAdmin/secret.git/info/refs?service=git-upload-pack", {
        authorization: `token ${admin.token}`,
      })
    ).status,
    200,
  );
});

test("a repository that does not exist says how to make it", async () => {
  const work = await pushed("exists");
  const ended = await server.git(["push", `${server.adminUrl}/giteaAdmin/missing.git`, "main"], { cwd: work });
  assert.match(ended.stderr, /Repository giteaAdmin\/missing does not exist/);
  assert.match(ended.stderr, /\/api\/v1\/user\/repos/);
  assert.match(
    (await server.git(["clone", `${server.url}/giteaAdmin/missing`, "m"])).stderr,
    /Repository giteaAdmin\/missing does not exist/,
  );
});

test("an archived repository can be read only", async () => {
  const work = await pushed("archived");
  await server.repositories.edit("giteaAdmin", "archived", { archived: true });
  await commitFile(work, "x", "x");
  assert.match((await server.git(["push", "origin", "main"], { cwd: work })).stderr, /is archived/);
});

test("the dumb protocol, wrong methods and types are refused", async () => {
  await pushed("dumb");
  const base = "/giteaAdmin/dumb.git";
  assert.equal((await server.get(`${base}/info/refs`)).status, 403);
  assert.equal((await server.get(`${base}/HEAD`)).status, 403);
  assert.equal((await server.get(`${base}/objects/info/packs`)).status, 403);
  assert.equal((await server.get(`${base}/info/refs?service=git-shell`)).status, 403);
  assert.equal((await server.get(`${base}/git-upload-pack`)).status, 405);
  const post = await fetch(`${server.url}${base}/git-upload-pack`, {
    method: "POST",
    body: "0000",
    headers: { "content-type": "text/plain" },
  });
  assert.equal(post.status, 415);
  const strange = await server.get(`${base}/info/refs?service=git-upload-pack`, { "git-protocol": "version=2 $(id)" });
  assert.equal(strange.status, 200);
  assert.match(await strange.text(), /^001e# service=git-upload-pack\n0000/);
});

test("bodies packed with gzip are understood", async () => {
  const work = await pushed("gzip");
  const head = await succeed(["rev-parse", "HEAD"], work);
  const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  const body = line(`want ${head} ofs-delta\n`) + "0000" + line("done\n");
  const headers = { "content-type": "application/x-git-upload-pack-request", "content-encoding": "gzip" };
  const response = await fetch(`${server.url}/giteaAdmin/gzip/git-upload-pack`, {
    method: "POST",
    headers,
    body: gzipSync(body),
  });
  assert.equal(response.status, 200);
  assert.match(Buffer.from(await response.arrayBuffer()).toString("latin1"), /^0008NAK\nPACK/);
  const broken = await fetch(`${server.url}/giteaAdmin/gzip/git-upload-pack`, {
    method: "POST",
    headers,
    body: "no gzip at all",
  });
  assert.equal(broken.status, 500);
  server.errors.length = 0;
});

test("many objects and large files go through", async () => {
  const work = await pushed("large");
  await mkdir(join(work, "many"));
  for (let index = 0; index < 1500; index++)
    await writeFile(join(work, "many", `${index}.yaml`), `kind: ConfigMap\nname: n${index}\n`);
  await writeFile(join(work, "big.bin"), randomBytes(24 * 2 ** 20));
  await commitFile(work, "last", "last");
  await succeed(["push", "-q", "origin", "main"], work);
  const clone = join(server.dir, "clone-large");
  await succeed(["clone", "-q", `${server.url}/giteaAdmin/large.git`, clone]);
  assert.equal((await readdir(join(clone, "many"))).length, 1500);
  assert.deepEqual(await readFile(join(clone, "big.bin")), await readFile(join(work, "big.bin")));
  const raw = await server.get("/giteaAdmin/large/raw/branch/main/big.bin");
  assert.deepEqual(Buffer.from(await raw.arrayBuffer()), await readFile(join(work, "big.bin")));
});

test("pushes to different branches at the same time all arrive and are all told", async () => {
  const work = await pushed("crowd");
  const from = server.events.length;
  const branches = Array.from({ length: 8 }, (_, index) => `b${index}`);
  await Promise.all(branches.map((branch) => succeed(["push", "-q", "origin", `main:${branch}`], work)));
  const told = server.events.slice(from).flatMap((event) => event.refs.map(({ ref }) => ref));
  assert.deepEqual(
    told.sort(),
    branches.map((branch) => `refs/heads/${branch}`),
  );
});

test("of two pushes to one branch at the same time one wins and the other is refused", async () => {
  const work = await pushed("race");
  const clones = await Promise.all(
    ["1", "2"].map(async (name) => {
      const clone = join(server.dir, `race-${name}`);
      await succeed(["clone", "-q", `${server.adminUrl}/giteaAdmin/race.git`, clone]);
      await commitFile(clone, name, name);
      return clone;
    }),
  );
  const ended = await Promise.all(clones.map((clone) => server.git(["push", "origin", "main"], { cwd: clone })));
  assert.deepEqual(ended.map(({ code }) => code === 0).sort(), [false, true]);
  assert.match(ended.map(({ stderr }) => stderr).join(""), /rejected/);
  await succeed(["fetch", "-q"], work);
  assert.equal(await succeed(["rev-list", "--count", "origin/main"], work), "2");
});

test("a client that goes away in the middle of a push leaves nothing behind", async () => {
  await pushed("aborted");
  const repository = server.repositories.get("giteaAdmin", "aborted");
  assert.ok(repository);
  const before = server.events.length;
  const url = new URL(`${server.url}/giteaAdmin/aborted.git/git-receive-pack`);
  const started = Promise.withResolvers<AbortSignal>();
  server.onRequest = (request) => started.resolve(request.signal);
  const request = requestHttp(url, {
    method: "POST",
    headers: {
      authorization: basic("giteaAdmin", server.admin.password),
      "content-type": "application/x-git-receive-pack-request",
    },
  });
  request.on("error", () => {});
  const oid = "1".repeat(40);
  const command = `${"0".repeat(40)} ${oid} refs/heads/x\0 report-status`;
  request.write((command.length + 4).toString(16).padStart(4, "0") + command + "0000PACK\0\0\0\x02\0\0\x01\0");
  const signal = await started.promise;
  server.onRequest = undefined;
  const incoming = () =>
    readdir(join(repository.gitDir, "objects")).then((names) => names.filter((name) => /incoming/.test(name)));
  await waitUntil(async () => ((await incoming()).length > 0 ? true : undefined), {
    what: "the push to begin",
    timeoutMs: 5_000,
    intervalMs: 10,
  });
  request.destroy();
  await waitUntil(() => (signal.aborted ? true : undefined), {
    what: "the server to notice",
    timeoutMs: 5_000,
    intervalMs: 10,
  });
  await waitUntil(async () => ((await incoming()).length === 0 ? true : undefined), {
    what: "git to clean up",
    timeoutMs: 5_000,
    intervalMs: 10,
  });
  assert.equal(server.events.length, before);
});

test("a client that goes away in the middle of a clone takes its git with it", async () => {
  const work = await pushed("dropped");
  await writeFile(join(work, "big.bin"), randomBytes(16 * 2 ** 20));
  const head = await commitFile(work, "last", "last");
  await succeed(["push", "-q", "origin", "main"], work);
  const gitDir = server.repositories.get("giteaAdmin", "dropped")?.gitDir ?? "";
  const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  const body = line(`want ${head} ofs-delta\n`) + "0000" + line("done\n");
  const headers = { "content-type": "application/x-git-upload-pack-request" };
  const gone = new AbortController();
  const url = `${server.url}/giteaAdmin/dropped/git-upload-pack`;
  const response = await fetch(url, { method: "POST", headers, body, signal: gone.signal });
  assert.equal((await response.body?.getReader().read())?.done, false);
  const running = async () =>
    (await execute("ps", ["-eo", "args"])).stdout
      .split("\n")
      .filter((args) => args.includes("upload-pack") && args.includes(gitDir));
  assert.equal((await running()).length, 1);
  gone.abort();
  await waitUntil(async () => ((await running()).length === 0 ? true : undefined), {
    what: "git to end",
    timeoutMs: 10_000,
  });
  assert.deepEqual(server.errors, []);
});

test("hooks in a repository and options in names are never run", async () => {
  const work = await pushed("hooks");
  const repository = server.repositories.get("giteaAdmin", "hooks");
  assert.ok(repository);
  const proof = join(server.dir, "proof");
  await mkdir(join(repository.gitDir, "hooks"), { recursive: true });
  for (const hook of ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"]) {
    await writeFile(join(repository.gitDir, "hooks", hook), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 });
  }
  await commitFile(work, "y", "y");
  await succeed(["push", "-q", "origin", "main"], work);
  await server.repositories.writeTree({
    owner: "giteaAdmin",
    name: "hooks",
    branch: "main",
    files: new Map(),
    message: "m",
    author: { name: "a", email: "a" },
  });
  await assert.rejects(readFile(proof));
  for (const path of [
    "/..%2f..%2fetc/x/info/refs",
    "/giteaAdmin/--upload-pack=touch%20x/info/refs",
    "/-x/y/info/refs",
    "/giteaAdmin/%2e%2e/info/refs",
  ]) {
    assert.equal((await server.get(`${path}?service=git-upload-pack`)).status, 404, path);
  }
});
