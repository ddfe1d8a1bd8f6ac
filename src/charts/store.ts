import { isFields, textAt } from "../apimachinery/index.ts";
import { buildDependencies, type DependencySources } from "./build-dependencies.ts";
import { createChartPlaces, type FoundChart } from "./chart-places.ts";
import { type ChartRequest, type ChartSource, memoryKey, workKey } from "./chart-request.ts";
import { createContentCache } from "./content-cache.ts";
import { type ArtifactRequest, type FetchedArtifact, fetchArtifact } from "./fetch-artifact.ts";
import { createFlights } from "./flights.ts";
import { createHttp, type HttpLimits, httpLimits, shownUrl } from "./http-get.ts";
import { createHttpRepositories } from "./http-repository.ts";
import { createOciArtifacts } from "./oci/artifact.ts";
import { isDigest } from "./oci/reference.ts";
import { createRegistry } from "./oci/registry.ts";
import { type Signer, verifyProvenance } from "./provenance/verify-provenance.ts";
import type { RegistryLogins } from "./registry-logins.ts";
import { isVersion } from "./versions.ts";

/**
 * @property digest of `bytes`, `sha256:…`
 * @property name the last part of the chart's name
 * @property version as the repository writes it
 * @property signer present when a signature was verified
 */
export type FetchedChart = { bytes: Uint8Array; digest: string; name: string; version: string; signer?: Signer };

/** Charts of repositories and registries. What was fetched once is on disk, and found there without the network. */
export type ChartStore = AsyncDisposable & {
  /** The version that a range means now. What is a version already is not looked up. */
  resolve(request: ChartRequest, signal?: AbortSignal): Promise<{ version: string }>;
  /**
   * Fetches the archive of a chart.
   *
   * @throws {Error} in Helm's words when there is no such chart or repository
   */
  fetch(request: ChartRequest, signal?: AbortSignal): Promise<FetchedChart>;
  /** All versions of a chart, the highest first. */
  versions(source: ChartSource, signal?: AbortSignal): Promise<string[]>;
  /**
   * Does what `helm dependency build` does, as far as files of a chart go.
   *
   * @param files of the chart, by path relative to it
   * @returns all of them, with archives of what it depends on in `charts/`
   */
  buildDependencies(
    files: ReadonlyMap<string, Uint8Array>,
    options: DependencySources & Pick<ChartRequest, "passCredentials" | "refresh" | "provenance">,
    signal?: AbortSignal,
  ): Promise<Map<string, Uint8Array>>;
  /** Fetches an artifact that is a directory of manifests, or a chart, as Argo CD does for sources `oci://…`. */
  artifact(request: ArtifactRequest, signal?: AbortSignal): Promise<FetchedArtifact>;
};

/**
 * @property cacheBytes on disk
 * @property indexBytes of an `index.yaml`; the largest public one has 20 MiB
 * @property chartBytes of an archive: what Helm takes unpacked
 * @property artifactBytes of all files of an artifact: what a Git source may have
 * @property freshMs for how long an index or a list of tags counts as new: as long as a fetched branch does
 * @property http how long to wait
 */
export type ChartStoreLimits = {
  cacheBytes: number;
  indexBytes: number;
  chartBytes: number;
  artifactBytes: number;
  freshMs: number;
  http: HttpLimits;
};

const defaultLimits: ChartStoreLimits = {
  cacheBytes: 2 ** 30,
  indexBytes: 128 * 2 ** 20,
  chartBytes: 100 * 2 ** 20,
  artifactBytes: 256 * 2 ** 20,
  freshMs: 3 * 60_000,
  http: httpLimits,
};

/** What a name and a version stand for, on disk. `signature` is the digest of the provenance file, `none`, or not known: empty. */
type ChartNote = { digest: string; version: string; file: string; signature: string };

/**
 * @param options.directory the cache; made when something is fetched
 * @param options.environment where proxies are looked up; that of this process when absent
 * @param options.keyring whose signature charts must have when they have one, unless a request says otherwise
 * @param options.logins who the user is to registries for which a request has no credentials; nobody when absent
 */
