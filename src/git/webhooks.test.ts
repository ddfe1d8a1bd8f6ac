import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { after, before, test } from "node:test";
import { waitUntil } from "../lib/index.ts";
import { startTestServer, type TestServer } from "./testing/git-server.ts";

type Delivered = { path: string; headers: IncomingHttpHeaders; text: string };

let server: TestServer;
let base: string;
const delivered: Delivered[] = [];
/** Statuses to answer with before 200. */
const failures: number[] = [];
const receiver = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => {
    delivered.push({ path: request.url ?? "", headers: request.headers, text });
    response.writeHead(failures.shift() ?? 200).end();
  });
});

before(async () => {
  server = await startTestServer();
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const address = receiver.address();
  assert.ok(typeof address === "object" && address !== null);
  // Not every resolver knows this name; deliveries must not depend on it.
  base = `http://hooks.localhost:${address.port}`;
});
after(async () => {
  await server[Symbol.asyncDispose]();
  receiver.close();
  receiver.closeAllConnections();
});

async function arrive(count: number): Promise<Delivered[]> {
  await waitUntil(() => (delivered.length >= count ? true : undefined), {
    what: `${count} deliveries`,
    timeoutMs: 10_000,
    intervalMs: 10,
  });
  return delivered.splice(0);
}

async function hook(repository: string, body: Record<string, unknown>): Promise<number> {
  const made = await server.api("POST", `/repos/giteaAdmin/${repository}/hooks`, {
    type: "gitea",
    active: true,
    ...body,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.ok(typeof made.body === "object" && made.body !== null && "id" in made.body);
  return Number(made.body.id);
}

const write = (name: string, branch: string, text: string) =>
  server.repositories.writeTree({
    ...{
      owner: "giteaAdmin",
      name,
      branch,
      message: `say ${text}`,
      author: { name: "Ann", email: "ann@example.org" },
      pusher: "giteaAdmin",
    },
    files: new Map([[text, { bytes: Buffer.from(text) }]]),
  });

test("a push is delivered with Gitea's payload, headers and signature", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "hooked" });
  await hook("hooked", {
    config: { url: `${base}/push`, content_type: "json", secret: "s3cret" },
    events: ["push"],
    authorization_header: "Bearer abc",
  });
  const first = await write("hooked", "main", "one");
  const [initial] = await arrive(1);
  const second = await write("hooked", "main", "two");
  const [delivery] = await arrive(1);
  assert.ok(initial && delivery);
  const payload: unknown = JSON.parse(delivery.text);
  assert.ok(typeof payload === "object" && payload !== null && "commits" in payload && Array.isArray(payload.commits));
  const { commits, head_commit: _, repository, pusher, sender: __, ...rest } = payload as Record<string, unknown>;
  assert.deepEqual(rest, {
    ref: "refs/heads/main",
    before: first.commit,
    after: second.commit,
    compare_url: `${server.url}/giteaAdmin/hooked/compare/${first.commit}...${second.commit}`,
    total_commits: 1,
  });
  assert.deepEqual(
    Array.isArray(commits) &&
      commits.map(({ id, message, added, removed, modified, author }) => ({
        id,
        message,
        added,
        removed,
        modified,
        author,
      })),
    [
      {
        id: second.commit,
        message: "say two\n",
        added: ["two"],
        removed: ["one"],
        modified: [],
        author: { name: "Ann", email: "ann@example.org", username: "" },
      },
    ],
  );
  assert.ok(
    repository !== null &&
      typeof repository === "object" &&
      "clone_url" in repository &&
      pusher !== null &&
      typeof pusher === "object" &&
      "login" in pusher,
  );
  assert.equal(repository.clone_url, `${server.url}/giteaAdmin/hooked.git`);
  assert.equal(pusher.login, "giteaAdmin");
  const signature = createHmac("sha256", "s3cret").update(delivery.text).digest("hex");
  const { headers } = delivery;
  assert.equal(headers["x-gitea-signature"], signature);
  assert.equal(headers["x-gogs-signature"], signature);
  assert.equal(headers["x-hub-signature-256"], `sha256=${signature}`);
  assert.equal(headers["x-gitea-event"], "push");
  assert.match(String(headers["x-gitea-delivery"]), /^[0-9a-f-]{36}$/);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["authorization"], "Bearer abc");
  assert.match(initial.text, /"before": "0{40}"/);
});

