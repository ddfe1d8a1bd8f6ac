import type { KubeObject } from "../../apimachinery/index.ts";
import { takenBy } from "../../apis/index.ts";
import { errorText } from "../../lib/index.ts";
import { CompareError, type StoreEvent } from "../../storage/index.ts";
import { addressObject, isManagedAddress } from "../defaults/service-addresses.ts";
import type { Server } from "../server.ts";
import { trackCreate } from "./made-object.ts";

const addressesName = "ipaddresses.networking.k8s.io";

/**
 * Keeps one IPAddress for every cluster address that a service has, as the allocator of kube-apiserver does. The objects show
 * who has an address; what is free is decided by the services themselves.
 *
 * @param isNew a new cluster has nothing to repair
 */
export function startServiceAddresses(server: Server, isNew: boolean): AsyncDisposable {
  const prefix = server.keys.prefix("services", "");
  const running = new Set<Promise<void>>();
  let closed = false;
  const run = (work: Promise<unknown>) => {
    const promise = work
      .then(
        () => {},
        (error: unknown) => {
          if (!closed && !(error instanceof CompareError))
            server.log.warn("Cannot keep the addresses of services", { why: errorText(error) });
        },
      )
      .finally(() => running.delete(promise));
    running.add(promise);
  };
  if (!isNew) for (const change of repairs(server)) run(change());
  const watch = server.store.watch(prefix, server.store.revision, (events) => {
    for (const event of events) for (const change of changes(server, event)) run(change());
  });
  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      watch[Symbol.dispose]();
      await Promise.all(running);
    },
  };
}

type Write = () => Promise<unknown>;

/** What was missed while the server was down, or written before it kept such objects. */
function repairs(server: Server): Write[] {
  const services = server.store.range(server.keys.prefix("services", "")).entries.map(({ value }) => value);
  const owners = new Map(services.flatMap((value) => ownedBy(server, value)));
  const stale = server.store.range(server.keys.prefix(addressesName, "")).entries.flatMap(({ value }) => {
    const address = server.parsed(value);
    const { name = "" } = address.metadata;
    return isManagedAddress(address) && !owners.has(name) ? [() => remove(server, name)] : [];
  });
  const missing = [...owners].filter(([address]) => !exists(server, address));
  return [
    ...stale,
    ...missing.map(
      ([address, service]) =>
        () =>
          make(server, address, service),
    ),
  ];
}

function changes(server: Server, event: StoreEvent): Write[] {
  const before = event.previous === undefined ? [] : ownedBy(server, event.previous.value);
  const after = event.type === "delete" ? [] : ownedBy(server, event.entry.value);
  const kept = new Set(after.map(([address]) => address));
  const had = new Set(before.map(([address]) => address));
  return [
    ...before
      .filter(([address]) => !kept.has(address))
      .map(
        ([address]) =>
          () =>
            remove(server, address),
      ),
    ...after
      .filter(([address]) => !had.has(address) && !exists(server, address))
      .map(
        ([address, service]) =>
          () =>
            make(server, address, service),
      ),
  ];
}

function ownedBy(server: Server, value: Uint8Array): [address: string, service: Readonly<KubeObject>][] {
  const service = server.parsed(value);
  return takenBy(service).ips.map((address) => [address, service]);
}

function exists(server: Server, address: string): boolean {
  return server.store.latest(server.keys.key(addressesName, "", address)) !== undefined;
}

async function make(server: Server, address: string, { metadata }: Readonly<KubeObject>): Promise<void> {
  const resource = server.registry.catalog.find("networking.k8s.io", "v1", "ipaddresses");
  if (resource === undefined) return;
  const { namespace = "", name = "" } = metadata;
  const object = trackCreate(server, resource, addressObject(address, { namespace, name }));
  await server.writer.put(server.keys.key(addressesName, "", address), 0, object);
}

async function remove(server: Server, address: string): Promise<void> {
  const key = server.keys.key(addressesName, "", address);
  const entry = server.store.latest(key);
  if (entry !== undefined && isManagedAddress(server.parsed(entry.value)))
    await server.writer.delete(key, entry.modRevision);
}
