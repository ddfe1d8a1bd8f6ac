import { applyConflict, type StatusCause, type StatusError } from "../status-error.ts";
import type { Comparison } from "./compare.ts";
import { areDisjoint, difference, type FieldSet, intersection, pathTexts, union } from "./field-set.ts";
import { type Manager, type Managers, managerText, withSet } from "./managers.ts";

/** The fields of others that a change touches: what each of them loses. */
export type Conflicts = ReadonlyMap<string, FieldSet>;

/** Finds the fields that a change alters and that managers other than `actor` own. */
export function findConflicts(managers: Managers, actor: string, comparison: Comparison): Conflicts {
  const changed = union(comparison.modified, comparison.added);
  const conflicts = new Map<string, FieldSet>();
  for (const [id, { set }] of managers) {
    if (id === actor) continue;
    const lost = intersection(set, changed);
    if (lost !== undefined) conflicts.set(id, lost);
  }
  return conflicts;
}

/** Takes from everybody but `actor` what they lose by a change, in place: the conflicting fields and the removed ones. */
export function takeOver(managers: Managers, actor: string, comparison: Comparison, conflicts: Conflicts): void {
  for (const [id, manager] of managers) {
    if (id !== actor) {
      const kept = difference(manager.set, conflicts.get(id));
      const set = areDisjoint(kept, comparison.removed) ? kept : difference(kept, comparison.removed);
      if (set !== manager.set) managers.set(id, withSet(manager, set));
    }
    if (managers.get(id)?.set === undefined) managers.delete(id);
  }
}

/** The refusal of an apply that would change fields of others, with one cause per field. */
export function conflictError(managers: Managers, conflicts: Conflicts): StatusError {
  const byManager = [...conflicts]
    .flatMap(([id, lost]) => {
      const manager = managers.get(id);
      return manager === undefined ? [] : [{ id, manager, paths: pathTexts(lost) }];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const causes = byManager.flatMap(({ manager, paths }) => paths.map((path) => conflictCause(manager, path)));
  const [only] = causes;
  if (causes.length === 1 && only !== undefined) {
    return applyConflict(`Apply failed with 1 conflict: ${only.message}: ${only.field}`, causes);
  }
  const lines = byManager.flatMap(({ manager, paths }) => [
    `conflicts with ${managerText(manager)}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`, causes);
}

function conflictCause(manager: Manager, path: string): StatusCause {
  return { reason: "FieldManagerConflict", message: `conflict with ${managerText(manager)}`, field: path };
}
