import type { KubeObject, ObjectMeta } from "../../apimachinery/index.ts";
import type { Entry } from "../../storage/index.ts";
import type { Accepted } from "../http/negotiate.ts";
import type { ApiResource } from "../resource.ts";
import { decodeStored, metadataOf, startsWith, withRevision } from "../stored.ts";
import type { Listed } from "./list.ts";
import { type IncludeObject, parseIncludeObject, tableHead, tableRow } from "./table.ts";

/** An event for one watcher. `revision` differs from the entry's own when the object is gone, or gone from view. */
export type Change = {
  type: "ADDED" | "MODIFIED" | "DELETED";
  entry: Entry;
  revision: number;
  /** The store's own event, the same for all watchers; `undefined` for what was there before the watch. */
  source: object | undefined;
};

/** Something to write, in pieces that are joined on the way out. */
export type Pieces = readonly Uint8Array[];

/** A list that is made while it is written, so that a large one never is in memory as a whole. */
export type ListText = {
  /** JSON up to and including the `[` of the items, which are its last field. */
  head: string;
  items: Iterable<Pieces>;
  /** What is stored of the items, which tells how large the text will be at the most. */
  sizeBytes: number;
};

/**
 * Writes objects of one resource as JSON in the form that a client accepts: whole, as rows of a table, or only their metadata.
 * Whole objects are the stored bytes wherever the version asked for shows what is stored.
 */
export type Presenter = {
  /** @param object what to show when nothing is stored */
  object(entry: Entry | undefined, object: KubeObject | undefined): Pieces;
  list(listed: Listed): ListText;
  /** @param first whether it is the first event of this watch: only there a table tells its columns */
  event(change: Change, first: boolean): Pieces;
  /** @param initialEnd it says that everything that was there at the start has been told */
  bookmark(revision: number, initialEnd: boolean): Pieces;
};

/** Encoded events in forms that cost parsing, shared by all watchers; they live as long as the store's own events. */
export type Frames = (source: object, form: string, make: () => Buffer) => Buffer;

export function createFrames(): Frames {
  const known = new WeakMap<object, Map<string, Buffer>>();
  return (source, form, make) => {
    const forms = known.get(source) ?? new Map<string, Buffer>();
    known.set(source, forms);
    const frame = forms.get(form) ?? make();
    forms.set(form, frame);
    return frame;
  };
}

const comma = Buffer.from(",");
const openBrace = Buffer.from("{");
const closeBrace = Buffer.from("}");
const metadataField = Buffer.from(',"metadata":');
const eventTail = Buffer.from("}\n");
const eventHeads = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const initialEventsEnd = "k8s.io/initial-events-end";

