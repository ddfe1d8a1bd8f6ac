import { isFields, type KubeObject } from "../../apimachinery/index.ts";
import type { Condition } from "../../apis/index.ts";
import type { Manifest } from "../../render/index.ts";
import { groupOf, keyOf, type ObjectKey } from "../object/key.ts";
import { withTrackingId } from "./tracking.ts";

/** What the source wants to exist, and where it says so. */
export type Target = { key: ObjectKey; object: KubeObject; file: string; line: number };

export type NormalizeOptions = {
  /** Name of the application as tracking ids say it. */
  app: string;
  /** `destination.namespace` */
  namespace: string;
  /** Whether objects of a kind live in namespaces; `undefined` for kinds that the cluster does not know (yet). */
  isNamespaced: (group: string, kind: string) => boolean | undefined;
};

/**
 * Makes targets out of manifests: namespaces filled in or taken away, tracking ids set, what only a server writes left out.
 * Of several manifests for one object the last one counts, which is worth a warning.
 */
export function normalizeTargets(
  manifests: readonly Manifest[],
  options: NormalizeOptions,
): { targets: Target[]; warnings: Condition[] } {
  const byKey = new Map<ObjectKey, Target[]>();
  for (const [index, manifest] of manifests.entries()) {
    const object = normalizeObject(manifest.object, options);
    const { name, generateName } = object.metadata;
    const key = name ? keyOf(object) : `${keyOf(object)}${generateName ?? ""}${index}`;
    const target = { key, object, file: manifest.file, line: manifest.line };
    byKey.set(key, [...(byKey.get(key) ?? []), target]);
  }
  const targets = [...byKey.values()].flatMap((same) => same.slice(-1));
  const repeated = [...byKey].filter(([, same]) => same.length > 1);
  const warnings = repeated.map(([key, same]): Condition => {
    const message = `Resource ${key} appeared ${same.length} times among application resources.`;
    return { type: "RepeatedResourceWarning", message };
  });
  return { targets, warnings };
}

function normalizeObject(object: KubeObject, options: NormalizeOptions): KubeObject {
  const { namespace, uid, resourceVersion, generation, creationTimestamp, managedFields, selfLink, ...metadata } =
    object.metadata as KubeObject["metadata"] & { selfLink?: string };
  const namespaced = options.isNamespaced(groupOf(object), object.kind) ?? true;
  const place = namespaced ? namespace || options.namespace : "";
  const placed = { ...object, metadata: { ...metadata, ...(place !== "" && { namespace: place }) } };
  return withTrackingId(withoutStringData(placed), options.app, options.namespace);
}

/** `stringData` is write-only: the server moves it into `data`, so that is what we compare and apply. */
function withoutStringData(object: KubeObject): KubeObject {
  if (object.kind !== "Secret" || object.apiVersion !== "v1" || !isFields(object["stringData"])) return object;
  const { stringData, data, ...rest } = object;
  const encoded = Object.entries(isFields(stringData) ? stringData : {}).map(([name, value]) => [
    name,
    typeof value === "string" ? Buffer.from(value).toString("base64") : value,
  ]);
  return { ...rest, data: { ...(isFields(data) ? data : {}), ...Object.fromEntries(encoded) } } as KubeObject;
}
