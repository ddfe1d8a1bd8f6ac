import { deepEqual, isStatusError } from "../../apimachinery/index.ts";
import { createEventRecorder, type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import { isReady, keyOf, type Pod, pods, splitKey } from "../compute/pod.ts";
import type { ControllerContext } from "../context.ts";
import {
  annotations,
  type EndpointAddress,
  type EndpointSubset,
  type Endpoints,
  endpoints,
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
import { type Offer, repackSubsets } from "./repack-subsets.ts";
import { hasEndpoints, listenToPods, podsBehind } from "./selecting-services.ts";
import { createTriggerTimes } from "./trigger-times.ts";

export const endpointsManager = "endpoint-controller";
/** As many addresses go into one object; more are cut off, ready ones last. */
const addressesMax = 1000;
const fieldManager = "kube-controller-manager";

/** The subsets of a service: its pods by the ports that they have in common, the ready ones apart from the others. */
export function subsetsFor(service: Service, members: readonly Pod[]): EndpointSubset[] {
  const publishes = service.spec.publishNotReadyAddresses === true;
  const [type = "IPv4"] = addressTypes(service);
  const hasPorts = (service.spec.ports ?? []).length > 0;
  const offers: Offer[] = [];
  for (const pod of members) {
    const [ip] = addressesOfType(pod, type);
    if (ip === undefined || !isBehindServices(pod, publishes)) continue;
    const offer = { address: addressOf(pod, ip, service), ready: publishes || isReady(pod) };
    if (hasPorts) offers.push(...targetPorts(pod, service).map((port) => ({ ...offer, port })));
    else if (isHeadless(service)) offers.push(offer);
  }
  return repackSubsets(offers);
}

function addressOf(pod: Pod, ip: string, service: Service): EndpointAddress {
  const hostname = hostnameBehind(pod, service);
  const { nodeName } = pod.spec;
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: referenceTo(pod),
  };
}

/** Cuts subsets down to what one object may hold, each in proportion, addresses that are not ready first. */
export function truncateSubsets(
  subsets: readonly EndpointSubset[],
  max = addressesMax,
): { subsets: EndpointSubset[]; cut: boolean } {
  const count = (field: "addresses" | "notReadyAddresses") =>
    subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0);
  const ready = count("addresses");
  const rest = count("notReadyAddresses");
  if (ready + rest <= max) return { subsets: [...subsets], cut: false };
  const cutsReady = ready > max;
  const room = cutsReady ? max : max - ready;
  let left = room;
  const share = (list: readonly EndpointAddress[] = []) => {
    const taken = Math.min(left, Math.ceil((list.length / (cutsReady ? ready : rest)) * room));
    left -= Math.min(taken, list.length);
    return list.slice(0, taken);
  };
  const cut = subsets.map(({ addresses, notReadyAddresses, ports }) => {
    const keptReady = cutsReady ? share(addresses) : (addresses ?? []);
    const keptRest = cutsReady ? [] : share(notReadyAddresses);
    return {
      ...(keptReady.length > 0 ? { addresses: keptReady } : {}),
      ...(keptRest.length > 0 ? { notReadyAddresses: keptRest } : {}),
      ...(ports === undefined ? {} : { ports }),
    };
  });
  return { subsets: cut, cut: true };
}

/** The Endpoints a service should have. @returns `undefined` when those it has are right */
export function endpointsFor(
  service: Service,
  members: readonly Pod[],
  live: Endpoints | undefined,
  triggerTime: string | undefined,
): Endpoints | undefined {
  const { subsets, cut } = truncateSubsets(subsetsFor(service, members));
  const wantedLabels = {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { [labels.headless]: "" } : {}),
    [labels.endpointsManagedBy]: endpointsManager,
  };
  const isMarked = live?.metadata.annotations?.[annotations.overCapacity] !== undefined;
  const same =
    live !== undefined &&
    deepEqual(live.subsets ?? [], subsets) &&
    deepEqual(live.metadata.labels, wantedLabels) &&
    isMarked === cut;
  if (same) return undefined;
  const {
    [annotations.triggerTime]: _time,
    [annotations.overCapacity]: _cut,
    ...others
  } = live?.metadata.annotations ?? {};
  const { managedFields: _tracked, ...metadata } = live?.metadata ?? {
    name: service.metadata.name ?? "",
    ...(service.metadata.namespace === undefined ? {} : { namespace: service.metadata.namespace }),
  };
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      ...metadata,
      labels: wantedLabels,
      annotations: {
        ...others,
        ...(triggerTime === undefined ? {} : { [annotations.triggerTime]: triggerTime }),
        ...(cut ? { [annotations.overCapacity]: "truncated" } : {}),
      },
    },
    ...(subsets.length > 0 ? { subsets } : {}),
  };
}

/** Keeps the Endpoints of services with a selector, as kube-controller-manager does. */
export function startEndpoints({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const podInformer = informers.of<Pod>(pods);
  const serviceInformer = informers.of<Service>(services);
  const informer = informers.of<Endpoints>(endpoints);
  const record = createEventRecorder(client, endpointsManager, log, now);
  const times = createTriggerTimes();

  const controller = startController({
    name: "endpoints",
    log,
    reconcile: async (key): Promise<Result> => {
      await Promise.all([podInformer.synced(), serviceInformer.synced(), informer.synced()]);
      const { namespace, name } = splitKey(key);
      const service = serviceInformer.get(namespace, name);
      const live = informer.get(namespace, name);
      if (service === undefined) {
        times.forget(key);
        const isElection = live?.metadata.annotations?.[annotations.leader] !== undefined;
        if (live !== undefined && !isElection) await client.delete(endpoints, { namespace, name });
        return { state: "done" };
      }
      if (!hasEndpoints(service)) return { state: "done" };
      const members = podsBehind(service, podInformer);
      const wanted = endpointsFor(service, members, live, times.next(key, service, members));
      if (wanted === undefined) return { state: "done" };
      const verb = live === undefined ? "create" : "update";
      try {
        const written = await client[verb](endpoints, wanted, { fieldManager });
        await informer.reached(written.metadata.resourceVersion);
      } catch (error) {
        // A namespace that is going away takes in nothing new, and needs nothing.
        if (live === undefined && (isStatusError(error, "Forbidden") || isStatusError(error, "NotFound")))
          return { state: "done" };
        const said = live === undefined ? "create endpoint for service" : "update endpoint";
        const reason = live === undefined ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint";
        record(wanted, "Warning", reason, `Failed to ${said} ${key}: ${errorText(error)}`);
        throw error;
      }
      return { state: "done" };
    },
  });
  const listening = [
    serviceInformer.listen({
      onChange: (service) => controller.enqueue(keyOf(service)),
      onDelete: (service) => controller.enqueue(keyOf(service)),
    }),
    listenToPods(podInformer, serviceInformer, (key) => controller.enqueue(key)),
    informer.listen({
      onChange(object, previous) {
        // What was left behind by a service that went while nothing was watching.
        const isOwn = object.metadata.labels?.[labels.endpointsManagedBy] === endpointsManager;
        if (previous === undefined && isOwn) controller.enqueue(keyOf(object));
      },
      onDelete: (object) => {
        if (serviceInformer.get(object.metadata.namespace, object.metadata.name ?? "") !== undefined)
          controller.enqueue(keyOf(object));
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
