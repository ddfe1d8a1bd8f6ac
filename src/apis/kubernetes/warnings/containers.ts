import { type Fields, fieldsAt, isFields, itemsAt, numberAt, quoteGo, textAt } from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { fractionalBytes } from "./quantities.ts";

const byteResources = ["memory"];
const diskResources = ["ephemeral-storage"];

/** A container and where it stands. */
export type Container = { at: string; container: Fields };

/** All containers of a pod in the order in which they are told of. @param path of the pod's spec */
export function containersOf(path: string, spec: Fields): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    itemsAt(spec, list).map((container, index) => ({ at: `${path}.${list}[${index}]`, container })),
  );
}

/** Amounts that are no whole bytes, and variables that hide others. */
export function warnOfContainer({ at, container }: Container): string[] {
  const resources = fieldsAt(container, "resources");
  const amounts = [byteResources, diskResources].flatMap((names) =>
    ["limits", "requests"].flatMap((field) =>
      fractionalBytes(`${at}.resources.${field}`, fieldsAt(resources, field), names),
    ),
  );
  return [...amounts, ...warnOfVariables(at, container)];
}

function warnOfVariables(at: string, container: Fields): string[] {
  const seen = new Set<string>();
  return itemsAt(container, "env").flatMap((variable, index) => {
    const name = textAt(variable, "name");
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    // One that builds upon the earlier one is meant so.
    const value = textAt(variable, "value");
    const reference = `$(${name})`;
    if (!isFields(variable["valueFrom"]) && value !== reference && value.includes(reference)) return [];
    return [
      `${at}.env[${index}]: hides previous definition of ${quoteGo(name)}, which may be dropped when using apply`,
    ];
  });
}

type Port = { at: string; port: Fields };

/** Ports of a pod that are the same, or may be. */
export function warnOfPorts(containers: readonly Container[]): string[] {
  const known = new Map<string, Port[]>();
  const warnings: string[] = [];
  for (const { at, port } of containers.flatMap(portsOf)) {
    const hostPort = numberAt(port, ["hostPort"]);
    const hostIp = textAt(port, "hostIP");
    if (hostIp !== "" && hostPort === 0) warnings.push(`${at}: hostIP set without hostPort: ${goPort(port)}`);
    const id = `${numberAt(port, ["containerPort"])}/${textAt(port, "protocol")}`;
    const others = known.get(id) ?? [];
    for (const other of others) {
      const otherPort = numberAt(other.port, ["hostPort"]);
      const otherIp = textAt(other.port, "hostIP");
      if (hostIp === otherIp && hostPort === otherPort) {
        warnings.push(`${at}: duplicate port definition with ${other.at}`);
      } else if (hostPort === 0 || otherPort === 0) {
        warnings.push(`${at}: overlapping port definition with ${other.at}`);
      } else if (hostPort === otherPort && (hostIp === "") !== (otherIp === "")) {
        warnings.push(`${at}: dangerously ambiguous port definition with ${other.at}`);
      }
    }
    known.set(id, [...others, { at, port }]);
  }
  return [...warnings, ...warnOfPortNames(containers)];
}

function warnOfPortNames(containers: readonly Container[]): string[] {
  const known = new Map<string, string>();
  return containers.flatMap(portsOf).flatMap(({ at, port }) => {
    const name = textAt(port, "name");
    const other = known.get(name);
    if (name !== "" && other === undefined) known.set(name, at);
    if (other === undefined) return [];
    const effect = `services and probes that select ports by name will use ${other}`;
    return [`${at}: duplicate port name ${quoteGo(name)} with ${other}, ${effect}`];
  });
}

function portsOf({ at, container }: Container): Port[] {
  return itemsAt(container, "ports").map((port, index) => ({ at: `${at}.ports[${index}]`, port }));
}

/** A port as Go prints the struct that it is. */
function goPort(port: Fields): string {
  const fields = [
    ["Name", textAt(port, "name")],
    ["HostPort", numberAt(port, ["hostPort"])],
    ["ContainerPort", numberAt(port, ["containerPort"])],
    ["Protocol", textAt(port, "protocol")],
    ["HostIP", textAt(port, "hostIP")],
  ];
  return `{${fields.map(([name, value]) => `${name}:${value}`).join(" ")}}`;
}

const seccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
const appArmorContainer = "container.apparmor.security.beta.kubernetes.io/";

/** Annotations of a pod that say what a field of its container says by now. @param annotationsPath where they stand */
export function warnOfProfiles(
  { container }: Container,
  pod: { annotations: Fields; annotationsPath: string; appArmor: unknown },
): string[] {
  const { annotations, annotationsPath, appArmor } = pod;
  const name = textAt(container, "name");
  const security = fieldsAt(container, "securityContext");
  const warnings: string[] = [];
  const seccomp = seccompContainer + name;
  if (isEmpty(security["seccompProfile"]) && annotations[seccomp] !== undefined)
    warnings.push(`${annotationsPath}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
  const key = appArmorContainer + name;
  const annotation = annotations[key];
  if (isEmpty(security["appArmorProfile"]) && annotation !== undefined && !isProfile(appArmor, String(annotation)))
    warnings.push(`${annotationsPath}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  return warnings;
}

/** Whether a field says the same as an annotation. */
function isProfile(profile: unknown, annotation: string): boolean {
  const type = textAt(profile, "type");
  if (annotation === "unconfined") return type === "Unconfined";
  if (annotation === "runtime/default") return type === "RuntimeDefault";
  return type === "Localhost" && annotation === `localhost/${textAt(profile, "localhostProfile")}`;
}
