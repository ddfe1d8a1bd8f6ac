import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, PodStatus } from "../compute/pod.ts";
import { containerNamed, nodeNamed, podNamed } from "../compute/testing.ts";
import { decideSlices, type SliceChanges } from "./decide-slices.ts";
import { slicesFor } from "./endpoint-slices.ts";
import { endpointsFor, subsetsFor, truncateSubsets } from "./endpoints.ts";
import type { Endpoint, EndpointSlice, EndpointSubset, Service } from "./kinds.ts";
import { isMirrored, mirror } from "./mirrored-slices.ts";

const service = (spec: Partial<Service["spec"]> = {}, labels: Record<string, string> = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default", uid: "service", labels },
  spec: { clusterIP: "10.96.0.9", selector: { app: "web" }, ports: [{ port: 80, protocol: "TCP" }], ...spec },
});
let made = 0;
function pod(
  name: string,
  status: PodStatus & { ready?: boolean } = {},
  more: Partial<Pod["metadata"]> = {},
  spec = {},
): Pod {
  const { ready = true, ...rest } = status;
  const conditions = [{ type: "Ready", status: ready ? ("True" as const) : ("False" as const) }];
  const podIP = `10.128.0.${++made + 10}`;
  return {
    ...podNamed(name, { nodeName: "a", ...spec }, { uid: name, labels: { app: "web" }, ...more }),
    status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions, ...rest },
  };
}
const node = nodeNamed("a", { labels: { "topology.kubernetes.io/zone": "z1" } });
const nodeOf = (name: string) => (name === "a" ? node : undefined);
const endpoint = (ip: string, ready = true): Endpoint => ({ addresses: [ip], conditions: { ready } });
const ips = ({ endpoints }: EndpointSlice) => (endpoints ?? []).map(({ addresses }) => addresses[0]);
const shape = (changes: SliceChanges) => ({
  create: changes.create.map(ips),
  update: changes.update.map((slice) => [slice.metadata.name, ...ips(slice)]),
  delete: changes.delete.map(({ metadata }) => metadata.name),
});

const wanted = { owner: service(), labels: { l: "1" }, max: 3, placeholder: true };
const ports = [{ name: "", port: 80, protocol: "TCP" }];
const slice = (name: string, addresses: readonly string[], more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name,
    labels: { l: "1" },
    ownerReferences: [{ apiVersion: "v1", kind: "Service", name: "web", uid: "service", controller: true }],
  },
  addressType: "IPv4",
  ports,
  endpoints: addresses.map((address) => endpoint(address)),
  ...more,
});
const fillings: Record<
  string,
  { existing: EndpointSlice[]; addresses: string[]; want: Partial<ReturnType<typeof shape>> }
> = {
  "makes as many as are needed": {
    existing: [],
    addresses: ["1", "2", "3", "4"],
    want: { create: [["1", "2", "3"], ["4"]] },
  },
  "leaves alone what is right": { existing: [slice("a", ["1", "2"])], addresses: ["1", "2"], want: {} },
  "fills up what changes anyway": {
    existing: [slice("a", ["1", "2"]), slice("b", ["3", "4"])],
    addresses: ["1", "3", "4", "5"],
    want: { update: [["a", "1", "5"]] },
  },
  "fills the fullest that has room": {
    existing: [slice("a", ["1"]), slice("b", ["2", "3"])],
    addresses: ["1", "2", "3", "4"],
    want: { update: [["b", "2", "3", "4"]] },
  },
  "uses again what would go": {
    existing: [slice("a", ["1"], { ports: [{ name: "old", port: 1, protocol: "TCP" }] })],
    addresses: ["1"],
    want: { update: [["a", "1"]] },
  },
  "keeps an empty one": { existing: [slice("a", ["1"])], addresses: [], want: { update: [["a"]] } },
  "leaves an empty one alone": { existing: [slice("a", [], { ports: [] })], addresses: [], want: {} },
  "takes away what is another owner's": {
    existing: [{ ...slice("old", ["1"]), metadata: { name: "old", ownerReferences: [] } }],
    addresses: ["1"],
    want: { create: [["1"]], delete: ["old"] },
  },
  "writes again what has other labels": {
    existing: [{ ...slice("a", ["1"]), metadata: { ...slice("a", []).metadata, labels: { l: "0" } } }],
    addresses: ["1"],
    want: { update: [["a", "1"]] },
  },
};
for (const [name, { existing, addresses, want }] of Object.entries(fillings)) {
  test(`a change of slices ${name}`, () => {
    const groups = addresses.length === 0 ? [] : [{ ports, endpoints: addresses.map((address) => endpoint(address)) }];
    const changes = decideSlices(wanted, "IPv4", groups, existing);
    assert.deepEqual(shape(changes), { create: [], update: [], delete: [], ...want });
  });
}

