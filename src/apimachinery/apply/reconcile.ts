import { type FieldSet, fieldSet, leaf } from "./field-set.ts";
import { type Managers, withSet } from "./managers.ts";
import type { PathElement } from "./path-element.ts";
import type { Type } from "./type.ts";

/** Fits what managers own to a schema that changed since, in place, as far as a change of these paths needs it. */
export function reconcileManagers(managers: Managers, type: Type, along: FieldSet | undefined): void {
  if (along === undefined) return;
  for (const [id, manager] of managers) {
    const set = reconcile(manager.set, type, along);
    if (set !== manager.set) managers.set(id, withSet(manager, set));
  }
}

/**
 * The set as the type has it: whoever owned parts of what is atomic by now owns all of it.
 *
 * @param along where to look; everywhere without it
 */
export function reconcile(set: FieldSet | undefined, type: Type, along?: FieldSet): FieldSet | undefined {
  if (set?.children === undefined) return set;
  const { map, list } = type;
  if (map !== undefined ? map.atomic : list?.relation === "atomic") return leaf;
  let children: Map<PathElement, FieldSet> | undefined;
  for (const element of (along ?? set).children?.keys() ?? []) {
    const below = set.children.get(element);
    const belowType = element.startsWith("f:") ? map?.field(element.slice(2)) : list?.items();
    if (below === undefined || belowType === undefined) continue;
    const fitted = reconcile(below, belowType, along?.children?.get(element));
    if (fitted === below || fitted === undefined) continue;
    children ??= new Map(set.children);
    children.set(element, fitted);
  }
  return children === undefined ? set : fieldSet(set.member, children);
}
