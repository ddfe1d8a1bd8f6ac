import { type Client, type DiscoveredResource, startInformer } from "../client/index.ts";
import { errorText, type Log } from "../lib/index.ts";

/** CRDs often come in dozens; one discovery a burst is enough. */
const settleMs = 50;

const crds = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/** The resources the server serves now, one version of each, kept current as CRDs come and go. */
export type ResourceWatch = AsyncDisposable & {
  resources(): readonly DiscoveredResource[];
  /** The resource that an `apiVersion` and `kind` name; any served version of the group finds it. */
  find(group: string, kind: string): DiscoveredResource | undefined;
};

/** @param onChange called after each discovery that found other resources than the one before, the first included */
export async function watchResources(
  client: Client,
  log: Log,
  onChange: (resources: readonly DiscoveredResource[]) => void,
): Promise<ResourceWatch> {
  let current: DiscoveredResource[] = [];
  let byKind = new Map<string, DiscoveredResource>();
  let timer: NodeJS.Timeout | undefined;

  const refresh = async () => {
    const all = await client.discover();
    const one = new Map<string, DiscoveredResource>();
    for (const resource of all) {
      const id = `${resource.group}/${resource.resource}`;
      if (resource.verbs.includes("list") && resource.verbs.includes("watch") && !one.has(id)) one.set(id, resource);
    }
    const before = new Set(current.map(idOf));
    current = [...one.values()];
    byKind = new Map(current.map((resource) => [`${resource.group}/${resource.kind}`, resource]));
    if (current.length !== before.size || current.some((resource) => !before.has(idOf(resource)))) onChange(current);
  };
  const refreshSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      refresh().catch((error: unknown) => log.warn("Cannot discover resources", { why: errorText(error) }));
    }, settleMs);
  };
  await refresh();
  const informer = startInformer(client, crds, {
    log,
    metadataOnly: true,
    onChange: refreshSoon,
    onDelete: refreshSoon,
  });
  return {
    resources: () => current,
    find: (group, kind) => byKind.get(`${group}/${kind}`),
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await informer[Symbol.asyncDispose]();
    },
  };
}

function idOf(resource: DiscoveredResource): string {
  return `${resource.group}/${resource.version}/${resource.resource}`;
}
