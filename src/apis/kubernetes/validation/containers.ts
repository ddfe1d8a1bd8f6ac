import {
  compareQuantities,
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  listAt,
  numberAt,
  parseQuantity,
  requiredValue,
  textAt,
  unsupportedValue,
  validateConfigKey,
  validateLabel,
  validatePortName,
  validateQualifiedName,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import {
  type Causes,
  choice,
  choiceInOrder,
  eachItem,
  inRange,
  named,
  nonNegatives,
  notFound,
  pointedChoice,
  portNumber,
  required,
  requiredName,
  validateInnerPath,
} from "./values.ts";

/** The names of a pod's volumes, and the paths that refer to them. */
export type VolumeNames = ReadonlySet<string>;

/**
 * The containers of a pod: all three lists, because their names share one space.
 *
 * @param path of the pod's spec
 */
export function validateContainers(path: string, spec: Fields, volumes: VolumeNames): Causes {
  const names = new Set<string>();
  const causes: Causes = [];
  if (itemsAt(spec, "containers").length === 0) causes.push(requiredValue(`${path}.containers`));
  for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
    causes.push(
      ...eachItem(spec, path, list, (container, at) => {
        const name = textAt(container, "name");
        const found = requiredName(`${at}.name`, name, validateLabel);
        if (name !== "" && names.has(name)) found.push(duplicateValue(`${at}.name`, name));
        names.add(name);
        return [
          ...found,
          ...validateContainer(at, container, volumes),
          ...validateClaims(`${at}.resources.claims`, container, spec),
          ...validateResizing(`${at}.resizePolicy`, container),
          ...validateRole(at, container, list, numberAt(spec, ["terminationGracePeriodSeconds"])),
        ];
      }),
    );
  }
  return [...causes, ...validateHostPorts(path, spec)];
}

/** The claims of the pod that a container uses. */
function validateClaims(path: string, container: Fields, spec: Fields): Causes {
  const known = itemsAt(spec, "resourceClaims").map((claim) => textAt(claim, "name"));
  const words = `must be one of the names in pod.spec.resourceClaims${known.length === 0 ? " which is empty" : ""}`;
  return itemsAt(container, "resources", "claims").flatMap((claim, index) => {
    const name = textAt(claim, "name");
    if (name === "") return [requiredValue(`${path}[${index}]`)];
    return known.includes(name) ? [] : [notFound(`${path}[${index}]`, name, words)];
  });
}

function validateResizing(path: string, container: Fields): Causes {
  const seen = new Set<string>();
  return itemsAt(container, "resizePolicy").flatMap((policy, index) => {
    const name = textAt(policy, "resourceName");
    const causes = [
      ...pointedChoice(path, name, ["cpu", "memory"]),
      ...pointedChoice(path, textAt(policy, "restartPolicy"), ["NotRequired", "RestartContainer"]),
    ];
    if (seen.has(name)) causes.push(duplicateValue(`${path}[${index}]`, name));
    seen.add(name);
    return causes;
  });
}

