import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { type Clusters, openClusters, type ServiceAccountIssuer } from "../apiserver/index.ts";
import {
  type CertificateAuthority,
  openCertificateAuthority,
  startListener,
  webSocketWatches,
} from "../gateway/index.ts";
import { type Handler, makeDirectory, type User, writeFileAtomically } from "../lib/index.ts";
import { openSqliteStore, type SqliteStore } from "../storage/index.ts";
import { accessOptions, openServiceAccountIssuer } from "./access.ts";
import { backupPlatform } from "./backup.ts";
import type { PlatformOptions } from "./start.ts";
import { readClusterSecret, readJsonFile, type StateDirectory } from "./state-directory.ts";

const loopback = "127.0.0.1";

/** The Kubernetes API of the platform, which everything else works with. */
export type Api = { clusters: Clusters; authority: CertificateAuthority; issuer: ServiceAccountIssuer };

/** Opens the database and lets the API answer on its port. */
export async function startApi(parts: AsyncDisposableStack, options: PlatformOptions): Promise<Api> {
  const { config, state } = options;
  const log = options.log.with({ room: "apiserver" });
  makeDirectory(dirname(state.database), 0o700);
  const authority = await openCertificateAuthority(state.certificates, { name: config.name });
  const store = parts.use(await openSqliteStore({ file: state.database, log: options.log.with({ room: "storage" }) }));
  options.opened?.();
  const issuer = openServiceAccountIssuer(state);
  const clusters = parts.use(
    await openClusters({
      ...accessOptions(state, parts, { issuer, log }),
      store,
      log,
      url: `https://${loopback}:${config.apiPort}`,
      secret: openClusterSecret(state),
      tokens: openTokens(state),
      caCertificate: authority.caCertificatePem,
      endpoints: new Map([["/skiff/backup", backupEndpoint(state, store)]]),
    }),
  );
  parts.use(
    await startListener({
      host: loopback,
      port: config.apiPort,
      alpn: ["http/1.1"],
      tls: { ...(await apiCertificate(authority)), ca: authority.caCertificatePem, requestClientCertificate: true },
      handler: clusters.handler,
      upgrade: webSocketWatches(clusters.handler, log),
      log,
    }),
  );
  return { clusters, authority, issuer };
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
function openClusterSecret(state: StateDirectory): Uint8Array {
  const known = readClusterSecret(state);
  if (known !== undefined) return known;
  const secret = randomBytes(32);
  writeFileAtomically(state.clusterSecret, secret.toString("base64"));
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
