import {
  addQuantities,
  compareQuantities,
  type Fields,
  fieldsAt,
  formatQuantity,
  isStatusError,
  itemsAt,
  parseQuantity,
  type Quantity,
  textAt,
  valueAt,
} from "../../../apimachinery/index.ts";

/** How much of what: `cpu`, `requests.memory`, `count/pods`. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** The amounts at a path of an object, such as the requests of a container. What is no amount is left out. */
export function amountsAt(value: unknown, ...path: readonly string[]): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>();
  for (const [name, amount] of Object.entries(fieldsAt(value, ...path))) {
    const quantity = readQuantity(amount);
    if (quantity !== undefined) amounts.set(name, quantity);
  }
  return amounts;
}

function readQuantity(amount: unknown): Quantity | undefined {
  if (typeof amount !== "string" && typeof amount !== "number") return undefined;
  try {
    return parseQuantity(String(amount));
  } catch (error) {
    if (isStatusError(error)) return undefined;
    throw error;
  }
}

/** Amounts as an object holds them, in the order of their names. */
export function amountsObject(amounts: Amounts): Record<string, string> {
  const names = [...amounts.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, formatQuantity(amounts.get(name) ?? none)]));
}

/** Nothing, as Kubernetes counts it. */
export const none: Quantity = { nanos: 0n, format: "DecimalSI" };

/** A whole number of things. */
export function units(count: number): Quantity {
  return { nanos: BigInt(count) * 10n ** 9n, format: "DecimalSI" };
}

export function addAmounts(a: Amounts, b: Amounts): Map<string, Quantity> {
  const sum = new Map(a);
  for (const [name, amount] of b) {
    const before = sum.get(name);
    sum.set(name, before === undefined ? amount : addQuantities(before, amount));
  }
  return sum;
}

/** The larger of two for each name. */
export function maxAmounts(a: Amounts, b: Amounts): Map<string, Quantity> {
  const most = new Map(a);
  for (const [name, amount] of b) {
    const before = most.get(name);
    if (before === undefined || compareQuantities(amount, before) > 0) most.set(name, amount);
  }
  return most;
}

export type PodAmountsOptions = {
  /** Also counts what the pod needs beside its containers. */
  overhead: boolean;
  /** Also counts what the node says that containers have, which differs while they are resized. */
  status: boolean;
};

/** What a pod asks for in all. */
export function podRequests(pod: Fields, options: PodAmountsOptions): Map<string, Quantity> {
  const sum = withPodLevel(pod, containerSum(pod, "requests", options), "requests");
  return options.overhead ? addAmounts(sum, amountsAt(pod, "spec", "overhead")) : sum;
}

/** What a pod may use in all. */
export function podLimits(pod: Fields, options: PodAmountsOptions): Map<string, Quantity> {
  const sum = withPodLevel(pod, containerSum(pod, "limits", options), "limits");
  if (!options.overhead) return sum;
  const limited = [...amountsAt(pod, "spec", "overhead")].filter(([name]) => (sum.get(name)?.nanos ?? 0n) > 0n);
  return addAmounts(sum, new Map(limited));
}

/** Whether a pod says as a whole what its containers need not say. */
export function hasPodLevelResources(pod: Fields): boolean {
  const own = fieldsAt(pod, "spec", "resources");
  return [own["requests"], own["limits"]].some((list) => Object.keys(fieldsAt({ list }, "list")).some(isPodLevel));
}

function isPodLevel(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

function withPodLevel(pod: Fields, sum: Amounts, list: "requests" | "limits"): Map<string, Quantity> {
  const own = [...amountsAt(pod, "spec", "resources", list)].filter(([name]) => isPodLevel(name));
  return new Map([...sum, ...own]);
}

/**
 * Containers run together, and so do sidecars; each other init container runs alone beside the sidecars before it. The pod
 * needs the most that it needs at any time.
 */
function containerSum(pod: Fields, list: "requests" | "limits", { status }: PodAmountsOptions): Map<string, Quantity> {
  const amountsOf = (container: Fields, running: boolean) => {
    const wanted = amountsAt(container, "resources", list);
    return status && running ? withStatus(pod, container, wanted, list) : wanted;
  };
  let sum = new Map<string, Quantity>();
  for (const container of itemsAt(pod, "spec", "containers")) sum = addAmounts(sum, amountsOf(container, true));
  let sidecars = new Map<string, Quantity>();
  let starting = new Map<string, Quantity>();
  for (const container of itemsAt(pod, "spec", "initContainers")) {
    const isSidecar = container["restartPolicy"] === "Always";
    const own = amountsOf(container, isSidecar);
    if (isSidecar) {
      sum = addAmounts(sum, own);
      sidecars = addAmounts(sidecars, own);
    }
    starting = maxAmounts(starting, isSidecar ? sidecars : addAmounts(own, sidecars));
  }
  return maxAmounts(sum, starting);
}

function withStatus(pod: Fields, container: Fields, wanted: Amounts, list: "requests" | "limits"): Amounts {
  const statuses = [...itemsAt(pod, "status", "containerStatuses"), ...itemsAt(pod, "status", "initContainerStatuses")];
  const own = statuses.find(({ name }) => name === container["name"]);
  if (own === undefined || valueAt(own, "resources") === undefined) return wanted;
  const actual = amountsAt(own, "resources", list);
  const allocated = list === "requests" ? maxAmounts(actual, amountsAt(own, "allocatedResources")) : actual;
  const infeasible = itemsAt(pod, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "PodResizePending" && textAt(condition, "reason") === "Infeasible",
  );
  return infeasible ? allocated : maxAmounts(wanted, allocated);
}
