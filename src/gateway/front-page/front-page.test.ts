import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import test, { type TestContext } from "node:test";
import { WebSocket } from "ws";
import { readBody, silentLog } from "../../lib/index.ts";
import { startListener } from "../listener/listener.ts";
import { openTestAuthority } from "../testing/authority.ts";
import { createFrontPage } from "./front-page.ts";
import type { ApplicationDetails, ApplicationSummary, PlatformStatus, StatusSnapshot } from "./status.ts";

const now = new Date("2030-01-01T12:00:00Z");
const commit = "4f8c1f0c3a9be2d7715f0a6f2c0d1f3b5a79e0c1";
const evil = `<img src=x onerror=alert(1)>"'&`;

const web: ApplicationSummary = {
  namespace: "argocd",
  name: "web",
  project: "default",
  sync: "Synced",
  health: "Healthy",
  revision: commit,
  repoURL: "https://git.skiff.localhost:8443/me/web.git",
  path: "manifests",
  moreSources: 0,
  lastSyncAt: "2030-01-01T11:55:00Z",
  problems: [],
};
const bad: ApplicationSummary = {
  ...web,
  name: "bad",
  sync: "OutOfSync",
  health: "Degraded",
  repoURL: "javascript:alert(1)",
  path: evil,
  problems: [evil],
};
const details: ApplicationDetails = {
  ...bad,
  sources: [{ repoURL: evil, path: evil, targetRevision: evil, revision: evil }],
  destination: { cluster: evil, namespace: evil },
  automatedSync: true,
  comparedAt: evil,
  resources: [
    { group: evil, kind: evil, namespace: evil, name: evil, sync: "OutOfSync", health: "Missing", message: evil },
  ],
  conditions: [{ type: evil, message: evil, at: "2030-01-01T11:59:00Z" }],
  lastOperation: {
    phase: "Failed",
    message: evil,
    startedAt: "2030-01-01T11:59:00Z",
    revision: evil,
    by: evil,
    retries: 2,
  },
  history: [{ id: 1, revision: evil, deployedAt: "2030-01-01T11:00:00Z", by: evil }],
  links: ["javascript:alert(2)", "https://example.org/x"],
};
const calm: StatusSnapshot = {
  platform: {
    name: "localdev",
    version: "0.1.0",
    url: "https://skiff.localhost:8443",
    startedAt: "2030-01-01T10:00:00Z",
  },
  parts: [{ name: "git", title: "Git", state: "ready", address: "https://git.skiff.localhost:8443" }],
  applications: [web],
  repositories: [],
  packages: [],
  links: [],
  commands: [{ title: "Passwords", command: "skiff get secrets" }],
};
const troubled: StatusSnapshot = {
  ...calm,
  platform: { ...calm.platform, name: evil, version: evil },
  parts: [{ name: "x", title: evil, state: "failed", address: evil, message: evil }],
  applications: [web, bad],
  repositories: [
    {
      owner: evil,
      name: evil,
      cloneURL: evil,
      webURL: "javascript:alert(3)",
      revision: evil,
      source: evil,
      message: evil,
    },
  ],
  packages: [
    {
      namespace: evil,
      name: evil,
      kind: "Application",
      application: { namespace: evil, name: evil },
      source: evil,
      synced: false,
      message: evil,
    },
  ],
  links: [{ title: evil, url: "javascript:alert(4)" }],
  commands: [{ title: evil, command: evil }],
};

/** A status that tests change. */
function settableStatus(snapshot: StatusSnapshot) {
  const listeners = new Set<() => void>();
  const status: PlatformStatus = {
    snapshot: () => snapshot,
    application: ({ namespace, name }) => (namespace === "argocd" && name === "bad" ? details : undefined),
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
  const set = (next: StatusSnapshot) => {
    snapshot = next;
    for (const listener of listeners) listener();
  };
  return { status, set, listeners };
}

function open(t: TestContext, snapshot: StatusSnapshot = calm) {
  const settable = settableStatus(snapshot);
  const page = createFrontPage({ status: settable.status, log: silentLog, now: () => now });
  t.after(() => page[Symbol.dispose]());
  const get = async (target: string, method = "GET") => {
    const answer = await page.handler({ method, target, headers: {}, signal: AbortSignal.any([]) });
    return { ...answer, text: Buffer.from(await readBody(answer.body, 1_000_000)).toString() };
  };
  return { ...settable, page, get };
}

test("the front page shows the platform without any script", async (t) => {
  const { get } = open(t);
  const { status, headers, text } = await get("/");
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "text/html; charset=utf-8");
  for (const part of [
    "The application is synced and healthy",
    "Every part of the platform is ready",
    '<a id="/applications/argocd/web" href="/applications/argocd/web">web</a>',
    '<span class="chip good">Synced</span>',
    `<code title="${commit}">4f8c1f0c</code>`,
    '<a href="https://git.skiff.localhost:8443/me/web" rel="noreferrer">git.skiff.localhost:8443/me/web › manifests</a>',
    '<time datetime="2030-01-01T11:55:00Z" title="2030-01-01 11:55:00 UTC">5 min ago</time>',
    "skiff get secrets",
    "Started <time",
    "2 h ago",
    '<noscript><meta http-equiv="refresh"',
  ]) {
    assert.ok(text.includes(part), `without ${part}`);
  }
});

