import { readdirSync, readFileSync } from "node:fs";
import { memoryUsage, resourceUsage, uptime } from "node:process";
import type { VersionInfo } from "../discovery/version.ts";
import type { Path } from "../http/path.ts";
import type { ApiResource } from "../resource.ts";
import { createMetricsRegistry, type MetricsRegistry, type Sample } from "./registry.ts";

/** What a request turned out to be; filled in as it goes through the server. */
export type Seen = { path?: Path; verb?: string; dryRun?: boolean };

/** The figures of one API server, under the names that dashboards and alerts of kube-apiserver use. */
export type ServerMetrics = {
  registry: MetricsRegistry;
  /** Counts a request in. @returns what to call with what it turned out to be when it is answered */
  begin(method: string): (seen: Seen, code: number, sizeBytes: number | undefined) => void;
};

/** What is counted when somebody asks. */
export type Counts = {
  /** Objects by resource. */
  objects(): Iterable<Sample>;
  /** Resources that open watches are of. */
  watched(): Iterable<ApiResource>;
  /** Seats by priority level. */
  seats(): Iterable<Sample>;
};

/** Kubernetes' own bounds, in seconds. */
const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
/** In bytes: 1 kB to 1 GB. */
const sizeBuckets = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const target = ["group", "version", "resource", "subresource", "scope", "component"] as const;

export function createServerMetrics(version: VersionInfo, counts: Counts): ServerMetrics {
  const registry = createMetricsRegistry();
  const requests = registry.counter(
    "apiserver_request_total",
    "Requests by verb, dry run, resource, scope and HTTP status.",
    ["verb", "dry_run", ...target, "code"],
  );
  const durations = registry.histogram(
    "apiserver_request_duration_seconds",
    "Time from request to answer in seconds; watches are left out.",
    ["verb", "dry_run", ...target],
    durationBuckets,
  );
  const sizes = registry.histogram(
    "apiserver_response_sizes",
    "Sizes of answers in bytes.",
    ["verb", ...target],
    sizeBuckets,
  );
  const inflight = registry.gauge("apiserver_current_inflight_requests", "Requests that are being answered.", [
    "request_kind",
  ]);
  registry.read("apiserver_longrunning_requests", "gauge", "Watches that are open.", () =>
    watchSamples(counts.watched()),
  );
  registry.read("apiserver_storage_objects", "gauge", "Objects that are stored, by resource.", counts.objects);
  registry.read(
    "apiserver_flowcontrol_nominal_limit_seats",
    "gauge",
    "Seats that the configuration gives each priority level; nobody is held back.",
    counts.seats,
  );
  registry.read("kubernetes_build_info", "gauge", "What is running.", () => [
    { labels: buildLabels(version), value: 1 },
  ]);
  addProcessMetrics(registry);
  return {
    registry,
    begin(method) {
      const kind = [method === "GET" || method === "HEAD" ? "readOnly" : "mutating"];
      inflight.add(kind, 1);
      const startedMs = performance.now();
      return ({ path, verb = method, dryRun = false }, code, sizeBytes) => {
        inflight.add(kind, -1);
        const name = verbOf(verb, method);
        const of = path === undefined ? unknownTarget : targetOf(path);
        const dry = dryRun ? "All" : "";
        requests.add([name, dry, ...of, String(code)]);
        if (name === "WATCH") return;
        durations.observe([name, dry, ...of], (performance.now() - startedMs) / 1000);
        if (sizeBytes !== undefined) sizes.observe([name, ...of], sizeBytes);
      };
    },
  };
}

const unknownTarget = ["", "", "", "", "", "apiserver"];

function watchSamples(watched: Iterable<ApiResource>): Sample[] {
  return [...Map.groupBy(watched, ({ apiVersion, resource }) => `${apiVersion} ${resource}`).values()].flatMap(
    (same) => {
      const [first] = same;
      if (first === undefined) return [];
      const { group, version, resource } = first;
      return [{ labels: { verb: "WATCH", group, version, resource, component: "apiserver" }, value: same.length }];
    },
  );
}

function targetOf(path: Path): string[] {
  if (path.type !== "resource") return unknownTarget;
  const { group, version, resource, subresource, namespace, name } = path;
  const scope = name !== "" ? "resource" : namespace !== "" ? "namespace" : "cluster";
  return [group, version, resource, subresource, scope, "apiserver"];
}

function verbOf(verb: string, method: string): string {
  switch (verb) {
    case "create":
      return "POST";
    case "update":
      return "PUT";
    case "get":
    case "list":
    case "watch":
    case "patch":
    case "apply":
    case "delete":
    case "deletecollection":
      return verb.toUpperCase();
    default:
      return method;
  }
}

function buildLabels({
  major,
  minor,
  gitVersion,
  gitCommit,
  gitTreeState,
  buildDate,
  goVersion,
  compiler,
  platform,
}: VersionInfo) {
  return {
    build_date: buildDate,
    compiler,
    git_commit: gitCommit,
    git_tree_state: gitTreeState,
    git_version: gitVersion,
    go_version: goVersion,
    major,
    minor,
    platform,
  };
}

/** What every Prometheus client library tells of its process. */
function addProcessMetrics(registry: MetricsRegistry): void {
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  addStartTime(registry);
  registry.read("process_cpu_seconds_total", "counter", "Processor time used, in seconds.", () => {
    const { userCPUTime, systemCPUTime } = resourceUsage();
    return one((userCPUTime + systemCPUTime) / 1e6);
  });
  registry.read("process_resident_memory_bytes", "gauge", "Memory in use, in bytes.", () => one(memoryUsage.rss()));
  registry.read("process_open_fds", "gauge", "Open file descriptors.", () =>
    fromProc(() => readdirSync("/proc/self/fd").length),
  );
  registry.read("process_max_fds", "gauge", "How many file descriptors may be open.", () =>
    fromProc(() => Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1])),
  );
  registry.read("nodejs_heap_size_used_bytes", "gauge", "JavaScript objects in memory, in bytes.", () =>
    one(memoryUsage().heapUsed),
  );
  registry.read("nodejs_external_memory_bytes", "gauge", "Buffers in memory, in bytes.", () =>
    one(memoryUsage().external),
  );
}

/** Tells those who collect a counter that it has begun anew. */
export function addStartTime(registry: MetricsRegistry): void {
  const value = Date.now() / 1000 - uptime();
  registry.read("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970.", () => [
    { labels: {}, value },
  ]);
}

/** Nothing where there is no /proc. */
function fromProc(read: () => number): Sample[] {
  try {
    const value = read();
    return Number.isNaN(value) ? [] : [{ labels: {}, value }];
  } catch {
    return [];
  }
}
