import {
  deepEqual,
  type Fields,
  fieldsAt,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  requiredValue,
  textAt,
  unsupportedValue,
  validatePathSegment,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { type Causes, named, requiredName, validateSelector } from "./values.ts";

const group = "rbac.authorization.k8s.io";

export const validateRole = (role: Fields): Causes => validateRules(role, true);

export function validateClusterRole(role: Fields): Causes {
  const selectors = itemsAt(role, "aggregationRule", "clusterRoleSelectors");
  const words = "at least one clusterRoleSelector required if aggregationRule is non-nil";
  const isEmptyRule = isFields(role["aggregationRule"]) && selectors.length === 0;
  return [
    ...(isEmptyRule ? [requiredValue("aggregationRule.clusterRoleSelectors", words)] : []),
    ...validateRules(role, false),
    ...selectors.flatMap((selector, index) =>
      validateSelector(`aggregationRule.clusterRoleSelectors[${index}]`, selector),
    ),
  ];
}

function validateRules(role: Fields, namespaced: boolean): Causes {
  return itemsAt(role, "rules").flatMap((rule, index) => validateRule(rule, `rules[${index}]`, namespaced));
}

function validateRule(rule: Fields, path: string, namespaced: boolean): Causes {
  const causes: Causes = [];
  const has = (field: string) => listAt(rule, field).length > 0;
  if (!has("verbs")) causes.push(requiredValue(`${path}.verbs`, "verbs must contain at least one value"));
  const urls = listAt(rule, "nonResourceURLs");
  if (urls.length > 0) {
    if (namespaced)
      causes.push(invalidValue(`${path}.nonResourceURLs`, urls, "namespaced rules cannot apply to non-resource URLs"));
    if (has("apiGroups") || has("resources") || has("resourceNames"))
      causes.push(
        invalidValue(
          `${path}.nonResourceURLs`,
          urls,
          "rules cannot apply to both regular resources and non-resource URLs",
        ),
      );
    return causes;
  }
  if (!has("apiGroups"))
    causes.push(requiredValue(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  if (!has("resources"))
    causes.push(requiredValue(`${path}.resources`, "resource rules must supply at least one resource"));
  return causes;
}

export const validateRoleBinding = (binding: Fields): Causes => validateBinding(binding, ["Role", "ClusterRole"], true);
export const validateClusterRoleBinding = (binding: Fields): Causes => validateBinding(binding, ["ClusterRole"], false);

function validateBinding(binding: Fields, kinds: string[], namespaced: boolean): Causes {
  const role = fieldsAt(binding, "roleRef");
  const causes: Causes = [];
  if (role["apiGroup"] !== group) causes.push(unsupportedValue("roleRef.apiGroup", role["apiGroup"] ?? "", [group]));
  if (!kinds.includes(textAt(role, "kind"))) causes.push(unsupportedValue("roleRef.kind", role["kind"] ?? "", kinds));
  causes.push(...requiredName("roleRef.name", textAt(role, "name"), validatePathSegment));
  return [
    ...causes,
    ...itemsAt(binding, "subjects").flatMap((subject, index) =>
      validateSubject(subject, `subjects[${index}]`, namespaced),
    ),
  ];
}

function validateSubject(subject: Fields, path: string, namespaced: boolean): Causes {
  const kind = textAt(subject, "kind");
  const apiGroup = textAt(subject, "apiGroup");
  const causes: Causes = [];
  if (textAt(subject, "name") === "") causes.push(requiredValue(`${path}.name`));
  if (kind === "ServiceAccount") {
    if (textAt(subject, "name") !== "")
      causes.push(...named(`${path}.name`, textAt(subject, "name"), validateSubdomain));
    if (apiGroup !== "") causes.push(unsupportedValue(`${path}.apiGroup`, apiGroup, [""]));
    // A binding in a namespace means accounts of that namespace.
    if (!namespaced && textAt(subject, "namespace") === "") causes.push(requiredValue(`${path}.namespace`));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== group) causes.push(unsupportedValue(`${path}.apiGroup`, apiGroup, [group]));
  } else causes.push(unsupportedValue(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]));
  return causes;
}

export function validateBindingUpdate(binding: Fields, old: Fields): Causes {
  if (deepEqual(binding["roleRef"], old["roleRef"])) return [];
  // The names of the fields inside a real server, which is what it shows.
  const { apiGroup, kind, name } = fieldsAt(binding, "roleRef");
  return [invalidValue("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef")];
}
