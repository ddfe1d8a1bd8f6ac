import type { KubeObject } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";

/** The published objects of a built-in resource, in one namespace or in all. They are shared: nobody may change them. */
export function objectsOf(server: Server, storageName: string, namespace = ""): Readonly<KubeObject>[] {
  // Most clusters have none at all of what plug-ins look for, and counting a whole resource costs least.
  if (server.store.count(server.keys.prefix(storageName, "")) === 0) return [];
  const prefix = server.keys.prefix(storageName, namespace);
  return server.store.range(prefix).entries.map(({ value }) => server.parsed(value));
}

/** One object as it is accepted, published or not; `undefined` when there is none. Nobody may change it. */
export function objectAt(
  server: Server,
  storageName: string,
  { namespace = "", name }: { namespace?: string; name: string },
): Readonly<KubeObject> | undefined {
  const entry = server.store.latest(server.keys.key(storageName, namespace, name));
  return entry === undefined ? undefined : server.parsed(entry.value);
}

/** The one marked as default; the newest when several are, and of those the first by name. */
export function defaultOf(objects: readonly Readonly<KubeObject>[], ...annotations: string[]): KubeObject | undefined {
  const marked = objects.filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === "true"));
  const newestFirst = marked.sort(
    (a, b) =>
      Date.parse(b.metadata.creationTimestamp ?? "") - Date.parse(a.metadata.creationTimestamp ?? "") ||
      ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1),
  );
  return newestFirst[0];
}
