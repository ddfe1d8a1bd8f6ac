import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { configMap, type Json, openTestServer, type TestServer, type TestWatch } from "../testing.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const merge = "application/merge-patch+json";

/** Five revisions after those that a new server has: create, change, create, change, delete. */
async function history(server: TestServer): Promise<void> {
  await server.ok("POST", maps, { body: configMap("a", { labels: { app: "x" } }) });
  await label(server, "a", "y");
  await server.ok("POST", maps, { body: configMap("b", { labels: { app: "x" } }) });
  await label(server, "b", "z");
  await server.ok("DELETE", `${maps}/a`);
}

function label(server: TestServer, name: string, app: string): Promise<Json> {
  return server.ok("PATCH", `${maps}/${name}`, { body: { metadata: { labels: { app } } }, contentType: merge });
}

const replays: Record<string, { query: string; want: string[] }> = {
  "everything after a revision": {
    query: "resourceVersion=1000",
    want: ["ADDED a 1001", "MODIFIED a 1002", "ADDED b 1003", "MODIFIED b 1004", "DELETED a 1005"],
  },
  "only what comes after the revision": { query: "resourceVersion=1003", want: ["MODIFIED b 1004", "DELETED a 1005"] },
  "objects as they come into view and leave it": {
    query: "resourceVersion=1000&labelSelector=app%3Dx",
    want: ["ADDED a 1001", "DELETED a 1002", "ADDED b 1003", "DELETED b 1004"],
  },
  "what is not of one kind any more": {
    query: "resourceVersion=1000&labelSelector=app!%3Dx",
    want: ["ADDED a 1002", "ADDED b 1004", "DELETED a 1005"],
  },
  "one object": {
    query: "resourceVersion=1000&fieldSelector=metadata.name%3Db",
    want: ["ADDED b 1003", "MODIFIED b 1004"],
  },
  "what is there, without a revision": { query: "", want: ["ADDED b 1004"] },
  "what is there, at any revision": { query: "resourceVersion=0", want: ["ADDED b 1004"] },
};
for (const [name, { query, want }] of Object.entries(replays)) {
  test(`a watch tells ${name}, then what happens`, async () => {
    await using server = await openTestServer();
    await history(server);
    await using watch = await server.watch(`${maps}?watch=true&${query}`);
    assert.deepEqual(await watch.take(want.length), want);
    if (query.includes("metadata.name")) await label(server, "b", "x");
    else await server.ok("POST", maps, { body: configMap("c", { labels: { app: query.includes("!") ? "y" : "x" } }) });
    assert.deepEqual(await watch.take(1), [query.includes("metadata.name") ? "MODIFIED b 1006" : "ADDED c 1006"]);
  });
}

test("an event is what a get shows; a delete shows the last state at its own revision", async () => {
  await using server = await openTestServer();
  await using watch = await server.watch(`${maps}?watch=true&resourceVersion=1000`);
  const made = await server.ok("POST", maps, { body: configMap("a", { data: { x: '"resourceVersion":"1001"' } }) });
  assert.deepEqual(await watch.next(), { type: "ADDED", object: made });
  await server.ok("DELETE", `${maps}/a`);
  const { type, object } = await watch.next();
  assert.equal(type, "DELETED");
  assert.deepEqual(object, { ...made, metadata: { ...made.metadata, resourceVersion: "1002" } });
});

test("the initial events of a WatchList end with a bookmark", async () => {
  await using server = await openTestServer();
  await history(server);
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  await using watch = await server.watch(`${maps}?${query}`);
  assert.deepEqual(await watch.take(1), ["ADDED b 1004"]);
  assert.deepEqual(await watch.next(), {
    type: "BOOKMARK",
    object: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {
        resourceVersion: "1005",
        creationTimestamp: null,
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    },
  });
  await label(server, "b", "x");
  assert.deepEqual(await watch.take(1), ["MODIFIED b 1006"]);
});

test("sendInitialEvents=false begins with what happens next", async () => {
  await using server = await openTestServer();
  await history(server);
  await using watch = await server.watch(
    `${maps}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
  );
  await label(server, "b", "x");
  assert.deepEqual(await watch.take(1), ["MODIFIED b 1006"]);
});

test("a list and a watch from its revision miss nothing, however the writes overlap", async () => {
  await using server = await openTestServer();
  const writes = Array.from({ length: 50 }, (_, index) => server.ok("POST", maps, { body: configMap(`m${index}`) }));
  await writes[20];
  const list = await server.ok("GET", maps);
  await using watch = await server.watch(`${maps}?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
  await Promise.all(writes);
  const rest = await watch.take(50 - list.items.length);
  const seen = [...list.items.map(({ metadata }: Json) => metadata.name), ...rest.map((line) => line.split(" ")[1])];
  assert.equal(new Set(seen).size, 50);
});

test("a revision that is forgotten gives an error event, and the watch ends", async () => {
  await using server = await openTestServer();
  await history(server);
  server.store.compact(1003);
  await using watch = await server.watch(`${maps}?watch=true&resourceVersion=1001`);
  const { type, object } = await watch.next();
  assert.equal(type, "ERROR");
  assert.deepEqual([object.kind, object.code, object.reason], ["Status", 410, "Expired"]);
  assert.equal(object.message, "too old resource version: 1001 (1005)");
  assert.equal(await watch.next(), undefined);
});

test("a watch from the future begins there", async () => {
  await using server = await openTestServer();
  await using watch = await server.watch(`${maps}?watch=true&resourceVersion=1002`);
  for (const name of ["a", "b", "c"]) await server.ok("POST", maps, { body: configMap(name) });
  assert.deepEqual(await watch.take(1), ["ADDED c 1003"]);
});

test("a watch ends after timeoutSeconds, or after half an hour to an hour", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await using server = await openTestServer({ random: () => 0.5 });
    await using timed = await server.watch(`${maps}?watch=true&timeoutSeconds=5`);
    await using untimed = await server.watch(`${maps}?watch=true&timeoutSeconds=0`);
    mock.timers.tick(5_000);
    assert.equal(await timed.next(), undefined);
    assert.equal(server.watchCount(), 1);
    mock.timers.tick(45 * 60_000);
    assert.equal(await untimed.next(), undefined);
  } finally {
    mock.timers.reset();
  }
});

