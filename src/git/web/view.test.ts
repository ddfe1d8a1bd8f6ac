import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { basic, startTestServer, type TestServer } from "../testing/git-server.ts";

let server: TestServer;
const commits: string[] = [];
const author = { name: "Ann <b>", email: "ann@example.org" };

before(async () => {
  server = await startTestServer({ prefix: "/gitea" });
  await server.repositories.create({ owner: "giteaAdmin", name: "site", description: "A <i>site</i> & more" });
  const write = async (files: Record<string, string | Buffer>, message: string) => {
    const entries = Object.entries(files).map(([path, text]): [string, { bytes: Buffer; executable: boolean }] => [
      path,
      { bytes: Buffer.from(text), executable: path.endsWith(".sh") },
    ]);
    const { commit } = await server.repositories.writeTree({
      owner: "giteaAdmin",
      name: "site",
      branch: "main",
      files: new Map(entries),
      message,
      author,
    });
    commits.push(commit);
  };
  const files = {
    "README.md": "# Site <script>alert(1)</script>\n",
    "src/a.ts": "const a = 1;\nconst b = '<b>';\n",
    "run.sh": "#!/bin/sh\n",
    'odd "name" #?.txt': "odd",
    "bin.dat": Buffer.from([0, 1, 2]),
    "big.txt": "x".repeat(2 ** 20 + 1),
  };
  await write(files, "First <script>\n\nbody text");
  await write({ ...files, "src/a.ts": "const a = 2;\nconst b = '<b>';\n", "src/new.ts": "new\n" }, "Second");
  await server.repositories.create({ owner: "giteaAdmin", name: "hidden", private: true, autoInit: true });
  await server.repositories.create({ owner: "giteaAdmin", name: "void" });
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

async function page(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await server.get(path, headers);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const signedIn = () => ({ authorization: basic(server.admin.login, server.admin.password) });

test("the front page lists what everybody may see, and more to those who sign in", async () => {
  const anonymous = await page("/");
  assert.equal(anonymous.status, 200);
  assert.match(anonymous.text, /href="\/gitea\/giteaAdmin\/site"/);
  assert.doesNotMatch(anonymous.text, /<strong>hidden/);
  assert.match(anonymous.text, /A &#60;i&#62;site&#60;\/i&#62; &#38; more/);
  assert.match((await page("/", signedIn())).text, /<strong>hidden/);
  assert.match((await page("/giteaadmin")).text, /<h1>giteaAdmin<\/h1>/);
  assert.equal((await page("/nobody")).status, 404);
});

test("pages bring no scripts and allow none", async () => {
  const { headers, text } = await page("/giteaAdmin/site");
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]+=*'/);
  assert.doesNotMatch(text, /<script/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
});

test("a repository shows its address, files, the README and the latest commit", async () => {
  for (const path of [
    "/giteaAdmin/site",
    "/GITEAADMIN/Site.git",
    "/giteaAdmin/site/",
    "/giteaAdmin/site/src/branch/main",
  ]) {
    const { status, text } = await page(path);
    assert.equal(status, 200, path);
    assert.match(text, /href="\/gitea\/giteaAdmin\/site\/src\/branch\/main\/src">src\//);
    assert.match(text, /# Site &#60;script&#62;alert/);
  }
  const { text } = await page("/giteaAdmin/site");
  assert.match(text, new RegExp(`git clone ${server.url}/giteaAdmin/site\\.git`));
  assert.match(text, new RegExp(`href="/gitea/giteaAdmin/site/commit/${commits[1]}">Second<`));
  assert.match(text, /run\.sh<\/a> <span class="tag">executable/);
});

test("every link on every page leads somewhere", async () => {
  const seen = new Set<string>();
  const waiting = ["/gitea/"];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || path.endsWith("/user/login")) continue;
    seen.add(path);
    const response = await fetch(new URL(path, server.url));
    assert.equal(response.status, 200, path);
    const text = await response.text();
    if (!response.headers.get("content-type")?.startsWith("text/html")) continue;
    for (const [, href = ""] of text.matchAll(/href="([^"]*)"/g)) {
      if (href.startsWith("data:") || href.startsWith("#")) continue;
      waiting.push(new URL(href.replaceAll("&#38;", "&"), new URL(path, server.url)).pathname);
    }
  }
  assert.ok(seen.size > 25, String(seen.size));
  assert.ok([...seen].some((path) => path.includes("odd%20%22name%22%20%23%3F.txt")));
});

test("files have numbered lines; binary and large ones are offered for download", async () => {
  const { text } = await page("/giteaAdmin/site/src/branch/main/src/a.ts");
  assert.match(text, /<tr id="L2"><td class="n"><a href="#L2">2<\/a><\/td><td>const b = &#39;&#60;b&#62;&#39;;<\/td>/);
  assert.match((await page("/giteaAdmin/site/src/branch/main/bin.dat")).text, /not text/);
  assert.match((await page("/giteaAdmin/site/src/branch/main/big.txt")).text, /too large/);
  const old = await page(`/giteaAdmin/site/src/commit/${commits[0]}/src/a.ts`);
  assert.match(old.text, /const a = 1;/);
  const raw = await page("/giteaAdmin/site/raw/branch/main/README.md");
  assert.equal(raw.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.match(raw.headers.get("content-security-policy") ?? "", /sandbox/);
  assert.equal(
    (await page("/giteaAdmin/site/raw/branch/main/bin.dat")).headers.get("content-type"),
    "application/octet-stream",
  );
});

test("history and commits show who, when, and a coloured diff", async () => {
  const history = await page("/giteaAdmin/site/commits/branch/main");
  assert.match(history.text, /2 commits/);
  assert.match(history.text, /First &#60;script&#62;/);
  assert.match((await page("/giteaAdmin/site/commits/branch/main/src/new.ts")).text, /1 commit</);
  const commit = await page(`/giteaAdmin/site/commit/${commits[1]?.slice(0, 10)}`);
  assert.match(commit.text, /<tr class="del"><td>-const a = 1;<\/td>/);
  assert.match(commit.text, /<tr class="add"><td>\+const a = 2;<\/td>/);
  assert.match(commit.text, /<strong class="mono">src\/new.ts<\/strong>/);
  const first = await page(`/giteaAdmin/site/commit/${commits[0]}`);
  assert.match(first.text, /<pre>body text<\/pre>/);
  assert.match(first.text, /The rest is too large/);
  assert.match((await page(`/giteaAdmin/site/commit/${commits[1]}.patch`)).text, /^From [0-9a-f]{40} /);
  const compared = await page(`/giteaAdmin/site/compare/${commits[0]}...main`);
  assert.match(compared.text, /\+const a = 2;/);
});

test("history comes in pages", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "long" });
  for (let index = 0; index < 52; index++) {
    await server.repositories.commit({
      ...{ owner: "giteaAdmin", name: "long", branch: "main", message: `commit ${index}`, author },
      changes: async () => new Map([["f", { mode: "100644", bytes: Buffer.from(String(index)) }]]),
    });
  }
  const first = await page("/giteaAdmin/long/commits/branch/main");
  assert.match(first.text, /commit 51</);
  assert.match(first.text, /href="\?page=2">Older/);
  const second = await page("/giteaAdmin/long/commits/branch/main?page=2");
  assert.match(second.text, /commit 0</);
  assert.match(second.text, /href="\?page=1">Newer/);
});

test("branches with slashes, tags and empty repositories have their pages", async () => {
  const tip = commits[1] ?? "";
  await server.repositories.setRef({
    owner: "giteaAdmin",
    name: "site",
    ref: "refs/heads/feature/x",
    before: undefined,
    after: tip,
  });
  await server.repositories.setRef({
    owner: "giteaAdmin",
    name: "site",
    ref: "refs/tags/v1",
    before: undefined,
    after: tip,
  });
  assert.match((await page("/giteaAdmin/site/branches")).text, /src\/branch\/feature\/x"/);
  assert.equal((await page("/giteaAdmin/site/src/branch/feature/x/src/a.ts")).status, 200);
  assert.match((await page("/giteaAdmin/site/tags")).text, /archive\/v1\.zip/);
  const empty = await page("/giteaAdmin/void");
  assert.match(empty.text, /This repository is empty/);
  assert.equal((await page("/giteaAdmin/void/commits/branch/main")).status, 404);
});

test("private repositories ask for a password and are hidden from strangers", async () => {
  const anonymous = await page("/giteaAdmin/hidden");
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get("www-authenticate") ?? "", /^Basic/);
  assert.equal((await page("/giteaAdmin/hidden", signedIn())).status, 200);
  assert.equal((await page("/giteaAdmin/hidden", { authorization: basic("dev", "developer") })).status, 404);
  assert.equal((await page("/giteaAdmin/hidden", { authorization: basic("dev", "wrong") })).status, 401);
  const login = await page("/user/login", signedIn());
  assert.equal(login.status, 303);
  assert.equal(login.headers.get("location"), "/gitea/");
});

test("strange addresses are answered politely", async () => {
  for (const path of [
    "/giteaAdmin/site/src/branch/main/%2e%2e%2f%2e%2e%2fetc/passwd",
    "/giteaAdmin/site/raw/branch/main/..%2Fx",
    "/giteaAdmin/site/commit/--output=x",
    "/giteaAdmin/site/compare/--output=x...main",
    "/giteaAdmin/site/src/branch/-x",
    "/giteaAdmin/site/what",
    "/giteaAdmin/absent",
    "/%ff",
    "/giteaAdmin/site/src/commit/main~1",
  ]) {
    assert.equal((await page(path)).status, 404, path);
  }
  assert.equal((await fetch(`${server.url}/giteaAdmin/site`, { method: "POST" })).status, 405);
  const head = await fetch(`${server.url}/giteaAdmin/site`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.deepEqual(server.errors, []);
});
