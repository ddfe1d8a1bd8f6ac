import { type Fields, fieldsAt, isFields, itemsAt, listAt, quoteGo, textAt } from "../../../apimachinery/index.ts";
import { warnOfClaimSpec } from "./storage.ts";

/** Kinds of volumes that are gone or going, in the order in which they are told of. */
const deprecated: readonly (readonly [field: string, message: string])[] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["ephemeral", ""],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];
/** Where a warning calls a field otherwise than the API does. */
const shownAs: Readonly<Record<string, string>> = { storageos: "storageOS" };

/** @param path of the pod's spec */
export function warnOfVolumes(path: string, spec: Fields): string[] {
  const volumes = itemsAt(spec, "volumes");
  const kinds = volumes.flatMap((volume, index) =>
    deprecated.flatMap(([field, message]) => {
      if (!isFields(volume[field])) return [];
      const at = `${path}.volumes[${index}].${shownAs[field] ?? field}`;
      if (field !== "ephemeral") return [`${at}: ${message}`];
      return warnOfClaimSpec(`${at}.volumeClaimTemplate.spec`, fieldsAt(volume, field, "volumeClaimTemplate", "spec"));
    }),
  );
  return [...kinds, ...volumes.flatMap(warnOfOverlaps)];
}

/** A file in a volume, and where it comes from. */
type Placed = { path: string; source: string };

/** Files of one volume that stand in the way of each other. */
function warnOfOverlaps(volume: Fields): string[] {
  const name = quoteGo(textAt(volume, "name"));
  const tell = (what: string, pairs: string[]) =>
    pairs.map((pair) => `volume ${name} (${what}): overlapping paths: ${pair}`);
  const [config, secret] = [fieldsAt(volume, "configMap"), fieldsAt(volume, "secret")];
  return [
    ...tell(`ConfigMap ${quoteGo(textAt(config, "name"))}`, overlaps([], placed(config, ""))),
    ...tell(`Secret ${quoteGo(textAt(secret, "secretName"))}`, overlaps([], placed(secret, ""))),
    ...tell("DownwardAPI", overlaps([], placed(volume["downwardAPI"], ""))),
    ...warnOfProjection(name, volume["projected"], tell),
  ];
}

function warnOfProjection(
  name: string,
  projected: unknown,
  tell: (what: string, pairs: string[]) => string[],
): string[] {
  const known: Placed[] = [];
  return listAt(projected, "sources").flatMap((source) => {
    if (!isFields(source) || Object.keys(source).length === 0)
      return [`volume ${name} (Projected) has no sources provided`];
    return tell("Projected", overlaps(known, sourceFiles(source)));
  });
}

function sourceFiles(source: Fields): Placed[] {
  const named = (kind: string, field: string) =>
    placed(source[field], `${kind} ${quoteGo(textAt(source, field, "name"))}`);
  if (listAt(source, "configMap", "items").length > 0) return named("ConfigMap", "configMap");
  if (listAt(source, "secret", "items").length > 0) return named("Secret", "secret");
  if (listAt(source, "downwardAPI", "items").length > 0) return placed(source["downwardAPI"], "DownwardAPI");
  const token = source["serviceAccountToken"];
  if (isFields(token)) return [{ path: textAt(token, "path"), source: "ServiceAccountToken" }];
  const bundle = source["clusterTrustBundle"];
  if (isFields(bundle)) {
    const bundleName = textAt(bundle, "name") || textAt(bundle, "signerName");
    return [{ path: textAt(bundle, "path"), source: `ClusterTrustBundle ${quoteGo(bundleName)}` }];
  }
  return [
    ["certificateChainPath", "PodCertificate chain"],
    ["keyPath", "PodCertificate key"],
    ["credentialBundlePath", "PodCertificate credential bundle"],
  ].flatMap(([field = "", what = ""]) => {
    const path = textAt(source, "podCertificate", field);
    return path === "" ? [] : [{ path, source: what }];
  });
}

function placed(holder: unknown, source: string): Placed[] {
  return itemsAt(holder, "items").map((item) => ({ path: textAt(item, "path"), source }));
}

/** @param known files that are there already; those looked at are added */
function overlaps(known: Placed[], files: readonly Placed[]): string[] {
  return files.flatMap((sent) => {
    const file = { ...sent, path: sent.path.replace(/\/+$/, "") };
    const found = known.filter((other) => inTheWay(file, other)).map((other) => `${shown(file)} with ${shown(other)}`);
    known.push(file);
    return found;
  });
}

function inTheWay(file: Placed, other: Placed): boolean {
  if (file.path === "" || other.path === "") return false;
  return `${other.path}/`.startsWith(`${file.path}/`) || `${file.path}/`.startsWith(`${other.path}/`);
}

function shown({ path, source }: Placed): string {
  return source === "" ? quoteGo(path) : `${quoteGo(path)} (${source})`;
}