test("endpoints say whether their pods are ready, serve, and end", () => {
  const members = [
    pod("ready"),
    pod("unready", { ready: false }),
    pod("ending", {}, { deletionTimestamp: "2026-01-02T03:04:05Z" }),
    pod("done", { phase: "Succeeded" }),
    { ...pod("new"), status: { phase: "Pending" } },
    pod("lost", {}, {}, { nodeName: "gone" }),
  ];
  const states = (of: Service) =>
    slicesFor(of, members, [], nodeOf).create.flatMap(({ endpoints }) =>
      (endpoints ?? []).map(({ targetRef, conditions, zone }) => [
        targetRef?.name,
        ...Object.values(conditions ?? {}),
        zone,
      ]),
    );
  assert.deepEqual(states(service()), [
    ["ready", true, true, false, "z1"],
    ["unready", false, false, false, "z1"],
    ["ending", false, true, true, "z1"],
  ]);
  assert.deepEqual(
    states(service({ publishNotReadyAddresses: true })).map(([name, ready]) => [name, ready]),
    [
      ["ready", true],
      ["unready", true],
      ["ending", true],
      ["lost", true],
    ],
  );
});

test("pods whose ports have other numbers are in other slices, and those without the port in none that has it", () => {
  const container = (port: number) =>
    containerNamed("main", { ports: [{ name: "http", containerPort: port, protocol: "TCP" }] });
  const named = service({ ports: [{ name: "web", port: 80, targetPort: "http", protocol: "TCP" }] });
  const members = [
    pod("a", {}, {}, { containers: [container(8080)] }),
    pod("b", {}, {}, { containers: [container(9090)] }),
    pod("c"),
  ];
  const { create } = slicesFor(named, members, [], nodeOf);
  assert.deepEqual(
    create.map((made) => [made.ports?.[0]?.port, made.endpoints?.length]),
    [
      [8080, 1],
      [9090, 1],
      [undefined, 1],
    ],
  );
  assert.deepEqual(
    subsetsFor(named, members).map((subset) => [subset.ports?.[0]?.port, subset.addresses?.length]),
    [
      [8080, 1],
      [9090, 1],
    ],
  );
});