function validateContainer(path: string, container: Fields, volumes: VolumeNames): Causes {
  const image = textAt(container, "image");
  return [
    ...required(`${path}.image`, image),
    ...(image === image.trim()
      ? []
      : [invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace")]),
    ...choiceInOrder(`${path}.terminationMessagePolicy`, container["terminationMessagePolicy"], [
      "File",
      "FallbackToLogsOnError",
    ]),
    ...choice(`${path}.imagePullPolicy`, container["imagePullPolicy"], ["Always", "IfNotPresent", "Never"]),
    ...validatePorts(path, container),
    ...eachItem(container, path, "env", (variable, at) => validateVariable(at, variable)),
    ...eachItem(container, path, "envFrom", (source, at) => validateVariables(at, source)),
    ...validateMounts(path, container, volumes),
    ...eachItem(container, path, "volumeDevices", (device, at) => [
      ...requiredName(`${at}.name`, textAt(device, "name")),
      ...required(`${at}.devicePath`, device["devicePath"]),
    ]),
    ...validateResources(`${path}.resources`, fieldsAt(container, "resources")),
    ...validateSecurity(`${path}.securityContext`, fieldsAt(container, "securityContext")),
  ];
}

/** What differs between the main containers, those before them and those put in later. */
function validateRole(path: string, container: Fields, list: string, grace: number): Causes {
  const restartable = container["restartPolicy"] === "Always";
  const handlers = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];
  if (list === "ephemeralContainers") {
    const banned = [...handlers, "ports", "resources"].filter((field) => !isEmpty(container[field]));
    return banned.map((field) => forbiddenValue(`${path}.${field}`, "cannot be set for an Ephemeral Container"));
  }
  if (list === "initContainers") {
    const causes = choice(`${path}.restartPolicy`, container["restartPolicy"], ["Always"]);
    if (restartable) return [...causes, ...validateHandlers(path, container, grace)];
    const banned = handlers.filter((field) => container[field] !== undefined);
    return [
      ...causes,
      ...banned.map((field) =>
        forbiddenValue(`${path}.${field}`, "may not be set for init containers without restartPolicy=Always"),
      ),
    ];
  }
  const causes = validateHandlers(path, container, grace);
  if (container["restartPolicy"] !== undefined)
    causes.push(forbiddenValue(`${path}.restartPolicy`, "may not be set for non-init containers"));
  return causes;
}

/** @param grace how many seconds the pod has to end, which a pause before its end must not exceed */
function validateHandlers(path: string, container: Fields, grace: number): Causes {
  const causes: Causes = [];
  for (const moment of ["postStart", "preStop"]) {
    const handler = fieldsAt(container, "lifecycle")[moment];
    if (isFields(handler))
      causes.push(
        ...validateHandler(`${path}.lifecycle.${moment}`, handler, ["exec", "httpGet", "tcpSocket", "sleep"]),
      );
    const pause = fieldsAt(handler, "sleep")["seconds"];
    if (typeof pause === "number" && (pause < 0 || pause > grace)) {
      const words = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
      causes.push(invalidValue(`${path}.lifecycle.${moment}.sleep`, pause, words));
    }
  }
  for (const field of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[field];
    if (isFields(probe)) causes.push(...validateProbe(`${path}.${field}`, probe, field));
  }
  return causes;
}

function validateProbe(path: string, probe: Fields, kind: string): Causes {
  const causes = [
    ...validateHandler(path, probe, ["exec", "httpGet", "tcpSocket", "grpc"]),
    ...nonNegatives(path, probe, [
      "initialDelaySeconds",
      "timeoutSeconds",
      "periodSeconds",
      "successThreshold",
      "failureThreshold",
    ]),
  ];
  const grace = probe["terminationGracePeriodSeconds"];
  if (kind === "readinessProbe") {
    if (grace !== undefined)
      causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"));
    return causes;
  }
  if (typeof grace === "number" && grace <= 0)
    causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  if (numberAt(probe, ["successThreshold"], 1) !== 1)
    causes.push(invalidValue(`${path}.successThreshold`, probe["successThreshold"], "must be 1"));
  return causes;
}

function validateHandler(path: string, handler: Fields, kinds: readonly string[]): Causes {
  const given = kinds.filter((kind) => isFields(handler[kind]));
  if (given.length === 0) return [requiredValue(path, "must specify a handler type")];
  const [first = "", ...others] = given;
  const action = fieldsAt(handler, first);
  const at = `${path}.${first}`;
  const causes: Causes = [];
  if (first === "exec") causes.push(...required(`${at}.command`, action["command"]));
  if (first === "httpGet") {
    causes.push(
      ...required(`${at}.path`, action["path"]),
      ...validatePortReference(`${at}.port`, action["port"]),
      ...choice(`${at}.scheme`, action["scheme"], ["HTTP", "HTTPS"]),
    );
  }
  if (first === "tcpSocket") causes.push(...validatePortReference(`${at}.port`, action["port"]));
  if (first === "grpc") causes.push(...portNumber(`${at}.port`, action["port"]));
  const words = "may not specify more than 1 handler type";
  return [...causes, ...others.map((kind) => forbiddenValue(`${path}.${kind}`, words))];
}

/** A number or the name of a container's port. */
export function validatePortReference(path: string, port: unknown): Causes {
  if (typeof port === "string") return named(path, port, validatePortName);
  return portNumber(path, port ?? 0);
}

function validatePorts(path: string, container: Fields): Causes {
  const names = new Set<string>();
  return eachItem(container, path, "ports", (port, at) => {
    const name = textAt(port, "name");
    const causes = name === "" ? [] : named(`${at}.name`, name, validatePortName);
    if (name !== "" && causes.length === 0 && names.has(name)) causes.push(duplicateValue(`${at}.name`, name));
    names.add(name);
    const number = numberAt(port, ["containerPort"]);
    causes.push(...(number === 0 ? [requiredValue(`${at}.containerPort`)] : portNumber(`${at}.containerPort`, number)));
    if (numberAt(port, ["hostPort"]) !== 0) causes.push(...portNumber(`${at}.hostPort`, port["hostPort"]));
    return [...causes, ...choice(`${at}.protocol`, port["protocol"], ["SCTP", "TCP", "UDP"], "required")];
  });
}

/** On the host there is each port once. */
function validateHostPorts(path: string, spec: Fields): Causes {
  const taken = new Set<string>();
  return eachItem(spec, path, "containers", (container, at) =>
    eachItem(container, at, "ports", (port, here) => {
      const number = numberAt(port, ["hostPort"]);
      if (number === 0) return [];
      const key = `${textAt(port, "protocol")}/${textAt(port, "hostIP")}/${number}`;
      const known = taken.has(key);
      taken.add(key);
      if (known) return [duplicateValue(`${here}.hostPort`, key)];
      if (spec["hostNetwork"] === true && number !== numberAt(port, ["containerPort"]))
        return [invalidValue(`${here}.hostPort`, number, "must match `containerPort` when `hostNetwork` is true")];
      return [];
    }),
  );
}

/** Since Kubernetes 1.34 any printable ASCII but `=`. */
function validateVariableName(name: string): string[] {
  if (/^[ -<>-~]+$/.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

const variableSources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"];

function validateVariable(path: string, variable: Fields): Causes {
  const causes = requiredName(`${path}.name`, textAt(variable, "name"), validateVariableName);
  const source = variable["valueFrom"];
  if (!isFields(source)) return causes;
  const at = `${path}.valueFrom`;
  const given = variableSources.filter((kind) => isFields(source[kind]));
  if (given.length === 0) {
    const words = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
    return [...causes, invalidValue(at, "", words)];
  }
  for (const kind of given) {
    const reference = fieldsAt(source, kind);
    const here = `${at}.${kind}`;
    if (kind === "configMapKeyRef" || kind === "secretKeyRef")
      causes.push(
        ...named(`${here}.name`, textAt(reference, "name"), validateSubdomain),
        ...requiredName(`${here}.key`, textAt(reference, "key"), validateConfigKey),
      );
    if (kind === "fieldRef") causes.push(...validateFieldReference(here, reference, podFields));
    if (kind === "resourceFieldRef") causes.push(...validateResourceReference(here, reference));
  }
  if (textAt(variable, "value") !== "")
    causes.push(invalidValue(at, "", "may not be specified when `value` is not empty"));
  if (given.length > 1) causes.push(invalidValue(at, "", "may not have more than one field specified at a time"));
  return causes;
}

const amounts = ["limits", "requests"].flatMap((kind) =>
  ["cpu", "ephemeral-storage", "memory"].map((resource) => `${kind}.${resource}`),
);

/** An amount of a container's resources. */
export function validateResourceReference(path: string, reference: Fields): Causes {
  const resource = textAt(reference, "resource");
  if (resource === "") return [requiredValue(`${path}.resource`)];
  if (/^(limits|requests)\.hugepages-/.test(resource)) return [];
  return choice(`${path}.resource`, resource, amounts);
}

const podFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
/** What can be said of a pod at all; environment and volumes have a choice of it each. */
const knownFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.host",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.phase",
  "status.podIP",
  "status.podIPs",
];
export const volumeFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** A field of the pod, or one label or annotation of it. */
export function validateFieldReference(path: string, reference: Fields, supported: readonly string[]): Causes {
  const field = textAt(reference, "fieldPath");
  const causes = required(`${path}.apiVersion`, reference["apiVersion"]);
  if (field === "") return [...causes, requiredValue(`${path}.fieldPath`)];
  if (/^metadata\.(labels|annotations)\['.+'\]$/.test(field) || supported.includes(field)) return causes;
  if (!knownFields.includes(field)) {
    const words = `error converting fieldPath: field label not supported: ${field}`;
    return [...causes, invalidValue(`${path}.fieldPath`, field, words)];
  }
  return [...causes, unsupportedValue(`${path}.fieldPath`, field, supported)];
}

function validateVariables(path: string, source: Fields): Causes {
  const prefix = textAt(source, "prefix");
  const causes = prefix === "" ? [] : named(`${path}.prefix`, prefix, validateVariableName);
  const given = ["configMapRef", "secretRef"].filter((kind) => isFields(source[kind]));
  const list = path.replace(/\[\d+\]$/, "");
  if (given.length === 0) causes.push(invalidValue(list, "", "must specify one of: `configMapRef` or `secretRef`"));
  if (given.length > 1) causes.push(invalidValue(list, "", "may not have more than one field specified at a time"));
  return [...causes, ...given.flatMap((kind) => requiredName(`${path}.${kind}.name`, textAt(source, kind, "name")))];
}

function validateMounts(path: string, container: Fields, volumes: VolumeNames): Causes {
  const places = new Set<string>();
  return eachItem(container, path, "volumeMounts", (mount, at) => {
    const name = textAt(mount, "name");
    const place = textAt(mount, "mountPath");
    const causes = required(`${at}.name`, name);
    if (name !== "" && !volumes.has(name)) causes.push(notFound(`${at}.name`, name));
    causes.push(...required(`${at}.mountPath`, place));
    if (places.has(place)) causes.push(invalidValue(`${at}.mountPath`, place, "must be unique"));
    places.add(place);
    for (const field of ["subPath", "subPathExpr"])
      if (textAt(mount, field) !== "") causes.push(...validateInnerPath(`${at}.${field}`, textAt(mount, field)));
    if (textAt(mount, "subPath") !== "" && textAt(mount, "subPathExpr") !== "")
      causes.push(
        invalidValue(`${at}.subPathExpr`, mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive"),
      );
    return [
      ...causes,
      // Kubernetes names the list alone here.
      ...choice(`${path}.volumeMounts.mountPropagation`, mount["mountPropagation"], [
        "Bidirectional",
        "HostToContainer",
        "None",
      ]),
    ];
  });
}

const plainResources = ["cpu", "memory", "ephemeral-storage"];

/** Requests and limits of a container, or of a pod as a whole. */
export function validateResources(path: string, resources: Fields, owner: "container" | "pod" = "container"): Causes {
  const limits = fieldsAt(resources, "limits");
  const requests = fieldsAt(resources, "requests");
  const causes: Causes = [];
  for (const [kind, amounts] of Object.entries({ limits, requests })) {
    for (const [name, amount] of Object.entries(amounts)) {
      causes.push(...validateResourceName(`${path}.${kind}[${name}]`, name, owner));
      if (parseQuantity(String(amount)).nanos < 0n)
        causes.push(invalidValue(`${path}.${kind}[${name}]`, amount, "must be greater than or equal to 0"));
    }
  }
  for (const [name, amount] of Object.entries(requests)) {
    const limit = limits[name];
    const overcommitted = plainResources.includes(name);
    if (limit === undefined) {
      if (!overcommitted)
        causes.push(requiredValue(`${path}.limits`, "Limit must be set for non overcommitable resources"));
      continue;
    }
    const order = compareQuantities(parseQuantity(String(amount)), parseQuantity(String(limit)));
    if (order > 0)
      causes.push(invalidValue(`${path}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`));
    else if (order < 0 && !overcommitted)
      causes.push(invalidValue(`${path}.requests`, amount, `must be equal to ${name} limit of ${limit}`));
  }
  return causes;
}

/** What is counted somewhere, and needs no domain before its name. */
const standardResources = new Set([
  ...plainResources.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "requests.storage",
  "resourcequotas",
  "secrets",
  "services",
  "services.loadbalancers",
  "services.nodeports",
  "storage",
]);

/** The name of what a container, or a pod as a whole, needs. */
export function validateResourceName(path: string, name: string, owner: "container" | "pod" = "container"): Causes {
  const causes = named(path, name, validateQualifiedName);
  if (name.includes("/") || name.startsWith("hugepages-")) return causes;
  if (causes.length === 0 && !standardResources.has(name))
    causes.push(invalidValue(path, name, "must be a standard resource type or fully qualified"));
  if (owner === "container" && !plainResources.includes(name))
    causes.push(invalidValue(path, name, "must be a standard resource for containers"));
  return causes;
}

function validateSecurity(path: string, context: Fields): Causes {
  const causes: Causes = [];
  for (const field of ["runAsUser", "runAsGroup"])
    causes.push(...inRange(`${path}.${field}`, context[field], 0, 2 ** 31 - 1));
  causes.push(
    ...choice(`${path}.procMount`, context["procMount"], ["Default", "Unmasked"]),
    ...validateProfiles(path, context),
  );
  if (context["allowPrivilegeEscalation"] !== false) return causes;
  if (context["privileged"] === true)
    causes.push(invalidValue(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
  if (listAt(context, "capabilities", "add").includes("CAP_SYS_ADMIN"))
    causes.push(
      invalidValue(
        path,
        context,
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
      ),
    );
  return causes;
}

/** Seccomp and AppArmor profiles, which pods and containers have alike. */
export function validateProfiles(path: string, context: Fields): Causes {
  return ["seccompProfile", "appArmorProfile"].flatMap((field) => {
    const profile = context[field];
    if (!isFields(profile)) return [];
    const at = `${path}.${field}`;
    const causes = choice(`${at}.type`, profile["type"], ["Localhost", "RuntimeDefault", "Unconfined"], "required");
    const local = textAt(profile, "localhostProfile");
    if (profile["type"] === "Localhost" && local === "") {
      causes.push(requiredValue(`${at}.localhostProfile`, "must be set when type is Localhost"));
    } else if (profile["type"] !== "Localhost" && local !== "") {
      causes.push(
        invalidValue(
          `${at}.localhostProfile`,
          local,
          `can only be set when ${field === "seccompProfile" ? "seccomp type is" : "type is"} Localhost`,
        ),
      );
    }
    return causes;
  });
}
