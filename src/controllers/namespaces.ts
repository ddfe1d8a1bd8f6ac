import type { KubeObject } from "../apimachinery/index.ts";
import { type Client, type DiscoveredResource, type Informer, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { Log } from "../lib/index.ts";
import type { ResourceWatch } from "./resource-watch.ts";

type Namespace = KubeObject & {
  spec?: { finalizers?: string[] };
  status?: { phase?: string; conditions?: Condition[] };
};
type Condition = {
  type: string;
  status: "True" | "False";
  reason: string;
  message: string;
  lastTransitionTime: string;
};

export const namespaces = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false };

/** Objects whose finalizers are someone else's work keep a namespace; nobody tells us when that is done. */
const recheckMs = 500;
/** Workloads go first so that what runs does not lose its configuration before it ends (Kubernetes 1.33, KEP-5080). */
const firstOut = "/pods";

/**
 * Empties namespaces that are being deleted, and lets them go when nothing is left.
 *
 * The conditions are those of kube-controller-manager's namespace controller.
 */
export function startNamespaceController(
  client: Client,
  resources: ResourceWatch,
  log: Log,
  now: () => Date,
): AsyncDisposable {
  let informer: Informer<Namespace>;
  const controller = startController({
    name: "namespaces",
    log,
    reconcile: async (name): Promise<Result> => {
      const namespace = informer.get(undefined, name);
      if (namespace?.metadata.deletionTimestamp === undefined) return { state: "done" };
      return await empty(client, resources, namespace, now);
    },
  });
  informer = startInformer<Namespace>(client, namespaces, {
    log,
    onChange: ({ metadata }) => {
      if (metadata.deletionTimestamp !== undefined && metadata.name !== undefined) controller.enqueue(metadata.name);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await informer[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

async function empty(client: Client, resources: ResourceWatch, namespace: Namespace, now: () => Date): Promise<Result> {
  const name = namespace.metadata.name ?? "";
  const deletable = resources
    .resources()
    .filter((resource) => resource.namespaced && resource.verbs.includes("delete"));
  const ordered = deletable.toSorted((a, b) => Number(orderOf(b)) - Number(orderOf(a)));
  const remaining: { resource: DiscoveredResource; objects: KubeObject[] }[] = [];
  for (const resource of ordered) {
    const objects = await removeAll(client, resource, name);
    if (objects.length > 0) remaining.push({ resource, objects });
    if (remaining.length > 0 && orderOf(resource)) break;
  }
  if (remaining.length > 0) {
    await report(client, namespace, remaining, now);
    return { state: "again", afterMs: recheckMs };
  }
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== "kubernetes");
  const live = await client.get<Namespace>(namespaces, { name });
  if (live === undefined) return { state: "done" };
  await client.update(namespaces, { ...live, spec: { ...live.spec, finalizers } }, { subresource: "finalize" });
  return { state: "done" };
}

function orderOf({ group, resource }: DiscoveredResource): boolean {
  return `${group}/${resource}` === firstOut;
}

async function removeAll(client: Client, resource: DiscoveredResource, namespace: string): Promise<KubeObject[]> {
  const { items } = await client.list(resource, { namespace, metadataOnly: true });
  if (items.length === 0) return items;
  await client.deleteCollection(resource, { namespace }, { propagationPolicy: "Background" });
  return (await client.list(resource, { namespace, metadataOnly: true })).items;
}

async function report(
  client: Client,
  namespace: Namespace,
  remaining: { resource: DiscoveredResource; objects: KubeObject[] }[],
  now: () => Date,
): Promise<void> {
  const kinds = remaining.map(({ resource, objects }) => {
    const name = resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
    return `${name} has ${objects.length} resource instances`;
  });
  const holders = new Map<string, number>();
  for (const { objects } of remaining)
    for (const object of objects)
      for (const finalizer of object.metadata.finalizers ?? [])
        holders.set(finalizer, (holders.get(finalizer) ?? 0) + 1);
  const held = [...holders].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const wanted: Omit<Condition, "lastTransitionTime">[] = [
    {
      type: "NamespaceDeletionDiscoveryFailure",
      status: "False",
      reason: "ResourcesDiscovered",
      message: "All resources successfully discovered",
    },
    {
      type: "NamespaceDeletionContentFailure",
      status: "False",
      reason: "ContentDeleted",
      message: "All content successfully deleted, may be waiting on finalization",
    },
    {
      type: "NamespaceContentRemaining",
      status: "True",
      reason: "SomeResourcesRemain",
      message: `Some resources are remaining: ${kinds.join(", ")}`,
    },
    held.length > 0
      ? {
          type: "NamespaceFinalizersRemaining",
          status: "True",
          reason: "SomeFinalizersRemain",
          message: `Some content in the namespace has finalizers remaining: ${held.join(", ")}`,
        }
      : {
          type: "NamespaceFinalizersRemaining",
          status: "False",
          reason: "ContentHasNoFinalizers",
          message: "All content-preserving finalizers finished",
        },
  ];
  const before = new Map((namespace.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const conditions = wanted.map((condition) => {
    const old = before.get(condition.type);
    const lastTransitionTime =
      old?.status === condition.status
        ? old.lastTransitionTime
        : now()
            .toISOString()
            .replace(/\.\d+Z$/, "Z");
    return { ...condition, lastTransitionTime };
  });
  const name = namespace.metadata.name ?? "";
  await client.patch(namespaces, { name }, "merge", { status: { conditions } }, { subresource: "status" });
}
