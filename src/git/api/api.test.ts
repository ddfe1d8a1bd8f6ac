import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { basic, startTestServer, type TestServer } from "../testing/git-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends a request and gives its body, whose status must be the wanted one. */
async function call(
  want: number,
  method: string,
  path: string,
  body?: unknown,
  as?: string | null,
): Promise<Record<string, unknown>> {
  const answer = await server.api(method, path, body, as);
  assert.equal(answer.status, want, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return fields(answer.body);
}

async function list(path: string, as?: string | null): Promise<Record<string, unknown>[]> {
  const answer = await server.api("GET", path, undefined, as);
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
  assert.ok(Array.isArray(answer.body));
  return answer.body.map(fields);
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const asUser = () => `token ${server.user.token}`;
const asAdminPassword = () => basic(server.admin.login, server.admin.password);

test("version and errors look like Gitea's", async () => {
  assert.match(String((await call(200, "GET", "/version", undefined, null))["version"]), /^1\.\d+\.\d+/);
  assert.deepEqual(await call(404, "GET", "/nothing/here"), { message: "Not Found", url: `${server.url}/api/swagger` });
  assert.deepEqual(await call(404, "GET", "/repos/a/b"), {
    message: "The target couldn't be found.",
    url: `${server.url}/api/swagger`,
  });
  assert.deepEqual(await call(401, "GET", "/user", undefined, null), {
    message: "token is required",
    url: `${server.url}/api/swagger`,
  });
  assert.match(
    String((await call(401, "GET", "/version", undefined, "token 0123"))["message"]),
    /invalid username, password or token/,
  );
  assert.match(String((await call(422, "POST", "/user/repos", undefined))["message"]), /\[Name\]: Required/);
  const text = await fetch(`${server.url}/api/v1/user/repos`, {
    method: "POST",
    body: "no json",
    headers: { authorization: asAdminPassword() },
  });
  assert.equal(text.status, 422);
  assert.equal((await server.api("PUT", "/version")).status, 405);
  const page = await (await server.get("/api/swagger")).text();
  assert.match(page, /\/api\/v1\/repos\/\{owner\}\/\{repo\}\/contents\/\{path\.\.\.\}/);
});

test("users: the caller, others, administration", async () => {
  const self = await call(200, "GET", "/user");
  assert.equal(self["login"], "giteaAdmin");
  assert.equal(self["username"], "giteaAdmin");
  assert.equal(self["is_admin"], true);
  const made = await call(201, "POST", "/admin/users", {
    username: "Eve",
    email: "eve@example.org",
    password: "eves-password",
    full_name: "Eve E.",
    must_change_password: false,
  });
  assert.deepEqual(
    { login: made["login"], full_name: made["full_name"], email: made["email"], active: made["active"] },
    { login: "Eve", full_name: "Eve E.", email: "eve@example.org", active: true },
  );
  assert.equal((await call(200, "GET", "/user", undefined, basic("eve", "eves-password")))["login"], "Eve");
  assert.match(
    String(
      (await call(422, "POST", "/admin/users", { username: "EVE", email: "e@example.org", password: "12345678" }))[
        "message"
      ],
    ),
    /user already exists/,
  );
  assert.match(
    String(
      (await call(422, "POST", "/admin/users", { username: "x", email: "e@example.org", password: "short" }))[
        "message"
      ],
    ),
    /at least 8/,
  );
  assert.match(
    String((await call(403, "POST", "/admin/users", { username: "x" }, basic("eve", "eves-password")))["message"]),
    /site admin/,
  );
  assert.equal((await call(200, "GET", "/users/eve", undefined, null))["email"], "eve@noreply.localhost");
  const found = await call(200, "GET", "/users/search?q=eve");
  assert.equal(found["ok"], true);
  assert.deepEqual(Array.isArray(found["data"]) && found["data"].map((user) => fields(user)["login"]), ["Eve"]);

  await call(200, "PATCH", "/admin/users/eve", { login_name: "Eve", source_id: 0, password: "developer" });
  await call(401, "GET", "/user", undefined, basic("eve", "eves-password"));
  await call(200, "GET", "/user", undefined, basic("eve", "developer"));
  await call(200, "PATCH", "/admin/users/eve", { active: false });
  await call(401, "GET", "/user", undefined, basic("eve", "developer"));

  await call(201, "POST", "/admin/users/eve/repos", { name: "hers" });
  assert.match(String((await call(422, "DELETE", "/admin/users/eve"))["message"]), /still has ownership/);
  await call(204, "DELETE", "/admin/users/eve?purge=true");
  await call(404, "GET", "/users/eve");
  await call(404, "GET", "/repos/eve/hers");
  assert.equal((await call(200, "GET", "/user?sudo=dev"))["login"], "dev");
  await call(403, "GET", "/user?sudo=giteaAdmin", undefined, asUser());
});

test("tokens are shown once, limited by their scopes, and managed with the password only", async () => {
  const path = `/users/${server.admin.login}/tokens`;
  const made = await call(
    201,
    "POST",
    path,
    { name: "ci", scopes: ["read:repository", "read:user"] },
    asAdminPassword(),
  );
  const secret = String(made["sha1"]);
  assert.match(secret, /^[0-9a-f]{40}$/);
  assert.equal(made["token_last_eight"], secret.slice(-8));
  assert.deepEqual(made["scopes"], ["read:repository", "read:user"]);
  const listed = (await list(path, asAdminPassword())).find(({ name }) => name === "ci");
  assert.equal(listed?.["sha1"], "");
  assert.match(
    String((await call(400, "POST", path, { name: "ci", scopes: ["all"] }, asAdminPassword()))["message"]),
    /has been used already/,
  );
  await call(400, "POST", path, { name: "none" }, asAdminPassword());
  await call(400, "POST", path, { name: "odd", scopes: ["write:everything"] }, asAdminPassword());
  await call(401, "POST", path, { name: "by-token", scopes: ["all"] });
  await call(403, "POST", path, { name: "by-other", scopes: ["all"] }, basic(server.user.login, server.user.password));

  assert.equal((await call(200, "GET", "/user", undefined, `token ${secret}`))["login"], "giteaAdmin");
  for (const header of [
    `Bearer ${secret}`,
    basic("anything", secret),
    basic(secret, ""),
    basic(secret, "x-oauth-basic"),
  ])
    await call(200, "GET", "/user", undefined, header);
  assert.match(
    String((await call(403, "POST", "/user/repos", { name: "x" }, `token ${secret}`))["message"]),
    /required=\[write:repository\]/,
  );
  await call(403, "GET", "/admin/users", undefined, `token ${secret}`);
  await call(204, "DELETE", `${path}/ci`, undefined, asAdminPassword());
  await call(404, "DELETE", `${path}/ci`, undefined, asAdminPassword());
  await call(401, "GET", "/user", undefined, `token ${secret}`);
});

test("organisations own repositories, which their members may write", async () => {
  const made = await call(201, "POST", "/orgs", { username: "Team-A", full_name: "Team", visibility: "public" });
  assert.deepEqual(
    { username: made["username"], name: made["name"], visibility: made["visibility"] },
    { username: "Team-A", name: "Team-A", visibility: "public" },
  );
  await call(422, "POST", "/orgs", { username: "TEAM-A" });
  assert.equal((await call(200, "GET", "/orgs/team-a", undefined, null))["id"], made["id"]);
  await call(403, "POST", "/orgs/team-a/repos", { name: "r" }, asUser());
  const repository = await call(201, "POST", "/orgs/team-a/repos", { name: "r", private: true });
  assert.equal(repository["full_name"], "Team-A/r");
  assert.equal(fields(repository["owner"])["login"], "Team-A");
  await call(404, "GET", "/repos/team-a/r", undefined, asUser());

  const [team] = await list("/orgs/team-a/teams");
  assert.equal(team?.["name"], "Owners");
  await call(204, "PUT", `/teams/${String(team?.["id"])}/members/dev`);
  await call(204, "GET", "/orgs/team-a/members/dev");
  assert.deepEqual(fields((await call(200, "GET", "/repos/team-a/r", undefined, asUser()))["permissions"]), {
    admin: true,
    push: true,
    pull: true,
  });
  assert.deepEqual(
    (await list("/user/orgs", asUser())).map(({ username }) => username),
    ["Team-A"],
  );
  assert.deepEqual(
    (await list("/orgs/team-a/repos", asUser())).map(({ name }) => name),
    ["r"],
  );
  assert.deepEqual(
    (await list("/orgs/team-a/members")).map(({ login }) => login),
    ["giteaAdmin", "dev"],
  );
  await call(204, "DELETE", "/orgs/team-a/members/dev");
  assert.match(String((await call(403, "DELETE", "/orgs/team-a/members/giteaAdmin"))["message"]), /last member/);
  assert.equal((await call(200, "PATCH", "/orgs/team-a", { description: "d" }))["description"], "d");
  await call(422, "DELETE", "/orgs/team-a");
  await call(204, "DELETE", "/repos/team-a/r");
  await call(204, "DELETE", "/orgs/team-a");
});

test("repositories: create, find, change, delete, with the fields that clients read", async () => {
  const made = await call(201, "POST", "/user/repos", {
    name: "Shapes",
    description: "d",
    auto_init: true,
    default_branch: "trunk",
  });
  const base = server.url;
  const owner = fields(made["owner"]);
  assert.deepEqual(
    {
      ...made,
      owner: owner["login"],
      id: typeof made["id"],
      size: typeof made["size"],
      created_at: Date.parse(String(made["created_at"])) > 0,
      updated_at: 0,
    },
    {
      ...made,
      ...{
        id: "number",
        owner: "giteaAdmin",
        name: "Shapes",
        full_name: "giteaAdmin/Shapes",
        description: "d",
        empty: false,
        private: false,
        fork: false,
      },
      ...{
        html_url: `${base}/giteaAdmin/Shapes`,
        clone_url: `${base}/giteaAdmin/Shapes.git`,
        ssh_url: "",
        url: `${base}/api/v1/repos/giteaAdmin/Shapes`,
      },
      ...{
        default_branch: "trunk",
        archived: false,
        permissions: { admin: true, push: true, pull: true },
        size: "number",
        created_at: true,
        updated_at: 0,
      },
    },
  );
  assert.equal(
    (await call(409, "POST", "/user/repos", { name: "shapes" }))["message"],
    "The repository with the same name already exists.",
  );
  for (const name of ["a/b", "..", "x.git"]) await call(422, "POST", "/user/repos", { name });
  for (const body of [{ license: "MIT" }, { gitignores: "Go" }, { template: true }, { object_format_name: "sha256" }])
    await call(422, "POST", "/user/repos", { name: "t", ...body });
  assert.deepEqual(fields((await call(200, "GET", "/repos/GITEAADMIN/shapes", undefined, null))["permissions"]), {
    admin: false,
    push: false,
    pull: true,
  });
  assert.equal((await call(200, "GET", `/repositories/${String(made["id"])}`))["name"], "Shapes");
  const empty = await call(201, "POST", "/user/repos", { name: "void", private: true });
  assert.equal(empty["empty"], true);

  const search = await call(200, "GET", "/repos/search?q=shap");
  assert.deepEqual(Array.isArray(search["data"]) && search["data"].map((one) => fields(one)["name"]), ["Shapes"]);
  const anonymous = await call(200, "GET", "/repos/search?limit=50", undefined, null);
  assert.ok(Array.isArray(anonymous["data"]) && anonymous["data"].every((one) => fields(one)["private"] === false));

  await call(403, "PATCH", "/repos/giteaAdmin/shapes", { description: "x" }, asUser());
  const changed = await call(200, "PATCH", "/repos/giteaAdmin/shapes", {
    name: "forms",
    description: "x",
    private: true,
    website: "https://x",
  });
  assert.deepEqual(
    {
      name: changed["name"],
      description: changed["description"],
      private: changed["private"],
      website: changed["website"],
    },
    { name: "forms", description: "x", private: true, website: "https://x" },
  );
  await call(404, "GET", "/repos/giteaAdmin/forms", undefined, asUser());
  await call(204, "PUT", "/repos/giteaAdmin/forms/topics", { topics: ["One", "two"] });
  assert.deepEqual((await call(200, "GET", "/repos/giteaAdmin/forms/topics"))["topics"], ["one", "two"]);
  await call(422, "PUT", "/repos/giteaAdmin/forms/topics", { topics: ["no spaces allowed"] });
  await call(404, "DELETE", "/repos/giteaAdmin/forms", undefined, asUser());
  await call(204, "DELETE", "/repos/giteaAdmin/forms");
  await call(404, "GET", "/repos/giteaAdmin/forms");
});

test("lists come in pages that say where the others are", async () => {
  await call(201, "POST", "/admin/users", { username: "many", email: "m@example.org", password: "many-many" });
  for (let index = 0; index < 5; index++) await server.repositories.create({ owner: "many", name: `r${index}` });
  const answer = await server.api("GET", "/users/many/repos?limit=2&page=2");
  assert.equal(answer.headers.get("x-total-count"), "5");
  const links = Object.fromEntries(
    [...(answer.headers.get("link") ?? "").matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, url, relation]) => [
      relation,
      url,
    ]),
  );
  assert.deepEqual(links, {
    next: `${server.url}/api/v1/users/many/repos?limit=2&page=3`,
    last: `${server.url}/api/v1/users/many/repos?limit=2&page=3`,
    first: `${server.url}/api/v1/users/many/repos?limit=2&page=1`,
    prev: `${server.url}/api/v1/users/many/repos?limit=2&page=1`,
  });
  assert.deepEqual(
    (await list("/users/many/repos?limit=2&page=2")).map(({ name }) => name),
    ["r2", "r3"],
  );
  assert.deepEqual(await list("/users/many/repos?limit=2&page=9"), []);
});

