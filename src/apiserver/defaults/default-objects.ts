import { apiServiceObjects } from "./api-services.ts";
import { type DefaultObject, nameOfDefault } from "./default-object.ts";
import { flowControlObjects } from "./flow-control.ts";
import { networkObjects } from "./network.ts";
import { policyObjects } from "./policy.ts";
import { priorityClassObjects } from "./priority-classes.ts";

/** All objects that a cluster has by default, by the part of the storage key behind the cluster, in the order of keys. */
export const defaultObjects: ReadonlyMap<string, DefaultObject> = new Map(
  [...apiServiceObjects(), ...flowControlObjects(), ...networkObjects(), ...policyObjects(), ...priorityClassObjects()]
    .map((one) => [nameOfDefault(one), one] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);
