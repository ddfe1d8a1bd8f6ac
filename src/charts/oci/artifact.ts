import { fieldsAt, itemsAt, parseJson, textAt } from "../../apimachinery/index.ts";
import { type ContentCache, sha256 } from "../content-cache.ts";
import type { ChartCredentials } from "../credentials.ts";
import { chooseVersion, isVersion, sortVersions } from "../versions.ts";
import { isDigest, type OciRepository, tagOfVersion, versionOfTag } from "./reference.ts";
import { type Registry, refusal } from "./registry.ts";

/** A part of an artifact. */
export type Descriptor = { mediaType: string; digest: string; sizeBytes: number };
/** @property digest of the manifest itself */
export type OciManifest = {
  digest: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations: Record<string, string>;
};

export const helmConfigType = "application/vnd.cncf.helm.config.v1+json";
export const helmChartType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
export const helmLegacyChartType = "application/tar+gzip";
export const helmProvenanceType = "application/vnd.cncf.helm.chart.provenance.v1.prov";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const dockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
const dockerListType = "application/vnd.docker.distribution.manifest.list.v2+json";

/** What the specification asks registries to accept at least. */
const manifestBytesMax = 4 * 2 ** 20;
/** Of an index; one for each platform, and each as a request of its own. */
const manifestsMax = 20;
/** Pages and tags of one repository; the largest public ones have some ten thousand tags. */
const pagesMax = 200;
const tagsMax = 100_000;
const pageBytesMax = 4 * 2 ** 20;

/** Reads artifacts of registries. */
export type OciArtifacts = {
  /** All tags, in the order of the registry. */
  tags(place: OciRepository, access: ChartCredentials | undefined, signal: AbortSignal): Promise<string[]>;
  /** The manifest under a tag or digest; of an index the first for which `wanted` holds. `undefined` when there is none. */
  manifest(
    place: OciRepository,
    reference: string,
    options: { credentials?: ChartCredentials; wanted: (manifest: OciManifest) => boolean },
    signal: AbortSignal,
  ): Promise<OciManifest | undefined>;
  /** A part of an artifact, from the cache when it is there. */
  blob(
    place: OciRepository,
    descriptor: Descriptor,
    options: { credentials?: ChartCredentials; bytesMax: number },
    signal: AbortSignal,
  ): Promise<Uint8Array>;
};

export function createOciArtifacts(options: { registry: Registry; cache: ContentCache }): OciArtifacts {
  const { registry, cache } = options;

  const fetchManifest = async (
    place: OciRepository,
    reference: string,
    credentials: ChartCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> => {
    const accept = [manifestType, indexType, dockerManifestType, dockerListType].join(", ");
    const options = { accept, bytesMax: manifestBytesMax, credentials };
    const { status, body } = await registry.get(place, `manifests/${reference}`, options, signal);
    if (status === 404) return undefined;
    if (isDigest(reference) && reference !== sha256(body))
      throw new Error(
        `mismatch digest: ${place.registry}/${place.repository}@${reference} has the content of ${sha256(body)}`,
      );
    await cache.write(body);
    return body;
  };

  const manifestAt: OciArtifacts["manifest"] = async (place, reference, { credentials, wanted }, signal) => {
    const bytes = (await cache.read(reference)) ?? (await fetchManifest(place, reference, credentials, signal));
    if (bytes === undefined) return undefined;
    const digest = sha256(bytes);
    const body = parseJson(bytes);
    if (!Array.isArray(fieldsAt(body)["manifests"])) {
      return {
        digest,
        config: descriptorOf(fieldsAt(body, "config")),
        layers: itemsAt(body, "layers").map(descriptorOf),
        annotations: Object.fromEntries(
          Object.entries(fieldsAt(body, "annotations")).map(([key, value]) => [key, String(value)]),
        ),
      };
    }
    const inner = itemsAt(body, "manifests").map(descriptorOf);
    for (const { digest: one } of inner.slice(0, manifestsMax)) {
      if (!isDigest(one)) continue;
      // An index in an index has no use that is known.
      const found = await manifestAt(place, one, { credentials, wanted: () => true }, signal);
      if (found !== undefined && wanted(found)) return found;
    }
    return undefined;
  };

  return {
    async tags(place, credentials, signal) {
      const found: string[] = [];
      let path = "tags/list";
      for (let pages = 0; pages < pagesMax && found.length < tagsMax; pages++) {
        const answer = await registry.get(place, path, { bytesMax: pageBytesMax, credentials }, signal);
        if (answer.status === 404) throw refusal(answer, answer.url);
        const tags = fieldsAt(parseJson(answer.body))["tags"];
        for (const tag of Array.isArray(tags) ? tags : []) if (typeof tag === "string") found.push(tag);
        const next = nextPage(answer.headers["link"], answer.url);
        if (next === undefined) return found;
        path = next;
      }
      throw new Error(`repository ${place.registry}/${place.repository} has more than ${tagsMax} tags`);
    },

    manifest: manifestAt,

    async blob(place, { digest, sizeBytes, mediaType }, { credentials, bytesMax }, signal) {
      if (!isDigest(digest))
        throw new Error(`layer of type ${mediaType} has the unusable digest ${JSON.stringify(digest)}`);
      if (sizeBytes > bytesMax) throw new Error(`layer ${digest} has ${sizeBytes} bytes, more than ${bytesMax}`);
      const cached = await cache.read(digest);
      if (cached !== undefined) return cached;
      const answer = await registry.get(place, `blobs/${digest}`, { bytesMax, credentials }, signal);
      if (answer.status === 404) throw new Error(`${place.registry}/${place.repository} has lost its layer ${digest}`);
      const actual = sha256(answer.body);
      if (actual !== digest) throw new Error(`mismatch digest: layer ${digest} came with the content of ${actual}`);
      await cache.write(answer.body);
      return answer.body;
    },
  };
}

/**
 * The tag that a version or a range means.
 *
 * @param wanted a tag, a version, a range, or empty for the latest that is no prerelease
 * @param tags asked only when it is no version
 * @throws {Error} in Helm's words when no tag fits
 */
export async function chooseTag(
  wanted: string,
  tags: () => Promise<string[]>,
): Promise<{ tag: string; version: string }> {
  if (isVersion(wanted)) return { tag: tagOfVersion(wanted), version: wanted };
  const all = await tags();
  const versions = sortVersions(all.map((tag) => ({ tag, version: versionOfTag(tag) })));
  const exact = versions.find(({ tag }) => tag === wanted);
  const found = exact ?? chooseVersion(versions, wanted);
  if (found === undefined) throw new Error(`could not locate a version matching provided version string ${wanted}`);
  return found;
}

function descriptorOf(value: unknown): Descriptor {
  const size = fieldsAt(value)["size"];
  return {
    mediaType: textAt(value, "mediaType"),
    digest: textAt(value, "digest"),
    sizeBytes: typeof size === "number" ? size : 0,
  };
}

/** The path in `Link: </v2/x/tags/list?last=a&n=100>; rel="next"`. Other hosts are not asked. */
function nextPage(link: string | string[] | undefined, from: string): string | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec([link ?? ""].flat().join(", ")) ?? [];
  if (target === undefined) return undefined;
  const url = new URL(target, from);
  return `${url.pathname}${url.search}`;
}
