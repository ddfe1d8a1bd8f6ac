import { deepEqual } from "../../apimachinery/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { keyOf, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import { decideSlices, type EndpointGroup, type SliceChanges } from "./decide-slices.ts";
import {
  type AddressType,
  annotations,
  type Endpoint,
  type EndpointAddress,
  type EndpointSlice,
  type Endpoints,
  endpointSlices,
  endpoints,
  labels,
  type Service,
  services,
} from "./kinds.ts";
import { offersOf, repackSubsets } from "./repack-subsets.ts";
import { writeSlices } from "./write-slices.ts";

export const mirrorManager = "endpointslicemirroring-controller.k8s.io";
/** kube-controller-manager's `--mirroring-max-endpoints-per-subset`. */
const addressesMax = 1000;

/** Whether Endpoints are somebody's own, to be shown as slices: not those of a selector, and not those that say no. */
export function isMirrored(object: Endpoints | undefined, service: Service | undefined): object is Endpoints {
  return (
    object !== undefined &&
    service !== undefined &&
    service.spec.selector === undefined &&
    object.metadata.labels?.[labels.skipMirror] !== "true" &&
    object.metadata.annotations?.[annotations.leader] === undefined
  );
}

/** Makes slices say what Endpoints do. @returns also how many addresses are too many */
export function mirror(
  object: Endpoints,
  existing: readonly EndpointSlice[],
): { changes: SliceChanges; skipped: number } {
  const {
    [annotations.triggerTime]: _time,
    [annotations.lastApplied]: _applied,
    ...noted
  } = object.metadata.annotations ?? {};
  const wanted = {
    owner: object,
    labels: {
      ...object.metadata.labels,
      [labels.serviceName]: object.metadata.name ?? "",
      [labels.managedBy]: mirrorManager,
    },
    annotations: noted,
    max: addressesMax,
    placeholder: false,
  };
  let skipped = 0;
  const groups = new Map<AddressType, Map<string, EndpointGroup & { endpoints: Endpoint[] }>>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of repackSubsets(offersOf(object.subsets ?? []))) {
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    skipped += Math.max(0, all.length - addressesMax);
    const slicePorts = ports.map((port) => ({ name: "", ...port }));
    const key = JSON.stringify(slicePorts);
    for (const { address, ready } of all.slice(0, addressesMax)) {
      const type = address.ip.includes(":") ? "IPv6" : "IPv4";
      const ofType = groups.get(type) ?? new Map<string, EndpointGroup & { endpoints: Endpoint[] }>();
      groups.set(type, ofType);
      const group = ofType.get(key) ?? { ports: slicePorts, endpoints: [] };
      ofType.set(key, group);
      group.endpoints.push(endpointFrom(address, ready));
    }
  }
  const changes = (["IPv4", "IPv6"] as const).map((type) => {
    const same = existing.filter(({ addressType }) => addressType === type);
    return decideSlices(wanted, type, [...(groups.get(type)?.values() ?? [])], same);
  });
  return {
    changes: {
      create: changes.flatMap(({ create }) => create),
      update: changes.flatMap(({ update }) => update),
      delete: changes.flatMap((change) => change.delete),
    },
    skipped,
  };
}

function endpointFrom({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined || hostname === "" ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

/** Shows Endpoints that users make for services without a selector as EndpointSlices, as kube-controller-manager does. */
export function startMirroredSlices({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const informer = informers.of<Endpoints>(endpoints);
  const serviceInformer = informers.of<Service>(services);
  const sliceInformer = informers.of<EndpointSlice>(endpointSlices);
  const record = createEventRecorder(client, "endpoint-slice-mirroring-controller", log, now);

  const controller = startController({
    name: "mirrored-endpoint-slices",
    log,
    reconcile: async (key): Promise<Result> => {
      await Promise.all([informer.synced(), serviceInformer.synced(), sliceInformer.synced()]);
      const { namespace, name } = splitKey(key);
      const object = informer.get(namespace, name);
      const existing = sliceInformer.inNamespace(namespace).filter((slice) => isMirrorOf(slice, name));
      const isWanted = isMirrored(object, serviceInformer.get(namespace, name));
      const { changes, skipped } = isWanted
        ? mirror(object, existing)
        : { changes: { create: [], update: [], delete: existing }, skipped: 0 };
      if (isWanted && skipped > 0) {
        const message = `A max of ${addressesMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
        record(object, "Warning", "TooManyAddressesToMirror", message);
      }
      const creates = object?.metadata.deletionTimestamp === undefined;
      await writeSlices(client, sliceInformer, changes, { fieldManager: "kube-controller-manager", creates });
      return { state: "done" };
    },
  });
  const enqueueMirror = ({ metadata }: EndpointSlice) => {
    const name = metadata.labels?.[labels.serviceName];
    if (name !== undefined && metadata.labels?.[labels.managedBy] === mirrorManager)
      controller.enqueue(`${metadata.namespace}/${name}`);
  };
  const listening = [
    informer.listen({
      onChange(object) {
        // Most are of a service with a selector, which has slices of its own.
        const service = serviceInformer.get(object.metadata.namespace, object.metadata.name ?? "");
        if (service?.spec.selector === undefined) controller.enqueue(keyOf(object));
      },
      onDelete: (object) => controller.enqueue(keyOf(object)),
    }),
    serviceInformer.listen({
      onChange(service, previous) {
        const changed = previous === undefined || !deepEqual(service.spec.selector, previous.spec.selector);
        if (changed && informer.get(service.metadata.namespace, service.metadata.name ?? "") !== undefined)
          controller.enqueue(keyOf(service));
      },
      onDelete: (service) => controller.enqueue(keyOf(service)),
    }),
    sliceInformer.listen({ onChange: enqueueMirror, onDelete: enqueueMirror }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

function isMirrorOf({ metadata }: EndpointSlice, name: string): boolean {
  return metadata.labels?.[labels.serviceName] === name && metadata.labels[labels.managedBy] === mirrorManager;
}
