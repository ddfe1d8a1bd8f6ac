import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import test from "node:test";
import type { Handler, HttpRequest } from "../lib/index.ts";
import { type Route, type RoutingTable, routedHostNames, routeRequests, routeUpgrades } from "./routes.ts";

const named =
  (name: string): Handler =>
  async ({ target, headers }) => ({
    status: 200,
    headers: {},
    body: `${name} ${target} ${headers["x-forwarded-prefix"] ?? "-"}`,
  });

const routes: Route[] = [
  { name: "argocd", apex: true, handler: named("front") },
  { name: "git", aliases: ["gitea"], handler: named("git") },
];
const byDomain: RoutingTable = { host: "skiff.localhost", usePathRouting: false, routes };
const byPath: RoutingTable = { ...byDomain, usePathRouting: true };

async function ask(table: RoutingTable, host: string | undefined, target: string, more: HttpRequest["headers"] = {}) {
  const headers = { ...more, ...(host === undefined ? {} : { host }) };
  return await routeRequests(table)({ method: "GET", target, headers, signal: AbortSignal.any([]) });
}

const cases: [string, RoutingTable, string | undefined, string, string][] = [
  ["the host itself", byDomain, "skiff.localhost:8443", "/", "front / -"],
  ["the host in capitals with a dot at its end", byDomain, "Skiff.LocalHost.:8443", "/", "front / -"],
  ["the host without a port", byDomain, "skiff.localhost", "/a?b", "front /a?b -"],
  ["no host at all", byDomain, undefined, "/", "front / -"],
  ["localhost", byDomain, "localhost:8443", "/", "front / -"],
  ["an address", byDomain, "127.0.0.1:8443", "/", "front / -"],
  ["an IPv6 address", byDomain, "[::1]:8443", "/", "front / -"],
  ["an IPv6 address without a port", byDomain, "[::1]", "/", "front / -"],
  ["a sub-domain", byDomain, "git.skiff.localhost:8443", "/me/repo.git", "git /me/repo.git -"],
  ["an alias", byDomain, "GITEA.skiff.localhost", "/x", "git /x -"],
  ["the front page's own name", byDomain, "argocd.skiff.localhost", "/", "front / -"],
  ["a path without path routing", byDomain, "skiff.localhost", "/git/x", "front /git/x -"],
  ["a path", byPath, "skiff.localhost", "/git/me/repo.git?a=/b", "git /me/repo.git?a=/b /git"],
  ["a path with an alias", byPath, "skiff.localhost", "/gitea/", "git / /gitea"],
  ["a path at an address", byPath, "127.0.0.1:8443", "/gitea/x", "git /x /gitea"],
  [
    "a path to the front page",
    byPath,
    "skiff.localhost",
    "/argocd/applications/a/b",
    "front /applications/a/b /argocd",
  ],
  ["a path that only begins like a name", byPath, "skiff.localhost", "/github/x", "front /github/x -"],
  ["an encoded path", byPath, "skiff.localhost", "/git/a%2fb", "git /a%2fb /git"],
  ["a sub-domain with path routing", byPath, "git.skiff.localhost", "/git/x", "git /git/x -"],
  ["another host", { ...byDomain, otherHosts: ["proxy.example.org"] }, "proxy.example.org", "/", "front / -"],
  ["below another host", { ...byDomain, otherHosts: ["example.org"] }, "git.example.org", "/x", "git /x -"],
];
for (const [name, table, host, target, want] of cases) {
  test(`a request for ${name} reaches ${want.split(" ")[0]}`, async () => {
    assert.equal((await ask(table, host, target)).body, want);
  });
}

for (const host of [
  "x.skiff.localhost",
  "skiff.localhost.evil.com",
  "a.git.skiff.localhost",
  "evilskiff.localhost",
  "",
]) {
  test(`the host ${JSON.stringify(host)} is unknown`, async () => {
    assert.equal((await ask(byPath, host, "/git/x")).status, 404);
  });
}

test("an unknown host gets a list of the known ones, as text or as a page", async () => {
  const text = await ask(byDomain, "x.skiff.localhost:8443", "/");
  assert.equal(
    text.body,
    "Nothing is served at x.skiff.localhost. Known are:\nhttps://skiff.localhost:8443/\nhttps://argocd.skiff.localhost:8443/\nhttps://git.skiff.localhost:8443/\nhttps://gitea.skiff.localhost:8443/\n",
  );
  const page = await ask(byDomain, "<script>.localhost:1", "/", { accept: "text/html,*/*" });
  assert.equal(page.status, 404);
  assert.match(String(page.body), /<a href="https:\/\/git\.skiff\.localhost:1\/">/);
  assert.match(String(page.body), /&lt;script&gt;/);
  assert.doesNotMatch(String(page.body), /<script>/);
});

test("a prefix without a slash is sent to the one with, so that relative links work", async () => {
  const answer = await ask(byPath, "skiff.localhost", "/git?a=b");
  assert.equal(answer.status, 308);
  assert.equal(answer.headers["location"], "/git/?a=b");
});

test("a client cannot say under what prefix it came", async () => {
  const forged = { "x-forwarded-prefix": "/forged" };
  assert.equal((await ask(byPath, "git.skiff.localhost", "/x", forged)).body, "git /x -");
  assert.equal((await ask(byPath, "skiff.localhost", "/git/x", forged)).body, "git /x /git");
});

test("a certificate has to carry the host, its sub-domains and localhost", () => {
  assert.deepEqual(routedHostNames(byDomain), [
    "skiff.localhost",
    "*.skiff.localhost",
    "argocd.skiff.localhost",
    "git.skiff.localhost",
    "gitea.skiff.localhost",
    "localhost",
  ]);
  assert.deepEqual(routedHostNames({ ...byDomain, host: "192.168.1.5" }), ["localhost"]);
});

const upgrades: [string, string, string, string][] = [
  ["a sub-domain", "git.skiff.localhost", "/x?y", "git /x?y"],
  ["a path", "skiff.localhost:8443", "/gitea/x", "git /x"],
  ["a route that takes none", "skiff.localhost", "/x", "HTTP/1.1 404 Not Found"],
  ["an unknown host", "else.example", "/x", "HTTP/1.1 404 Not Found"],
];
for (const [name, host, url, want] of upgrades) {
  test(`a WebSocket handshake for ${name} gets ${want}`, async () => {
    const table: RoutingTable = {
      ...byPath,
      routes: routes.map((route) =>
        route.apex ? route : { ...route, upgrade: (request, socket) => socket.end(`${route.name} ${request.url}`) },
      ),
    };
    const socket = new PassThrough();
    const request = Object.assign(new IncomingMessage(new Socket()), { url, headers: { host } });
    routeUpgrades(table)(request, socket, Buffer.alloc(0));
    assert.equal((await text(socket)).split("\r\n")[0], want);
  });
}
