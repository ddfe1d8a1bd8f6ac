import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../apimachinery/index.ts";
import type { Node } from "../compute/node.ts";
import type { Container, Pod, PodSpec } from "../compute/pod.ts";
import { containerNamed, nodeNamed, podNamed } from "../compute/testing.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../storage/volumes.ts";
import { createCluster, type Lookups, podInfoOf } from "./cluster.ts";
import { decidePlacement } from "./decide-placement.ts";
import { podRequests } from "./resources.ts";

const asks = (requests: Record<string, string>): Container => containerNamed("main", { resources: { requests } });
const hostPort = (port: number, more = {}): Container =>
  containerNamed("main", { ports: [{ containerPort: 80, hostPort: port, protocol: "TCP", ...more }] });
const app = (name: string) => ({ labels: { app: name } });
let made = 0;
const on = (node: string, spec: Partial<PodSpec> = {}, metadata: Partial<KubeObject["metadata"]> = {}): Pod => {
  const name = `there-${++made}`;
  return podNamed(name, { nodeName: node, ...spec }, { uid: name, ...metadata });
};
const near = (kind: string, label: string, topologyKey = "kubernetes.io/hostname") => ({
  [kind]: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: { app: label } } }],
  },
});
const nodeIs = (key: string, operator: string, values: string[], field = "matchExpressions") => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ [field]: [{ key, operator, values }] }] },
  },
});
const spread = (more = {}) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
      ...more,
    },
  ],
});
const claim = (
  name: string,
  spec: Partial<PersistentVolumeClaim["spec"]> = {},
  bound = true,
): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: {
    name,
    namespace: "default",
    ...(bound ? { annotations: { "pv.kubernetes.io/bind-completed": "yes" } } : {}),
  },
  spec: { ...(bound ? { volumeName: `pv-${name}` } : {}), ...spec },
});
const volume = (name: string, spec: Partial<PersistentVolume["spec"]> = {}): PersistentVolume => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec,
  status: { phase: "Available" },
});
const delayed = (name: string, provisioner: string): StorageClass => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner,
  volumeBindingMode: "WaitForFirstConsumer",
});
const using = (claimName: string): Partial<PodSpec> => ({
  volumes: [{ name: "v", persistentVolumeClaim: { claimName } }],
});

