import { fieldsAt, itemsAt, textAt, textsAt } from "../../apimachinery/index.ts";
import { allocateService, serviceRange, type Taken, takenBy } from "../../apis/index.ts";
import type { Server } from "../server.ts";
import type { Admission, Attempt } from "./admit.ts";

/** Gives services the addresses and node ports that they need and that no other service has. */
export const serviceAllocation: Admission = { complete: allocate };

function allocate(server: Server, { operation, resource, subresource, namespace, name, object }: Attempt): void {
  if (resource.storageName !== "services" || operation === "DELETE" || subresource !== "" || object === undefined)
    return;
  const { spec } = allocateService(object, takenByOthers(server, namespace, name));
  object["spec"] = spec;
}

function takenByOthers(server: Server, namespace: string, name: string): Taken {
  const own = server.keys.key("services", namespace, name);
  const taken = { ips: new Set<string>(), ports: new Set<number>(), ranges: readyRanges(server) };
  const mine = new Set<string>();
  const prefix = server.keys.prefix("services", "");
  for (const { key, value } of [...server.store.range(prefix).entries, ...server.writer.underWay(prefix)]) {
    const { ips, ports } = takenBy(server.parsed(value));
    for (const ip of ips) (key === own ? mine : taken.ips).add(ip);
    if (key !== own) for (const port of ports) taken.ports.add(port);
  }
  // Addresses may be given to others than services, and by hand.
  const addresses = server.keys.prefix("ipaddresses.networking.k8s.io", "");
  for (const { key, value } of server.store.range(addresses).entries) {
    const address = key.slice(addresses.length);
    if (taken.ips.has(address) || mine.has(address)) continue;
    const parent = fieldsAt(server.parsed(value), "spec", "parentRef");
    const isFor = textAt(parent, "resource") === "services" && textAt(parent, "group") === "";
    // What a service that is gone has left is as good as free.
    if (!isFor) taken.ips.add(address);
  }
  return taken;
}

/** Ranges that users have added. */
function readyRanges(server: Server): string[] {
  const { entries } = server.store.range(server.keys.prefix("servicecidrs.networking.k8s.io", ""));
  if (entries.length < 2) return [];
  return entries.flatMap(({ value }) => {
    const range = server.parsed(value);
    const isReady = itemsAt(range, "status", "conditions").some(
      ({ type, status }) => type === "Ready" && status === "True",
    );
    if (!isReady || range.metadata.deletionTimestamp !== undefined) return [];
    return textsAt(range, "spec", "cidrs").filter((cidr) => cidr !== serviceRange);
  });
}
