import { createHmac } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { badRequest, type KubeObject, notFound } from "../../apimachinery/index.ts";
import { createClient, type Resource } from "../../client/index.ts";
import { errorText, type Handler, type HttpRequest, type User } from "../../lib/index.ts";
import type { KnownTokens } from "../access/authenticate.ts";
import { createServiceAccountIssuer, generateServiceAccountKey } from "../access/service-account-issuer.ts";
import type { Admission } from "../admission/admit.ts";
import { type ApiServer, type ApiServerOptions, openApiServer } from "../api-server.ts";
import { defaultVersion } from "../discovery/version.ts";
import { errorResponse } from "../http/errors.ts";
import { createSharedParts } from "../shared-parts.ts";
import { createKeys, decodeStored } from "../stored.ts";
import { type Activity, activityOf } from "./activity.ts";

export type ClustersOptions = Omit<ApiServerOptions, "cluster" | "shared"> & {
  /** Base of the address that clients use, `https://127.0.0.1:6443`. */
  url: string;
  /** What the credentials of logical clusters are derived from; at least 32 random bytes that stay the same. */
  secret: Uint8Array;
  /** What differs in a logical cluster from the root one. */
  clusterOptions?: (name: string, url: string) => Partial<ApiServerOptions>;
};

/** The root cluster and the logical ones that its LogicalCluster objects name, behind one handler. */
export type Clusters = AsyncDisposable & {
  /** `/clusters/<name>/…` is the API of a logical cluster, everything else that of the root cluster. */
  handler: Handler;
  readonly root: ApiServer;
  /** The API of a logical cluster, opened when it is first used. @returns `undefined` when there is no such cluster */
  open(name: string): Promise<ApiServer> | undefined;
  /** How a client reaches a cluster as its administrator. @returns `undefined` when there is no such cluster */
  credentials(name: string): { url: string; token: string } | undefined;
  /** What is written in logical clusters from now on, beside what every cluster begins with. */
  onActivity(listener: (activity: Activity) => void): Disposable;
  /** What is in logical clusters now, as if it had just been written; in slices that let others work between them. */
  review(listener: (activity: Activity) => void): Promise<void>;
  /** How many objects of a resource, named as in {@link Activity}, a cluster holds. */
  count(cluster: string, storageName: string): number;
};

export const logicalClusters: Resource = {
  group: "skiff.dev",
  version: "v1alpha1",
  resource: "logicalclusters",
  kind: "LogicalCluster",
  namespaced: false,
};
const storageName = "logicalclusters.skiff.dev";
const finalizer = "skiff.dev/contents";
const prefix = "/clusters/";

/** Who the token of a cluster's kubeconfig belongs to, in that cluster alone. */
const administrator: User = { name: "kubernetes-admin", groups: ["system:masters"] };
const self: User = { name: "system:apiserver", groups: ["system:masters"] };

/** Keys that are removed in one turn of the event loop when a cluster goes, so that others are served between. */
const removedAtOnceMax = 500;
/** Objects that are looked at in one turn, which takes a few milliseconds. */
const reviewedAtOnceMax = 5_000;