type Case = {
  pod: Partial<PodSpec>;
  metadata?: Partial<KubeObject["metadata"]>;
  nodes?: readonly Node[];
  there?: readonly Pod[];
  claims?: readonly PersistentVolumeClaim[];
  volumes?: readonly PersistentVolume[];
  classes?: readonly StorageClass[];
  /** The node chosen, or the message. */
  want: string;
};
const noHelp = (count: number) =>
  ` preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;
const noVictims = (count: number) =>
  ` preemption: 0/${count} nodes are available: ${count} No preemption victims found for incoming pod.`;
const [a, b] = [nodeNamed("a", { labels: { zone: "1", disk: "ssd" } }), nodeNamed("b", { labels: { zone: "2" } })];

const cases: Record<string, Case> = {
  "without nodes": { pod: {}, nodes: [], want: "no nodes available to schedule pods" },
  "that asks for more than any node has": {
    pod: { containers: [asks({ cpu: "5", memory: "1Ti" })] },
    nodes: [a],
    want: `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.${noHelp(1)}`,
  },
  "that asks for more than is left": {
    pod: { containers: [asks({ cpu: "3" })] },
    nodes: [a],
    there: [on("a", { containers: [asks({ cpu: "1500m" })] })],
    want: `0/1 nodes are available: 1 Insufficient cpu.${noVictims(1)}`,
  },
  "that asks for a device nobody has": {
    pod: { containers: [asks({ "example.com/gpu": "1" })] },
    nodes: [a],
    want: `0/1 nodes are available: 1 Insufficient example.com/gpu.${noHelp(1)}`,
  },
  "that goes where there is room": {
    pod: { containers: [asks({ cpu: "3" })] },
    there: [on("a", { containers: [asks({ cpu: "2" })] })],
    want: "b",
  },
  "with a node selector": { pod: { nodeSelector: { disk: "ssd" } }, want: "a" },
  "with a node selector that nothing matches": {
    pod: { nodeSelector: { disk: "tape" } },
    want: `0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.${noHelp(2)}`,
  },
  "with an affinity to nodes": { pod: { affinity: nodeIs("zone", "Gt", ["1"]) }, want: "b" },
  "with an affinity to a node by name": {
    pod: { affinity: nodeIs("metadata.name", "In", ["b"], "matchFields") },
    want: "b",
  },
  "of a DaemonSet whose node is full": {
    pod: { affinity: nodeIs("metadata.name", "In", ["b"], "matchFields"), containers: [asks({ cpu: "9" })] },
    want: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].${noHelp(2)}`,
  },
  "before cordoned and tainted nodes": {
    pod: {},
    nodes: [
      nodeNamed("a", { spec: { unschedulable: true } }),
      nodeNamed("b", { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } }),
    ],
    want: `0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.${noHelp(2)}`,
  },
  "that tolerates a taint": {
    pod: { tolerations: [{ key: "k", operator: "Exists" }] },
    nodes: [nodeNamed("b", { spec: { taints: [{ key: "k", value: "v", effect: "NoExecute" }] } })],
    want: "b",
  },
  "that rather goes where it is liked": {
    pod: {},
    nodes: [nodeNamed("a", { cpu: "64", spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }), b],
    want: "b",
  },
  "with a port that is taken": {
    pod: { containers: [hostPort(8080)] },
    nodes: [a],
    there: [on("a", { containers: [hostPort(8080, { hostIP: "127.0.0.1" })] })],
    want: `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.${noVictims(1)}`,
  },
  "with the same port on another address or protocol": {
    pod: { containers: [hostPort(8080, { hostIP: "127.0.0.2" })] },
    nodes: [a],
    there: [
      on("a", { containers: [hostPort(8080, { hostIP: "127.0.0.1" })] }),
      on("a", { containers: [hostPort(8080, { protocol: "UDP" })] }),
    ],
    want: "a",
  },
  "that wants to be near another": {
    pod: { affinity: near("podAffinity", "db") },
    there: [on("b", {}, app("db"))],
    want: "b",
  },
  "that wants to be near what is nowhere": {
    pod: { affinity: near("podAffinity", "db") },
    want: `0/2 nodes are available: 2 node(s) didn't match pod affinity rules.${noHelp(2)}`,
  },
  "that is the first of a group": {
    pod: { affinity: near("podAffinity", "db") },
    metadata: app("db"),
    nodes: [a],
    want: "a",
  },
  "that avoids its like in the same zone": {
    pod: { affinity: near("podAntiAffinity", "web", "zone") },
    there: [on("a", {}, app("web"))],
    want: "b",
  },
  "that others avoid": {
    pod: {},
    metadata: app("noisy"),
    nodes: [a],
    there: [on("a", { affinity: near("podAntiAffinity", "noisy") })],
    want: `0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.${noVictims(1)}`,
  },
  "that is to be spread": { pod: spread(), metadata: app("web"), there: [on("a", {}, app("web"))], want: "b" },
  "that is to be spread over more domains than there are": {
    pod: spread({ minDomains: 3 }),
    metadata: app("web"),
    there: [on("a", {}, app("web")), on("b", {}, app("web"))],
    want: `0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints.${noVictims(2)}`,
  },
  "that is to be spread over what nodes do not say": {
    pod: spread({ topologyKey: "rack" }),
    metadata: app("web"),
    want: `0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints (missing required label).${noHelp(2)}`,
  },
  "whose claim is not there": {
    pod: using("data"),
    want: `0/2 nodes are available: persistentvolumeclaim "data" not found.${noHelp(2)}`,
  },
  "whose claim is not bound": {
    pod: using("data"),
    claims: [claim("data", {}, false)],
    want: `0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.${noHelp(2)}`,
  },
  "whose volume is elsewhere": {
    pod: using("data"),
    nodes: [a],
    claims: [claim("data")],
    volumes: [
      volume("pv-data", {
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["2"] }] }] },
        },
      }),
    ],
    want: `0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity.${noHelp(1)}`,
  },
  "whose claim waits for it and can be provided for": {
    pod: using("data"),
    nodes: [a],
    claims: [claim("data", { storageClassName: "fast" }, false)],
    classes: [delayed("fast", "example.com/fast")],
    want: "a",
  },
  "whose claim waits for it in vain": {
    pod: using("data"),
    nodes: [a],
    claims: [claim("data", { storageClassName: "local" }, false)],
    classes: [delayed("local", "kubernetes.io/no-provisioner")],
    want: `0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.${noHelp(1)}`,
  },
};
for (const [name, given] of Object.entries(cases)) {
  test(`a pod ${name} is placed, or told why not`, () => {
    const { cluster, lookups } = arrange(given);
    const info = podInfoOf(podNamed("new", given.pod, { uid: "new", ...given.metadata }));
    const placement = decidePlacement(info, cluster, lookups, []);
    assert.equal(placement.node?.node.metadata.name ?? ("message" in placement ? placement.message : ""), given.want);
  });
}

