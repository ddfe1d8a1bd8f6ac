import { allocateService, takenBy } from "../../apis/index.ts";
import type { Server } from "../server.ts";
import type { Admission, Attempt } from "./admit.ts";

/** Gives services the addresses and node ports that they need and that no other service has. */
export const serviceAllocation: Admission = { complete: allocate };

function allocate(server: Server, { operation, resource, subresource, namespace, name, object }: Attempt): void {
  if (resource.storageName !== "services" || operation === "DELETE" || subresource !== "" || object === undefined)
    return;
  const { spec } = allocateService(object, takenByOthers(server, server.keys.key("services", namespace, name)));
  object["spec"] = spec;
}

function takenByOthers(server: Server, own: string): { ips: Set<string>; ports: Set<number> } {
  const taken = { ips: new Set<string>(), ports: new Set<number>() };
  const prefix = server.keys.prefix("services", "");
  for (const { key, value } of [...server.store.range(prefix).entries, ...server.writer.underWay(prefix)]) {
    if (key === own) continue;
    const { ips, ports } = takenBy(server.parsed(value));
    for (const ip of ips) taken.ips.add(ip);
    for (const port of ports) taken.ports.add(port);
  }
  return taken;
}
