import { isStatusError, type KubeObject, textAt } from "../../apimachinery/index.ts";
import { rangeHolds } from "../../apis/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import type { ControllerContext } from "../context.ts";

export const serviceCidrs: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  resource: "servicecidrs",
  kind: "ServiceCIDR",
  namespaced: false,
};
export const ipAddresses: Resource = { ...serviceCidrs, resource: "ipaddresses", kind: "IPAddress" };

type ServiceCidr = KubeObject & {
  spec: { cidrs: readonly string[] };
  status?: { conditions?: readonly { type: string; status: string; message?: string }[] };
};

const manager = "service-cidr-controller";
const finalizer = "networking.k8s.io/service-cidr-finalizer";
/** How long a deleted range is kept, so that no allocator that has not yet heard of it gives away one of its addresses. */
const deletionGraceMs = 10_000;
const inUse = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";

/** Makes ranges of cluster addresses ready, and lets one go when no address needs it, as kube-controller-manager does. */
export function startServiceCidrs({ client, informers, log, now }: ControllerContext): AsyncDisposable {
  const ranges = informers.of<ServiceCidr>(serviceCidrs);
  const addresses = informers.of(ipAddresses);
  const controller = startController({
    name: "service-cidrs",
    log,
    reconcile: async (name): Promise<Result> => {
      await addresses.synced();
      const range = ranges.get(undefined, name);
      return range === undefined ? { state: "done" } : await keep(range).catch(ignoreChanged);
    },
  });
  const keep = async (range: ServiceCidr): Promise<Result> => {
    const { name = "", finalizers = [], deletionTimestamp, resourceVersion } = range.metadata;
    const writeFinalizers = async (wanted: readonly string[]) => {
      const patch = { metadata: { resourceVersion, finalizers: wanted } };
      await client.patch(serviceCidrs, { name }, "merge", patch, { fieldManager: "kube-controller-manager" });
    };
    if (deletionTimestamp === undefined) {
      if (!finalizers.includes(finalizer)) await writeFinalizers([...finalizers, finalizer]);
      await tell(range, { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" });
      return { state: "done" };
    }
    if (isNeeded(range, ranges.all(), addresses.all())) {
      await tell(range, { status: "False", reason: "Terminating", message: inUse });
      return { state: "done" };
    }
    const leftMs = Date.parse(deletionTimestamp) + deletionGraceMs - now().getTime();
    if (leftMs > 0) return { state: "again", afterMs: leftMs };
    if (finalizers.includes(finalizer)) await writeFinalizers(finalizers.filter((other) => other !== finalizer));
    return { state: "done" };
  };
  const tell = async (range: ServiceCidr, ready: { status: string; reason: string; message: string }) => {
    const live = range.status?.conditions?.find(({ type }) => type === "Ready");
    if (live?.status === ready.status && live.message === ready.message) return;
    const { name = "" } = range.metadata;
    const lastTransitionTime = `${now().toISOString().slice(0, 19)}Z`;
    const applied = {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      metadata: { name },
      status: { conditions: [{ type: "Ready", lastTransitionTime, ...ready }] },
    };
    const options = { fieldManager: manager, force: true, subresource: "status" };
    await client.patch(serviceCidrs, { name }, "apply", applied, options);
  };
  const wake = (range: ServiceCidr) => controller.enqueue(range.metadata.name ?? "");
  const wakeDeleted = () => {
    for (const range of ranges.all()) if (range.metadata.deletionTimestamp !== undefined) wake(range);
  };
  const listening = [
    ranges.listen({
      onChange(range) {
        wake(range);
        wakeDeleted();
      },
      onDelete: wakeDeleted,
    }),
    addresses.listen({ onDelete: wakeDeleted }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const each of listening) each[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Whether an address of the allocator's would be in no range any more. */
function isNeeded(range: ServiceCidr, all: readonly ServiceCidr[], addresses: readonly KubeObject[]): boolean {
  const others = all.filter(({ metadata }) => metadata.name !== range.metadata.name).flatMap(({ spec }) => spec.cidrs);
  return addresses.some(({ metadata }) => {
    const { name = "", labels } = metadata;
    if (textAt({ labels }, "labels", "ipaddress.kubernetes.io/managed-by") !== "ipallocator.k8s.io") return false;
    const isIn = (cidr: string) => rangeHolds(cidr, name);
    return range.spec.cidrs.some(isIn) && !others.some(isIn);
  });
}

/** The change that came between brings the object back. */
function ignoreChanged(error: unknown): Result {
  if (!isStatusError(error, "Conflict", "NotFound")) throw error;
  return { state: "done" };
}