export function createChartStore(options: {
  directory: string;
  limits?: Partial<ChartStoreLimits>;
  environment?: NodeJS.ProcessEnv;
  logins?: RegistryLogins;
  keyring?: Uint8Array;
  now?: () => number;
}): ChartStore {
  const { directory, environment = process.env, logins, keyring, now = Date.now } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const cache = createContentCache({ directory, bytesMax: limits.cacheBytes, now });
  const http = createHttp(environment, limits.http);
  const repositoryLimits = {
    indexBytesMax: limits.indexBytes,
    archiveBytesMax: limits.chartBytes,
    freshMs: limits.freshMs,
  };
  const repositories = createHttpRepositories({ http, cache, now, limits: repositoryLimits });
  const artifacts = createOciArtifacts({ registry: createRegistry({ http, now, logins }), cache });
  const places = createChartPlaces({ repositories, artifacts, cache, limits, now });
  const flights = createFlights();

  /** From disk when name and version are known there. */
  const obtain = async (request: ChartRequest, signal: AbortSignal): Promise<FoundChart> => {
    const key = memoryKey(request);
    const known = key === undefined || request.refresh === true ? undefined : await recall(key, request);
    if (known !== undefined) return known;
    const found = await places.fetch(request, signal);
    const { digest, version, file } = found;
    const exact = memoryKey({ ...request, version: isDigest(request.version) ? request.version : version });
    const signature = found.signature && (await cache.write(found.signature));
    const note: ChartNote = { digest, version, file, signature: signature ?? (request.provenance ? "none" : "") };
    for (const one of new Set([key, exact])) if (one !== undefined) await cache.writeNote("charts", one, note);
    return found;
  };

  const recall = async (key: string, request: ChartRequest): Promise<FoundChart | undefined> => {
    const note = parseNote(await cache.readNote("charts", key));
    const bytes = note === undefined ? undefined : await cache.read(note.digest);
    if (note === undefined || bytes === undefined) return undefined;
    const signature = request.provenance && (await cache.read(note.signature));
    // One that was not there before may be there now, which matters when it must be.
    const isAbsent = note.signature === "none" && request.provenance?.required !== true;
    if (request.provenance !== undefined && signature === undefined && !isAbsent) return undefined;
    return { bytes, digest: note.digest, version: note.version, file: note.file, signature };
  };

  const verify = ({ provenance }: ChartRequest, { bytes, file, signature }: FoundChart): Signer | undefined => {
    if (provenance === undefined) return undefined;
    if (signature !== undefined)
      return verifyProvenance({ signature, archive: bytes, file, keyring: provenance.keyring, now: now() });
    if (provenance.required !== true) return undefined;
    throw new Error(`failed to fetch provenance ${JSON.stringify(`${file}.prov`)}`);
  };

  const fetchVerified = async (asked: ChartRequest, signal: AbortSignal | undefined) => {
    const request = { ...asked, provenance: asked.provenance ?? (keyring && { keyring }) };
    const found = await flights.share(workKey("fetch", request), (ends) => obtain(request, ends), signal);
    return { ...found, signer: verify(request, found) };
  };

  const listVersions = async (source: ChartSource, signal: AbortSignal | undefined) =>
    await flights.share(workKey("versions", source), (ends) => places.versions(source, ends), signal);

  return {
    async resolve(request, signal) {
      if (isVersion(request.version) || isDigest(request.version)) return { version: request.version };
      const work = (ends: AbortSignal) => places.choose(request, ends);
      return { version: await flights.share(workKey("resolve", request), work, signal) };
    },

    async fetch(request, signal) {
      const { bytes, digest, version, signer } = await fetchVerified(request, signal);
      const name = request.chart.split("/").at(-1) || request.repository.split("/").at(-1) || "";
      return { bytes, digest, name, version, ...(signer && { signer }) };
    },

    async versions(source, signal) {
      const versions = await listVersions(source, signal);
      if (versions !== undefined) return versions;
      throw new Error(`chart ${JSON.stringify(source.chart)} not found in ${shownUrl(source.repository)} repository`);
    },

    async buildDependencies(files, { passCredentials, refresh, provenance, ...sources }, signal) {
      const more = { passCredentials, refresh, provenance };
      return await buildDependencies(files, sources, {
        versions: (source) => listVersions({ ...source, ...more }, signal),
        fetch: (request) => fetchVerified({ ...request, ...more }, signal),
      });
    },

    async artifact(request, signal) {
      const key = workKey("artifact", { ...request, chart: "", version: request.revision });
      const options = { places, artifacts, bytesMax: limits.artifactBytes };
      return await flights.share(key, (ends) => fetchArtifact(request, options, ends), signal);
    },

    async [Symbol.asyncDispose]() {
      flights[Symbol.dispose]();
      http[Symbol.dispose]();
    },
  };
}

function parseNote(note: unknown): ChartNote | undefined {
  if (!isFields(note)) return undefined;
  const text = (field: string) => textAt(note, field);
  return { digest: text("digest"), version: text("version"), file: text("file"), signature: text("signature") };
}