test("a watch ends when its client goes, and with the server", async () => {
  const server = await openTestServer();
  const left = await server.watch(`${maps}?watch=true`);
  const open = await server.watch(`${maps}?watch=true`);
  assert.equal(server.watchCount(), 2);
  await left[Symbol.asyncDispose]();
  assert.equal(server.watchCount(), 1);
  await server[Symbol.asyncDispose]();
  assert.equal(await open.next(), undefined);
  assert.equal(server.watchCount(), 0);
});

test("bookmarks come each minute and at the end, to those who want them and are up to date", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  try {
    await using server = await openTestServer();
    const query = `${maps}?watch=true&resourceVersion=1000&timeoutSeconds=90`;
    await using told = await server.watch(`${query}&allowWatchBookmarks=true`);
    await using untold = await server.watch(query);
    await server.ok("POST", "/api/v1/namespaces", {
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
    });
    mock.timers.tick(60_000);
    const { type, object } = await told.next();
    assert.deepEqual(
      [type, object.metadata.resourceVersion, object.metadata.annotations],
      ["BOOKMARK", "1001", undefined],
    );
    await server.ok("POST", maps, { body: configMap("a") });
    assert.deepEqual(await told.take(1), ["ADDED a 1002"]);
    mock.timers.tick(30_000);
    assert.deepEqual(await told.take(2), ["BOOKMARK 1002", "end"]);
    assert.deepEqual(await untold.take(2), ["ADDED a 1002", "end"]);
  } finally {
    mock.timers.reset();
  }
});

test("a client that reads nothing is cut off, and others are not", async () => {
  await using server = await openTestServer();
  await using slow = await server.watch(`${maps}?watch=true&resourceVersion=1000`);
  const data = { x: "x".repeat(2 ** 20) };
  for (let index = 0; index < 40; index++) await server.ok("POST", maps, { body: configMap(`m${index}`, { data }) });
  assert.equal(server.watchCount(), 0);
  assert.equal(await drain(slow), 0, "what waited is dropped; the client watches again from where it was");
});

async function drain(watch: TestWatch): Promise<number> {
  let count = 0;
  while ((await watch.next()) !== undefined) count++;
  return count;
}

test("tables tell their columns once; metadata comes alone", async () => {
  await using server = await openTestServer();
  const query = `${maps}?watch=true&resourceVersion=1000`;
  await using tables = await server.watch(query, "application/json;as=Table;v=v1;g=meta.k8s.io");
  await using metadata = await server.watch(query, "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
  await history(server);
  const first = await tables.next();
  assert.equal(first.object.kind, "Table");
  assert.deepEqual(
    first.object.columnDefinitions.map(({ name }: Json) => name),
    ["Name", "Data", "Age"],
  );
  assert.deepEqual(first.object.rows[0].cells, ["a", 0, "0s"]);
  assert.equal((await tables.next()).object.columnDefinitions, null);
  const { object } = await metadata.next();
  assert.deepEqual(Object.keys(object), ["kind", "apiVersion", "metadata"]);
  assert.equal(object.kind, "PartialObjectMetadata");
  assert.deepEqual(await metadata.take(4), ["MODIFIED a 1002", "ADDED b 1003", "MODIFIED b 1004", "DELETED a 1005"]);
});

const wrong: Record<string, { query: string; message: RegExp }> = {
  "initial events without a match": {
    query: "sendInitialEvents=true",
    message: /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/,
  },
  "a match without initial events": {
    query: "resourceVersionMatch=NotOlderThan",
    message: /resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided/,
  },
  "an exact match": {
    query: "sendInitialEvents=true&resourceVersionMatch=Exact",
    message: /Unsupported value: "Exact": supported values: "NotOlderThan"/,
  },
};
for (const [name, { query, message }] of Object.entries(wrong)) {
  test(`a watch is refused for ${name}`, async () => {
    await using server = await openTestServer();
    const { status, body } = await server.send("GET", `${maps}?watch=true&${query}`);
    assert.equal(status, 422);
    assert.match(body.message, message);
  });
}

test("one object is watched by its path, too", async () => {
  await using server = await openTestServer();
  await history(server);
  for (const path of [
    `${maps}/b?watch=true&resourceVersion=1000`,
    "/api/v1/watch/namespaces/default/configmaps/b?resourceVersion=1000",
  ]) {
    await using watch = await server.watch(path);
    assert.deepEqual(await watch.take(2), ["ADDED b 1003", "MODIFIED b 1004"]);
  }
});