test("slices carry the labels of their service, and the names of pods behind the headless service that governs them", () => {
  const headless = service(
    { clusterIP: "None", ports: [] },
    { team: "blue", "endpointslice.kubernetes.io/managed-by": "me" },
  );
  const [made] = slicesFor(headless, [pod("a", {}, {}, { hostname: "a", subdomain: "web" })], [], nodeOf).create;
  assert.deepEqual(made?.metadata.labels, {
    team: "blue",
    "service.kubernetes.io/headless": "",
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  assert.equal(made?.metadata.generateName, "web-");
  assert.deepEqual([made?.endpoints?.[0]?.hostname, made?.ports], ["a", []]);
});

test("a service of two families has slices of both", () => {
  const podIPs = [{ ip: "10.128.0.3" }, { ip: "fd00::3" }];
  const { create } = slicesFor(service({ ipFamilies: ["IPv4", "IPv6"] }), [pod("a", { podIPs })], [], nodeOf);
  assert.deepEqual(
    create.map((made) => [made.addressType, ...ips(made)]),
    [
      ["IPv4", "10.128.0.3"],
      ["IPv6", "fd00::3"],
    ],
  );
});

test("Endpoints have ready addresses apart from the others, and leave out what ends", () => {
  const members = [pod("b"), pod("a", { ready: false }), pod("c", {}, { deletionTimestamp: "2026-01-02T03:04:05Z" })];
  const wantedOnes = endpointsFor(service({}, { team: "blue" }), members, undefined, "2026-01-02T03:04:05Z");
  const [subset] = wantedOnes?.subsets ?? [];
  assert.deepEqual(
    subset?.addresses?.map(({ targetRef }) => targetRef?.name),
    ["b"],
  );
  assert.deepEqual(
    subset?.notReadyAddresses?.map(({ targetRef }) => targetRef?.name),
    ["a"],
  );
  assert.deepEqual(wantedOnes?.metadata.labels, {
    team: "blue",
    "endpoints.kubernetes.io/managed-by": "endpoint-controller",
  });
  assert.deepEqual(wantedOnes?.metadata.annotations, {
    "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-02T03:04:05Z",
  });
  assert.equal(endpointsFor(service({}, { team: "blue" }), members, wantedOnes, undefined), undefined);
  assert.deepEqual(endpointsFor(service(), [], undefined, undefined)?.subsets, undefined);
});

test("too many addresses are cut, those that are not ready first", () => {
  const list = (count: number) => Array.from({ length: count }, (_none, index) => ({ ip: `10.0.0.${index}` }));
  const counts = (subsets: EndpointSubset[]) =>
    subsets.map(({ addresses = [], notReadyAddresses = [] }) => [addresses.length, notReadyAddresses.length]);
  const subsets = [
    { addresses: list(4), notReadyAddresses: list(2) },
    { addresses: list(2), notReadyAddresses: list(4) },
  ];
  assert.deepEqual(counts(truncateSubsets(subsets, 9).subsets), [
    [4, 1],
    [2, 2],
  ]);
  assert.deepEqual(counts(truncateSubsets(subsets, 3).subsets), [
    [2, 0],
    [1, 0],
  ]);
  assert.equal(truncateSubsets(subsets, 12).cut, false);
});

test("Endpoints of a service without a selector are mirrored, others not", () => {
  const { selector: _none, ...spec } = service().spec;
  const bare: Service = { ...service(), spec };
  const own = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "web",
      namespace: "default",
      uid: "endpoints",
      labels: { team: "blue" },
      annotations: { note: "x", "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-02T03:04:05Z" },
    },
    subsets: [
      {
        addresses: [{ ip: "10.1.2.3" }, { ip: "fd00::1" }],
        notReadyAddresses: [{ ip: "10.1.2.4" }],
        ports: [{ port: 80 }],
      },
    ],
  };
  assert.equal(isMirrored(own, bare), true);
  assert.equal(isMirrored(own, service()), false);
  assert.equal(isMirrored(own, undefined), false);
  const skipped = { ...own.metadata, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } };
  assert.equal(isMirrored({ ...own, metadata: skipped }, bare), false);
  const { create } = mirror(own, []).changes;
  assert.deepEqual(
    create.map((made) => [made.addressType, ...ips(made)]),
    [
      ["IPv4", "10.1.2.3", "10.1.2.4"],
      ["IPv6", "fd00::1"],
    ],
  );
  assert.deepEqual(
    create[0]?.endpoints?.map(({ conditions }) => conditions),
    [{ ready: true }, { ready: false }],
  );
  assert.deepEqual(create[0]?.metadata.annotations, { note: "x" });
  assert.equal(
    create[0]?.metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
    "endpointslicemirroring-controller.k8s.io",
  );
});
