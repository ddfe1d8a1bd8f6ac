import { defaultPolicy } from "../access/policy/default-policy.ts";
import type { DefaultObject } from "./default-object.ts";

/** The default roles and bindings; a controller gathers the rules of roles that have those of others. */
export function policyObjects(): DefaultObject[] {
  const applied = { field: "rules", manager: "clusterrole-aggregation-controller" };
  return [...defaultPolicy].map(([name, object]) => ({
    storageName: name.slice(0, name.indexOf("/")),
    object,
    ...(object["aggregationRule"] === undefined ? {} : { applied }),
  }));
}
