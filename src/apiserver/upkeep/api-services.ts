import { fieldsAt, itemsAt, type KubeObject, textAt } from "../../apimachinery/index.ts";
import type { Store } from "../../storage/index.ts";
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

/**
 * Keeps the APIServices: one for every version that a CRD serves, and of those that users make the condition `Available`. One
 * that names a Service is never available, because nothing is forwarded to other API servers; its group is not served.
 *
 * @param stored what is really stored, without the defaults
 */
export function startApiServices(server: Server, stored: Store): AsyncDisposable {
  const prefix = server.keys.prefix(apiServicesName, "");
  const followed: Disposable[] = [];
  const reaction = createReaction(server, "keep APIServices", async () => {
    const remote = await keepAll(server, stored, prefix);
    if (remote === followed.length > 0) return;
    for (const watch of followed.splice(0)) watch[Symbol.dispose]();
    // Only those look at services and at what is behind them.
    if (!remote) return;
    for (const name of ["services", "endpointslices.discovery.k8s.io"])
      followed.push(server.store.watch(server.keys.prefix(name, ""), server.store.revision, reaction.wake));
    reaction.wake();
  });
  const definitions = server.registry.onChange(reaction.wake);
  const watch = server.store.watch(prefix, server.store.revision, reaction.wake);
  if (stored.count(prefix) > 0 || !server.registry.definitions()[Symbol.iterator]().next().done) reaction.wake();
  return {
    async [Symbol.asyncDispose]() {
      definitions[Symbol.dispose]();
      watch[Symbol.dispose]();
      await reaction[Symbol.asyncDispose]();
      for (const one of followed) one[Symbol.dispose]();
    },
  };
}

/** @returns whether there is one that names a Service */
async function keepAll(server: Server, stored: Store, prefix: string): Promise<boolean> {
  const resource = server.registry.catalog.find("apiregistration.k8s.io", "v1", "apiservices");
  if (resource === undefined) return false;
  const wanted = servedByDefinitions(server);
  const writes: Promise<unknown>[] = [];
  let remote = false;
  for (const { key, value, modRevision } of stored.range(prefix).entries) {
    const name = key.slice(prefix.length);
    // One of the server's own that was deleted comes back when it starts.
    if (server.store.get(key) === undefined) continue;
    const service = server.parsed(value);
    const isCustom = wanted.delete(name);
    if (!isCustom && service.metadata.labels?.[automanaged] === "true") {
      if (service.metadata.deletionTimestamp === undefined) writes.push(server.writer.delete(key, modRevision));
      continue;
    }
    if (service["spec"] !== undefined && fieldsAt(service, "spec")["service"] !== undefined) remote = true;
    writes.push(...tell(server, resource, service));
  }
  const time = timestamp(server.now());
  for (const [name, served] of wanted) {
    if (defaultObjects.has(`${apiServicesName}/${name}`)) continue;
    const made = { ...localApiService({ ...served, ...customPriorities }, "true"), status: localStatus(time) };
    writes.push(server.writer.put(prefix + name, 0, trackCreate(server, resource, made)));
  }
  await Promise.all(writes);
  return remote;
}

/** Every version that a CRD serves, by the name of its APIService. */
function servedByDefinitions(server: Server): Map<string, { group: string; version: string }> {
  const served = new Map<string, { group: string; version: string }>();
  for (const { definition } of server.registry.definitions()) {
    const { group } = definition;
    for (const version of definition.versions)
      if (version.served) served.set(`${version.name}.${group}`, { group, version: version.name });
  }
  return served;
}

function tell(server: Server, resource: ApiResource, service: Readonly<KubeObject>): Promise<void>[] {
  const condition = availabilityOf(server, service);
  const { status, reason, message } = condition;
  const live = itemsAt(service, "status", "conditions").find(({ type }) => type === "Available");
  if (live?.["status"] === status && live["reason"] === reason && live["message"] === message) return [];
  const { name = "" } = service.metadata;
  const write = writeStatus(server, resource, name, (now) => {
    const others = itemsAt(now, "status", "conditions").filter(({ type }) => type !== "Available");
    const since = live?.["status"] === status ? textAt(live, "lastTransitionTime") : "";
    return { conditions: [...others, { ...condition, lastTransitionTime: since || timestamp(server.now()) }] };
  });
  return [write];
}
