import type { HealthEndpoint } from "../http/path.ts";
import { createMetricsRegistry, type MetricsRegistry } from "./registry.ts";
import { addStartTime } from "./server-metrics.ts";

/** How health checks went, at `/metrics/slis`. https://kubernetes.io/docs/reference/instrumentation/slis/ */
export type HealthMetrics = {
  registry: MetricsRegistry;
  observe(name: string, endpoint: HealthEndpoint, isGood: boolean): void;
};

export function createHealthMetrics(): HealthMetrics {
  const registry = createMetricsRegistry();
  addStartTime(registry);
  const last = new Map<string, { labels: { name: string; type: string }; value: number }>();
  registry.read("kubernetes_healthcheck", "gauge", "Whether a check was good when it was last asked.", () =>
    last.values(),
  );
  const total = registry.counter("kubernetes_healthchecks_total", "How often a check was asked, by what it said.", [
    "name",
    "status",
    "type",
  ]);
  return {
    registry,
    observe(name, type, isGood) {
      last.set(`${type}/${name}`, { labels: { name, type }, value: isGood ? 1 : 0 });
      total.add([name, isGood ? "success" : "error", type]);
    },
  };
}