/** Opens the root cluster. Logical clusters cost nothing until somebody uses them. */
export async function openClusters(options: ClustersOptions): Promise<Clusters> {
  const { store, url, secret, log, clusterOptions, ...given } = options;
  // Making a key takes longer than all the rest of opening a cluster. Tokens name their account's uid, so that those of one
  // cluster are nothing to another.
  const serviceAccountIssuer =
    given.serviceAccountIssuer ?? createServiceAccountIssuer({ privateKey: generateServiceAccountKey() });
  const rest = { ...given, serviceAccountIssuer };
  const shared = createSharedParts(options.version ?? defaultVersion);
  const keys = createKeys("root");
  const open = new Map<string, { server: Promise<ApiServer>; ready: boolean }>();
  const removals = new Set<string>();
  const urlOf = (name: string) => `${url}${prefix}${name}`;
  const tokenOf = (name: string, uid: string) =>
    `skiff-${createHmac("sha256", secret).update(`${name}/${uid}`).digest("base64url")}`;

  const root = await openApiServer({
    ...rest,
    store,
    log,
    shared,
    admission: [...(rest.admission ?? []), readyAtOnce(urlOf)],
  });
  const client = createClient(root.handler, { user: self, userAgent: "skiff-clusters" });

  const uidOf = (name: string): string | undefined => {
    const entry = store.latest(keys.key(storageName, "", name));
    if (entry === undefined) return undefined;
    const { metadata } = shared.parsed(entry.value);
    return metadata.deletionTimestamp === undefined ? metadata.uid : undefined;
  };
  const openCluster = (name: string): Promise<ApiServer> | undefined => {
    const known = open.get(name);
    if (known !== undefined) return known.server;
    const uid = uidOf(name);
    if (uid === undefined) return undefined;
    let own: string | undefined;
    const tokens: KnownTokens = {
      get(token) {
        own ??= tokenOf(name, uid);
        return token === own ? administrator : rest.tokens?.get(token);
      },
    };
    const opening = openApiServer({
      ...rest,
      tokens,
      ...clusterOptions?.(name, urlOf(name)),
      store,
      log: log.with({ cluster: name }),
      shared,
      metrics: false,
      identityLease: false,
      endpoints: new Map(),
      cluster: name,
    });
    const entry = { server: opening, ready: false };
    opening.then(
      () => (entry.ready = true),
      () => open.delete(name),
    );
    open.set(name, entry);
    return opening;
  };

  const remove = async (name: string) => {
    const known = open.get(name);
    open.delete(name);
    await (await known?.server)?.[Symbol.asyncDispose]();
    for (;;) {
      const { entries, more } = store.range(`/${name}/`, { limit: removedAtOnceMax });
      // What somebody else changed meanwhile is met again in the next round.
      await Promise.allSettled(entries.map(({ key, modRevision }) => store.delete(key, modRevision)));
      if (!more) break;
    }
    const live = await client.get(logicalClusters, { name });
    const finalizers = live?.metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
    if (live !== undefined)
      await client.patch(logicalClusters, { name }, "merge", { metadata: { uid: live.metadata.uid, finalizers } });
  };
  const look = (cluster: KubeObject) => {
    const { name = "", deletionTimestamp, finalizers } = cluster.metadata;
    if (deletionTimestamp === undefined || finalizers?.includes(finalizer) !== true || removals.has(name)) return;
    removals.add(name);
    remove(name)
      .catch((error: unknown) => log.warn("Cannot remove a logical cluster", { cluster: name, why: errorText(error) }))
      .finally(() => removals.delete(name));
  };
  const range = keys.prefix(storageName, "");
  for (const { value } of store.range(range).entries) look(decodeStored(value));
  const watch = store.watch(range, store.revision, (events) => {
    for (const event of events) if (event.type === "put") look(shared.parsed(event.entry.value));
  });
  const watches = new Set<Disposable>([watch]);

  return {
    root,
    open: openCluster,
    credentials(name) {
      const uid = uidOf(name);
      return uid === undefined ? undefined : { url: urlOf(name), token: tokenOf(name, uid) };
    },
    onActivity(listener) {
      const all = store.watch("/", store.revision, (events) => {
        for (const event of events) {
          const activity = activityOf(event);
          if (activity !== undefined && open.get(activity.cluster)?.ready === true) listener(activity);
        }
      });
      watches.add(all);
      return {
        [Symbol.dispose]() {
          watches.delete(all);
          all[Symbol.dispose]();
        },
      };
    },
    async review(listener) {
      for (let after = ""; ; ) {
        const { entries, more } = store.range("/", { after, limit: reviewedAtOnceMax });
        for (const entry of entries) {
          const activity = activityOf({ type: "put", entry, previous: undefined });
          if (activity !== undefined) listener(activity);
        }
        after = entries.at(-1)?.key ?? "";
        if (!more) return;
        await nextTurn();
      }
    },
    count: (cluster, name) => store.count(createKeys(cluster).prefix(name, "")),
    async handler(request) {
      if (!request.target.startsWith(prefix)) return await root.handler(request);
      const { name, target } = split(request.target);
      const server = openCluster(name);
      if (server !== undefined) return await (await server).handler({ ...request, target });
      return errorResponse(name === "" ? badRequest(`${prefix} needs the name of a cluster`) : absent(name), () => {});
    },
    async [Symbol.asyncDispose]() {
      for (const one of watches) one[Symbol.dispose]();
      const servers = await Promise.allSettled([...open.values()].map(({ server }) => server));
      for (const result of servers) if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

function absent(name: string): Error {
  return notFound({ group: logicalClusters.group, resource: logicalClusters.resource }, name);
}

/** `/clusters/a/api/v1?limit=1` → `a`, `/api/v1?limit=1` */
function split(target: HttpRequest["target"]): { name: string; target: string } {
  const end = target.slice(prefix.length).search(/[/?]/);
  if (end < 0) return { name: target.slice(prefix.length), target: "/" };
  const rest = target.slice(prefix.length + end);
  return { name: target.slice(prefix.length, prefix.length + end), target: rest.startsWith("/") ? rest : `/${rest}` };
}

/** A logical cluster is usable as soon as it is there, so its first answer says so; its contents go before it does. */
function readyAtOnce(urlOf: (name: string) => string): Admission {
  return {
    complete(_server, { operation, resource, subresource, object, name }) {
      if (resource.storageName !== storageName || subresource !== "" || object === undefined) return;
      const { metadata } = object;
      if (operation === "CREATE") metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), finalizer])];
      const phase = metadata.deletionTimestamp === undefined ? "Ready" : "Deleting";
      object["status"] = { phase, url: urlOf(name) };
    },
  };
}