test("the front page says what needs attention and why", async (t) => {
  const { text } = await open(t, troubled).get("/");
  assert.match(text, /1 of 2 applications needs attention/);
  assert.match(text, /class="banner bad"/);
  assert.match(text, /Out of sync/);
});

for (const target of ["/", "/applications/argocd/bad"]) {
  test(`text of objects cannot become HTML or links on ${target}`, async (t) => {
    const { text } = await open(t, troubled).get(target);
    assert.ok(text.includes("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
    assert.doesNotMatch(text, /<img/);
    assert.doesNotMatch(text, /href="javascript:/);
    const bare = text.replace(/<(style|script)[^>]*>[\s\S]*?<\/\1>/g, "").replace(/"[^"]*"/g, '""');
    assert.doesNotMatch(bare, /<[^>]*\son\w+=/);
  });
}

test("nothing but our own style and script may run, each time under a new nonce", async (t) => {
  const { get } = open(t);
  const [first, second] = [await get("/"), await get("/")];
  const policyOf = ({ headers }: typeof first) => String(headers["content-security-policy"]);
  const nonce = /script-src 'nonce-([\w+/=]+)'/.exec(policyOf(first))?.[1];
  assert.ok(nonce);
  assert.match(policyOf(first), /^default-src 'none'; /);
  assert.doesNotMatch(policyOf(first), /unsafe/);
  assert.notEqual(policyOf(first), policyOf(second));
  const tags = first.text.match(/<(script|style)[^>]*>/g) ?? [];
  assert.deepEqual(tags.sort(), [`<script nonce="${nonce}">`, `<style nonce="${nonce}">`]);
  assert.doesNotMatch(first.text, /\sstyle="/);
  assert.equal(first.headers["cache-control"], "no-store");
});

test("the script is a program", async (t) => {
  const { text } = await open(t).get("/");
  const program = /<script[^>]*>([\s\S]*)<\/script>/.exec(text)?.[1] ?? "";
  assert.match(program, /new EventSource\("\/events"\)/);
  // Throws when it does not parse; nothing of it runs.
  new Function(program);
});

test("an application has a page with resources, conditions, operation and history", async (t) => {
  const { status, text } = await open(t, troubled).get("/applications/argocd/bad");
  assert.equal(status, 200);
  for (const part of [
    "1 resource<",
    "Conditions",
    "Last sync",
    "History",
    "Failed",
    "https://example.org/x",
    "Automatic sync",
  ]) {
    assert.ok(text.includes(part), `without ${part}`);
  }
});

for (const target of [
  "/nothing",
  "/applications/argocd/none",
  "/applications/argocd",
  "/applications/a/b/c",
  "/applications/%/b",
]) {
  test(`${target} is not found, and says so on a page`, async (t) => {
    const { status, text } = await open(t).get(target);
    assert.equal(status, 404);
    assert.match(text, /There is nothing here/);
    assert.doesNotMatch(text, /<script/);
  });
}

test("fragments are the sections of the page", async (t) => {
  const { get } = open(t);
  const page = await get("/");
  const { status, text } = await get("/fragments/");
  assert.equal(status, 200);
  assert.match(text, /^<section id="summary"/);
  const ids = (html: string) => (html.match(/<section id="[^"]*"/g) ?? []).join();
  assert.equal(ids(text), ids(page.text));
  assert.match(page.text, /data-fragments="\/fragments\/"/);
  assert.equal((await get("/fragments/applications/argocd/none")).status, 404);
});

test("the same data are there as JSON", async (t) => {
  const { status, headers, text } = await open(t, troubled).get("/api/status");
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(text), troubled);
});

test("the page is for reading", async (t) => {
  const answer = await open(t).get("/", "POST");
  assert.equal(answer.status, 405);
  assert.equal(answer.headers["allow"], "GET, HEAD");
});

test("a page of thousands shows those in trouble and counts the others", async (t) => {
  const many = Array.from({ length: 3000 }, (_, index) => ({ ...web, name: `app-${index}` }));
  const last = { ...bad, name: "zz-last" };
  const { text } = await open(t, { ...calm, applications: [...many, last] }).get("/");
  assert.match(text, /1 of 3,001 applications needs attention/);
  assert.match(text, />zz-last</);
  assert.match(text, /2,501 more applications without problems/);
  assert.equal((text.match(/<tr role="row"><th/g) ?? []).length, 500);
});

test("a part that failed is the headline", async (t) => {
  const parts: StatusSnapshot["parts"] = [
    { name: "gitops", title: "GitOps engine", state: "failed" },
    { name: "git", title: "Git", state: "starting" },
  ];
  const { text } = await open(t, { ...calm, parts }).get("/");
  assert.match(text, /<p class="headline">Does not run: GitOps engine. Still starting: Git<\/p>/);
});

async function serve(t: TestContext) {
  const authority = await openTestAuthority(t);
  const opened = open(t);
  const { handler, upgrade } = opened.page;
  const tls = await authority.issueServer({ dnsNames: ["skiff.localhost"], ipAddresses: ["127.0.0.1"] });
  const listener = await startListener({ port: 0, host: "127.0.0.1", tls, handler, upgrade, log: silentLog });
  t.after(() => listener[Symbol.asyncDispose]());
  return { ...opened, listener, ca: authority.caCertificatePem };
}

/** Reads server-sent events one by one. */
async function* eventsOf(stream: AsyncIterable<Buffer>): AsyncGenerator<{ type: string; revision: string }> {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length));
    }
  }
}

