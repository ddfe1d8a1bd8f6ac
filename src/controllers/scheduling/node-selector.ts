import { type Fields, fieldsAt, itemsAt, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import type { Node } from "../compute/node.ts";
import type { Pod } from "../compute/pod.ts";

/** The `NodeSelector` that a pod's node has to satisfy. */
export function requiredSelector({ spec }: Pod): unknown {
  return valueAt(fieldsAt(spec.affinity, "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution");
}

/** Whether a pod wants a node: by its `nodeSelector`, and by its {@link requiredSelector}. */
export function matchesNode({ spec }: Pod, required: unknown, node: Node): boolean {
  const { labels } = node.metadata;
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels?.[key] === value);
  return selected && (required === undefined || matchesNodeSelector(required, node));
}

/** Whether a node satisfies `NodeSelector`: one of its terms. Without terms none does. */
export function matchesNodeSelector(selector: unknown, node: Node): boolean {
  return itemsAt(selector, "nodeSelectorTerms").some((term) => matchesNodeTerm(term, node));
}

/** Whether a node satisfies all requirements of a `NodeSelectorTerm`; an empty term is satisfied by none. */
export function matchesNodeTerm(term: unknown, node: Node): boolean {
  const expressions = itemsAt(term, "matchExpressions");
  const fields = itemsAt(term, "matchFields");
  if (expressions.length + fields.length === 0) return false;
  const { labels, name } = node.metadata;
  return (
    expressions.every((requirement) => satisfies(requirement, labels?.[textAt(requirement, "key")])) &&
    fields.every((requirement) =>
      satisfies(requirement, textAt(requirement, "key") === "metadata.name" ? name : undefined),
    )
  );
}

function satisfies(requirement: Fields, value: string | undefined): boolean {
  const values = textsAt(requirement, "values");
  switch (textAt(requirement, "operator")) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return isInteger(value) && isInteger(values[0]) && BigInt(value) > BigInt(values[0]);
    case "Lt":
      return isInteger(value) && isInteger(values[0]) && BigInt(value) < BigInt(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[-+]?\d+$/.test(text);
}

/** The nodes that `metadata.name` in every term allows, as for a DaemonSet's pods; `undefined` when any may do. */
export function namedNodes(selector: unknown): Set<string> | undefined {
  const terms = itemsAt(selector, "nodeSelectorTerms");
  const perTerm = terms.map((term) =>
    itemsAt(term, "matchFields")
      .filter((field) => textAt(field, "key") === "metadata.name" && textAt(field, "operator") === "In")
      .map((field) => textsAt(field, "values")),
  );
  if (terms.length === 0 || perTerm.some((lists) => lists.length === 0)) return undefined;
  return new Set(
    perTerm.flatMap((lists) => (lists[0] ?? []).filter((name) => lists.every((list) => list.includes(name)))),
  );
}
