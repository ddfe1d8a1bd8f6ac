/** Reads of objects whose shape nobody has checked: what is absent or of another type is `undefined` or empty. */
export type Fields = { readonly [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fieldAt(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isFields(current)) return undefined;
    current = current[name];
  }
  return current;
}

export function textAt(value: unknown, ...path: string[]): string {
  const found = fieldAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** Absent numbers are 0, as in Go's structs. */
export function numberAt(value: unknown, ...path: string[]): number {
  const found = fieldAt(value, ...path);
  return typeof found === "number" ? found : 0;
}

export function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const found = fieldAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
