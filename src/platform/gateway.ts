import { isIP } from "node:net";
import type { Client } from "../client/index.ts";
import {
  type CertificateAuthority,
  createFrontPage,
  type Listener,
  type PartStatus,
  type Route,
  routedHostNames,
  routeRequests,
  routeUpgrades,
  startListener,
  watchPlatformStatus,
} from "../gateway/index.ts";
import { type Accounts, createGitHandler, type Repositories, type Webhooks } from "../git/index.ts";
import type { Log } from "../lib/index.ts";
import { computeText, type PlatformConfig, platformUrls } from "./config.ts";

export type GatewayOptions = {
  config: PlatformConfig;
  log: Log;
  version: string;
  startedAt: string;
  client: Client;
  authority: CertificateAuthority;
  repositories: Repositories;
  accounts: Accounts;
  webhooks: Webhooks;
};

/** Starts the listener that people and git clients come to: the Git server and the front page behind one port. */
export async function startGateway(options: GatewayOptions): Promise<AsyncDisposable> {
  const { config, client, authority, repositories } = options;
  const log = options.log.with({ room: "gateway" });
  const urls = platformUrls(config);
  await using parts = new AsyncDisposableStack();
  const status = parts.use(
    watchPlatformStatus({
      client,
      log,
      platform: { name: config.name, version: options.version, url: `${urls.front}/`, startedAt: options.startedAt },
      parts: () => partsOf(config),
      repositories: () =>
        repositories.list().map(({ owner, name }) => ({
          owner,
          name,
          cloneURL: `${urls.git}/${owner}/${name}.git`,
          webURL: `${urls.git}/${owner}/${name}`,
        })),
      links: [
        { title: "Git", url: `${urls.git}/` },
        { title: "Gitea API", url: `${urls.git}/api/swagger` },
      ],
      commands: [
        { title: "Credentials", command: nameFlag("skiff get secrets", config) },
        { title: "kubectl", command: `${nameFlag("skiff kubeconfig --merge", config)} && kubectl get applications -A` },
        { title: "Trust the certificate", command: nameFlag("skiff trust", config) },
      ],
    }),
  );
  parts.use(repositories.onPush(() => status.changed()));
  const front = parts.use(createFrontPage({ status, log }));
  const git = createGitHandler({ ...options, baseUrl: urls.git, log: options.log.with({ room: "git" }) });
  const routes: Route[] = [
    { name: "git", aliases: ["gitea"], handler: git },
    { name: "argocd", handler: front.handler, upgrade: front.upgrade, apex: true },
  ];
  const table = {
    host: config.host,
    otherHosts: config.ingressHost === config.host ? [] : [config.ingressHost],
    usePathRouting: config.usePathRouting,
    routes,
  };
  const addresses = [
    ...new Set(
      ["127.0.0.1", "::1", config.listenAddress, config.host].filter(
        (name) => isIP(name) !== 0 && name !== "0.0.0.0" && name !== "::",
      ),
    ),
  ];
  const certificate = await authority.issueServer({ dnsNames: routedHostNames(table), ipAddresses: addresses });
  const listener: Listener = await startListener({
    host: config.listenAddress,
    port: config.port,
    tls: certificate,
    plainHttp: config.protocol === "http" ? "serve" : "redirect",
    handler: routeRequests(table),
    upgrade: routeUpgrades(table),
    log,
  });
  parts.use(listener);
  const moved = parts.move();
  return { [Symbol.asyncDispose]: async () => await moved.disposeAsync() };
}

function nameFlag(command: string, { name }: PlatformConfig): string {
  return name === "localdev" ? command : `${command} --name ${name}`;
}

/** The page is served by the process that runs all parts: whoever reads it, they run. */
function partsOf(config: PlatformConfig): PartStatus[] {
  const urls = platformUrls(config);
  return [
    { name: "apiserver", title: "Kubernetes API", state: "ready", address: `https://127.0.0.1:${config.apiPort}` },
    { name: "git", title: "Git", state: "ready", address: `${urls.git}/` },
    { name: "gitops", title: "GitOps engine", state: "ready" },
    { name: "packages", title: "Packages", state: "ready" },
    { name: "compute", title: "Pods", state: "ready", message: computeText(config) },
    { name: "gateway", title: "Gateway", state: "ready", address: `${urls.front}/` },
  ];
}
