import { type Fields, fieldsAt, isFields, itemsAt, type KubeObject, listAt } from "../../apimachinery/index.ts";

/**
 * Puts the values of a new pod's labels into the selectors that name their keys, in place: the scheduler reads nothing but the
 * selectors.
 */
export function mergeLabelKeys(pod: KubeObject): void {
  const spec = fieldsAt(pod, "spec");
  const labels = pod.metadata.labels ?? {};
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    const rules = fieldsAt(spec, "affinity", kind);
    const terms = itemsAt(rules, "requiredDuringSchedulingIgnoredDuringExecution");
    for (const preferred of itemsAt(rules, "preferredDuringSchedulingIgnoredDuringExecution"))
      terms.push(fieldsAt(preferred, "podAffinityTerm"));
    for (const term of terms) {
      merge(term, "matchLabelKeys", "In", labels);
      merge(term, "mismatchLabelKeys", "NotIn", labels);
    }
  }
  for (const constraint of itemsAt(spec, "topologySpreadConstraints"))
    merge(constraint, "matchLabelKeys", "In", labels);
}

function merge(owner: Fields, field: string, operator: string, labels: Readonly<Record<string, string>>): void {
  const { labelSelector } = owner;
  if (!isFields(labelSelector)) return;
  const wanted = listAt(owner, field)
    .map(String)
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator, values: [labels[key]] }));
  if (wanted.length > 0) labelSelector["matchExpressions"] = [...listAt(labelSelector, "matchExpressions"), ...wanted];
}
