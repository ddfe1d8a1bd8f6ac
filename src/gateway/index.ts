// The platform's front door: certificates, TLS listeners, routing by host and path, and the front page.
// It promises that what it issues and serves is accepted by browsers, curl, Git and Kubernetes clients without exceptions.
// It leaves to others what is behind a route, who may do what there, and when things start and stop.
export {
  type CertificateAuthority,
  CertificateAuthorityError,
  openCertificateAuthority,
} from "./certificates/authority.ts";
export type { PemPair } from "./certificates/issue.ts";
export { type RequestedSubject, type RequestSigning, readRequest } from "./certificates/sign-request.ts";
export { createFrontPage, type FrontPage } from "./front-page/front-page.ts";
export {
  type ApplicationDetails,
  type ApplicationSummary,
  needsAttention,
  type PackageStatus,
  type PartStatus,
  type PlatformStatus,
  type RepositoryStatus,
  type StatusSnapshot,
} from "./front-page/status.ts";
export { type WatchedPlatformStatus, watchPlatformStatus } from "./front-page/watch-status.ts";
export {
  type Listener,
  type ListenOptions,
  PortForbiddenError,
  PortTakenError,
  startListener,
  type UpgradeHandler,
} from "./listener/listener.ts";
export { webSocketWatches } from "./listener/websocket-watch.ts";
export { type Route, type RoutingTable, routedHostNames, routeRequests, routeUpgrades } from "./routes.ts";
export {
  installTrust,
  readTrustedAuthority,
  type TrustOptions,
  type TrustOutcome,
  uninstallTrust,
} from "./trust/install.ts";
export { trustInstructions } from "./trust/instructions.ts";
export type { TrustedAuthority } from "./trust/plan.ts";
export { inspectSystem, type TrustPlatform, type TrustSystem } from "./trust/system.ts";
