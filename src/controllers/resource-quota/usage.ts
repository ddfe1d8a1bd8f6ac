import { compareQuantities, deepEqual, type Fields, fieldsAt, type KubeObject } from "../../apimachinery/index.ts";
import {
  type Amounts,
  addAmounts,
  amountsAt,
  amountsObject,
  type CountedResource,
  countedResources,
  countName,
  meterOf,
  scopesOf,
} from "../../apis/index.ts";

/** What is there of one resource: objects where they have to be looked at, otherwise how many there are. */
export type Inventory =
  | { resource: CountedResource; objects: readonly KubeObject[] }
  | { resource: CountedResource; count: number };

/** The resources that a quota limits. */
export function limitedResources(quota: KubeObject): CountedResource[] {
  return countedResources(Object.keys(fieldsAt(quota, "spec", "hard")));
}

/** Whether usage of a resource depends on what its objects are, and not only on how many there are. */
export function isWeighed({ group, resource }: CountedResource): boolean {
  if (group === "resource.k8s.io") return resource === "resourceclaims";
  return group === "" && ["persistentvolumeclaims", "pods", "services"].includes(resource);
}

/**
 * The status of a quota as it should be.
 *
 * @param inventories of the resources that are known; what the quota says is used of others stays
 * @returns `undefined` when it is so already
 */
export function decideStatus(quota: KubeObject, inventories: readonly Inventory[], now: Date): Fields | undefined {
  const hard = fieldsAt(quota, "spec", "hard");
  const counted = inventories.map((inventory) => usageOf(quota, Object.keys(hard), inventory, now));
  const before = amountsAt(quota, "status", "used");
  const used = new Map([...before, ...counted.flatMap((amounts) => [...amounts])].filter(([name]) => name in hard));
  const sameHard = deepEqual(fieldsAt(quota, "status", "hard"), hard);
  const sameUsed = fieldsAt(quota, "status")["used"] !== undefined && sameAmounts(before, used);
  return sameHard && sameUsed ? undefined : { hard: { ...hard }, used: amountsObject(used) };
}

function usageOf(quota: KubeObject, names: readonly string[], inventory: Inventory, now: Date): Amounts {
  const { resource } = inventory;
  const meter = meterOf(resource);
  const matching = meter.matching(names);
  let usage: Amounts = new Map(matching.map((name) => [name, { nanos: 0n, format: "DecimalSI" as const }]));
  const scopes = scopesOf(quota);
  if ("count" in inventory) {
    // Objects of resources that are only counted are in no scope.
    const count = scopes.length === 0 ? inventory.count : 0;
    return new Map(matching.map((name) => [name, { nanos: BigInt(count) * 10n ** 9n, format: "DecimalSI" as const }]));
  }
  for (const object of inventory.objects) {
    if (scopes.every((scope) => meter.inScope(scope, object))) usage = addAmounts(usage, meter.usage(object, now));
  }
  return new Map([...usage].filter(([name]) => matching.includes(name)));
}

export function sameAmounts(a: Amounts, b: Amounts): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, amount]) => {
    const other = b.get(name);
    return other !== undefined && compareQuantities(amount, other) === 0;
  });
}

/** Names resources in maps. */
export const idOf = countName;