test("files are created, read, updated, moved and deleted, each with a commit", async () => {
  await call(201, "POST", "/user/repos", { name: "files" });
  const path = "/repos/giteaAdmin/files/contents";
  const created = await call(201, "POST", `${path}/docs/a b.md`, {
    content: base64("one"),
    message: "add it",
    author: { name: "Ann", email: "ann@example.org" },
    dates: { author: "2024-01-02T03:04:05Z" },
  });
  const content = fields(created["content"]);
  assert.deepEqual(
    {
      path: content["path"],
      name: content["name"],
      type: content["type"],
      size: content["size"],
      encoding: content["encoding"],
      content: content["content"],
    },
    { path: "docs/a b.md", name: "a b.md", type: "file", size: 3, encoding: "base64", content: base64("one") },
  );
  assert.equal(content["download_url"], `${server.url}/giteaAdmin/files/raw/branch/main/docs/a%20b.md`);
  const commit = fields(created["commit"]);
  assert.equal(commit["message"], "add it\n");
  assert.deepEqual(commit["author"], { name: "Ann", email: "ann@example.org", date: "2024-01-02T03:04:05Z" });
  assert.equal(fields(commit["committer"])["name"], "Ann");
  const sha = String(content["sha"]);
  assert.match(String((await call(422, "POST", `${path}/docs/a b.md`, { content: "" }))["message"]), /already exists/);
  assert.match(String((await call(422, "POST", `${path}/docs`, { content: "" }))["message"]), /already exists/);
  assert.match(String((await call(422, "POST", `${path}/docs/a b.md/x`, { content: "" }))["message"]), /subdirectory/);
  assert.match(
    String((await call(422, "PUT", `${path}/docs/a b.md`, { content: "", sha: "1".repeat(40) }))["message"]),
    /sha does not match/,
  );
  for (const bad of ["../x", "a/../b", ".git/config", "a/.git"]) {
    await call(422, "POST", `${path}/${encodeURIComponent(bad)}`, { content: "" });
  }
  await call(422, "POST", `${path}/b`, { content: "*no base64*" });

  const updated = await call(200, "PUT", `${path}/docs/a b.md`, { content: base64("two"), sha });
  const moved = await call(200, "PUT", `${path}/c.md`, {
    content: base64("two"),
    sha: fields(updated["content"])["sha"],
    from_path: "docs/a b.md",
  });
  assert.equal(fields(moved["content"])["path"], "c.md");
  await call(404, "GET", `${path}/docs/a b.md`);
  await call(404, "GET", `${path}/docs`);
  const branch = await call(201, "POST", `${path}/d/e.md`, { content: base64("side"), new_branch: "side/way" });
  assert.equal(fields(branch["content"])["path"], "d/e.md");
  await call(404, "GET", `${path}/d/e.md`);
  assert.equal((await call(200, "GET", `${path}/d/e.md?ref=side/way`))["content"], base64("side"));
  assert.match(
    String((await call(404, "POST", `${path}/x`, { content: "", branch: "absent" }))["message"]),
    /branch does not exist/,
  );
  assert.match(
    String((await call(422, "POST", `${path}/x`, { content: "", new_branch: "side/way" }))["message"]),
    /branch already exists/,
  );

  await call(422, "DELETE", `${path}/c.md`, { message: "m" });
  const deleted = await call(200, "DELETE", `${path}/c.md`, { sha: fields(moved["content"])["sha"] });
  assert.equal(deleted["content"], null);
  assert.deepEqual(await list(path), []);
  await call(401, "POST", `${path}/y`, { content: "" }, null);
  await call(403, "POST", `${path}/y`, { content: "" }, asUser());
  await call(200, "PATCH", "/repos/giteaAdmin/files", { archived: true });
  await call(423, "POST", `${path}/y`, { content: "" });
});

