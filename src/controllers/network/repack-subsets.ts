import type { EndpointAddress, EndpointPort, EndpointSubset } from "./kinds.ts";

/** One address behind one or no port. */
export type Offer = { address: EndpointAddress; ready: boolean; port?: EndpointPort };

/** What can be known of the subsets that offers come from. */
export function offersOf(subsets: readonly EndpointSubset[]): Offer[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    return ports.length === 0 ? all : all.flatMap((offer) => ports.map((port) => ({ ...offer, port })));
  });
}

/**
 * Puts together the ports that the same addresses offer, so that no port of an address is said twice. An address that is
 * somewhere not ready at a port is not ready there.
 */
export function repackSubsets(offers: readonly Offer[]): EndpointSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; addresses: Map<string, Offer> }>();
  for (const offer of offers) {
    const { port, address } = offer;
    const portKey = port === undefined ? "" : [port.name, port.port, port.protocol, port.appProtocol].join(" ");
    const entry = byPort.get(portKey) ?? { port, addresses: new Map<string, Offer>() };
    byPort.set(portKey, entry);
    const addressKey = `${address.ip} ${address.targetRef?.uid ?? ""}`;
    if (entry.addresses.get(addressKey)?.ready !== false) entry.addresses.set(addressKey, offer);
  }
  const byAddresses = new Map<string, { ports: EndpointPort[]; addresses: Map<string, Offer> }>();
  for (const { port, addresses } of byPort.values()) {
    const key = [...addresses].map(([address, { ready }]) => `${address} ${ready}`).sort();
    const entry = byAddresses.get(key.join()) ?? { ports: [], addresses };
    byAddresses.set(key.join(), entry);
    if (port !== undefined) entry.ports.push(port);
  }
  return [...byAddresses.values()].map(({ ports, addresses }) => {
    const sorted = [...addresses.values()].sort((a, b) => (a.address.ip < b.address.ip ? -1 : 1));
    const ready = sorted.filter((offer) => offer.ready).map(({ address }) => address);
    const rest = sorted.filter((offer) => !offer.ready).map(({ address }) => address);
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(rest.length > 0 ? { notReadyAddresses: rest } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    };
  });
}
