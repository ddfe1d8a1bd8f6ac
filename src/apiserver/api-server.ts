import { randomUUID } from "node:crypto";
import type { Handler, Log } from "../lib/index.ts";
import type { Store } from "../storage/index.ts";
import type { AnonymousRule, KnownTokens } from "./access/authenticate.ts";
import type { Authorizer } from "./access/authorize.ts";
import { certificateConditions } from "./access/certificate-conditions.ts";
import { certificateChecks } from "./access/certificates.ts";
import type { TokenAuthenticator } from "./access/identity.ts";
import { ensureDefaultPolicy } from "./access/policy/ensure-default-policy.ts";
import { rbacAuthorizer } from "./access/rbac/authorizer.ts";
import { escalationChecks } from "./access/rbac/escalation.ts";
import { Policy } from "./access/rbac/policy.ts";
import { createServerAuthenticator, noteLegacyUse } from "./access/server-authenticator.ts";
import {
  createServiceAccountIssuer,
  generateServiceAccountKey,
  type ServiceAccountIssuer,
} from "./access/service-account-issuer.ts";
import { type Admission, admissionChain } from "./admission/admit.ts";
import { defaultPlugins } from "./admission/default-plugins.ts";
import { createPolicies } from "./admission/policies/policies.ts";
import { resourceQuota } from "./admission/quota/resource-quota.ts";
import { serviceAccount } from "./admission/service-account.ts";
import { createCaller, type ResolveService } from "./admission/webhooks/connect.ts";
import { createMatchConditions } from "./admission/webhooks/match-conditions.ts";
import { resolveFromStore } from "./admission/webhooks/resolve-service.ts";
import { createWebhooks } from "./admission/webhooks/webhooks.ts";
import type { Audit } from "./audit/trail.ts";
import { ensureSystemObjects } from "./bootstrap.ts";
import type { Catalog } from "./catalog.ts";
import { definitionNaming } from "./crd/admission.ts";
import { startDefinitionCleanup } from "./crd/cleanup.ts";
import { Remembered } from "./crd/conversion.ts";
import { ensureDefaults } from "./defaults/ensure-defaults.ts";
import { StoreWithDefaults } from "./defaults/store-with-defaults.ts";
import { createDocuments } from "./discovery/documents.ts";
import type { HealthCheck } from "./discovery/health.ts";
import { healthChecks } from "./discovery/health-checks.ts";
import { defaultVersion, type VersionInfo } from "./discovery/version.ts";
import { createFlows } from "./flow-control/flows.ts";
import { createHandler } from "./http/handler.ts";
import { createHealthMetrics } from "./metrics/health-metrics.ts";
import type { MetricsRegistry, Sample } from "./metrics/registry.ts";
import { createServerMetrics } from "./metrics/server-metrics.ts";
import { createWatches } from "./read/watches.ts";
import { openRegistry } from "./registry.ts";
import type { Server } from "./server.ts";
import { createSharedParts, type SharedParts } from "./shared-parts.ts";
import { createKeys, type Keys } from "./stored.ts";
import { startUpkeep } from "./upkeep/start-upkeep.ts";
import { startEventExpiry } from "./write/event-expiry.ts";
import { createWriter } from "./write/writer.ts";

