// The Kubernetes API of one logical cluster as one handler: discovery, reads, writes, watches and custom resources.
// It promises the semantics, the texts and the formats that Kubernetes' own clients rely on.
// It leaves to others storing bytes, the kinds themselves, TLS, and the controllers that act on what is written.

export type { AnonymousRule } from "./access/authenticate.ts";
export {
  type AuthenticationConfig,
  type JwtIssuer,
  parseAuthenticationConfig,
} from "./access/authentication-config.ts";
export type {
  AllowedRules,
  Attributes,
  Authorizer,
  Decision,
  NonResourceRule,
  ResourceRule,
} from "./access/authorize.ts";
export { type Identity, type TokenAuthenticator, TokenError } from "./access/identity.ts";
export { type OidcOptions, oidcTokens } from "./access/oidc.ts";
export {
  createServiceAccountIssuer,
  defaultIssuer as serviceAccountIssuer,
  generateServiceAccountKey,
  type ServiceAccountIssuer,
} from "./access/service-account-issuer.ts";
export { type ApiServer, type ApiServerOptions, openApiServer } from "./api-server.ts";
export { type AuditLogOptions, type AuditSink, openAuditLog } from "./audit/log-file.ts";
export { type AuditPolicy, parseAuditPolicy } from "./audit/policy.ts";
export type { Audit } from "./audit/trail.ts";
export { type Clusters, type ClustersOptions, logicalClusters, openClusters } from "./clusters/clusters.ts";
export type { HealthCheck } from "./discovery/health.ts";
export { defaultVersion, type VersionInfo } from "./discovery/version.ts";
export { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