test("several files change with one commit", async () => {
  await call(201, "POST", "/user/repos", { name: "several" });
  const path = "/repos/giteaAdmin/several/contents";
  const before = server.events.length;
  const made = await call(201, "POST", path, {
    files: ["a", "b", "c"].map((name) => ({ operation: "create", path: name, content: base64(name) })),
    message: "three",
  });
  assert.equal(Array.isArray(made["files"]) && made["files"].length, 3);
  const sha = async (name: string) => (await call(200, "GET", `${path}/${name}`))["sha"];
  await call(201, "POST", path, {
    files: [
      { operation: "update", path: "a", content: base64("A"), sha: await sha("a") },
      { operation: "delete", path: "b", sha: await sha("b") },
      { operation: "rename", path: "dir/c", from_path: "c" },
      { operation: "upload", path: "d", content: base64("d") },
    ],
  });
  assert.deepEqual(
    (await list(path)).map(({ name, type }) => `${String(name)} ${String(type)}`),
    ["a file", "d file", "dir dir"],
  );
  assert.equal(server.events.length - before, 2);
  const failing = {
    files: [
      { operation: "create", path: "e", content: "" },
      { operation: "update", path: "absent", content: "", sha: "1".repeat(40) },
    ],
  };
  await call(404, "POST", path, failing);
  await call(404, "GET", `${path}/e`);
  await call(422, "POST", path, { files: [] });
  await call(422, "POST", path, { files: [{ operation: "explode", path: "x" }] });
});

