/**
 * From `min` to `max`, of a size or a cost. Numbers saturate at the largest unsigned 64-bit integer, which stands for "no
 * limit known"; above 2^53 they are as exact as doubles are.
 */
export type Range = { readonly min: number; readonly max: number };

/** What is known of the elements of a list or map. */
export type Entries = { readonly kind: "list" | "map"; readonly key: Range; readonly value: Range };

/** How large a value can be: a path begins with a variable; `@items`, `@keys` and `@values` lead into lists and maps. */
export type SizeOf = (path: readonly string[]) => Range | undefined;

export const unsignedMax = 2 ** 64;

export const unknownRange: Range = { min: 0, max: unsignedMax };

export function exactly(value: number): Range {
  return { min: value, max: value };
}

function saturate(value: number): number {
  return value > unsignedMax ? unsignedMax : value;
}

export function addRanges(a: Range, b: Range): Range {
  return { min: saturate(a.min + b.min), max: saturate(a.max + b.max) };
}

export function timesRange(a: Range, b: Range): Range {
  return { min: saturate(a.min * b.min), max: saturate(a.max * b.max) };
}

/** A size times what one unit of it costs, rounded up. */
export function scaleRange({ min, max }: Range, factor: number): Range {
  return { min: saturate(Math.ceil(min * factor)), max: saturate(Math.ceil(max * factor)) };
}

export function unionOf(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