export type ApiServerOptions = {
  store: Store;
  /** Name of the logical cluster, the first part of every key. Default `root`. */
  cluster?: string;
  log: Log;
  /** Bearer tokens and whose they are. */
  tokens?: KnownTokens;
  /** Signs the tokens of ServiceAccounts. Default: a new key, with which what was signed before a restart is no longer known. */
  serviceAccountIssuer?: ServiceAccountIssuer;
  /** Further kinds of bearer tokens, asked after the server's own. */
  tokenAuthenticators?: readonly TokenAuthenticator[];
  /** Default: whoever shows no credentials is `system:anonymous`. */
  anonymous?: AnonymousRule;
  /** Default: RBAC. */
  authorizer?: Authorizer;
  /** Which requests are written down, and where. Default: none. */
  audit?: Audit;
  /** What must work beside the server itself for `/livez` and `/readyz` to say yes. */
  checks?: readonly HealthCheck[];
  version?: VersionInfo;
  /** Of the process, when it serves several clusters; its version is the one that counts then. */
  shared?: SharedParts;
  /** Whether pods get an account and its token. Without controllers nobody makes the accounts that they need. Default: yes. */
  serviceAccountAdmission?: boolean;
  /** Whether a Lease in `kube-system` says that this server is alive. Default true. */
  identityLease?: boolean;
  /** Further paths of the server, each for whom a non-resource rule lets use it; the request names its user. */
  endpoints?: ReadonlyMap<string, Handler>;
  /** Whether figures are kept and shown at `/metrics`. Default true. */
  metrics?: boolean;
  /** Finds the Services that webhooks name. Default: by the endpoints in the cluster that are no simulated pods. */
  resolveService?: ResolveService;
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
  const { cluster = "root" } = options;
  const store = new StoreWithDefaults(options.store, cluster);
  const shared = options.shared ?? createSharedParts(options.version ?? defaultVersion);
  const keys = createKeys(cluster);
  const policy = new Policy(options.store, keys);
  const authorizer = options.authorizer ?? rbacAuthorizer(policy);
  const writer = createWriter(store);
  const { builtin, catalog: builtinCatalog } = shared;
  const now = options.now ?? (() => new Date());
  const issuer =
    options.serviceAccountIssuer ?? createServiceAccountIssuer({ privateKey: generateServiceAccountKey() });
  const watches = createWatches();
  const caller = createCaller(options.resolveService ?? resolveFromStore(() => server));
  const conversion = { caller, remembered: new Remembered() };
  const registry = openRegistry({ store, keys, writer, builtin, builtinCatalog, conversion });
  const flows = createFlows({ store, keys, parsed: shared.parsed });
  const metrics =
    options.metrics === false
      ? undefined
      : createServerMetrics(shared.version, {
          objects: () => storedObjects(registry.catalog, store, keys),
          watched: () => watches.resources(),
          seats: flows.nominalSeats,
        });
  const healthMetrics = metrics && createHealthMetrics();
  const policies = createPolicies();
  const webhooks = createWebhooks({ caller, conditions: createMatchConditions() });
  const server: Server = {
    cluster,
    store,
    keys,
    writer,
    registry,
    parsed: shared.parsed,
    authorizer,
    authenticator: createServerAuthenticator(
      { store, keys, parsed: shared.parsed, now },
      {
        issuer,
        tokens: options.tokens ?? new Map(),
        others: options.tokenAuthenticators ?? [],
        ...(options.anonymous === undefined ? {} : { anonymous: options.anonymous }),
        onLegacyUse: (secret) => noteLegacyUse(server, secret),
      },
    ),
    issuer,
    audit: options.audit,
    admission: admissionChain([
      escalationChecks(policy, authorizer),
      ...defaultPlugins({
        accounts: options.serviceAccountAdmission === false ? [] : [serviceAccount],
        certificates: [certificateConditions, certificateChecks(authorizer)],
      }),
      definitionNaming,
      ...(options.admission ?? []),
      policies,
      webhooks,
      resourceQuota,
    ]),
    connecting: admissionChain([policies, webhooks]),
    bodies: shared.bodies,
    fairness: shared.fairness,
    flows,
    frames: shared.frames,
    watches,
    hasControllers: options.serviceAccountAdmission !== false,
    metrics,
    endpoints: new Map([
      ...metricsEndpoint("/metrics", metrics?.registry),
      ...metricsEndpoint("/metrics/slis", healthMetrics?.registry),
      ...(options.endpoints ?? []),
    ]),
    log: options.log,
    now,
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
  const checks = healthChecks(
    () => void store.revision,
    () => {
      if (!open) throw new Error("The server is shutting down");
    },
    options.checks ?? [],
  );
  const handler = createHandler(server, createDocuments(server, shared, checks, healthMetrics));
  const isNew = options.store.count(keys.prefix("namespaces", "")) === 0;
  await ensureSystemObjects(server, shared.systemObjects, options.caCertificate);
  await ensureDefaultPolicy(server, options.store);
  await ensureDefaults(server, options.store);
  const cleanup = startDefinitionCleanup(server);
  const expiry = startEventExpiry(server);
  const upkeep = await startUpkeep(server, options.store, {
    identityLease: options.identityLease !== false,
    isNew,
  });
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
      await upkeep[Symbol.asyncDispose]();
      server.watches.endUnless(() => false);
      registry[Symbol.dispose]();
      caller[Symbol.dispose]();
      flows[Symbol.dispose]();
      policy[Symbol.dispose]();
    },
  };
}

function metricsEndpoint(path: string, metrics: MetricsRegistry | undefined): [string, Handler][] {
  if (metrics === undefined) return [];
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  return [[path, async () => ({ status: 200, headers, body: metrics.text() })]];
}

function storedObjects(catalog: Catalog, store: Store, keys: Keys): Sample[] {
  const names = new Set(
    catalog.groups.flatMap(({ versions }) =>
      versions.flatMap(({ resources }) =>
        resources.filter(({ verbs }) => verbs.includes("list")).map(({ storageName }) => storageName),
      ),
    ),
  );
  return [...names].map((resource) => ({ labels: { resource }, value: store.count(keys.prefix(resource, "")) }));
}
