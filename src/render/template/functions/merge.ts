import { Fuse } from "../fuse.ts";
import { entriesOf, type GoMap, hasKey, isNilContainer, newMap, type Value } from "../values.ts";
import { isEmpty, kindOf } from "./convert.ts";

/**
 * Merges a map into another as mergo does: what `into` lacks or has empty it gets from `from`, maps in both are merged. With
 * `overwrite` it gets everything, even what is empty. The values are not copied.
 *
 * @returns `into`, or a new map when it is nil
 */
export function mergeMaps(into: GoMap, from: GoMap, overwrite: boolean, fuse = new Fuse()): GoMap {
  fuse.burn();
  const target = isNilContainer(into) ? newMap() : into;
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (value === null || value === undefined) {
      if (overwrite) target[key] = null;
      continue;
    }
    const known: Value = hasKey(target, key) ? target[key] : undefined;
    const source = entriesOf(value);
    const inner = entriesOf(known);
    if (source !== undefined && inner !== undefined && source !== inner) mergeMaps(inner, source, overwrite, fuse);
    const isKnown = known !== undefined && known !== null && !isEmpty(known);
    if (isKnown && source !== undefined && inner !== undefined) continue;
    if (isKnown && kindOf(value) === "slice" && !overwrite) continue;
    if (overwrite || !isKnown) target[key] = value;
  }
  return target;
}
