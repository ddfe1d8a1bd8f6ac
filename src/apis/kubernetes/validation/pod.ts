import {
  cloneJson,
  deepEqual,
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  requiredValue,
  textAt,
  unsupportedValue,
  validateLabel,
  validateLabelValue,
  validateQualifiedName,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { validateContainers, validateProfiles, validateResources } from "./containers.ts";
import { validateAnnotationKeys } from "./metadata.ts";
import {
  type Causes,
  choice,
  choiceInOrder,
  eachItem,
  inRange,
  named,
  required,
  requiredName,
  validateIp,
  validateLabels,
  validateSelector,
} from "./values.ts";
import { validateVolumes } from "./volumes.ts";

/** Largest value of a 32-bit integer. */
const intMax = 2 ** 31 - 1;

export function validatePod(pod: Fields): Causes {
  return validatePodSpec("spec", fieldsAt(pod, "spec"));
}

/** What only a new pod can do wrong. */
export function validateNewPod(pod: Fields): Causes {
  const spec = fieldsAt(pod, "spec");
  const causes: Causes = [];
  if (itemsAt(spec, "ephemeralContainers").length > 0)
    causes.push(forbiddenValue("spec.ephemeralContainers", "cannot be set on create"));
  if (textAt(spec, "nodeName") !== "" && listAt(spec, "schedulingGates").length > 0)
    causes.push(forbiddenValue("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
  return causes;
}

/** A pod spec in a pod or a template. @param claims names of volumes that come from elsewhere (a StatefulSet's claims) */
export function validatePodSpec(path: string, spec: Fields, claims: readonly string[] = []): Causes {
  const volumes = new Set([...itemsAt(spec, "volumes").map((volume) => textAt(volume, "name")), ...claims]);
  const deadline = spec["activeDeadlineSeconds"];
  return [
    ...validateVolumes(path, spec),
    ...validateResourceClaims(path, spec),
    ...validateContainers(path, spec, volumes),
    ...choiceInOrder(`${path}.restartPolicy`, spec["restartPolicy"], ["Always", "OnFailure", "Never"], "required"),
    ...choiceInOrder(
      `${path}.dnsPolicy`,
      spec["dnsPolicy"],
      ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
      "required",
    ),
    ...validateLabels(`${path}.nodeSelector`, spec["nodeSelector"]),
    ...validateSecurity(`${path}.securityContext`, fieldsAt(spec, "securityContext")),
    ...validateAffinity(`${path}.affinity`, fieldsAt(spec, "affinity")),
    ...validateDns(path, spec),
    ...eachItem(spec, path, "readinessGates", (gate, at) =>
      named(`${at}.conditionType`, textAt(gate, "conditionType"), validateQualifiedName),
    ),
    ...validateGates(path, spec),
    ...validateSpread(path, spec),
    ...optionalName(`${path}.serviceAccountName`, spec["serviceAccountName"], validateSubdomain),
    ...optionalName(`${path}.nodeName`, spec["nodeName"], validateSubdomain),
    ...(typeof deadline === "number" ? inRange(`${path}.activeDeadlineSeconds`, deadline, 1, intMax) : []),
    ...optionalName(`${path}.hostname`, spec["hostname"], validateLabel),
    ...optionalName(`${path}.subdomain`, spec["subdomain"], validateLabel),
    ...eachItem(spec, path, "tolerations", validateToleration),
    ...eachItem(spec, path, "hostAliases", (alias, at) => [
      ...validateIp(`${at}.ip`, alias["ip"]),
      ...listAt(alias, "hostnames").flatMap((name, index) =>
        named(`${at}.hostnames[${index}]`, String(name), validateSubdomain),
      ),
    ]),
    ...optionalName(`${path}.priorityClassName`, spec["priorityClassName"], validateSubdomain),
    ...optionalName(`${path}.runtimeClassName`, spec["runtimeClassName"], validateSubdomain),
    ...choice(`${path}.preemptionPolicy`, spec["preemptionPolicy"], ["Never", "PreemptLowerPriority"]),
    ...(isFields(spec["resources"]) ? validateResources(`${path}.resources`, spec["resources"], "pod") : []),
    ...validateOs(path, spec),
  ];
}

function validateOs(path: string, spec: Fields): Causes {
  if (!isFields(spec["os"])) return [];
  const name = textAt(spec, "os", "name");
  return name === "" ? [requiredValue(`${path}.os.name`)] : choice(`${path}.os`, name, ["linux", "windows"]);
}

/** Each entry names a claim, or a template of one. */
function validateResourceClaims(path: string, spec: Fields): Causes {
  const names = new Set<string>();
  return eachItem(spec, path, "resourceClaims", (claim, at) => {
    const name = textAt(claim, "name");
    const { resourceClaimName = null, resourceClaimTemplateName = null } = claim;
    const causes = requiredName(`${at}.name`, name, validateLabel);
    if (name !== "" && names.has(name)) causes.push(duplicateValue(`${at}.name`, name));
    names.add(name);
    // Kubernetes prints the names of its own fields here.
    const shown = {
      Name: name,
      ResourceClaimName: resourceClaimName,
      ResourceClaimTemplateName: resourceClaimTemplateName,
    };
    if (resourceClaimName !== null && resourceClaimTemplateName !== null) {
      const words = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      causes.push(invalidValue(at, shown, words));
    } else if (resourceClaimName === null && resourceClaimTemplateName === null) {
      const words = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
      causes.push(invalidValue(at, shown, words));
    }
    return causes;
  });
}

/** What a pod waits for before it is scheduled. */
function validateGates(path: string, spec: Fields): Causes {
  const names = new Set<string>();
  return eachItem(spec, path, "schedulingGates", (gate, at) => {
    const name = textAt(gate, "name");
    const causes = named(at, name, validateQualifiedName);
    if (names.has(name)) causes.push(duplicateValue(at, name));
    names.add(name);
    return causes;
  });
}

/** The template of a workload's pods: labels, annotations and spec. @param path such as `spec.template` */
export function validateTemplate(path: string, template: Fields, claims: readonly string[] = []): Causes {
  const spec = fieldsAt(template, "spec");
  const causes = [...validateTemplateMetadata(path, template), ...validatePodSpec(`${path}.spec`, spec, claims)];
  if (itemsAt(spec, "ephemeralContainers").length > 0)
    causes.push(forbiddenValue(`${path}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template"));
  return causes;
}

export function validateTemplateMetadata(path: string, template: Fields): Causes {
  const metadata = fieldsAt(template, "metadata");
  return [
    ...validateLabels(`${path}.labels`, metadata["labels"]),
    ...validateAnnotationKeys(`${path}.annotations`, fieldsAt(metadata, "annotations")),
  ];
}

/** What of a pod may change: images, a shorter deadline, more tolerations, and what its own endpoints change. */
export function validatePodUpdate(pod: Fields, old: Fields): Causes {
  const spec = fieldsAt(pod, "spec");
  const before = fieldsAt(old, "spec");
  for (const list of ["containers", "initContainers"])
    if (itemsAt(spec, list).length !== itemsAt(before, list).length)
      return [
        forbiddenValue(
          `spec.${list}`,
          `pod updates may not add or remove ${list === "containers" ? "containers" : "init containers"}`,
        ),
      ];
  const causes: Causes = [];
  const { activeDeadlineSeconds: deadline } = spec;
  const { activeDeadlineSeconds: deadlineBefore } = before;
  if (typeof deadlineBefore === "number") {
    if (typeof deadline !== "number")
      causes.push(
        invalidValue("spec.activeDeadlineSeconds", null, "must not update from a positive integer to nil value"),
      );
    else if (deadline > deadlineBefore)
      causes.push(invalidValue("spec.activeDeadlineSeconds", deadline, "must be less than or equal to previous value"));
  }
  const kept = itemsAt(before, "tolerations").every((toleration) =>
    itemsAt(spec, "tolerations").some((one) => deepEqual(withoutSeconds(one), withoutSeconds(toleration))),
  );
  if (!kept)
    causes.push(
      forbiddenValue("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"),
    );

  const allowed = cloneJson(before);
  for (const field of ["activeDeadlineSeconds", "tolerations"]) takeOver(allowed, spec, field);
  // A gated pod waits for somebody to say where it may run.
  if (listAt(before, "schedulingGates").length > 0)
    for (const field of ["schedulingGates", "nodeSelector", "affinity"]) takeOver(allowed, spec, field);
  if (
    before["terminationGracePeriodSeconds"] !== undefined &&
    Number(before["terminationGracePeriodSeconds"]) < 0 &&
    spec["terminationGracePeriodSeconds"] === 1
  )
    takeOver(allowed, spec, "terminationGracePeriodSeconds");
  for (const list of ["containers", "initContainers"])
    for (const [index, container] of itemsAt(allowed, list).entries())
      takeOver(container, itemsAt(spec, list)[index] ?? {}, "image");
  if (!deepEqual(allowed, spec)) causes.push(forbiddenValue("spec", podUpdateWords));
  return causes;
}

const podUpdateWords =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function takeOver(target: Fields, source: Fields, field: string): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}

function withoutSeconds({ tolerationSeconds: _, ...toleration }: Fields): Fields {
  return toleration;
}

function optionalName(field: string, value: unknown, check: (text: string) => string[]): Causes {
  return typeof value === "string" && value !== "" ? named(field, value, check) : [];
}

function validateSecurity(path: string, context: Fields): Causes {
  const groups = listAt(context, "supplementalGroups");
  return [
    ...["fsGroup", "runAsUser", "runAsGroup"].flatMap((field) =>
      inRange(`${path}.${field}`, context[field], 0, intMax),
    ),
    ...groups.flatMap((group, index) => inRange(`${path}.supplementalGroups[${index}]`, group, 0, intMax)),
    ...choice(`${path}.fsGroupChangePolicy`, context["fsGroupChangePolicy"], ["Always", "OnRootMismatch"]),
    ...validateProfiles(path, context),
    ...eachItem(context, path, "sysctls", (sysctl, at) => {
      const name = textAt(sysctl, "name");
      if (name === "") return [requiredValue(`${at}.name`)];
      const pattern = "([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
      if (name.length <= 253 && /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$/.test(name))
        return [];
      return [invalidValue(`${at}.name`, name, `must have at most 253 characters and match regex ^${pattern}$`)];
    }),
  ];
}

/** Where names are looked for: since Kubernetes 1.34 with underscores. */
function validateSearch(name: string): string[] {
  const part = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
  const words =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  const causes = name.length > 253 ? ["must be no more than 253 characters"] : [];
  if (/^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name)) return causes;
  const pattern = `${part}(\\.${part})*`;
  return [...causes, `${words} (e.g. 'example.com', regex used for validation is '${pattern}')`];
}

function validateDns(path: string, spec: Fields): Causes {
  const config = fieldsAt(spec, "dnsConfig");
  const servers = listAt(config, "nameservers");
  const causes = [
    ...servers.flatMap((server, index) => validateIp(`${path}.dnsConfig.nameservers[${index}]`, server)),
    ...listAt(config, "searches").flatMap((search, index) => {
      const text = String(search);
      // One that ends with a dot, or is nothing else, is complete.
      const name = text === "." ? "" : text.replace(/\.$/, "");
      return name === "" && text !== "" ? [] : named(`${path}.dnsConfig.searches[${index}]`, name, validateSearch);
    }),
    ...eachItem(config, `${path}.dnsConfig`, "options", (option, at) =>
      required(at, option["name"], "must not be empty"),
    ),
  ];
  if (spec["dnsPolicy"] !== "None") return causes;
  if (!isFields(spec["dnsConfig"]))
    return [...causes, requiredValue(`${path}.dnsConfig`, "must provide `dnsConfig` when `dnsPolicy` is None")];
  if (servers.length === 0)
    causes.push(
      requiredValue(
        `${path}.dnsConfig.nameservers`,
        "must provide at least one DNS nameserver when `dnsPolicy` is None",
      ),
    );
  return causes;
}

function validateSpread(path: string, spec: Fields): Causes {
  return eachItem(spec, path, "topologySpreadConstraints", (constraint, at) => {
    const skew = constraint["maxSkew"];
    return [
      ...(typeof skew === "number" && skew > 0
        ? []
        : [invalidValue(`${at}.maxSkew`, skew ?? 0, "must be greater than zero")]),
      ...required(`${at}.topologyKey`, constraint["topologyKey"], "can not be empty"),
      ...choice(
        `${at}.whenUnsatisfiable`,
        constraint["whenUnsatisfiable"],
        ["DoNotSchedule", "ScheduleAnyway"],
        "required",
      ),
      ...validateLabelKeys(`${at}.matchLabelKeys`, constraint),
      ...validateSelector(`${at}.labelSelector`, constraint["labelSelector"]),
    ];
  });
}

/** Keys whose values of the pod go into the selector, so that there must be one. */
function validateLabelKeys(path: string, constraint: Fields): Causes {
  const keys = listAt(constraint, "matchLabelKeys").map(String);
  if (keys.length > 0 && !isFields(constraint["labelSelector"]))
    return [forbiddenValue(path, "must not be specified when labelSelector is not set")];
  return keys.flatMap((key, index) => named(`${path}[${index}]`, key, validateQualifiedName));
}

/** A toleration's seconds count only for taints that evict. */
function validateToleration(toleration: Fields, path: string): Causes {
  const key = textAt(toleration, "key");
  const operator = textAt(toleration, "operator");
  const effect = textAt(toleration, "effect");
  const causes = key === "" ? [] : named(`${path}.key`, key, validateQualifiedName);
  if (key === "" && operator !== "Exists")
    causes.push(
      invalidValue(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  if (toleration["tolerationSeconds"] !== undefined && effect !== "NoExecute")
    causes.push(invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  if (operator === "Equal" || operator === "")
    causes.push(...named(`${path}.operator`, textAt(toleration, "value"), validateLabelValue));
  else if (operator === "Exists") {
    if (textAt(toleration, "value") !== "")
      causes.push(invalidValue(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  } else causes.push(unsupportedValue(`${path}.operator`, operator, ["Equal", "Exists"]));
  return [...causes, ...choiceInOrder(`${path}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"])];
}

const requiredTerms = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution";

function validateAffinity(path: string, affinity: Fields): Causes {
  const node = affinity["nodeAffinity"];
  const causes: Causes = [];
  if (isFields(node)) {
    const at = `${path}.nodeAffinity`;
    const selector = node[requiredTerms];
    if (isFields(selector)) causes.push(...validateNodeSelector(`${at}.${requiredTerms}`, selector));
    causes.push(
      ...eachItem(node, at, preferredTerms, (term, here) => [
        ...validateWeight(here, term),
        ...validateNodeTerm(`${here}.preference`, fieldsAt(term, "preference")),
      ]),
    );
  }
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    const at = `${path}.${kind}`;
    causes.push(
      ...eachItem(affinity[kind], at, requiredTerms, (term, here) => validatePodTerm(here, term)),
      ...eachItem(affinity[kind], at, preferredTerms, (term, here) => [
        ...validateWeight(here, term),
        ...validatePodTerm(`${here}.podAffinityTerm`, fieldsAt(term, "podAffinityTerm")),
      ]),
    );
  }
  return causes;
}

/** Terms of which one must hold, in a pod or a persistent volume. */
export function validateNodeSelector(path: string, selector: Fields): Causes {
  if (itemsAt(selector, "nodeSelectorTerms").length === 0)
    return [requiredValue(`${path}.nodeSelectorTerms`, "must have at least one node selector term")];
  return eachItem(selector, path, "nodeSelectorTerms", (term, at) => validateNodeTerm(at, term));
}

function validateNodeTerm(path: string, term: Fields): Causes {
  return eachItem(term, path, "matchExpressions", (expression, at) => {
    const values = listAt(expression, "values");
    const operator = textAt(expression, "operator");
    const causes = named(`${at}.key`, textAt(expression, "key"), validateQualifiedName);
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0)
        causes.unshift(requiredValue(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0)
        causes.unshift(
          forbiddenValue(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
    } else if (operator === "Gt" || operator === "Lt") {
      if (values.length !== 1)
        causes.unshift(requiredValue(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    } else causes.unshift(invalidValue(`${at}.operator`, operator, "not a valid selector operator"));
    return causes;
  });
}

function validateWeight(path: string, term: Fields): Causes {
  const weight = term["weight"];
  if (typeof weight === "number" && weight >= 1 && weight <= 100) return [];
  return [invalidValue(`${path}.weight`, weight ?? 0, "must be in the range 1-100")];
}

function validatePodTerm(path: string, term: Fields): Causes {
  return [
    ...validateSelector(`${path}.labelSelector`, term["labelSelector"]),
    ...validateSelector(`${path}.namespaceSelector`, term["namespaceSelector"]),
    ...required(`${path}.topologyKey`, term["topologyKey"], "can not be empty"),
    ...named(`${path}.topologyKey`, textAt(term, "topologyKey"), validateQualifiedName),
  ];
}
