import assert from "node:assert/strict";
import { test } from "node:test";
import { configMap, openTestServer } from "../testing.ts";

const maps = "/api/v1/namespaces/default/configmaps";

test("/metrics tells what was asked, how it ended, what is watched and what is stored", async () => {
  await using server = await openTestServer();
  await server.ok("POST", maps, { body: configMap("a") });
  await server.send("POST", `${maps}?dryRun=All`, { body: configMap("a") });
  await server.ok("GET", `${maps}/a`);
  await using _watch = await server.watch(`${maps}?watch=true`);
  const { text, headers } = await server.send("GET", "/metrics");
  assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  const target = 'group="",version="v1",resource="configmaps",subresource="",scope=';
  for (const line of [
    `apiserver_request_total{verb="POST",dry_run="",${target}"namespace",component="apiserver",code="201"} 1`,
    `apiserver_request_total{verb="POST",dry_run="All",${target}"namespace",component="apiserver",code="409"} 1`,
    `apiserver_request_total{verb="GET",dry_run="",${target}"resource",component="apiserver",code="200"} 1`,
    `apiserver_request_duration_seconds_count{verb="GET",dry_run="",${target}"resource",component="apiserver"} 1`,
    'apiserver_longrunning_requests{verb="WATCH",group="",version="v1",resource="configmaps",component="apiserver"} 1',
    'apiserver_storage_objects{resource="configmaps"} 2',
    'apiserver_current_inflight_requests{request_kind="mutating"} 0',
  ]) {
    assert.ok(text.split("\n").includes(line), `${line} is not in\n${text}`);
  }
});

test("/metrics is for those whom a rule lets read it", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("GET", "/metrics", { user: { name: "jane", groups: [] } });
  assert.equal(status, 403);
  assert.match(body.message, /User "jane" cannot get path "\/metrics"/);
});
