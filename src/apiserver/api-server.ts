import { randomUUID } from "node:crypto";
import type { Handler, Log, User } from "../lib/index.ts";
import type { Store } from "../storage/index.ts";
import { type Authorizer, mastersOnly } from "./access/authorize.ts";
import { type Admission, admissionChain, namespaceLifecycle } from "./admission/admit.ts";
import { serviceAllocation } from "./admission/services.ts";
import { ensureSystemObjects } from "./bootstrap.ts";
import { definitionNaming } from "./crd/admission.ts";
import { startDefinitionCleanup } from "./crd/cleanup.ts";
import { createDocuments } from "./discovery/documents.ts";
import type { HealthCheck } from "./discovery/health.ts";
import { defaultVersion, type VersionInfo } from "./discovery/version.ts";
import { createHandler } from "./http/handler.ts";
import { createWatches } from "./read/watches.ts";
import { openRegistry } from "./registry.ts";
import type { Server } from "./server.ts";
import { createSharedParts, type SharedParts } from "./shared-parts.ts";
import { createKeys } from "./stored.ts";
import { startEventExpiry } from "./write/event-expiry.ts";
import { createWriter } from "./write/writer.ts";

export type ApiServerOptions = {
  store: Store;
  /** Name of the logical cluster, the first part of every key. Default `root`. */
  cluster?: string;
  log: Log;
  /** Bearer tokens and whose they are. */
  tokens?: ReadonlyMap<string, User>;
  /** Default: the group `system:masters` may do everything, everybody who is known may discover. */
  authorizer?: Authorizer;
  /** What must work beside the server itself for `/livez` and `/readyz` to say yes. */
  checks?: readonly HealthCheck[];
  version?: VersionInfo;
  /** Of the process, when it serves several clusters; its version is the one that counts then. */
  shared?: SharedParts;
  /** Further plug-ins, after Kubernetes' own. */
  admission?: readonly Admission[];
  /** PEM of what signs the server's certificate, published in every namespace. */
  caCertificate?: string;
  now?: () => Date;
  /** From 0 up to, not including, 1. */
  random?: () => number;
  newUid?: () => string;
};

/** The Kubernetes API over a store. Disposing ends all watches; the store stays open. */
export type ApiServer = AsyncDisposable & {
  handler: Handler;
  /** How many watches are open. */
  readonly watchCount: number;
};

/** Opens the API of one logical cluster. System namespaces and the `kubernetes` service exist when it resolves. */
export async function openApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, cluster = "root" } = options;
  const shared = options.shared ?? createSharedParts(options.version ?? defaultVersion);
  const keys = createKeys(cluster);
  const writer = createWriter(store);
  const { builtin, catalog: builtinCatalog } = shared;
  const registry = openRegistry({ store, keys, writer, builtin, builtinCatalog });
  const server: Server = {
    cluster,
    store,
    keys,
    writer,
    registry,
    parsed: shared.parsed,
    authorizer: options.authorizer ?? mastersOnly,
    tokens: options.tokens ?? new Map(),
    admission: admissionChain([namespaceLifecycle, definitionNaming, serviceAllocation, ...(options.admission ?? [])]),
    frames: shared.frames,
    watches: createWatches(),
    log: options.log,
    now: options.now ?? (() => new Date()),
    random: options.random ?? Math.random,
    newUid: options.newUid ?? randomUUID,
  };
  const resources = registry.onChange(() => {
    const { catalog } = registry;
    server.watches.endUnless(
      ({ group, version: served, resource }) => catalog.find(group, served, resource) !== undefined,
    );
  });
  let open = true;
  const checks: HealthCheck[] = [
    { name: "ping", run: () => {} },
    { name: "store", run: () => void store.revision },
    {
      name: "shutdown",
      readyOnly: true,
      run: () => {
        if (!open) throw new Error("The server is shutting down");
      },
    },
    ...(options.checks ?? []),
  ];
  const handler = createHandler(server, createDocuments(server, shared, checks));
  await ensureSystemObjects(server, shared.systemObjects, options.caCertificate);
  const cleanup = startDefinitionCleanup(server);
  const expiry = startEventExpiry(server);
  return {
    handler,
    get watchCount() {
      return server.watches.size;
    },
    async [Symbol.asyncDispose]() {
      open = false;
      expiry[Symbol.dispose]();
      resources[Symbol.dispose]();
      await cleanup[Symbol.asyncDispose]();
      server.watches.endUnless(() => false);
      registry[Symbol.dispose]();
    },
  };
}
