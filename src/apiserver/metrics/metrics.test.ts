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

test("/metrics/slis tells how health checks went", async () => {
  await using server = await openTestServer({
    checks: [
      {
        name: "disk",
        run: () => {
          throw new Error("full");
        },
      },
    ],
  });
  assert.match((await server.send("GET", "/metrics/slis")).text, /^process_start_time_seconds \d/m);
  await server.send("GET", "/readyz");
  await server.send("GET", "/livez?exclude=disk");
  const { text } = await server.send("GET", "/metrics/slis");
  const lines = text.split("\n");
  for (const line of [
    'kubernetes_healthcheck{name="ping",type="livez"} 1',
    'kubernetes_healthcheck{name="disk",type="readyz"} 0',
    'kubernetes_healthchecks_total{name="disk",status="error",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 1',
  ]) {
    assert.ok(lines.includes(line), `${line} is not in\n${text}`);
  }
  assert.doesNotMatch(text, /name="disk",.*type="livez"/);
});

test("/metrics is for those whom a rule lets read it", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("GET", "/metrics", { user: { name: "jane", groups: [] } });
  assert.equal(status, 403);
  assert.match(body.message, /User "jane" cannot get path "\/metrics"/);
});
