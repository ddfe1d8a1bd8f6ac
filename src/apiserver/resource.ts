import type { GroupKind, GroupResource, KubeObject, Schema, StatusCause } from "../apimachinery/index.ts";
import type { User } from "../lib/index.ts";

/** A path below an object. Its kind may be another one: `deployments/scale` speaks `autoscaling/v1 Scale`. */
export type Subresource = { name: string; group: string; version: string; kind: string; verbs: readonly string[] };

/** Column of a table as clients print it; `priority` above 0 shows only in wide output. */
export type Column = { name: string; type: string; format: string; description: string; priority: number };

/** How a replica count is read and written: paths of field names below the object. */
export type ScalePaths = {
  spec: readonly string[];
  status: readonly string[];
  /** The selector as text, or as a LabelSelector or a map. */
  selector: readonly string[] | undefined;
};

/** What the server does to one object on its way in; see {@link ApiResource}. */
export type Rules = {
  /** Fields, defaults and list keys of this version. */
  schema(): Schema;
  /** What an object is before anybody has set a field, where that is more than nothing; the first writer changes it. */
  empty?(): KubeObject;
  /** Gives values the form that the server keeps. Changes its argument. @throws {StatusError} `BadRequest` for a wrong type */
  decode(object: KubeObject): void;
  /** Removes fields that the version does not have. @returns their paths */
  prune(object: KubeObject): string[];
  /** Fills in what the client left out. Changes its argument. */
  applyDefaults(object: KubeObject): void;
  /** Removes what a client may not set when it creates. Changes its argument; comes after the defaults. */
  prepareForCreate(object: KubeObject, user: User): void;
  /** Puts back what a client may not change through this path, and moves `generation`. Changes its first argument. */
  prepareForUpdate(object: KubeObject, live: KubeObject, subresource: string): void;
  validateCreate(object: KubeObject): StatusCause[];
  /** @param warn gets what is wrong but was so before, which does not stop an update */
  validateUpdate(
    object: KubeObject,
    live: KubeObject,
    subresource: string,
    warn?: (text: string) => void,
  ): StatusCause[];
  /** What the writer of an object that was found valid shall read. @param live of an update */
  warnings?(object: KubeObject, live: KubeObject | undefined, subresource: string): string[];
};

/** One resource in one version, and everything in which it differs from others. */
export type ApiResource = {
  readonly group: string;
  readonly version: string;
  readonly apiVersion: string;
  /** Plural, lower case, as in URLs. */
  readonly resource: string;
  readonly kind: string;
  readonly listKind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  readonly hasStatus: boolean;
  /** Name of the kind's OpenAPI definition: `io.k8s.api.apps.v1.Deployment`. */
  readonly definition: string;
  readonly scale: ScalePaths | undefined;
  /** What every client of this version shall read; empty unless it is deprecated. */
  readonly deprecation: string;
  /** Defined by a CRD; `undefined` for built-in resources. */
  readonly custom: CustomPart | undefined;
  /** The part of storage keys that all versions of the resource share: `deployments.apps`. */
  readonly storageName: string;
  /** `apiVersion` of what is written to the store. */
  readonly storedAs: string;
  /** Whether an update without `resourceVersion` overwrites what is there. */
  readonly unconditionalUpdate: boolean;
  /** Whether an update of an absent object creates it. */
  readonly createOnUpdate: boolean;
  readonly rules: Rules;
  /** Whether the bytes stored at a revision are what this version shows. */
  showsStored(value: Uint8Array, revision: number): boolean;
  /** Whether the bytes stored at a revision have the form that a write would give them now. */
  isCurrent(value: Uint8Array, revision: number): boolean;
  /** A stored object as this version shows it. May change and return its argument. */
  fromStored(object: KubeObject): KubeObject;
  /** The inverse; an object of this version as it is stored. May change and return its argument. */
  toStored(object: KubeObject): KubeObject;
  /** Present when a webhook converts between versions: `fromStored` and `toStored` then cannot do it alone. */
  readonly converter?: Converter;
  /** Value of a field that a selector names, `undefined` when the resource cannot be selected by it. */
  selectableField(object: KubeObject, path: string): string | undefined;
  readonly selectableFields: readonly string[];
  /** Columns of `kubectl get`, and the cells of one object; `undefined` for what cannot be listed. */
  readonly table: { columns: readonly Column[]; cells(object: KubeObject, now: Date): readonly unknown[] } | undefined;
};

/** Conversion that has to be waited for. */
export type Converter = {
  /** What shows stored objects in this version, once it has been told of them. */
  reader(): ConversionReader;
  /** An object of this version as it is stored. The argument stays as it is. @throws {StatusError} `InternalError` */
  write(object: KubeObject): Promise<KubeObject>;
  /** The inverse. */
  show(object: KubeObject): Promise<KubeObject>;
};

/** Stored bytes that are to be shown, by the revision at which they were written. */
export type StoredValue = { value: Uint8Array; modRevision: number };

export type ConversionReader = {
  /** The same resource, whose `fromStored` knows the objects given to `fill` last. */
  readonly resource: ApiResource;
  /** Converts ahead what will be read. @throws {StatusError} `InternalError` */
  fill(entries: readonly StoredValue[]): Promise<void>;
};

/**
 * The resource as it can show what is stored in these entries: itself, unless a webhook has to convert them first.
 *
 * @throws {StatusError} `InternalError` when the webhook fails
 */
export function readable(
  resource: ApiResource,
  entries: readonly (StoredValue | undefined)[],
): ApiResource | Promise<ApiResource> {
  if (resource.converter === undefined) return resource;
  const reader = resource.converter.reader();
  return reader.fill(entries.filter((entry) => entry !== undefined)).then(() => reader.resource);
}

/** An object as it is stored. */
export function storedForm(resource: ApiResource, object: KubeObject): KubeObject | Promise<KubeObject> {
  return resource.converter === undefined ? resource.toStored(object) : resource.converter.write(object);
}

export type CustomPart = {
  /** Name of the CRD. */
  definition: string;
  /** Revision of the CRD, which changes when anything in it does. */
  revision: number;
  /** The CRD is being deleted: instances may be read and removed, not made. */
  terminating: boolean;
};

export function groupResourceOf({ group, resource }: ApiResource): GroupResource {
  return { group, resource };
}

export function groupKindOf({ group, kind }: ApiResource): GroupKind {
  return { group, kind };
}

/** Kinds whose delete answers with the object, not with a Status. */
const shownWhenDeleted = new Set([
  "persistentvolumeclaims",
  "persistentvolumes",
  "pods",
  "podtemplates",
  "resourcequotas",
  "serviceaccounts",
  "services",
]);

export function showsDeleted({ storageName }: ApiResource): boolean {
  return shownWhenDeleted.has(storageName);
}
