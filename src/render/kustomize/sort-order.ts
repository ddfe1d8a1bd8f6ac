import { compareUtf8 } from "../../apimachinery/index.ts";
import type { SortOptions } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { formatGvk, kindsFirst, kindsLast, type ResourceId, rankKinds, sameGvk, sortText } from "./resource-id.ts";
import type { Resources } from "./resources.ts";

/** Puts resources into the order that a kustomization asks for. @throws {KustomizeError} */
export function sortResources(resources: Resources, options: SortOptions): void {
  const { order = "", legacySortOptions } = options;
  if (order !== "fifo" && order !== "legacy") {
    throw new KustomizeError("the field 'sortOptions.order' must be one of [fifo, legacy]");
  }
  if (order === "fifo") {
    if (legacySortOptions === undefined) return;
    const rule = "the field 'sortOptions.legacySortOptions' is set but the selected sort order is";
    throw new KustomizeError(`${rule} '${order}', not 'legacy'`);
  }
  const first = legacySortOptions === undefined ? kindsFirst : (legacySortOptions.orderFirst ?? []);
  const last = legacySortOptions === undefined ? kindsLast : (legacySortOptions.orderLast ?? []);
  const ranks = rankKinds(first, last);
  const sorted = resources.all.map((resource) => ({ resource, id: resource.currentId }));
  sorted.sort((a, b) => compareIds(a.id, b.id, ranks));
  resources.replaceAll(sorted.map(({ resource }) => resource));
}

function compareIds(a: ResourceId, b: ResourceId, ranks: ReadonlyMap<string, number>): number {
  if (sameGvk(a, b)) return compareUtf8(textOf(a), textOf(b));
  const difference = (ranks.get(a.kind) ?? 0) - (ranks.get(b.kind) ?? 0);
  if (difference !== 0) return difference;
  const isReversed = a.kind === "Namespace" && b.kind === "Namespace" && (a.group === "" || b.group === "");
  const byText = compareUtf8(sortText(a), sortText(b));
  return isReversed ? -byText : byText;
}

function textOf(id: ResourceId): string {
  return `${formatGvk(id)}|${id.namespace || "~X"}|${id.name || "~N"}`;
}
