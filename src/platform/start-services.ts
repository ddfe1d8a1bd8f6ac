import { argoprojCrds, idpbuilderCrds, logicalClusterCrd } from "../apis/index.ts";
import { createChartStore } from "../charts/index.ts";
import { createClient } from "../client/index.ts";
import { machineAddress, startControllers } from "../controllers/index.ts";
import { readRequest } from "../gateway/index.ts";
import { openAccounts, openRepositories, openSources, startWebhooks } from "../git/index.ts";
import { startGitOps } from "../gitops/index.ts";
import type { User } from "../lib/index.ts";
import { startPackages } from "../packages/index.ts";
import { createRenderer } from "../render/index.ts";
import { chartTrust } from "./access-files.ts";
import { startClusterControllers } from "./cluster-controllers.ts";
import { startClusterKubeconfigs } from "./cluster-kubeconfigs.ts";
import { platformUrls } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { ensureGitCredential, ensureLocalbuild, ensureNamespaces, installCrds } from "./install.ts";
import { localRepository } from "./local-urls.ts";
import type { PlatformOptions } from "./start.ts";
import type { Api } from "./start-api.ts";
import { readClusterSecret } from "./state-directory.ts";

/** What the platform's own controllers are to the API server. */
const system: User = { name: "system:skiff", groups: ["system:masters", "system:authenticated"] };

/** Starts everything that works with the API: Git, controllers, GitOps, packages, and the gateway that people come to. */
export async function startServices(parts: AsyncDisposableStack, options: PlatformOptions & Api): Promise<void> {
  const { config, state, log, clusters, authority, issuer } = options;
  const gitLog = log.with({ room: "git" });
  const repositories = parts.use(await openRepositories({ dir: state.repositories, log: gitLog }));
  const accounts = await openAccounts({ dir: state.accounts });
  const webhooks = parts.use(
    startWebhooks({
      repositories,
      accounts,
      baseUrl: platformUrls(config).git,
      ca: authority.caCertificatePem,
      log: gitLog,
    }),
  );
  const client = createClient(clusters.root.handler, { user: system });
  await installCrds(client, [...argoprojCrds(), ...idpbuilderCrds, logicalClusterCrd]);
  const signing = {
    caCertificate: authority.caCertificatePem,
    certificates: { read: readRequest, sign: authority.signRequest },
    signToken: issuer.sign,
  };
  const apiServer = { ip: machineAddress(), port: config.apiPort };
  const compute = { mode: config.compute, name: config.name, nodes: config.nodes };
  await ensureNamespaces(client, config.name);
  parts.use(
    await startControllers({
      client: createClient(clusters.root.handler, { user: system, userAgent: "kube-controller-manager" }),
      ...signing,
      compute,
      apiServer,
      log: log.with({ room: "controllers" }),
    }),
  );
  const controllersLog = log.with({ room: "controllers" });
  // Certificates are good in all clusters, as they share the authority: only who governs the root cluster may have them made.
  const { certificates: _rootOnly, ...inClusters } = signing;
  parts.use(startClusterControllers(clusters, { ...inClusters, compute, apiServer }, controllersLog));
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
      log: gitLog,
    }),
  );
  const randomSecret = readClusterSecret(state);
  const charts = parts.use(createChartStore({ directory: state.charts, ...chartTrust(state) }));
  parts.use(
    await startGitOps({
      client,
      sources,
      charts,
      renderer: parts.use(createRenderer()),
      ...(randomSecret !== undefined && { randomSecret }),
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
  parts.use(await startGateway({ ...options, client, repositories, accounts, webhooks }));
}
