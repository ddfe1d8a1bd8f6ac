import { parseQuantity } from "../../apimachinery/index.ts";
import { type Container, isSidecar, type Pod, type ResourceList } from "../compute/pod.ts";

/** Amounts by resource, in billionths. */
export type Amounts = Map<string, bigint>;

/** What a quantity says; quantities of stored objects are valid, an unreadable one of a foreign server asks for nothing. */
function amountOf(quantity: string): bigint {
  try {
    return parseQuantity(quantity).nanos;
  } catch {
    return 0n;
  }
}

export function amountsOf(list: ResourceList | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([resource, quantity]) => [resource, amountOf(quantity)]));
}

export function addAmounts(sum: Amounts, added: Amounts): void {
  for (const [resource, amount] of added) sum.set(resource, (sum.get(resource) ?? 0n) + amount);
}

export function subtractAmounts(sum: Amounts, taken: Amounts): void {
  for (const [resource, amount] of taken) sum.set(resource, (sum.get(resource) ?? 0n) - amount);
}

function raiseAmounts(most: Amounts, others: Amounts): void {
  for (const [resource, amount] of others) if (amount > (most.get(resource) ?? 0n)) most.set(resource, amount);
}

/** What may be asked for as a whole pod; other resources are those of its containers. */
const podLevel = /^(cpu|memory|hugepages-.*)$/;

/**
 * What a pod asks of its node: its containers and sidecars together, or what the largest init container needs beside the
 * sidecars before it, whichever is more, and the overhead.
 */
export function podRequests({ spec }: Pod): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers) addAmounts(total, requestsOf(container));
  const sidecars: Amounts = new Map();
  const largest: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const needs = requestsOf(container);
    if (isSidecar(container)) {
      addAmounts(total, needs);
      addAmounts(sidecars, needs);
      raiseAmounts(largest, sidecars);
    } else {
      addAmounts(needs, sidecars);
      raiseAmounts(largest, needs);
    }
  }
  raiseAmounts(total, largest);
  for (const [resource, amount] of amountsOf(spec.resources?.requests)) {
    if (podLevel.test(resource)) total.set(resource, amount);
  }
  addAmounts(total, amountsOf(spec.overhead));
  return total;
}

function requestsOf({ resources }: Container): Amounts {
  return amountsOf(resources?.requests);
}
