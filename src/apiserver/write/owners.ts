import { deepEqual, type ObjectMeta } from "../../apimachinery/index.ts";

const what =
  "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed";

/** Removes owners that are named twice, and tells their writer. @param isPatched it is what a patch has made of the object */
export function dropRepeatedOwners(metadata: ObjectMeta, warnings: string[], isPatched: boolean): void {
  const { ownerReferences: owners } = metadata;
  if (owners === undefined || owners.length < 2) return;
  const kept: typeof owners = [];
  const repeated: string[] = [];
  for (const owner of owners) {
    if (kept.some((other) => deepEqual(other, owner))) repeated.push(owner.uid);
    else kept.push(owner);
  }
  if (repeated.length === 0) return;
  metadata.ownerReferences = kept;
  const when = isPatched ? " after mutating admission happens" : "";
  warnings.push(`.metadata.ownerReferences contains duplicate entries${when}; ${what}: ${repeated.join(", ")}`);
}
