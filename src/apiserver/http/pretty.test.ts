import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestServer } from "../testing.ts";
import { isPretty } from "./pretty.ts";

const cases: [agent: string, query: string, want: boolean][] = [
  ["curl/8.5.0", "", true],
  ["Wget/1.21", "?limit=1", true],
  ["Mozilla/5.0 (X11)", "?pretty", true],
  ["curl/8.5.0", "?pretty=false", false],
  ["curl/8.5.0", "?pretty=yes", false],
  ["kubectl/v1.34.0", "", false],
  ["kubectl/v1.34.0", "?pretty", false],
  ["kubectl/v1.34.0", "?pretty=True", true],
  ["kubectl/v1.34.0", "?limit=1&pretty=1", true],
];
for (const [agent, query, want] of cases) {
  test(`${agent} with ${query || "no query"} gets ${want ? "indented" : "plain"} JSON`, () => {
    assert.equal(isPretty({ target: `/api${query}`, headers: { "user-agent": agent } }), want);
  });
}

test("objects, discovery and refusals are indented alike, without a newline at the end", async () => {
  await using server = await openTestServer();
  const headers = { "user-agent": "curl/8" };
  for (const path of ["/api/v1/namespaces/default", "/api", "/apis", "/apis/apps/v1", "/api/v1/nope", "/version"]) {
    const { text, body } = await server.send("GET", path, { headers });
    assert.equal(text, JSON.stringify(body, null, 2), path);
  }
  assert.match((await server.send("GET", "/api")).text, /^\{"kind":.*\}\n$/);
});