function arrange({ nodes = [a, b], there = [], claims = [], volumes = [], classes = [] }: Omit<Case, "pod" | "want">) {
  const cluster = createCluster();
  for (const node of nodes) cluster.setNode(node);
  for (const pod of there) cluster.setPod(pod);
  const named = <T extends KubeObject>(objects: readonly T[], name: string) =>
    objects.find(({ metadata }) => metadata.name === name);
  const lookups: Lookups = {
    claim: (_namespace, name) => named(claims, name),
    volume: (name) => named(volumes, name),
    volumes: () => volumes,
    storageClass: (name) => named(classes, name),
    namespace: () => undefined,
  };
  return { cluster, lookups };
}

test("a pod of higher priority takes the place of those of lower, of as few and as unimportant as can be", () => {
  const small = (node: string, priority: number, name: string) =>
    on(node, { priority, containers: [asks({ cpu: "2" })] }, { name, uid: name, ...app(name) });
  const given = { there: [small("a", 10, "a1"), small("a", 5, "a2"), small("b", 1, "b1"), small("b", 8, "b2")] };
  const { cluster, lookups } = arrange(given);
  const big = podInfoOf(podNamed("big", { priority: 9, containers: [asks({ cpu: "2" })] }, { uid: "big" }));
  const placement = decidePlacement(big, cluster, lookups, []);
  assert.ok(placement.node === undefined && placement.victims !== undefined);
  assert.deepEqual(
    [placement.victims.node, placement.victims.pods.map(({ metadata }) => metadata.name)],
    ["b", ["b1"]],
  );
  assert.equal(placement.message, "0/2 nodes are available: 2 Insufficient cpu.");

  const budget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "b1", namespace: "default" },
    spec: { selector: { matchLabels: { app: "b1" } } },
    status: { disruptionsAllowed: 0 },
  };
  const spared = decidePlacement(big, cluster, lookups, [budget]);
  assert.ok(spared.node === undefined);
  assert.deepEqual(
    spared.victims?.pods.map(({ metadata }) => metadata.name),
    ["a2"],
  );

  const polite = podInfoOf(podNamed("polite", { ...big.pod.spec, preemptionPolicy: "Never" }, { uid: "polite" }));
  const refused = decidePlacement(polite, cluster, lookups, []);
  assert.ok(refused.node === undefined && refused.victims === undefined);
  assert.match(refused.message, /preemption: not eligible due to preemptionPolicy=Never\.$/);
});

test("room that is being made for a pod is not given to one of lower priority", () => {
  const { cluster, lookups } = arrange({ nodes: [a] });
  const promised = podInfoOf(
    podNamed("promised", { priority: 5, containers: [asks({ cpu: "4" })] }, { uid: "promised" }),
  );
  const late = podInfoOf(podNamed("late", { priority: 1, containers: [asks({ cpu: "1" })] }, { uid: "late" }));
  const urgent = podInfoOf(podNamed("urgent", { priority: 9, containers: [asks({ cpu: "1" })] }, { uid: "urgent" }));
  const rooms = new Map([["a", [promised]]]);
  assert.equal(decidePlacement(late, cluster, lookups, [], rooms).node, undefined);
  assert.equal(decidePlacement(urgent, cluster, lookups, [], rooms).node?.node.metadata.name, "a");
});

test("a pod asks for what its containers and sidecars need together, or its largest init container", () => {
  const needs = (name: string, cpu: string, more: Partial<Container> = {}) =>
    containerNamed(name, { resources: { requests: { cpu } }, ...more });
  const cpu = (spec: Partial<PodSpec>) => Number(podRequests(podNamed("p", spec)).get("cpu")) / 1e6;
  const sidecar = needs("side", "200m", { restartPolicy: "Always" });
  assert.equal(cpu({ containers: [needs("a", "100m"), needs("b", "300m")] }), 400);
  assert.equal(cpu({ containers: [needs("a", "100m")], initContainers: [needs("i", "1")] }), 1000);
  assert.equal(cpu({ containers: [needs("a", "100m")], initContainers: [sidecar, needs("i", "1")] }), 1200);
  assert.equal(cpu({ containers: [needs("a", "100m")], initContainers: [needs("i", "250m"), sidecar] }), 300);
  assert.equal(
    cpu({ containers: [needs("a", "100m")], resources: { requests: { cpu: "2" } }, overhead: { cpu: "5m" } }),
    2005,
  );
});
