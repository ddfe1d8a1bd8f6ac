import {
  compareQuantities,
  type Fields,
  fieldsAt,
  itemsAt,
  parseQuantity,
  type Quantity,
} from "../../apimachinery/index.ts";

/** How a node treats a pod when it runs out of something, by what its containers ask for. */
export function qosClass(pod: Fields): "Guaranteed" | "Burstable" | "BestEffort" {
  const own = fieldsAt(pod, "spec", "resources");
  const containers = [...itemsAt(pod, "spec", "initContainers"), ...itemsAt(pod, "spec", "containers")];
  const all = Object.keys(own).length > 0 ? [own] : containers.map((container) => fieldsAt(container, "resources"));
  const asked = all.map((resources) => ({
    limits: positive(fieldsAt(resources, "limits")),
    requests: positive(fieldsAt(resources, "requests")),
  }));
  if (asked.every(({ limits, requests }) => limits.size === 0 && requests.size === 0)) return "BestEffort";
  const guaranteed = asked.every(({ limits, requests }) =>
    ["cpu", "memory"].every((name) => {
      const limit = limits.get(name);
      const request = requests.get(name) ?? limit;
      return limit !== undefined && request !== undefined && compareQuantities(limit, request) === 0;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function positive(resources: Fields): Map<string, Quantity> {
  const found = new Map<string, Quantity>();
  for (const name of ["cpu", "memory"]) {
    const amount = resources[name];
    const quantity = typeof amount === "string" ? parseQuantity(amount) : undefined;
    if (quantity !== undefined && quantity.nanos > 0n) found.set(name, quantity);
  }
  return found;
}
