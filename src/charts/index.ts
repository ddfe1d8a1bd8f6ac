// Where charts come from: chart repositories, OCI registries, what charts depend on, who has signed them.
// It promises the bytes that were published, fetched once, and found on disk when there is no network.
// It leaves to others rendering them, and where credentials are kept.
export type { DependencySources } from "./build-dependencies.ts";
export type { ChartRequest, ChartSource } from "./chart-request.ts";
export {
  type ChartCredentials,
  type ChartRepository,
  findRepository,
  isOciRepository,
  type KnownRepositories,
} from "./credentials.ts";
export type { ArtifactRequest, FetchedArtifact } from "./fetch-artifact.ts";
export { readKeyring } from "./provenance/keyring.ts";
export type { Signer } from "./provenance/verify-provenance.ts";
export { type RegistryLogins, userRegistryLogins } from "./registry-logins.ts";
export { type ChartStore, type ChartStoreLimits, createChartStore, type FetchedChart } from "./store.ts";
