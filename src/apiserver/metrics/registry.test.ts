import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetricsRegistry } from "./registry.ts";

test("metrics are written as Prometheus reads them, ordered by name", () => {
  const registry = createMetricsRegistry();
  const seconds = registry.histogram("seconds", "How long.", ["verb"], [0.1, 1]);
  const calls = registry.counter("calls_total", "How often.", ["verb", "code"]);
  registry.read("up", "gauge", "Whether it runs.", () => [{ labels: {}, value: 1 }]);
  calls.add(["GET", "200"]);
  calls.add(["GET", "200"], 2);
  calls.add(['a"b\\c\nd', "500"]);
  for (const value of [0.1, 0.5, 3]) seconds.observe(["GET"], value);
  assert.equal(
    registry.text(),
    [
      "# HELP calls_total How often.",
      "# TYPE calls_total counter",
      'calls_total{verb="GET",code="200"} 3',
      'calls_total{verb="a\\"b\\\\c\\nd",code="500"} 1',
      "# HELP seconds How long.",
      "# TYPE seconds histogram",
      'seconds_bucket{verb="GET",le="0.1"} 1',
      'seconds_bucket{verb="GET",le="1"} 2',
      'seconds_bucket{verb="GET",le="+Inf"} 3',
      'seconds_sum{verb="GET"} 3.6',
      'seconds_count{verb="GET"} 3',
      "# HELP up Whether it runs.",
      "# TYPE up gauge",
      "up 1",
      "",
    ].join("\n"),
  );
});

test("a metric does not grow without end", () => {
  const registry = createMetricsRegistry();
  const calls = registry.counter("calls_total", "How often.", ["name"]);
  for (let index = 0; index < 20_000; index++) calls.add([`n${index}`]);
  assert.equal(registry.text().split("\n").length, 2 + 10_000 + 1);
});
