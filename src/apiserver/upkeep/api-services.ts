import { fieldsAt, itemsAt, type KubeObject, textAt } from "../../apimachinery/index.ts";
import { eventKey, type Store } from "../../storage/index.ts";
import { apiServicesName, automanaged, localApiService, localStatus } from "../defaults/api-services.ts";
import { defaultObjects } from "../defaults/default-objects.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { availabilityOf } from "./availability.ts";
import { trackCreate } from "./made-object.ts";
import { createReaction } from "./reaction.ts";
import { writeStatus } from "./write-status.ts";

/** Where versions of CRDs stand among all others; as in Kubernetes. */
const customPriorities = { groupPriorityMinimum: 1000, versionPriority: 100 };

type Served = { group: string; version: string };

/**
 * Keeps the APIServices: one for every version that a CRD serves, and of those that users make the condition `Available`. One
 * that names a Service is never available, because nothing is forwarded to other API servers; its group is not served.
 *
 * @param stored what is really stored, without the defaults
 */
export function startApiServices(server: Server, stored: Store): AsyncDisposable {
  const prefix = server.keys.prefix(apiServicesName, "");
  let wanted: ReadonlyMap<string, Served> = new Map();
  /** Those that name a Service. */
  const remote = new Set<string>();
  /** Watches of services and of what is behind them; only while there is a remote one. */
  const followed: Disposable[] = [];
  /** Names to look at. */
  const pending = new Set<string>();

  const keepOne = async (resource: ApiResource, name: string) => {
    const key = prefix + name;
    const entry = server.store.latest(key);
    const served = wanted.get(name);
    remote.delete(name);
    if (entry === undefined) {
      // One of the server's own that was deleted comes back when it starts.
      if (served === undefined || defaultObjects.has(`${apiServicesName}/${name}`)) return;
      const status = localStatus(timestamp(server.now()));
      const made = { ...localApiService({ ...served, ...customPriorities }, "true"), status };
      await server.writer.put(key, 0, trackCreate(server, resource, made));
      return;
    }
    const service = server.parsed(entry.value);
    if (served === undefined && service.metadata.labels?.[automanaged] === "true") {
      if (service.metadata.deletionTimestamp === undefined) await server.writer.delete(key, entry.modRevision);
      return;
    }
    if (fieldsAt(service, "spec")["service"] !== undefined) remote.add(name);
    await tell(server, resource, service);
  };
  const reaction = createReaction(server, "keep APIServices", async () => {
    const resource = server.registry.catalog.find("apiregistration.k8s.io", "v1", "apiservices");
    if (resource === undefined) return;
    const names = [...pending];
    pending.clear();
    await Promise.all(names.map((name) => keepOne(resource, name)));
    if (remote.size === 0) for (const watch of followed.splice(0)) watch[Symbol.dispose]();
    else if (followed.length === 0) {
      const again = () => look(remote);
      for (const name of ["services", "endpointslices.discovery.k8s.io"])
        followed.push(server.store.watch(server.keys.prefix(name, ""), server.store.revision, again));
      again();
    }
  });
  const look = (names: Iterable<string>) => {
    for (const name of names) pending.add(name);
    if (pending.size > 0) reaction.wake();
  };
  const follow = () => {
    const before = wanted;
    wanted = servedByDefinitions(server);
    look([...wanted.keys()].filter((name) => !before.has(name)));
    look([...before.keys()].filter((name) => !wanted.has(name)));
  };
  follow();
  look(stored.range(prefix).entries.map(({ key }) => key.slice(prefix.length)));
  const definitions = server.registry.onChange(follow);
  const watch = server.store.watch(prefix, server.store.revision, (events) =>
    look(events.map((event) => eventKey(event).slice(prefix.length))),
  );
  return {
    async [Symbol.asyncDispose]() {
      definitions[Symbol.dispose]();
      watch[Symbol.dispose]();
      await reaction[Symbol.asyncDispose]();
      for (const one of followed) one[Symbol.dispose]();
    },
  };
}

/** Every version that a CRD serves, by the name of its APIService. */
function servedByDefinitions(server: Server): Map<string, Served> {
  const served = new Map<string, Served>();
  for (const { definition } of server.registry.definitions()) {
    const { group } = definition;
    for (const version of definition.versions)
      if (version.served) served.set(`${version.name}.${group}`, { group, version: version.name });
  }
  return served;
}

async function tell(server: Server, resource: ApiResource, service: Readonly<KubeObject>): Promise<void> {
  const condition = availabilityOf(server, service);
  const { status, reason, message } = condition;
  const live = itemsAt(service, "status", "conditions").find(({ type }) => type === "Available");
  if (live?.["status"] === status && live["reason"] === reason && live["message"] === message) return;
  const { name = "" } = service.metadata;
  await writeStatus(server, resource, name, (now) => {
    const others = itemsAt(now, "status", "conditions").filter(({ type }) => type !== "Available");
    const since = live?.["status"] === status ? textAt(live, "lastTransitionTime") : "";
    return { conditions: [...others, { ...condition, lastTransitionTime: since || timestamp(server.now()) }] };
  });
}
