import {
  badRequest,
  type FieldSelector,
  type KubeObject,
  type LabelSelector,
  matchesFields,
  matchesLabels,
  quoteGo,
} from "../../apimachinery/index.ts";
import type { ApiResource } from "../resource.ts";
import { decodeStored, type Keys, labelsOf, type ParseCache } from "../stored.ts";

/** Whether the object stored under a key is selected. */
export type Select = (key: string, value: Uint8Array) => boolean;

/**
 * Makes one test of two selectors. Objects are parsed only when a selector asks for what is not in the key.
 *
 * @returns `undefined` when everything is selected
 * @throws {StatusError} `BadRequest` when the resource cannot be selected by one of the fields
 */
export function selection(
  resource: ApiResource,
  selectors: { labelSelector: LabelSelector | undefined; fieldSelector: FieldSelector | undefined },
  keys: Keys,
  parsed: ParseCache,
  labels: (value: Uint8Array) => Readonly<Record<string, string>> = labelsOf,
): Select | undefined {
  const { labelSelector, fieldSelector } = selectors;
  if (labelSelector === undefined && fieldSelector === undefined) return undefined;
  for (const { field } of fieldSelector ?? []) {
    if (field !== "metadata.name" && field !== "metadata.namespace" && !resource.selectableFields.includes(field)) {
      throw badRequest(unknownField(resource, field));
    }
  }
  return (key, value) => {
    if (fieldSelector !== undefined) {
      const at = keys.nameOf(key, resource.namespaced);
      const field = (path: string) => {
        if (path === "metadata.name") return at.name;
        if (path === "metadata.namespace") return at.namespace;
        return resource.selectableField(shown(value), path) ?? "";
      };
      if (!matchesFields(fieldSelector, field)) return false;
    }
    return labelSelector === undefined || matchesLabels(labelSelector, labels(value));
  };

  function shown(value: Uint8Array): Readonly<KubeObject> {
    const object = parsed(value);
    // What is shared must not be converted in place.
    return object.apiVersion === resource.apiVersion ? object : resource.fromStored(decodeStored(value));
  }
}

/** Kinds that know more fields say it in other words than those that do not. */
function unknownField({ custom, kind, apiVersion, selectableFields }: ApiResource, field: string): string {
  if (kind === "Job" && apiVersion === "batch/v1") return `field label ${quoteGo(field)} not supported for Job`;
  if (kind === "ResourceSlice") return `field label not supported for ${apiVersion}, Kind=${kind}: ${field}`;
  const others = selectableFields.filter((known) => known !== "metadata.name" && known !== "metadata.namespace");
  if (custom !== undefined || others.length > 0) return `field label not supported: ${field}`;
  return `${quoteGo(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** Whether a selector asks for more than what an object is called. */
export function selectsContent({ fieldSelector }: { fieldSelector: FieldSelector | undefined }): boolean {
  return (fieldSelector ?? []).some(({ field }) => field !== "metadata.name" && field !== "metadata.namespace");
}

/** The name in a selector that selects at most one object, `metadata.name=x`. */
export function selectedName(fieldSelector: FieldSelector | undefined): string | undefined {
  const named = fieldSelector?.find(({ field, operator }) => field === "metadata.name" && operator === "=");
  return named?.value;
}
