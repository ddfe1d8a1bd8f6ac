import type { KubeObject } from "../apimachinery/index.ts";

/** A resource of the API, as discovery names it. */
export type Resource = { group: string; version: string; resource: string; kind: string; namespaced: boolean };

/** A list as the server gave it; `resourceVersion` is where a watch continues. */
export type List<T> = { items: T[]; resourceVersion: string; continue?: string };

export type WatchEvent<T> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; resourceVersion: string };

export type ObjectName = { namespace?: string; name: string };
export type ListOptions = {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  /** Asks for `PartialObjectMetadata`: type and metadata only. */
  metadataOnly?: boolean;
};
export type WriteOptions = { fieldManager?: string; dryRun?: boolean; subresource?: string };
export type DeleteOptions = {
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
};
export type PatchType = "json" | "merge" | "strategic" | "apply";

/**
 * The Kubernetes API as our own code calls it. Each call is one request to the server behind it, embedded or remote.
 * What the server refuses is thrown as `StatusError`; what cannot be reached, as `Error` with a cause.
 */
export type Client = {
  /** @returns `undefined` when the server answers 404 */
  get<T extends KubeObject = KubeObject>(resource: Resource, name: ObjectName): Promise<T | undefined>;
  /** Without `limit` follows `continue` itself and gives the whole list. */
  list<T extends KubeObject = KubeObject>(resource: Resource, options?: ListOptions): Promise<List<T>>;
  create<T extends KubeObject>(resource: Resource, object: T, options?: WriteOptions): Promise<T>;
  update<T extends KubeObject>(resource: Resource, object: T, options?: WriteOptions): Promise<T>;
  /**
   * @param patch an array for `json`; for `apply` the object with only the fields that the caller owns
   * @param options.force with `apply`: takes fields over from other managers
   */
  patch<T extends KubeObject = KubeObject>(
    resource: Resource,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { force?: boolean; fieldValidation?: "Strict" | "Warn" | "Ignore" },
  ): Promise<T>;
  /** Absent objects are no error: `undefined`. Otherwise the Status or the object that the server answered. */
  delete(resource: Resource, name: ObjectName, options?: DeleteOptions): Promise<KubeObject | undefined>;
  /** Deletes every object of a collection that the selectors match; each is deleted as `delete` does it. */
  deleteCollection(
    resource: Resource,
    at: { namespace?: string; labelSelector?: string },
    options?: DeleteOptions,
  ): Promise<void>;
  /**
   * One watch request. Ends when the server ends it or the signal fires.
   *
   * @throws {StatusError} reason `Expired` when `resourceVersion` is too old: list again
   */
  watch<T extends KubeObject = KubeObject>(
    resource: Resource,
    options: {
      resourceVersion: string;
      namespace?: string;
      labelSelector?: string;
      fieldSelector?: string;
      metadataOnly?: boolean;
      signal: AbortSignal;
    },
  ): AsyncIterable<WatchEvent<T>>;
  /** All resources the server serves, preferred versions first; subresources left out. Asked anew on each call. */
  discover(): Promise<DiscoveredResource[]>;
  /** A plain request for what is not a resource, like `/version`. @throws {StatusError} when the status is not 2xx */
  raw(path: string): Promise<unknown>;
};

export type DiscoveredResource = Resource & {
  verbs: string[];
  shortNames: string[];
  singular: string;
  subresources: string[];
};
