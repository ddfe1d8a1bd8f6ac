import { type ChartRequest, type ChartSource, isInRegistry } from "./chart-request.ts";
import { type ContentCache, sha256 } from "./content-cache.ts";
import { credentialsKey } from "./credentials.ts";
import { shownUrl } from "./http-get.ts";
import type { HttpRepositories } from "./http-repository.ts";
import {
  chooseTag,
  helmChartType,
  helmConfigType,
  helmLegacyChartType,
  helmProvenanceType,
  type OciArtifacts,
  type OciManifest,
} from "./oci/artifact.ts";
import { isDigest, type OciRepository, parseOciRepository, versionOfTag } from "./oci/reference.ts";
import type { IndexEntry } from "./repository-index.ts";
import { chooseVersion, isVersion, sortVersions } from "./versions.ts";

/**
 * An archive from a repository or a registry.
 *
 * @property file what it is called there; its provenance file knows it by this name
 * @property signature the provenance file, when it was asked for and is there
 */
export type FoundChart = {
  bytes: Uint8Array;
  digest: string;
  version: string;
  file: string;
  signature: Uint8Array | undefined;
};

/** Chart repositories and registries as one: who asks need not know which of both it is. */
export type ChartPlaces = {
  /** The version that a range means. @throws {Error} in Helm's words when there is none */
  choose(request: ChartRequest, signal: AbortSignal): Promise<string>;
  /** @throws {Error} in Helm's words when there is no such chart */
  fetch(request: ChartRequest, signal: AbortSignal): Promise<FoundChart>;
  /** All versions, the highest first; `undefined` when a repository does not have the chart. */
  versions(source: ChartSource, signal: AbortSignal): Promise<string[] | undefined>;
  /** All tags of a repository in a registry. */
  tags(source: ChartSource, signal: AbortSignal): Promise<string[]>;
};

/** Lists of tags that are remembered. */
const tagListsMax = 200;
const provenanceBytesMax = 2 ** 20;

