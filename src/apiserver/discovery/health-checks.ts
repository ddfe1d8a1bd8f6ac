import type { HealthCheck } from "./health.ts";

/**
 * Steps that kube-apiserver 1.34 takes after it has begun to listen, in its order. Probes and dashboards ask for them by name.
 * Here the server answers nobody before it has taken them all.
 */
const startSteps = [
  "start-apiserver-admission-initializer",
  "generic-apiserver-start-informers",
  "priority-and-fairness-config-consumer",
  "priority-and-fairness-filter",
  "storage-object-count-tracker-hook",
  "start-apiextensions-informers",
  "start-apiextensions-controllers",
  "crd-informer-synced",
  "start-system-namespaces-controller",
  "start-cluster-authentication-info-controller",
  "start-kube-apiserver-identity-lease-controller",
  "start-kube-apiserver-identity-lease-garbage-collector",
  "start-legacy-token-tracking-controller",
  "start-service-ip-repair-controllers",
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
  "bootstrap-controller",
  "start-kubernetes-service-cidr-controller",
  "start-kube-aggregator-informers",
  "apiservice-status-local-available-controller",
  "apiservice-status-remote-available-controller",
  "apiservice-registration-controller",
  "apiservice-discovery-controller",
  "kube-apiserver-autoregistration",
].map((name) => `poststarthook/${name}`);

/** Further ones, behind the one check between them. */
const publishingSteps = ["apiservice-openapi-controller", "apiservice-openapiv3-controller"].map(
  (name) => `poststarthook/${name}`,
);

const done = () => {};

/**
 * What `/livez`, `/readyz` and `/healthz` ask, under kube-apiserver's names.
 *
 * @param store throws unless the store can be read; it answers for `etcd`
 * @param open throws when the server is about to end
 * @param others what must work besides
 */
export function healthChecks(store: () => void, open: () => void, others: readonly HealthCheck[]): HealthCheck[] {
  return [
    { name: "ping", run: done },
    { name: "log", run: done },
    { name: "etcd", run: store },
    { name: "etcd-readiness", readyOnly: true, run: store },
    { name: "informer-sync", readyOnly: true, run: done },
    ...startSteps.map((name) => ({ name, run: done })),
    { name: "autoregister-completion", run: done },
    ...publishingSteps.map((name) => ({ name, run: done })),
    { name: "shutdown", readyOnly: true, run: open },
    ...others,
  ];
}
