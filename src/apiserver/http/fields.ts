import { type Fields, isFields, setField, valueAt } from "../../apimachinery/index.ts";

/** Sets the value at a path, making the objects on the way. Names are only names: `__proto__` is a field like any other. */
export function setAt(target: Fields, path: readonly string[], value: unknown): void {
  let here = target;
  for (const field of path.slice(0, -1)) {
    const next = valueAt(here, field);
    const inner: Fields = isFields(next) ? next : {};
    setField(here, field, inner);
    here = inner;
  }
  const last = path.at(-1);
  if (last !== undefined) setField(here, last, value);
}