export function createChartPlaces(options: {
  repositories: HttpRepositories;
  artifacts: OciArtifacts;
  cache: ContentCache;
  limits: { chartBytes: number; freshMs: number };
  now: () => number;
}): ChartPlaces {
  const { repositories, artifacts, cache, limits, now } = options;
  const tagLists = new Map<string, { tags: string[]; askedAtMs: number }>();

  const tags: ChartPlaces["tags"] = async (source, signal) => {
    const place = placeOf(source);
    const key = `${place.registry}/${place.repository} ${credentialsKey(source.credentials)}`;
    const known = tagLists.get(key);
    if (known !== undefined && source.refresh !== true && now() - known.askedAtMs < limits.freshMs) return known.tags;
    const found = await artifacts.tags(place, source.credentials, signal);
    tagLists.delete(key);
    tagLists.set(key, { tags: found, askedAtMs: now() });
    const [oldest] = tagLists.size > tagListsMax ? tagLists.keys() : [];
    if (oldest !== undefined) tagLists.delete(oldest);
    return found;
  };

  const entriesOf = async (source: ChartSource, signal: AbortSignal): Promise<IndexEntry[] | undefined> => {
    const access = { ...source, url: source.repository };
    return await repositories.entries(access, source.chart, source.refresh === true, signal);
  };

  const entryOf = async (request: ChartRequest, signal: AbortSignal): Promise<IndexEntry & { url: string }> => {
    const entry = chooseEntry((await entriesOf(request, signal)) ?? [], request);
    const [url] = entry.urls;
    if (url === undefined) throw new Error(`${nameOf(request)} has no downloadable URLs`);
    return { ...entry, url };
  };

  /** Fetches what an index names. */
  const fetchFromRepository = async (request: ChartRequest, signal: AbortSignal): Promise<FoundChart> => {
    const access = { ...request, url: request.repository };
    const entry = await entryOf(request, signal);
    const named = entry.digest === "" ? undefined : `sha256:${entry.digest.replace(/^sha256:/, "").toLowerCase()}`;
    const known = named === undefined ? undefined : await cache.read(named);
    const bytes = known ?? (await repositories.archive(access, entry.url, signal));
    const digest = sha256(bytes);
    if (named !== undefined && named !== digest) {
      const what = `${request.chart} ${entry.version} of ${shownUrl(request.repository)}`;
      throw new Error(`Cannot use chart ${what}: its digest is ${digest}, and the index says ${named}`);
    }
    if (known === undefined) await cache.write(bytes);
    const file = fileOf(entry.url) ?? `${request.chart}-${entry.version}.tgz`;
    const signature = request.provenance && (await repositories.provenance(access, entry.url, signal));
    return { bytes, digest, version: entry.version, file, signature };
  };

  /** Fetches what a tag or a digest names. */
  const fetchFromRegistry = async (request: ChartRequest, signal: AbortSignal): Promise<FoundChart> => {
    const { credentials, version: wanted } = request;
    const place = placeOf(request);
    const { tag, version } = isDigest(wanted)
      ? { tag: wanted, version: wanted }
      : await chooseTag(wanted, () => tags(request, signal));
    const shown = `${place.registry}/${place.repository}${isDigest(wanted) ? "@" : ":"}${tag}`;
    const isChart = (found: OciManifest) => found.config.mediaType === helmConfigType;
    const failed = (why: string, cause?: unknown) =>
      new Error(`failed to perform "FetchReference" on source: ${why}`, { cause });
    const manifest = await artifacts
      .manifest(place, tag, { credentials, wanted: isChart }, signal)
      .catch((cause: unknown) => {
        signal.throwIfAborted();
        throw failed(cause instanceof Error ? cause.message : String(cause), cause);
      });
    if (manifest === undefined) throw failed(`${shown}: not found`);
    if (!isChart(manifest)) throw new Error(`could not load config with mediatype ${helmConfigType}`);
    const layer = manifest.layers.findLast(({ mediaType }) => [helmChartType, helmLegacyChartType].includes(mediaType));
    if (layer === undefined) throw new Error(`manifest does not contain a layer with mediatype ${helmChartType}`);
    const bytes = await artifacts.blob(place, layer, { credentials, bytesMax: limits.chartBytes }, signal);
    const signed = request.provenance && manifest.layers.find(({ mediaType }) => mediaType === helmProvenanceType);
    const signature =
      signed && (await artifacts.blob(place, signed, { credentials, bytesMax: provenanceBytesMax }, signal));
    const real = isDigest(wanted) ? (manifest.annotations["org.opencontainers.image.version"] ?? wanted) : version;
    const name = place.repository.split("/").at(-1) ?? "";
    const file = `${name}-${isDigest(wanted) ? real : versionOfTag(tag)}.tgz`;
    return { bytes, digest: layer.digest, version: real, file, signature };
  };

  return {
    tags,

    async choose(request, signal) {
      if (!isInRegistry(request)) return (await entryOf(request, signal)).version;
      return (await chooseTag(request.version, () => tags(request, signal))).version;
    },

    async fetch(request, signal) {
      return isInRegistry(request)
        ? await fetchFromRegistry(request, signal)
        : await fetchFromRepository(request, signal);
    },

    async versions(source, signal) {
      if (!isInRegistry(source)) {
        const entries = await entriesOf(source, signal);
        return entries?.filter(({ urls }) => urls.length > 0).map(({ version }) => version);
      }
      const found = (await tags(source, signal)).map(versionOfTag).filter(isVersion);
      return sortVersions(found.map((version) => ({ version }))).map(({ version }) => version);
    },
  };
}

/** Where a chart is in a registry; an artifact is there without the name of a chart. */
export function placeOf({ repository, chart }: ChartSource): OciRepository {
  return parseOciRepository(repository, ...(chart === "" ? [] : [chart]));
}

/** Helm says the same for a chart that is not there, for a version that is not, and for what is no version. */
function chooseEntry(entries: readonly IndexEntry[], request: ChartRequest): IndexEntry {
  const message = `${nameOf(request)} not found in ${shownUrl(request.repository)} repository`;
  let found: IndexEntry | undefined;
  try {
    found = chooseVersion(entries, request.version);
  } catch (cause) {
    throw new Error(message, { cause });
  }
  if (found === undefined) throw new Error(message);
  return found;
}

function nameOf({ chart, version }: ChartRequest): string {
  return `chart ${JSON.stringify(chart)}${version === "" ? "" : ` version ${JSON.stringify(version)}`}`;
}

/** The last part of a URL, when it can be the name of an archive. */
function fileOf(url: string): string | undefined {
  const last = new URL(url, "http://localhost/").pathname.split("/").at(-1) ?? "";
  try {
    const name = decodeURIComponent(last);
    return /^[^/\\]+\.tgz$/i.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