test("server-sent events and WebSocket tell the same of each change, until the page is closed", async (t) => {
  const { set, listeners, listener, ca, page, get } = await serve(t);
  const asking = request({ host: "127.0.0.1", port: listener.port, path: "/events", ca, agent: false }).end();
  const [answer] = await once(asking, "response");
  assert.equal(answer.headers["content-type"], "text/event-stream");
  const events = eventsOf(answer);
  const socket = new WebSocket(`wss://127.0.0.1:${listener.port}/events`, { ca, origin: listener.url });
  const messages = eventsOf(dataOf(socket));

  const first = (await events.next()).value;
  assert.equal(first?.type, "status");
  assert.deepEqual((await messages.next()).value, first);
  assert.ok((await get("/")).text.includes(`data-revision="${first?.revision}"`));

  // A burst is one event.
  set(troubled);
  set(calm);
  const second = (await events.next()).value;
  assert.notEqual(second?.revision, first?.revision);
  assert.deepEqual((await messages.next()).value, second);
  assert.ok((await get("/")).text.includes(`data-revision="${second?.revision}"`));

  const closed = once(socket, "close");
  page[Symbol.dispose]();
  assert.equal((await events.next()).done, true);
  assert.equal((await closed)[0], 1001);
  assert.equal(listeners.size, 0);
});

async function* dataOf(socket: WebSocket): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  let wake = () => {};
  socket.on("message", (data) => {
    waiting.push(Buffer.from(`data: ${String(data)}\n\n`));
    wake();
  });
  for (;;) {
    const next = waiting.shift();
    if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
    else yield next;
  }
}

const handshakes: Record<string, { path: string; headers: Record<string, string>; status: number }> = {
  "of another origin": { path: "/events", headers: { origin: "https://evil.example" }, status: 403 },
  "of a broken origin": { path: "/events", headers: { origin: "null" }, status: 403 },
  "for another path": { path: "/else", headers: {}, status: 404 },
};
for (const [name, { path, headers, status }] of Object.entries(handshakes)) {
  test(`a WebSocket ${name} is refused`, async (t) => {
    const { listener, ca } = await serve(t);
    const socket = new WebSocket(`wss://127.0.0.1:${listener.port}${path}`, { ca, headers });
    const [, response] = await once(socket, "unexpected-response");
    assert.equal(response.statusCode, status);
    socket.on("error", () => {}).terminate();
  });
}

test("a WebSocket through a proxy that names the origin is accepted", async (t) => {
  const { listener, ca } = await serve(t);
  const headers = { origin: "https://x-8443.app.github.dev", "x-forwarded-host": "x-8443.app.github.dev" };
  const socket = new WebSocket(`wss://127.0.0.1:${listener.port}/events`, { ca, headers });
  await once(socket, "open");
  socket.terminate();
});

test("a browser that goes away is forgotten", async (t) => {
  const { status, set } = settableStatus(calm);
  const page = createFrontPage({ status, log: silentLog });
  t.after(() => page[Symbol.dispose]());
  const gone = new AbortController();
  const answer = await page.handler({ method: "GET", target: "/events", headers: {}, signal: gone.signal });
  assert.ok(typeof answer.body === "object" && Symbol.asyncIterator in answer.body);
  const iterator = answer.body[Symbol.asyncIterator]();
  await iterator.next();
  const waiting = iterator.next();
  gone.abort();
  assert.equal((await waiting).done, true);
  set(troubled);
});
