import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { argoprojCrds, idpbuilderCrds, logicalClusterCrd } from "../apis/index.ts";
import { type Clusters, openClusters, type ServiceAccountIssuer } from "../apiserver/index.ts";
import { createClient } from "../client/index.ts";
import { machineAddress, startControllers } from "../controllers/index.ts";
import {
  type CertificateAuthority,
  openCertificateAuthority,
  readRequest,
  startListener,
  webSocketWatches,
} from "../gateway/index.ts";
import { openAccounts, openRepositories, openSources, startWebhooks } from "../git/index.ts";
import { startGitOps } from "../gitops/index.ts";
import { type Handler, type User, writeFileAtomically } from "../lib/index.ts";
import { startPackages } from "../packages/index.ts";
import { openSqliteStore, type SqliteStore } from "../storage/index.ts";
import { accessOptions, openServiceAccountIssuer } from "./access.ts";
import { backupPlatform } from "./backup.ts";
import { startClusterControllers } from "./cluster-controllers.ts";
import { startClusterKubeconfigs } from "./cluster-kubeconfigs.ts";
import { platformUrls, writeConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { ensureGitCredential, ensureLocalbuild, ensureNamespaces, installCrds } from "./install.ts";
import { administratorKubeconfig } from "./kubeconfig.ts";
import { localRepository } from "./local-urls.ts";
import type { Platform, PlatformOptions } from "./start.ts";
import { readJsonFile, type StateDirectory } from "./state-directory.ts";

/** What the platform's own controllers are to the API server. */
const system: User = { name: "system:skiff", groups: ["system:masters", "system:authenticated"] };
const loopback = "127.0.0.1";

export { whyStartFailed } from "./why-start-failed.ts";

/** Starts the parts in order; what has been started is stopped again when one fails. */
export async function startParts(options: PlatformOptions): Promise<Platform> {
  const { config, state, log } = options;
  await using parts = new AsyncDisposableStack();
  mkdirSync(dirname(state.database), { recursive: true, mode: 0o700 });
  const authority = await openCertificateAuthority(state.certificates, { name: config.name });
  const store = parts.use(await openSqliteStore({ file: state.database, log: log.with({ room: "storage" }) }));
  options.opened?.();
  const repositories = parts.use(await openRepositories({ dir: state.repositories, log: log.with({ room: "git" }) }));
  const accounts = await openAccounts({ dir: state.accounts });
  const webhooks = parts.use(
    startWebhooks({
      repositories,
      accounts,
      baseUrl: platformUrls(config).git,
      ca: authority.caCertificatePem,
      log: log.with({ room: "git" }),
    }),
  );

  const issuer = openServiceAccountIssuer(state);
  const clusters = parts.use(
    await openClusters({
      ...accessOptions(state, parts, { issuer, log: log.with({ room: "apiserver" }) }),
      store,
      log: log.with({ room: "apiserver" }),
      url: `https://${loopback}:${config.apiPort}`,
      secret: openClusterSecret(state),
      tokens: openTokens(state),
      caCertificate: authority.caCertificatePem,
      endpoints: new Map([["/skiff/backup", backupEndpoint(state, store)]]),
    }),
  );
  const api = clusters.root;
  parts.use(
    await startListener({
      host: loopback,
      port: config.apiPort,
      alpn: ["http/1.1"],
      tls: { ...(await apiCertificate(authority)), ca: authority.caCertificatePem, requestClientCertificate: true },
      handler: clusters.handler,
      upgrade: webSocketWatches(clusters.handler, log.with({ room: "apiserver" })),
      log: log.with({ room: "apiserver" }),
    }),
  );
  const client = createClient(api.handler, { user: system });
  await installCrds(client, [...argoprojCrds(), ...idpbuilderCrds, logicalClusterCrd]);
  await startControllersAndGateway(parts, {
    ...options,
    client,
    clusters,
    authority,
    issuer,
    repositories,
    accounts,
    webhooks,
  });
  writeFileAtomically(state.kubeconfig, await administratorKubeconfig(config, authority));
  if (config.created === undefined) writeConfig(state, { ...config, created: options.startedAt });
  const moved = parts.move();
  return { url: `${platformUrls(config).front}/`, [Symbol.asyncDispose]: async () => await moved.disposeAsync() };
}

type Started = PlatformOptions & {
  client: ReturnType<typeof createClient>;
  clusters: Clusters;
  authority: CertificateAuthority;
  issuer: ServiceAccountIssuer;
  repositories: Awaited<ReturnType<typeof openRepositories>>;
  accounts: Awaited<ReturnType<typeof openAccounts>>;
  webhooks: ReturnType<typeof startWebhooks>;
};

async function startControllersAndGateway(parts: AsyncDisposableStack, started: Started): Promise<void> {
  const { config, state, log, client, clusters, authority, issuer, repositories, accounts } = started;
  const signing = {
    caCertificate: authority.caCertificatePem,
    certificates: { read: readRequest, sign: authority.signRequest },
    signToken: issuer.sign,
  };
  const compute = { mode: config.compute, name: config.name, nodes: config.nodes };
  await ensureNamespaces(client, config.name);
  parts.use(
    await startControllers({
      client,
      ...signing,
      compute,
      apiServer: { ip: machineAddress(), port: config.apiPort },
      log: log.with({ room: "controllers" }),
    }),
  );
  const controllersLog = log.with({ room: "controllers" });
  // Certificates are good in all clusters, as they share the authority: only who governs the root cluster may have them made.
  const { certificates: _rootOnly, ...inClusters } = signing;
  parts.use(startClusterControllers(clusters, { ...inClusters, compute }, controllersLog));
  parts.use(
    startClusterKubeconfigs({
      client,
      clusters,
      caCertificate: authority.caCertificatePem,
      platform: config.name,
      log: controllersLog,
    }),
  );
  await ensureGitCredential(client, accounts, config);
  const sources = parts.use(
    await openSources({
      dir: state.mirrors,
      repositories,
      localUrls: localRepository(config),
      log: log.with({ room: "git" }),
    }),
  );
  parts.use(
    await startGitOps({
      client,
      sources,
      onPush: (listener) => repositories.onPush(listener),
      log: log.with({ room: "gitops" }),
      namespace: "argocd",
    }),
  );
  await ensureLocalbuild(client, config, authority.caCertificatePem);
  parts.use(
    await startPackages({
      client,
      repositories,
      sources,
      name: config.name,
      gitUrl: platformUrls(config).git,
      gitOwner: "giteaAdmin",
      log: log.with({ room: "packages" }),
    }),
  );
  parts.use(await startGateway(started));
}

async function apiCertificate(authority: CertificateAuthority) {
  const dnsNames = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return await authority.issueServer({ dnsNames, ipAddresses: [loopback, "::1"] });
}

/** `POST` answers with a backup. Whoever may do that has every secret of the platform. */
function backupEndpoint(state: StateDirectory, store: SqliteStore): Handler {
  return async ({ method }) =>
    method === "POST"
      ? { status: 200, headers: { "content-type": "application/gzip" }, body: backupPlatform(state, store) }
      : { status: 405, headers: { allow: "POST" } };
}

/** Made once: with another one the kubeconfigs of all logical clusters would cease to work. */
function openClusterSecret({ clusterSecret }: StateDirectory): Uint8Array {
  if (existsSync(clusterSecret)) return Buffer.from(readFileSync(clusterSecret, "utf8"), "base64");
  const secret = randomBytes(32);
  writeFileAtomically(clusterSecret, secret.toString("base64"));
  return secret;
}

/** The administrator's bearer token is made once; more can be added to the file while the platform is stopped. */
function openTokens(state: StateDirectory): Map<string, User> {
  const kept = readJsonFile(state.tokens);
  const entries = typeof kept === "object" && kept !== null ? Object.entries(kept) : [];
  const tokens = new Map(entries.flatMap(([token, user]) => (isUser(user) ? [[token, user] as const] : [])));
  if (tokens.size > 0) return tokens;
  tokens.set(randomBytes(32).toString("base64url"), { name: "kubernetes-admin", groups: ["system:masters"] });
  writeFileAtomically(state.tokens, `${JSON.stringify(Object.fromEntries(tokens), null, 2)}\n`);
  return tokens;
}

function isUser(value: unknown): value is User {
  if (typeof value !== "object" || value === null) return false;
  return "name" in value && typeof value.name === "string" && "groups" in value && Array.isArray(value.groups);
}
