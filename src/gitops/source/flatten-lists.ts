import { isFields, type KubeObject } from "../../apimachinery/index.ts";
import { type Manifest, RenderError } from "../../render/index.ts";

/**
 * Puts the items of lists in place of the lists, as Argo CD does with what Helm and Kustomize give.
 *
 * @throws {RenderError} for what is no object of Kubernetes
 */
export function flattenLists(manifests: readonly Manifest[]): Manifest[] {
  return manifests.flatMap(({ object, file, line }) => flatten(object, { file, line }));
}

function flatten(value: unknown, place: { file: string; line: number }): Manifest[] {
  if (!isFields(value)) throw notAnObject(place, "not an object");
  const { apiVersion, kind, metadata, items } = value;
  if (typeof kind !== "string" || kind === "") throw notAnObject(place, "Object 'Kind' is missing");
  if (typeof apiVersion !== "string" || apiVersion === "") throw notAnObject(place, "Object 'apiVersion' is missing");
  if (Array.isArray(items)) return items.flatMap((item) => flatten(item, place));
  if (items === null && !("spec" in value) && !("status" in value)) return [];
  if (metadata !== undefined && metadata !== null && !isFields(metadata))
    throw notAnObject(place, "metadata is not an object");
  const object: KubeObject = { ...value, apiVersion, kind, metadata: metadata ?? {} };
  return [{ object, ...place }];
}

function notAnObject({ file, line }: { file: string; line: number }, why: string): RenderError {
  return new RenderError(file, `failed to unmarshal manifest: ${file}: line ${line}: ${why}`);
}
