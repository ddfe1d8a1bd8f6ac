import {
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  parseApiVersion,
  requiredValue,
  textAt,
  textsAt,
  unsupportedValue,
  validateDns1035Label,
  validatePathSegment,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { type Causes, choice, named, required, requiredName, validateSelector } from "./values.ts";

/** Shape of a policy: what it is about and whose parameters it takes. Its expressions are judged by whoever evaluates them. */
export function validateAdmissionPolicy(policy: Fields): Causes {
  const spec = fieldsAt(policy, "spec");
  const constraints = spec["matchConstraints"];
  const path = "spec.matchConstraints";
  return [
    ...choice("spec.failurePolicy", spec["failurePolicy"], ["Fail", "Ignore"], "required"),
    ...validateParamKind(spec["paramKind"]),
    ...(isFields(constraints) ? validateMatch(path, constraints) : [requiredValue(path)]),
    ...(isFields(constraints) && itemsAt(constraints, "resourceRules").length === 0
      ? [requiredValue(`${path}.resourceRules`)]
      : []),
  ];
}

function validateParamKind(paramKind: unknown): Causes {
  if (!isFields(paramKind)) return [];
  const path = "spec.paramKind";
  const kind = textAt(paramKind, "kind");
  const problems = kind === "" ? [] : validateDns1035Label(kind.toLowerCase());
  const mixed = problems.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${problems.join(",")}`];
  return [
    ...validateApiVersion(`${path}.apiVersion`, textAt(paramKind, "apiVersion")),
    ...requiredName(`${path}.kind`, kind, () => mixed),
  ];
}

function validateApiVersion(path: string, apiVersion: string): Causes {
  if (apiVersion === "") return [requiredValue(path)];
  if (apiVersion.split("/").length > 2)
    return [invalidValue(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const { group, version } = parseApiVersion(apiVersion);
  return [
    ...(group === "" ? [] : named(path, group, validateSubdomain)),
    ...(version === ""
      ? [invalidValue(path, apiVersion, "version must be specified")]
      : named(path, version, validateDns1035Label)),
  ];
}

export function validateAdmissionBinding(binding: Fields): Causes {
  const spec = fieldsAt(binding, "spec");
  const { paramRef, matchResources } = spec;
  return [
    ...requiredName("spec.policyName", textAt(spec, "policyName"), validateSubdomain),
    ...(isFields(paramRef) ? validateParamRef("spec.paramRef", paramRef) : []),
    ...(isFields(matchResources) ? validateMatch("spec.matchResources", matchResources) : []),
    ...validateActions("spec.validationActions", listAt(spec, "validationActions")),
  ];
}

function validateParamRef(path: string, reference: Fields): Causes {
  const name = textAt(reference, "name");
  const { selector } = reference;
  const both = name !== "" && isFields(selector);
  const exclusive = (field: string) =>
    both ? [forbiddenValue(`${path}.${field}`, "name and selector are mutually exclusive")] : [];
  const neither = name === "" && !isFields(selector);
  return [
    ...named(`${path}.name`, name, validatePathSegment),
    ...exclusive("name"),
    ...validateSelector(`${path}.selector`, selector),
    ...exclusive("selector"),
    ...(neither ? [requiredValue(path, "one of name or selector must be specified")] : []),
    ...notFoundAction(`${path}.parameterNotFoundAction`, textAt(reference, "parameterNotFoundAction")),
  ];
}

function notFoundAction(path: string, action: string): Causes {
  if (action === "") return [requiredValue(path)];
  const words = ["Deny", "Allow"];
  return words.includes(action) ? [] : [unsupportedValue(path, action, words)];
}

function validateActions(path: string, actions: readonly unknown[]): Causes {
  const causes = actions.flatMap((action, index) => [
    ...choice(`${path}[${index}]`, action, ["Audit", "Deny", "Warn"]),
    ...(actions.indexOf(action) < index ? [duplicateValue(`${path}[${index}]`, action)] : []),
  ]);
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const why = "repeating the same validation failure information in the API response and headers serves no purpose";
    causes.push(invalidValue(path, actions, `must not contain both Deny and Warn (${why})`));
  }
  if (actions.length === 0) causes.push(requiredValue(path, "at least one validation action is required"));
  return causes;
}

function validateMatch(path: string, match: Fields): Causes {
  const selectors = ["namespaceSelector", "objectSelector"].flatMap((field) =>
    isFields(match[field]) ? validateSelector(`${path}.${field}`, match[field]) : [requiredValue(`${path}.${field}`)],
  );
  const rules = ["resourceRules", "excludeResourceRules"].flatMap((field) =>
    itemsAt(match, field).flatMap((rule, index) => validateNamedRule(rule, `${path}.${field}[${index}]`)),
  );
  return [
    ...choice(`${path}.matchPolicy`, match["matchPolicy"], ["Equivalent", "Exact"], "required"),
    ...selectors,
    ...rules,
  ];
}

function validateNamedRule(rule: Fields, path: string): Causes {
  const names = textsAt(rule, "resourceNames");
  const causes = names.flatMap((name, index) => [
    ...named(`${path}.resourceNames[${index}]`, name, validatePathSegment),
    ...(names.indexOf(name) < index ? [duplicateValue(`${path}.resourceNames[${index}]`, name)] : []),
  ]);
  return [...causes, ...validateOperationRule(rule, path)];
}

/** Which operations on which resources a webhook or a policy is about. */
export function validateOperationRule(rule: Fields, path: string): Causes {
  const only = (field: string, what: string): Causes => {
    const list = listAt(rule, field);
    const also = list.length > 1 && list.includes("*");
    return also ? [invalidValue(`${path}.${field}`, list, `if '*' is present, must not specify other ${what}`)] : [];
  };
  const operations = listAt(rule, "operations").flatMap((operation, index) =>
    choice(`${path}.operations[${index}]`, operation, ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]),
  );
  const versions = listAt(rule, "apiVersions").flatMap((version, index) =>
    required(`${path}.apiVersions[${index}]`, version),
  );
  return [
    ...required(`${path}.operations`, rule["operations"]),
    ...only("operations", "operations"),
    ...operations,
    ...required(`${path}.apiGroups`, rule["apiGroups"]),
    ...only("apiGroups", "API groups"),
    ...required(`${path}.apiVersions`, rule["apiVersions"]),
    ...only("apiVersions", "API versions"),
    ...versions,
    ...validateResources(`${path}.resources`, textsAt(rule, "resources")),
    ...choice(`${path}.scope`, rule["scope"], ["*", "Cluster", "Namespaced"]),
  ];
}

/** `pods`, `pods/status`, `pods/*`, `*`, and their like; a wildcard leaves no place for what it covers. */
function validateResources(path: string, resources: readonly string[]): Causes {
  const causes = required(path, resources);
  const [wholes, parts] = [new Set<string>(), new Set<string>()];
  for (const [index, text] of resources.entries()) {
    const at = `${path}[${index}]`;
    const slash = text.indexOf("/");
    if (text === "") causes.push(requiredValue(at));
    if (slash < 0) continue;
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (wholes.has(resource))
      causes.push(invalidValue(at, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (parts.has(subresource))
      causes.push(invalidValue(at, text, `if '*/${subresource}' is present, must not specify ${text}`));
    if (subresource === "*") wholes.add(resource);
    if (resource === "*") parts.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*"))
    causes.push(invalidValue(path, resources, "if '*/*' is present, must not specify other resources"));
  const plain = resources.filter((text) => text !== "" && !text.includes("/"));
  // Of the plain ones the last decides, as in Kubernetes.
  if (plain.includes("*") && plain.at(-1) !== "*") {
    const why = "if '*' is present, must not specify other resources without subresources";
    causes.push(invalidValue(path, resources, why));
  }
  return causes;
}
