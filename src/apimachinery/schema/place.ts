/**
 * Where a value stands in an object, as a chain towards the root. Walks make one per object or list they enter and write it
 * out only when they have something to say about it.
 */
export type Place = {
  readonly parent: Place | undefined;
  readonly key: string | number;
  /** Whether `key` is that of a map and not a field; field errors write these in brackets. */
  readonly mapKey: boolean;
};

/** The path in the dotted form of validation messages: `spec.list[0].name`, map keys too. */
export function dottedPath(place: Place | undefined): string {
  if (place === undefined) return "";
  if (typeof place.key === "number") return `${dottedPath(place.parent)}[${place.key}]`;
  return child(dottedPath(place.parent), place.key);
}

/** The path in the form of field errors: like {@link dottedPath}, but map keys as `labels[app]`. */
export function fieldPath(place: Place | undefined): string {
  if (place === undefined) return "";
  if (typeof place.key === "number" || place.mapKey) return `${fieldPath(place.parent)}[${place.key}]`;
  return child(fieldPath(place.parent), place.key);
}

/** A field of what stands at `path`. */
export function child(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
