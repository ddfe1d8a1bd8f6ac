import { deepEqual, setField } from "../json.ts";
import { itemElement } from "./list-items.ts";
import { fieldOf, isEmpty, listOf, objectOf } from "./parts.ts";
import type { PathElement } from "./path-element.ts";
import { type ListType, type MapType, shapeOf, type Type } from "./type.ts";

/**
 * Lays an applied value over a live one: what the applied one says wins, what only the live one has stays, lists of type `set`
 * and `map` are merged item by item. Neither is changed; the result shares parts with both, and is `live` itself when
 * the applied one brings nothing new.
 */
export function mergeValues(live: unknown, applied: unknown, type: Type): unknown {
  if (applied === undefined || live === applied) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(type, applied);
  if (shape === "list" && type.list !== undefined && type.list.relation !== "atomic") {
    const [ours, theirs] = [listOf(live), listOf(applied)];
    if (ours.length > 0 || theirs.length > 0) return mergeItems(ours, theirs, type.list);
  }
  if (shape === "map" && type.map !== undefined && !type.map.atomic) {
    const [ours, theirs] = [objectOf(live), objectOf(applied)];
    if (!isEmpty(ours) || !isEmpty(theirs)) return mergeFields(ours, theirs, type.map);
  }
  return typeof applied === "object" && deepEqual(live, applied) ? live : applied;
}

function mergeFields(
  live: Readonly<Record<string, unknown>>,
  applied: Readonly<Record<string, unknown>>,
  type: MapType,
): Readonly<Record<string, unknown>> {
  let merged: Record<string, unknown> | undefined;
  for (const name in applied) {
    const below = type.field(name);
    if (below === undefined) continue;
    const before = fieldOf(live, name);
    const value = mergeValues(before, applied[name], below);
    if (value === before) continue;
    merged ??= { ...live };
    setField(merged, name, value);
  }
  return merged ?? live;
}

/**
 * Merges two lists so that the items of each keep their order as far as possible. Where the orders contradict each other the
 * applied one wins: live items that stand elsewhere there wait until the applied list reaches them.
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], type: ListType): readonly unknown[] {
  const ours = live.map((item) => itemElement(type, item));
  const theirs = applied.map((item) => itemElement(type, item));
  const counterparts = indexItems(ours, live);
  const isApplied = new Set(theirs);
  const merged: unknown[] = [];
  const emitted = new Set<PathElement | undefined>();
  // Where the next applied item stands that is live, too.
  let next = 0;
  const emit = (index: number) => {
    const element = theirs[index];
    const counterpart = element === undefined ? undefined : counterparts.get(element);
    emitted.add(element);
    merged.push(mergeValues(counterpart, applied[index], type.items()));
  };

  let i = 0;
  let j = 0;
  while (i < ours.length || j < theirs.length) {
    const our = ours[i];
    while (next < theirs.length && (next < j || !isLive(theirs[next]))) next++;
    if (i < ours.length && (our === undefined || !isApplied.has(our))) {
      merged.push(live[i]);
      i++;
    } else if (i < ours.length && j < theirs.length && our === theirs[j]) {
      emit(j);
      i++;
      j++;
    } else if (i < ours.length && j < theirs.length && next < theirs.length && our !== theirs[next]) {
      i++;
    } else {
      if (i < ours.length && emitted.has(our)) i++;
      if (j < theirs.length) emit(j++);
    }
  }
  return merged.length === live.length && merged.every((item, index) => item === live[index]) ? live : merged;

  function isLive(element: PathElement | undefined): boolean {
    return element !== undefined && counterparts.has(element);
  }
}

/** Items by what tells them apart; of those that stand twice none is the counterpart of another. */
function indexItems(
  elements: readonly (PathElement | undefined)[],
  items: readonly unknown[],
): Map<PathElement, unknown> {
  const index = new Map<PathElement, unknown>();
  for (const [position, element] of elements.entries()) {
    if (element !== undefined) index.set(element, index.has(element) ? undefined : items[position]);
  }
  return index;
}
