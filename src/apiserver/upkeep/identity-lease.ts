import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { type KubeObject, textAt } from "../../apimachinery/index.ts";
import { errorText } from "../../lib/index.ts";
import type { Server } from "../server.ts";
import { createObject } from "../write/create.ts";
import { updateObject } from "../write/update.ts";
import { ownWriting } from "./reaction.ts";

/** As in Kubernetes. There it is renewed every ten seconds; here when half of it is over, so that an idle server stays idle. */
const leaseSeconds = 3600;
const renewAfterMs = (leaseSeconds / 2) * 1000;

/** Keeps the Lease in `kube-system` that says which API servers are alive. It is there when this resolves. */
export async function startIdentityLease(server: Server): Promise<AsyncDisposable> {
  const host = hostname();
  const name = `apiserver-${base32(createHash("sha256").update(host).digest().subarray(0, 16))}`;
  const labels = { "apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": host };
  const holderIdentity = `${name}_${server.newUid()}`;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const keep = async () => {
    const waitMs = await renew(server, { name, labels, holderIdentity }).catch((error: unknown) => {
      if (!closed) server.log.warn("Cannot renew the lease of the API server", { why: errorText(error) });
      return renewAfterMs;
    });
    if (!closed) timer = setTimeout(() => (running = keep()), waitMs).unref();
  };
  let running = keep();
  await running;
  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** @returns milliseconds until it has to be renewed */
async function renew(
  server: Server,
  { name, labels, holderIdentity }: { name: string; labels: Record<string, string>; holderIdentity: string },
): Promise<number> {
  const resource = server.registry.catalog.find("coordination.k8s.io", "v1", "leases");
  if (resource === undefined) return renewAfterMs;
  const namespace = "kube-system";
  const now = server.now();
  const spec = { holderIdentity, leaseDurationSeconds: leaseSeconds, renewTime: microseconds(now) };
  const entry = server.store.latest(server.keys.key(resource.storageName, namespace, name));
  if (entry === undefined) {
    const lease: KubeObject = {
      apiVersion: resource.apiVersion,
      kind: resource.kind,
      metadata: { name, labels },
      spec,
    };
    await createObject(server, resource, namespace, lease, ownWriting());
    return renewAfterMs;
  }
  // A server that starts again soon goes on with what is left.
  const leftMs = Date.parse(textAt(server.parsed(entry.value), "spec", "renewTime")) + renewAfterMs - now.getTime();
  if (leftMs > 0 && leftMs <= renewAfterMs) return leftMs;
  await updateObject(server, { resource, namespace, name, subresource: "" }, ownWriting(), (live) => ({
    object: { ...live, metadata: { ...live.metadata, labels: { ...live.metadata.labels, ...labels } }, spec },
  }));
  return renewAfterMs;
}

/** A time as `MicroTime` writes it. */
function microseconds(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}

/** RFC 4648 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => letters.charAt(Number.parseInt(group.padEnd(5, "0"), 2))).join("");
}
