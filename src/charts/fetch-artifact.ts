import { type ChartPlaces, placeOf } from "./chart-places.ts";
import type { ChartCredentials } from "./credentials.ts";
import { chooseTag, helmChartType, helmConfigType, type OciArtifacts, type OciManifest } from "./oci/artifact.ts";
import { isDigest, tagOfVersion } from "./oci/reference.ts";
import { unpackLayer } from "./unpack-layer.ts";
import { isVersion } from "./versions.ts";

/** @property revision a tag, a digest, or a range of versions over tags */
export type ArtifactRequest = {
  repository: string;
  revision: string;
  credentials?: ChartCredentials;
  refresh?: boolean;
};

/** The artifact of a generic OCI source. @property revision the digest of its manifest */
export type FetchedArtifact = { revision: string; files: Map<string, Uint8Array>; annotations: Record<string, string> };

/** What Argo CD unpacks unless told otherwise, and how many layers it looks at. */
const contentTypes = [
  "application/vnd.oci.image.layer.v1.tar",
  "application/vnd.oci.image.layer.v1.tar+gzip",
  helmChartType,
];
const layersMax = 10;

/**
 * Fetches an artifact that is a directory of manifests, or a chart, with the rules of Argo CD and in its words.
 *
 * @param options.bytesMax of all files together
 */
export async function fetchArtifact(
  request: ArtifactRequest,
  options: { places: ChartPlaces; artifacts: OciArtifacts; bytesMax: number },
  signal: AbortSignal,
): Promise<FetchedArtifact> {
  const { places, artifacts, bytesMax } = options;
  const { credentials } = request;
  const place = placeOf({ ...request, chart: "" });
  const { digest, config, layers, annotations } = await findManifest(request, { places, artifacts }, signal);
  if (layers.length > layersMax) throw new Error(`expected no more than ${layersMax} oci layers, got ${layers.length}`);
  const isChart = config.mediaType === helmConfigType;
  const isContent = (type: string) => (isChart ? type === helmChartType : /tar(?:[+.]gzip)?$/.test(type));
  const content = layers.filter(({ mediaType }) => isContent(mediaType));
  const refused = content.find(({ mediaType }) => !contentTypes.includes(mediaType));
  if (refused !== undefined)
    throw new Error(`oci layer media type ${refused.mediaType} is not in the list of allowed media types`);
  const [layer] = content;
  if (layer === undefined || content.length > 1)
    throw new Error(`expected only a single oci content layer, got ${content.length}`);
  const bytes = await artifacts.blob(place, layer, { credentials, bytesMax }, signal);
  const files = await unpackLayer(bytes, { isPacked: layer.mediaType.endsWith("gzip"), withoutTop: isChart, bytesMax });
  return { revision: digest, files, annotations };
}

async function findManifest(
  request: ArtifactRequest,
  { places, artifacts }: { places: ChartPlaces; artifacts: OciArtifacts },
  signal: AbortSignal,
): Promise<OciManifest> {
  const { revision, credentials } = request;
  const source = { ...request, chart: "" };
  const at = async (reference: string) =>
    await artifacts.manifest(placeOf(source), reference, { credentials, wanted: () => true }, signal);
  const isTag = /^\w[\w.+-]*$/.test(revision);
  const exact = isDigest(revision) || isTag ? await at(isTag ? tagOfVersion(revision) : revision) : undefined;
  if (exact !== undefined) return exact;
  const notFound = new Error(`cannot get digest for revision ${revision}: not found`);
  if (isDigest(revision) || isVersion(revision)) throw notFound;
  const found = await at((await chooseTag(revision, () => places.tags(source, signal))).tag);
  if (found === undefined) throw notFound;
  return found;
}
