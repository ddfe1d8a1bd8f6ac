import { deepEqual, type KubeObject, validateSubdomain } from "../../apimachinery/index.ts";
import type { AddressType, Endpoint, EndpointPort, EndpointSlice } from "./kinds.ts";

/** What would make the slices of a service be what they should. */
export type SliceChanges = {
  create: readonly EndpointSlice[];
  update: readonly EndpointSlice[];
  delete: readonly EndpointSlice[];
};

/** Endpoints with the same ports, which share slices. */
export type EndpointGroup = { ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] };

/** What slices are made for. */
export type SliceOwner = {
  owner: KubeObject;
  labels: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** How many endpoints go into one slice. */
  max: number;
  /** Keep an empty slice when there are no endpoints. */
  placeholder: boolean;
};

/**
 * Puts endpoints into slices of one address type: each stays in the slice it is in, new ones fill up slices that change
 * anyway, then the fullest slice that has room for the rest, then new slices. So few slices change as can be.
 *
 * @param existing the slices of that type that are there
 */
export function decideSlices(
  wanted: SliceOwner,
  addressType: AddressType,
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
): SliceChanges {
  const owned = existing.filter((slice) => isOwned(slice, wanted.owner));
  const foreign = existing.filter((slice) => !isOwned(slice, wanted.owner));
  const byPorts = Map.groupBy(owned, ({ ports }) => portsKey(ports ?? []));
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const surplus: EndpointSlice[] = [];
  for (const group of groups) {
    const key = portsKey(group.ports);
    const changes = fillSlices(wanted, addressType, group, byPorts.get(key) ?? []);
    byPorts.delete(key);
    create.push(...changes.create);
    update.push(...changes.update);
    surplus.push(...changes.delete);
  }
  surplus.push(...[...byPorts.values()].flat());
  const isEmpty = owned.length === surplus.length && create.length === 0;
  if (isEmpty && wanted.placeholder) {
    const placeholder = newSlice(wanted, addressType, []);
    const kept = surplus.find((slice) => isPlaceholder(slice, placeholder));
    if (kept === undefined) create.push(placeholder);
    else surplus.splice(surplus.indexOf(kept), 1);
  }
  // What would go can as well become what would be made.
  while (create.length > 0 && surplus.length > 0) {
    const made = create.pop();
    const old = surplus.shift();
    if (made !== undefined && old !== undefined) update.push(renamed(made, old));
  }
  return { create, update, delete: [...surplus, ...foreign] };
}

function isOwned({ metadata }: EndpointSlice, owner: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ uid, kind }) => uid === owner.metadata.uid && kind === owner.kind) === true;
}

function isPlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  const isBare = (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0;
  return isBare && deepEqual(slice.metadata.labels, placeholder.metadata.labels);
}

function renamed(made: EndpointSlice, { metadata }: EndpointSlice): EndpointSlice {
  const { generateName: _unused, ...fresh } = made.metadata;
  const { name, resourceVersion, uid } = metadata;
  return {
    ...made,
    metadata: {
      ...fresh,
      ...(name === undefined ? {} : { name }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

/** Ports in any order, as one text. */
function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name = "", port, protocol = "TCP", appProtocol = "" }) => [name, port, protocol, appProtocol].join(" "))
    .sort()
    .join(",");
}

/** What makes an endpoint the same one, whatever state it is in. */
export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  return [[...addresses].sort().join(","), hostname, targetRef?.namespace ?? "", targetRef?.name ?? ""].join(" ");
}

type Draft = { slice: EndpointSlice; endpoints: Endpoint[]; changed: boolean };

function fillSlices(
  wanted: SliceOwner,
  addressType: AddressType,
  { ports, endpoints }: EndpointGroup,
  existing: readonly EndpointSlice[],
): SliceChanges {
  const open = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const drafts = existing.map((slice) => keepEndpoints(slice, open, wanted));
  const gone = drafts.filter(({ endpoints: kept, slice }) => kept.length === 0 && (slice.endpoints ?? []).length > 0);
  const live = drafts.filter((draft) => !gone.includes(draft));
  const waiting = [...open.values()];
  const fill = (draft: Draft) => {
    const added = waiting.splice(0, wanted.max - draft.endpoints.length);
    if (added.length === 0) return;
    draft.endpoints.push(...added);
    draft.changed = true;
  };
  const fullestFirst = (a: Draft, b: Draft) => b.endpoints.length - a.endpoints.length;
  for (const draft of live.filter(({ changed }) => changed).sort(fullestFirst)) fill(draft);
  if (waiting.length > 0 && waiting.length < wanted.max) {
    const roomy = live.filter((draft) => !draft.changed && draft.endpoints.length + waiting.length <= wanted.max);
    const fullest = roomy.sort(fullestFirst)[0];
    if (fullest !== undefined) fill(fullest);
  }
  const create: EndpointSlice[] = [];
  while (waiting.length > 0)
    create.push({ ...newSlice(wanted, addressType, ports), endpoints: waiting.splice(0, wanted.max) });
  const update = live
    .filter(({ changed }) => changed)
    .map(({ slice, endpoints: all }) => ({ ...withLabels(slice, wanted), endpoints: all }));
  return { create, update, delete: gone.map(({ slice }) => slice) };
}

/** What of a slice is still wanted; it is taken out of `open`. */
function keepEndpoints(slice: EndpointSlice, open: Map<string, Endpoint>, wanted: SliceOwner): Draft {
  const before = slice.endpoints ?? [];
  let changed = !hasLabels(slice, wanted);
  const kept: Endpoint[] = [];
  for (const endpoint of before) {
    const key = endpointKey(endpoint);
    const current = open.get(key);
    if (current === undefined) continue;
    open.delete(key);
    kept.push(current);
    if (!deepEqual(current, endpoint)) changed = true;
  }
  return { slice, endpoints: kept, changed: changed || kept.length !== before.length };
}

function hasLabels({ metadata }: EndpointSlice, { labels, annotations }: SliceOwner): boolean {
  if (!deepEqual(metadata.labels, { ...labels })) return false;
  return annotations === undefined || deepEqual(metadata.annotations ?? {}, { ...annotations });
}

function withLabels(slice: EndpointSlice, { labels, annotations }: SliceOwner): EndpointSlice {
  const { managedFields: _tracked, ...metadata } = slice.metadata;
  const noted = annotations === undefined ? {} : { annotations: { ...annotations } };
  return { ...slice, metadata: { ...metadata, labels: { ...labels }, ...noted } };
}

function newSlice(wanted: SliceOwner, addressType: AddressType, ports: readonly EndpointPort[]): EndpointSlice {
  const { owner, labels, annotations } = wanted;
  const { name = "", namespace, uid = "" } = owner.metadata;
  const prefix = `${name}-`;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      // A name that ends where more is to come is judged with something behind it.
      generateName: validateSubdomain(`${prefix}a`).length === 0 ? prefix : name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels },
      ...(annotations === undefined || Object.keys(annotations).length === 0
        ? {}
        : { annotations: { ...annotations } }),
      ownerReferences: [
        { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    addressType,
    ports,
    endpoints: [],
  };
}