test("what Backstage's Gitea integration does works", async () => {
  await call(201, "POST", "/orgs", { username: "portal" });
  await call(201, "POST", "/orgs/portal/repos", { name: "app", description: "made by a template" });
  const work = `${server.dir}/backstage`;
  const steps = [
    ["init", "-q", "-b", "main", work],
    ["-C", work, "commit", "-q", "--allow-empty", "-m", "initial commit"],
  ];
  for (const args of steps) assert.equal((await server.git(args)).code, 0);
  assert.equal((await server.git(["-C", work, "push", "-q", `${server.adminUrl}/portal/app.git`, "main"])).code, 0);
  assert.equal((await server.get("/portal/app/src/branch/main")).status, 200);
  await call(201, "POST", "/repos/portal/app/contents/catalog-info.yaml", { content: base64("kind: Component\n") });

  const file = await server.get("/api/v1/repos/portal/app/contents/catalog-info.yaml?ref=main", {
    authorization: asAdminPassword(),
  });
  assert.equal(Buffer.from(String(fields(await file.json())["content"]), "base64").toString(), "kind: Component\n");
  const again = await server.get("/api/v1/repos/portal/app/contents/catalog-info.yaml?ref=main", {
    "if-none-match": file.headers.get("etag") ?? "",
  });
  assert.equal(again.status, 304);
  const commit = await call(200, "GET", "/repos/portal/app/git/commits/main");
  assert.match(String(commit["sha"]), /^[0-9a-f]{40}$/);
  const archive = await server.get("/api/v1/repos/portal/app/archive/main.tar.gz");
  assert.equal(archive.status, 200);
  assert.deepEqual(await untar(Buffer.from(await archive.arrayBuffer())), ["app/", "app/catalog-info.yaml"]);
  for (const path of [
    "/portal/app/raw/branch/main/catalog-info.yaml",
    "/api/v1/repos/portal/app/raw/catalog-info.yaml?ref=main",
    "/portal/app/raw/main/catalog-info.yaml",
  ]) {
    assert.equal(await (await server.get(path)).text(), "kind: Component\n", path);
  }
  assert.equal((await server.get("/portal/app/archive/main.zip")).headers.get("content-type"), "application/zip");
  assert.equal((await server.get("/portal/app/archive/nope.zip")).status, 404);
});