test("branches that come and go have events of their own, filters are kept to, forms are encoded", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "events", autoInit: true });
  await hook("events", {
    config: { url: `${base}/all`, content_type: "form", secret: "k" },
    events: ["create", "delete", "push", "pull_request"],
    branch_filter: "release/*",
  });
  await hook("events", { config: { url: `${base}/off`, content_type: "json" }, active: false });
  await write("events", "other", "x");
  const { commit } = await write("events", "release/1", "y");
  await server.repositories.setRef({
    owner: "giteaAdmin",
    name: "events",
    ref: "refs/heads/release/1",
    before: commit,
    after: undefined,
  });
  const all = await arrive(3);
  assert.deepEqual(
    all.map(({ path, headers }) => `${path} ${String(headers["x-gitea-event"])}`),
    ["/all create", "/all push", "/all delete"],
  );
  const form = new URLSearchParams(all[0]?.text);
  const payload: unknown = JSON.parse(form.get("payload") ?? "");
  assert.ok(
    typeof payload === "object" && payload !== null && "ref" in payload && "ref_type" in payload && "sha" in payload,
  );
  assert.deepEqual([payload.ref, payload.ref_type, payload.sha], ["release/1", "branch", commit]);
  assert.equal(
    all[0]?.headers["x-gitea-signature"],
    createHmac("sha256", "k")
      .update(form.get("payload") ?? "")
      .digest("hex"),
  );
});

test("a receiver that fails is tried again", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "retried", autoInit: true });
  await hook("retried", { config: { url: `${base}/retry`, content_type: "json" } });
  failures.push(503);
  await write("retried", "main", "z");
  const tries = await arrive(2);
  assert.equal(tries[0]?.text, tries[1]?.text);
});

test("hooks are listed without secrets, changed, tested and deleted", async () => {
  await server.repositories.create({ owner: "giteaAdmin", name: "managed", autoInit: true });
  const id = await hook("managed", {
    config: { url: `${base}/managed`, content_type: "json", secret: "hidden" },
    active: false,
  });
  const path = `/repos/giteaAdmin/managed/hooks`;
  const listed = await server.api("GET", path);
  assert.deepEqual(JSON.stringify(listed.body).includes("hidden"), false);
  const changed = await server.api("PATCH", `${path}/${id}`, { active: true, events: ["push", "create"] });
  assert.ok(
    typeof changed.body === "object" &&
      changed.body !== null &&
      "active" in changed.body &&
      "events" in changed.body &&
      "config" in changed.body,
  );
  assert.deepEqual(
    [changed.body.active, changed.body.events, changed.body.config],
    [true, ["create", "push"], { content_type: "json", url: `${base}/managed` }],
  );
  assert.equal((await server.api("POST", `${path}/${id}/tests`)).status, 204);
  const [sent] = await arrive(1);
  assert.equal(sent?.headers["x-gitea-event"], "push");
  assert.ok(sent.headers["x-gitea-signature"] !== "");
  const wrong: Record<string, unknown>[] = [
    { type: "slack", config: { url: base, content_type: "json" } },
    { type: "gitea", config: { content_type: "json" } },
    { type: "gitea", config: { url: "file:///etc/passwd", content_type: "json" } },
    { type: "gitea", config: { url: base, content_type: "xml" } },
    { type: "gitea", config: { url: base, content_type: "json" }, events: ["pull_request"] },
    { type: "gitea", config: { url: base, content_type: "json" }, authorization_header: "a\r\nX-Evil: 1" },
  ];
  for (const body of wrong) assert.equal((await server.api("POST", path, body)).status, 422, JSON.stringify(body));
  assert.equal((await server.api("GET", path, undefined, `token ${server.user.token}`)).status, 403);
  assert.equal((await server.api("DELETE", `${path}/${id}`)).status, 204);
  assert.equal((await server.api("GET", `${path}/${id}`)).status, 404);
});
