import { type ChartCredentials, credentialsKey, isOciRepository } from "./credentials.ts";
import { isDigest } from "./oci/reference.ts";
import { isVersion } from "./versions.ts";

/** A repository, and the chart in it. */
export type ChartSource = {
  /** `https://…` or `http://…` of a chart repository; `oci://host/path` or `host/path` of a registry. */
  repository: string;
  /** May have `/` in it in a registry. */
  chart: string;
  credentials?: ChartCredentials;
  /** Shows the credentials to other hosts too, when the index of a repository names archives there. */
  passCredentials?: boolean;
  /** Asks the other side also for what is known; else it is asked for what may have changed alone, every three minutes. */
  refresh?: boolean;
};

/**
 * @property version one version; a range, of which the highest is taken; empty for the latest that is no prerelease. Of a
 * registry also a digest of a manifest, `sha256:…`
 * @property provenance whose signature the chart must have when it has one, or, with `required`, in any case
 */
export type ChartRequest = ChartSource & {
  version: string;
  provenance?: { keyring: Uint8Array; required?: boolean };
};

/** Whether a chart is in a registry, and not in a chart repository. */
export function isInRegistry({ repository }: ChartSource): boolean {
  return isOciRepository(repository);
}

/** What work for a request is called, so that it is done once for all who ask for the same. */
export function workKey(what: string, request: ChartSource & Partial<ChartRequest>): string {
  const { repository, chart, version, credentials, passCredentials, refresh, provenance } = request;
  const signed = provenance && [provenance.required];
  return JSON.stringify([what, repository, chart, version, credentials, passCredentials, refresh, signed]);
}

/** What a version is remembered under; `undefined` for what may mean another chart tomorrow, as `1.2` does. */
export function memoryKey({ repository, chart, version, credentials }: ChartRequest): string | undefined {
  const isExact = isDigest(version) || (isVersion(version) && /^v?\d+\.\d+\.\d+/.test(version));
  return isExact ? JSON.stringify([repository, chart, version, credentialsKey(credentials)]) : undefined;
}
