import type { Store } from "../../storage/index.ts";
import type { Server } from "../server.ts";
import { startApiServices } from "./api-services.ts";
import { startFlowSchemaStatus } from "./flow-schemas.ts";
import { startIdentityLease } from "./identity-lease.ts";
import { startServiceAddresses } from "./service-addresses.ts";

/**
 * Starts what a kube-apiserver does besides answering. None of it has a timer, but for the lease, nor any work before somebody
 * writes.
 *
 * @param stored what is really stored, without the defaults
 */
export async function startUpkeep(
  server: Server,
  stored: Store,
  options: { identityLease: boolean /** Nobody has written yet. */; isNew: boolean },
): Promise<AsyncDisposable> {
  const all = [
    startApiServices(server, stored),
    startFlowSchemaStatus(server, stored),
    startServiceAddresses(server, options.isNew),
    ...(options.identityLease ? [await startIdentityLease(server)] : []),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const one of all) await one[Symbol.asyncDispose]();
    },
  };
}
