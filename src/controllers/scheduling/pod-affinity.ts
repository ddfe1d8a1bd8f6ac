import {
  fieldsAt,
  isFields,
  itemsAt,
  type LabelSelector,
  matchesLabels,
  selectorFromObject,
  textAt,
  textsAt,
  valueAt,
} from "../../apimachinery/index.ts";
import type { Pod } from "../compute/pod.ts";
import type { Lookups, NodeInfo, PodInfo } from "./cluster.ts";
import type { Refusal } from "./refusal.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

/** One `PodAffinityTerm`, ready to be asked. */
export type Term = { topologyKey: string; selects(pod: Pod): boolean };

/** @param owner the pod whose term it is: without namespaces a term is about its own */
export function readTerm(term: unknown, owner: Pod, lookups: Lookups): Term {
  const selector = selectorAt(term, "labelSelector");
  const named = textsAt(term, "namespaces");
  const chosen = selectorAt(term, "namespaceSelector");
  const isLocal = named.length === 0 && valueAt(term, "namespaceSelector") === undefined;
  const inNamespace = (namespace: string) =>
    isLocal
      ? namespace === owner.metadata.namespace
      : named.includes(namespace) ||
        (chosen !== undefined && matchesLabels(chosen, lookups.namespace(namespace)?.metadata.labels));
  return {
    topologyKey: textAt(term, "topologyKey"),
    selects: ({ metadata }) =>
      selector !== undefined && inNamespace(metadata.namespace ?? "") && matchesLabels(selector, metadata.labels),
  };
}

function selectorAt(term: unknown, field: string): LabelSelector | undefined {
  const selector = valueAt(term, field);
  return isFields(selector) ? selectorFromObject(selector) : undefined;
}

function termsOf(pod: Pod, kind: "podAffinity" | "podAntiAffinity", lookups: Lookups): Term[] {
  return itemsAt(fieldsAt(pod.spec.affinity, kind), required).map((term) => readTerm(term, pod, lookups));
}

/** How many pods are counted at each place, a topology key with its value. */
class Places {
  readonly #counts = new Map<string, number>();

  add(node: NodeInfo, topologyKey: string, count = 1): void {
    const value = node.node.metadata.labels?.[topologyKey];
    if (value === undefined) return;
    const place = `${topologyKey}=${value}`;
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + count);
  }
  at(node: NodeInfo, topologyKey: string): number {
    return this.#counts.get(`${topologyKey}=${node.node.metadata.labels?.[topologyKey]}`) ?? 0;
  }
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }
}

/** Judges nodes by the required affinity of a pod to others and theirs against it. */
export function createPodAffinity(
  info: PodInfo,
  nodes: ReadonlyMap<string, NodeInfo>,
  lookups: Lookups,
): (node: NodeInfo) => Refusal | undefined {
  const { pod } = info;
  const wants = termsOf(pod, "podAffinity", lookups);
  const avoids = termsOf(pod, "podAntiAffinity", lookups);
  const wanted = new Places();
  const avoided = avoids.map(() => new Places());
  const averse = new Map<string, Places>();
  for (const node of nodes.values()) {
    for (const other of node.averse.values()) {
      for (const raw of other.antiAffinity) {
        const term = readTerm(raw, other.pod, lookups);
        if (!term.selects(pod)) continue;
        const places = averse.get(term.topologyKey) ?? new Places();
        averse.set(term.topologyKey, places);
        places.add(node, term.topologyKey);
      }
    }
    if (wants.length + avoids.length === 0) continue;
    for (const other of node.pods.values()) {
      if (wants.length > 0 && wants.every((term) => term.selects(other.pod)))
        for (const { topologyKey } of wants) wanted.add(node, topologyKey);
      for (const [index, term] of avoids.entries())
        if (term.selects(other.pod)) avoided[index]?.add(node, term.topologyKey);
    }
  }
  // The first of a group that wants to be together has nobody to go to.
  const isFirst = wanted.isEmpty && wants.every((term) => term.selects(pod));
  return (node) => {
    const { labels } = node.node.metadata;
    const hasKeys = wants.every(({ topologyKey }) => labels?.[topologyKey] !== undefined);
    if (!hasKeys || !(isFirst || wants.every(({ topologyKey }) => wanted.at(node, topologyKey) > 0)))
      return { reasons: ["node(s) didn't match pod affinity rules"], lasting: true, cause: "pods" };
    if (avoids.some(({ topologyKey }, index) => (avoided[index]?.at(node, topologyKey) ?? 0) > 0))
      return { reasons: ["node(s) didn't match pod anti-affinity rules"], lasting: false, cause: "pods" };
    if ([...averse].some(([topologyKey, places]) => places.at(node, topologyKey) > 0))
      return { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], lasting: false, cause: "pods" };
    return undefined;
  };
}

/** How much a pod would like to be on each node because of who is there: weights for and against. */
export function createPodPreference(
  { pod }: PodInfo,
  nodes: ReadonlyMap<string, NodeInfo>,
  lookups: Lookups,
): ((node: NodeInfo) => number) | undefined {
  const weighed = (kind: string, sign: number) =>
    itemsAt(fieldsAt(pod.spec.affinity, kind), preferred).map((entry) => ({
      weight: sign * Number(valueAt(entry, "weight") ?? 0),
      term: readTerm(valueAt(entry, "podAffinityTerm"), pod, lookups),
      places: new Places(),
    }));
  const all = [...weighed("podAffinity", 1), ...weighed("podAntiAffinity", -1)];
  if (all.length === 0) return undefined;
  for (const node of nodes.values())
    for (const other of node.pods.values())
      for (const { term, places } of all) if (term.selects(other.pod)) places.add(node, term.topologyKey);
  return (node) => all.reduce((sum, { weight, term, places }) => sum + weight * places.at(node, term.topologyKey), 0);
}
