import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { type Node, nodes } from "../compute/node.ts";
import { isReady, keyOf, type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { decideSlices, type EndpointGroup, type SliceChanges } from "./decide-slices.ts";
import {
  type AddressType,
  annotations,
  type Endpoint,
  type EndpointSlice,
  endpointSlices,
  isHeadless,
  labels,
  type Service,
  services,
} from "./kinds.ts";
import {
  addressesOfType,
  addressTypes,
  hostnameBehind,
  isBehindServices,
  referenceTo,
  targetPorts,
} from "./pod-endpoints.ts";
import { hasEndpoints, listenToPods, podsBehind } from "./selecting-services.ts";
import { createTriggerTimes } from "./trigger-times.ts";
import { writeSlices } from "./write-slices.ts";

export const sliceManager = "endpointslice-controller.k8s.io";
/** kube-controller-manager's `--max-endpoints-per-slice`. */
const endpointsMax = 100;
const zoneLabel = "topology.kubernetes.io/zone";
const reserved: readonly string[] = [labels.serviceName, labels.managedBy, labels.headless];

/** The endpoint that a pod is behind a service; `undefined` when it has no address of the type. */
function endpointOf(pod: Pod, node: Node | undefined, service: Service, type: AddressType): Endpoint | undefined {
  const addresses = addressesOfType(pod, type);
  if (addresses.length === 0) return undefined;
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName } = pod.spec;
  const zone = node?.metadata.labels?.[zoneLabel];
  const hostname = hostnameBehind(pod, service);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: referenceTo(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/**
 * The slices that a service should have, as a change to those it has.
 *
 * @param members the pods that its selector names
 */
export function slicesFor(
  service: Service,
  members: readonly Pod[],
  existing: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): SliceChanges {
  const types = addressTypes(service);
  const wanted = { owner: service, labels: sliceLabels(service), max: endpointsMax, placeholder: true };
  const changes = types.map((type) => {
    const groups = new Map<string, EndpointGroup & { endpoints: Endpoint[] }>();
    for (const pod of members) {
      if (!isBehindServices(pod, true)) continue;
      const node = nodeOf(pod.spec.nodeName ?? "");
      if (node === undefined && service.spec.publishNotReadyAddresses !== true) continue;
      const ports = targetPorts(pod, service).map((port) => ({ name: "", ...port }));
      const key = JSON.stringify(ports);
      const group = groups.get(key) ?? { ports, endpoints: [] };
      groups.set(key, group);
      const endpoint = endpointOf(pod, node, service, type);
      if (endpoint !== undefined) group.endpoints.push(endpoint);
    }
    const same = existing.filter(({ addressType }) => addressType === type);
    return decideSlices(wanted, type, [...groups.values()], same);
  });
  const others = existing.filter(({ addressType }) => !types.some((type) => type === addressType));
  return {
    create: changes.flatMap(({ create }) => create),
    update: changes.flatMap(({ update }) => update),
    delete: [...changes.flatMap((change) => change.delete), ...others],
  };
}

function sliceLabels(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([key]) => !reserved.includes(key));
  return {
    ...Object.fromEntries(own),
    ...(isHeadless(service) ? { [labels.headless]: "" } : {}),
    [labels.serviceName]: service.metadata.name ?? "",
    [labels.managedBy]: sliceManager,
  };
}

/** Keeps the EndpointSlices of services with a selector, as kube-controller-manager does. */
export function startEndpointSlices({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const podInformer = informers.of<Pod>(pods);
  const serviceInformer = informers.of<Service>(services);
  const sliceInformer = informers.of<EndpointSlice>(endpointSlices);
  const nodeInformer = informers.of<Node>(nodes);
  const record = createEventRecorder(client, "endpoint-slice-controller", log, now);
  const times = createTriggerTimes();
  const isLost = (pod: Pod, service: Service) =>
    isBehindServices(pod, true) &&
    service.spec.publishNotReadyAddresses !== true &&
    nodeInformer.get(undefined, pod.spec.nodeName ?? "") === undefined;
  const all = [podInformer, serviceInformer, sliceInformer, nodeInformer];

  const controller = startController({
    name: "endpoint-slices",
    log,
    reconcile: async (key): Promise<Result> => {
      await Promise.all(all.map((informer) => informer.synced()));
      const { namespace, name } = splitKey(key);
      const service = serviceInformer.get(namespace, name);
      // The slices of a service that is gone are the garbage collector's.
      if (service === undefined) times.forget(key);
      if (service === undefined || !hasEndpoints(service)) return { state: "done" };
      const existing = sliceInformer.inNamespace(namespace).filter((slice) => isSliceOf(slice, name));
      const members = podsBehind(service, podInformer);
      for (const { metadata, spec } of members.filter((pod) => isLost(pod, service))) {
        const skipped = `skipping Pod ${metadata.name} for Service ${key}: Node ${spec.nodeName} Not Found`;
        const message = `Error updating Endpoint Slices for Service ${key}: ${skipped}`;
        record(service, "Warning", "FailedToUpdateEndpointSlices", message);
      }
      const changes = slicesFor(service, members, existing, (node) => nodeInformer.get(undefined, node));
      const at = times.next(key, service, members);
      const stamped = (slice: EndpointSlice) => withTriggerTime(slice, at);
      const stampedChanges = {
        create: changes.create.map(stamped),
        update: changes.update.map(stamped),
        delete: changes.delete,
      };
      const creates = service.metadata.deletionTimestamp === undefined;
      await writeSlices(client, sliceInformer, stampedChanges, { fieldManager: "kube-controller-manager", creates });
      return { state: "done" };
    },
  });
  const enqueueOwner = ({ metadata }: EndpointSlice) => {
    const name = metadata.labels?.[labels.serviceName];
    if (name !== undefined && metadata.labels?.[labels.managedBy] === sliceManager)
      controller.enqueue(`${metadata.namespace}/${name}`);
  };
  const listening = [
    serviceInformer.listen({
      onChange: (service) => controller.enqueue(keyOf(service)),
      onDelete: (service) => controller.enqueue(keyOf(service)),
    }),
    listenToPods(podInformer, serviceInformer, (key) => controller.enqueue(key)),
    sliceInformer.listen({
      onChange(slice, previous) {
        enqueueOwner(slice);
        if (previous !== undefined) enqueueOwner(previous);
      },
      onDelete: enqueueOwner,
    }),
    nodeInformer.listen({
      // Pods of a node that was not known are not behind services; of a known one only the zone counts.
      onChange(node, previous) {
        if (previous !== undefined && previous.metadata.labels?.[zoneLabel] === node.metadata.labels?.[zoneLabel])
          return;
        const names = new Set(
          podInformer
            .all()
            .flatMap(({ spec, metadata }) => (spec.nodeName === node.metadata.name ? [metadata.namespace] : [])),
        );
        for (const service of serviceInformer.all())
          if (names.has(service.metadata.namespace)) controller.enqueue(keyOf(service));
      },
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

function isSliceOf({ metadata }: EndpointSlice, service: string): boolean {
  return metadata.labels?.[labels.serviceName] === service && metadata.labels[labels.managedBy] === sliceManager;
}

function withTriggerTime(slice: EndpointSlice, at: string | undefined): EndpointSlice {
  const { [annotations.triggerTime]: _before, ...others } = slice.metadata.annotations ?? {};
  const noted = at === undefined ? others : { ...others, [annotations.triggerTime]: at };
  return { ...slice, metadata: { ...slice.metadata, annotations: noted } };
}
