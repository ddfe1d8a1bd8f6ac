import { deepEqual, type KubeObject } from "../apimachinery/index.ts";
import type { Entry, Store } from "../storage/index.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import type { ConversionTools } from "./crd/conversion.ts";
import { customResources, readsAlike } from "./crd/custom-resource.ts";
import { type Definition, definitionsName, readDefinition } from "./crd/definition.ts";
import { schemaOf } from "./crd/schema-of.ts";
import type { ApiResource } from "./resource.ts";
import { decodeStored, type Keys } from "./stored.ts";
import type { Writer } from "./write/writer.ts";

/** What is served: the built-in resources, and those of the CRDs in the store as they come and go. */
export type Registry = Disposable & {
  /** What is served now. */
  readonly catalog: Catalog;
  /** The CRDs that are stored, served or not. */
  definitions(): Iterable<KnownDefinition>;
  /** Calls `listener` after each change of CRDs, in the turn in which it is published. */
  onChange(listener: () => void): Disposable;
};

export type KnownDefinition = {
  readonly entry: Entry;
  readonly definition: Definition;
  readonly resources: readonly ApiResource[];
};
/** `since` is the revision from which on objects are stored in the CRD's present shape. */
type Known = KnownDefinition & { since: number };

export function openRegistry(options: {
  store: Store;
  keys: Keys;
  writer: Writer;
  builtin: readonly ApiResource[];
  /** What is served when there are no CRDs. */
  builtinCatalog: Catalog;
  conversion: ConversionTools;
}): Registry {
  const { store, keys, writer, builtin, builtinCatalog, conversion } = options;
  const known = new Map<string, Known>();
  const listeners = new Set<() => void>();
  const prefix = keys.prefix(definitionsName, "");
  const builtinVersions = new Set(builtin.map(({ apiVersion }) => apiVersion));

  const learn = (entry: Entry) => {
    const crd = decodeStored(entry.value);
    const before = known.get(entry.key);
    // Writes that were accepted but not yet published may still have followed the old shape.
    const since =
      before !== undefined && readsAlike(decodeStored(before.entry.value), crd) ? before.since : writer.accepted;
    const now = knownFrom(entry, crd, since, conversion);
    const same = before !== undefined && before.since === since && deepEqual(before.definition, now.definition);
    // The same objects for what has not changed, so that documents made from them can be kept.
    known.set(entry.key, same ? { ...now, resources: before.resources } : now);
  };
  for (const entry of store.range(prefix).entries) {
    known.set(entry.key, knownFrom(entry, decodeStored(entry.value), entry.modRevision, conversion));
  }

  const build = (before?: Catalog) => {
    const custom = [...known.values()].flatMap(({ resources }) => resources);
    if (custom.length === 0) return builtinCatalog;
    return createCatalog(
      builtin,
      custom.filter(({ apiVersion }) => !builtinVersions.has(apiVersion)),
      before,
    );
  };
  let catalog = build();

  const watch = store.watch(prefix, store.revision, (events) => {
    for (const event of events) {
      if (event.type === "put") learn(event.entry);
      else known.delete(event.key);
    }
    catalog = build(catalog);
    for (const listener of [...listeners]) listener();
  });
  return {
    get catalog() {
      return catalog;
    },
    definitions: () => known.values(),
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

function knownFrom(entry: Entry, crd: KubeObject, since: number, conversion: ConversionTools): Known {
  const definition = readDefinition(crd);
  const schema = (version: string) => schemaOf(decodeStored(entry.value), version);
  return {
    entry,
    definition,
    since,
    resources: customResources({ definition, since, schema, revision: entry.modRevision, conversion }),
  };
}
