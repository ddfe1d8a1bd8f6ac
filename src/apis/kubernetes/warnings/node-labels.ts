import { type Fields, fieldsAt, itemsAt, listAt, textAt, validateLabelValue } from "../../../apimachinery/index.ts";

/** Labels of nodes that have another name by now. */
const deprecated: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ["failure-domain.beta.kubernetes.io/region", 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ["failure-domain.beta.kubernetes.io/zone", 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ["beta.kubernetes.io/instance-type", 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ["app.kubernetes.io/created-by", "deprecated since v1.9"],
  ["scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"],
  ["node-role.kubernetes.io/master", 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** What whoever selects nodes by a label shall read. */
export function labelWarning(label: string): string | undefined {
  return deprecated.get(label);
}

/** Labels as the keys of a map. @param pathOf where a label stands */
export function warnOfNodeLabels(labels: Fields, pathOf: (label: string) => string): string[] {
  return Object.keys(labels).flatMap((label) => {
    const message = labelWarning(label);
    return message === undefined ? [] : [`${pathOf(label)}: ${message}`];
  });
}

/** @param checksValues whether values that no label can have are told of */
export function warnOfNodeTerm(path: string, term: unknown, checksValues: boolean): string[] {
  return itemsAt(term, "matchExpressions").flatMap((expression, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const key = textAt(expression, "key");
    const message = labelWarning(key);
    const warnings = message === undefined ? [] : [`${at}.key: ${key} is ${message}`];
    if (!checksValues) return warnings;
    const values = listAt(expression, "values").flatMap((value, position) =>
      validateLabelValue(String(value)).map((why) => `${at}.values[${position}]: ${value} is invalid, ${why}`),
    );
    return [...warnings, ...values];
  });
}

/** A label selector for nodes. */
export function warnOfNodeSelector(path: string, selector: unknown): string[] {
  const labels = warnOfNodeLabels(fieldsAt(selector, "matchLabels"), (label) => `${path}.matchLabels.${label}`);
  return [...warnOfNodeTerm(path, selector, false), ...labels];
}