export function createPresenter(
  resource: ApiResource,
  accepted: Accepted,
  options: { query: URLSearchParams; frames: Frames; now: () => Date },
): Presenter {
  const { as, metaVersion } = accepted;
  const include = parseIncludeObject(options.query);
  const form = formOf(resource, `meta.k8s.io/${metaVersion}`, as, include, options.now);
  const metadataHead = encode({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${metaVersion}` }).subarray(
    0,
    -1,
  );
  /** Without parsing, where the form is a part of the stored bytes. */
  const stored = (value: Uint8Array, revision: number): Pieces | undefined => {
    if (as === "table" || !resource.showsStored(value, revision)) return undefined;
    return form.whole ? [value] : [metadataHead, metadataField, metadataOf(value), closeBrace];
  };
  const shown = (value: Uint8Array): Buffer => encode(form.item(resource.fromStored(decodeStored(value)), true));
  // A list of a built-in kind says once what its items are; one of custom resources says it with each.
  const typed = Buffer.from(JSON.stringify({ apiVersion: resource.apiVersion, kind: resource.kind }).slice(0, -1));
  const untyped = (value: Uint8Array): Uint8Array[] => {
    if (resource.custom !== undefined || !startsWith(value, typed)) return [value];
    return [openBrace, value.subarray(typed.byteLength + comma.byteLength)];
  };
  const untypedMetadata = (value: Uint8Array, revision: number): Pieces => {
    const isStored = resource.showsStored(value, revision);
    const metadata = isStored ? metadataOf(value) : encode(resource.fromStored(decodeStored(value)).metadata);
    return [openBrace, metadataField.subarray(comma.byteLength), metadata, closeBrace];
  };
  return {
    object(entry, object) {
      if (entry !== undefined) return stored(entry.value, entry.modRevision) ?? [shown(entry.value)];
      return object === undefined ? [] : [encode(form.item(object, true))];
    },
    list({ entries, resourceVersion, continue: token, remaining }) {
      const metadata = {
        ...(resourceVersion === "" ? {} : { resourceVersion }),
        // Lists of custom resources say also that there is no more.
        ...(token === "" && resource.custom === undefined ? {} : { continue: token }),
        ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
      };
      const item = ({ value, modRevision }: Entry): Pieces => {
        const whole = form.whole && resource.showsStored(value, modRevision) ? value : undefined;
        if (form.whole) return untyped(whole ?? shown(value));
        if (accepted.untypedItems) return untypedMetadata(value, modRevision);
        return stored(value, modRevision) ?? [encode(form.row(resource.fromStored(decodeStored(value))))];
      };
      return {
        head: `${form.listHead(metadata)}[`,
        items: Iterator.from(entries).map(item),
        sizeBytes: entries.reduce((sum, { value }) => sum + value.byteLength, 0),
      };
    },
    event({ type, entry, revision, source }, first) {
      const head = eventHeads[type];
      if (as === "metadata" && revision === entry.modRevision) {
        const pieces = stored(entry.value, revision);
        if (pieces !== undefined) return [head, ...pieces, eventTail];
      }
      if (form.whole && resource.showsStored(entry.value, entry.modRevision)) {
        const body = revision === entry.modRevision ? [entry.value] : withRevision(entry.value, revision);
        return [head, ...body, eventTail];
      }
      const make = () => {
        const object = resource.fromStored(decodeStored(entry.value));
        object.metadata.resourceVersion = String(revision);
        return encode(form.item(object, first));
      };
      const name = `${form.name} ${revision} ${first && as === "table"}`;
      const frame = source === undefined ? make() : options.frames(source, name, make);
      return [head, frame, eventTail];
    },
    bookmark(revision, initialEnd) {
      const metadata: ObjectMeta = { resourceVersion: String(revision), creationTimestamp: null };
      if (initialEnd) metadata.annotations = { [initialEventsEnd]: "true" };
      const object: KubeObject = { kind: resource.kind, apiVersion: resource.apiVersion, metadata };
      return [encode({ type: "BOOKMARK", object: form.item(object, false) }), newline];
    },
  };
}

const newline = Buffer.from("\n");

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

type Form = {
  /** Tells forms apart for sharing. */
  name: string;
  /** Objects are shown as they are. */
  whole: boolean;
  /** One object by itself. */
  item(object: KubeObject, withColumns: boolean): unknown;
  /** One object inside a list. */
  row(object: KubeObject): unknown;
  /** The beginning of a list, up to the array. */
  listHead(metadata: object): string;
};

function formOf(
  resource: ApiResource,
  metaApi: string,
  as: Accepted["as"],
  include: IncludeObject,
  now: () => Date,
): Form {
  const name = `${resource.apiVersion} ${metaApi} ${as} ${include}`;
  if (as === "table") {
    const row = (object: KubeObject) => tableRow(resource, object, include, metaApi, now());
    return {
      name,
      whole: false,
      item: (object, withColumns) => ({
        ...tableHead(resource, metaApi, { resourceVersion: object.metadata.resourceVersion }, withColumns),
        rows: [row(object)],
      }),
      row,
      listHead: (metadata) => `${JSON.stringify(tableHead(resource, metaApi, metadata, true)).slice(0, -1)},"rows":`,
    };
  }
  const whole = as === "object";
  const item = whole
    ? (object: KubeObject) => object
    : ({ metadata }: KubeObject) => ({ kind: "PartialObjectMetadata", apiVersion: metaApi, metadata });
  const kind = JSON.stringify(whole ? resource.listKind : "PartialObjectMetadataList");
  const apiVersion = JSON.stringify(whole ? resource.apiVersion : metaApi);
  const listHead = (metadata: object) =>
    `{"kind":${kind},"apiVersion":${apiVersion},"metadata":${JSON.stringify(metadata)},"items":`;
  return { name, whole, item, row: item, listHead };
}