async function untar(bytes: Buffer): Promise<string[]> {
  const child = spawn("tar", ["-tzf", "-"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(bytes);
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text.split("\n").filter(Boolean);
}

test("branches, tags, references, commits, trees and blobs", async () => {
  const repository = "/repos/giteaAdmin/data";
  await call(201, "POST", "/user/repos", { name: "data" });
  await call(404, "GET", `${repository}/commits`);
  assert.deepEqual(await list(`${repository}/branches`), []);
  for (let index = 0; index < 3; index++)
    await call(201, "POST", `${repository}/contents/f${index}/x.txt`, {
      content: base64(`${index}\n`),
      message: `add ${index}`,
    });
  const commits = await list(`${repository}/commits?limit=2`);
  assert.deepEqual(
    commits.map((one) => fields(one["commit"])["message"]),
    ["add 2\n", "add 1\n"],
  );
  assert.deepEqual(commits[0]?.["files"], [{ filename: "f2/x.txt", status: "added" }]);
  assert.deepEqual(commits[0]?.["stats"], { total: 1, additions: 1, deletions: 0 });
  assert.equal((await list(`${repository}/commits?path=f0`)).length, 1);
  const head = String(commits[0]?.["sha"]);

  const made = await call(201, "POST", `${repository}/branches`, {
    new_branch_name: "release/1",
    old_ref_name: "main",
  });
  assert.equal(fields(made["commit"])["id"], head);
  await call(409, "POST", `${repository}/branches`, { new_branch_name: "release/1" });
  await call(404, "POST", `${repository}/branches`, { new_branch_name: "y", old_ref_name: "absent" });
  await call(422, "POST", `${repository}/branches`, { new_branch_name: "a..b" });
  assert.deepEqual(
    (await list(`${repository}/branches`)).map(({ name }) => name),
    ["main", "release/1"],
  );
  assert.equal((await call(200, "GET", `${repository}/branches/release/1`))["name"], "release/1");
  await call(403, "DELETE", `${repository}/branches/main`);
  await call(204, "DELETE", `${repository}/branches/release%2F1`);
  await call(404, "GET", `${repository}/branches/release/1`);

  const annotated = await call(201, "POST", `${repository}/tags`, {
    tag_name: "v1",
    message: "first\nline",
    target: head,
  });
  assert.deepEqual(
    { name: annotated["name"], message: annotated["message"], commit: fields(annotated["commit"])["sha"] },
    { name: "v1", message: "first\nline", commit: head },
  );
  assert.notEqual(annotated["id"], head);
  await call(201, "POST", `${repository}/tags`, { tag_name: "light" });
  await call(409, "POST", `${repository}/tags`, { tag_name: "v1" });
  assert.deepEqual((await list(`${repository}/tags`)).map(({ name }) => name).sort(), ["light", "v1"]);
  assert.equal((await call(200, "GET", `${repository}/git/commits/v1`))["sha"], head);
  const refs = await list(`${repository}/git/refs/tags`);
  assert.deepEqual(
    refs.map(({ ref, object }) => [ref, fields(object)["type"]]),
    [
      ["refs/tags/light", "commit"],
      ["refs/tags/v1", "tag"],
    ],
  );
  assert.equal((await call(200, "GET", `${repository}/git/refs/heads/main`))["ref"], "refs/heads/main");
  await call(204, "DELETE", `${repository}/tags/v1`);

  const tree = await call(200, "GET", `${repository}/git/trees/main?recursive=true`);
  assert.deepEqual(
    Array.isArray(tree["tree"]) &&
      tree["tree"].map(fields).map(({ path, type, mode, size }) => [path, type, mode, size]),
    [0, 1, 2].flatMap((index) => [
      [`f${index}`, "tree", "040000", 0],
      [`f${index}/x.txt`, "blob", "100644", 2],
    ]),
  );
  assert.equal(tree["truncated"], false);
  const page = await call(200, "GET", `${repository}/git/trees/${head}?recursive=1&per_page=2&page=2`);
  assert.deepEqual([page["truncated"], page["page"], page["total_count"]], [true, 2, 6]);
  const flat = await call(200, "GET", `${repository}/git/trees/main`);
  assert.equal(Array.isArray(flat["tree"]) && flat["tree"].length, 3);
  const blob = fields(Array.isArray(tree["tree"]) ? tree["tree"][1] : undefined);
  assert.equal((await call(200, "GET", `${repository}/git/blobs/${String(blob["sha"])}`))["content"], base64("0\n"));
  await call(404, "GET", `${repository}/git/blobs/${head}`);
  await call(404, "GET", `${repository}/git/trees/main~1`);
  const patch = await server.get(`/api/v1${repository}/git/commits/${head}.diff`);
  assert.match(await patch.text(), /^diff --git a\/f2\/x.txt b\/f2\/x.txt\n/);
});

test("pages of other sites may read what everybody may, but change nothing", async () => {
  const headers = { authorization: asAdminPassword(), "content-type": "text/plain", "sec-fetch-site": "cross-site" };
  const answer = await fetch(`${server.url}/api/v1/user/repos`, { method: "POST", headers, body: '{"name":"forged"}' });
  assert.equal(answer.status, 403);
  assert.equal(server.repositories.get("giteaAdmin", "forged"), undefined);
});

test("nothing went wrong on the server's side", () => {
  assert.deepEqual(server.errors, []);
});
