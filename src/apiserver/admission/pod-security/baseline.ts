import { type Fields, isFields, itemsAt, listAt, textAt, textsAt, valueAt } from "../../../apimachinery/index.ts";
import {
  annotationsOf,
  containers,
  containersOf,
  nameOf,
  type PodParts,
  plural,
  quoted,
  settersOf,
  sorted,
  type Violation,
} from "./pod.ts";

/** @param version minor number of Kubernetes 1.x */
export type Check = (pod: PodParts, version: number) => Violation | undefined;

/** What no pod of the level `baseline` may do, in the order of Kubernetes' names for the checks. */
export const baselineChecks: Readonly<Record<string, Check>> = {
  appArmorProfile: checkAppArmor,
  capabilities_baseline: checkCapabilities,
  hostNamespaces: checkHostNamespaces,
  hostPathVolumes: checkHostPaths,
  hostPorts: checkHostPorts,
  hostProbesAndHostLifecycle: checkHostProbes,
  privileged: checkPrivileged,
  procMount: checkProcMount,
  seLinuxOptions: checkSeLinux,
  seccompProfile_baseline: checkSeccomp,
  sysctls: checkSysctls,
  windowsHostProcess: checkHostProcess,
};

function checkAppArmor(pod: PodParts): Violation | undefined {
  const allowed = ["RuntimeDefault", "Localhost"];
  const { setters, values } = settersOf(
    pod,
    ["appArmorProfile"],
    (profile) => !allowed.includes(textAt(profile, "type")),
  );
  const annotations = annotationsOf(pod).filter(
    ([key, value]) =>
      key.startsWith("container.apparmor.security.beta.kubernetes.io/") &&
      value !== "" &&
      value !== "runtime/default" &&
      !value.startsWith("localhost/"),
  );
  const bad = sorted(values.map((profile) => textAt(profile, "type")));
  if (annotations.length > 0) {
    bad.push(...annotations.map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort());
    setters.push(plural("annotation", annotations.length));
  }
  if (setters.length === 0) return undefined;
  return {
    reason: plural("forbidden AppArmor profile", bad.length),
    detail: `${setters.join(" and ")} must not set AppArmor profile type to ${quoted(bad)}`,
  };
}

const defaultCapabilities = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
]);

function checkCapabilities(pod: PodParts): Violation | undefined {
  const added = (container: Fields) =>
    textsAt(container, "securityContext", "capabilities", "add").filter((name) => !defaultCapabilities.has(name));
  const bad = containersOf(pod).filter((container) => added(container).length > 0);
  if (bad.length === 0) return undefined;
  const what = quoted(sorted(bad.flatMap(added)));
  const detail = `${containers(bad.map(nameOf))} must not include ${what} in securityContext.capabilities.add`;
  return { reason: "non-default capabilities", detail };
}

function checkHostNamespaces({ spec }: PodParts): Violation | undefined {
  const shared = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => spec[field] === true);
  if (shared.length === 0) return undefined;
  return { reason: "host namespaces", detail: shared.map((field) => `${field}=true`).join(", ") };
}

function checkHostPaths({ spec }: PodParts): Violation | undefined {
  const bad = itemsAt(spec, "volumes").filter(({ hostPath }) => isFields(hostPath));
  if (bad.length === 0) return undefined;
  const detail = `${plural("volume", bad.length)} ${quoted(bad.map(nameOf))}`;
  return { reason: "hostPath volumes", detail };
}

function checkHostPorts(pod: PodParts): Violation | undefined {
  const portsOf = (container: Fields) =>
    itemsAt(container, "ports").flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap(portsOf));
  const use = bad.length === 1 ? "uses" : "use";
  const detail = `${containers(bad.map(nameOf))} ${use} ${plural("hostPort", ports.length)} ${ports.join(", ")}`;
  return { reason: "hostPort", detail };
}

const probes = ["livenessProbe", "readinessProbe", "startupProbe"];

function checkHostProbes(pod: PodParts, version: number): Violation | undefined {
  if (version < 34) return undefined;
  const hostsOf = (container: Fields) =>
    [...probes.map((probe) => [probe]), ["lifecycle", "postStart"], ["lifecycle", "preStop"]]
      .flatMap((path) => ["httpGet", "tcpSocket"].map((way) => textAt(container, ...path, way, "host")))
      .filter((host) => host !== "");
  const bad = containersOf(pod).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const names = sorted(bad.map(nameOf));
  const use = names.length === 1 ? "uses" : "use";
  const detail = `${containers(names)} ${use} ${plural("probe or lifecycle host", hosts.length)} ${quoted(hosts)}`;
  return { reason: "probe or lifecycle host", detail };
}

function checkPrivileged(pod: PodParts): Violation | undefined {
  const bad = containersOf(pod).filter((container) => valueAt(container, "securityContext", "privileged") === true);
  if (bad.length === 0) return undefined;
  const detail = `${containers(bad.map(nameOf))} must not set securityContext.privileged=true`;
  return { reason: "privileged", detail };
}

function checkProcMount(pod: PodParts): Violation | undefined {
  const mount = (container: Fields) => textAt(container, "securityContext", "procMount");
  const bad = containersOf(pod).filter((container) => !["", "Default"].includes(mount(container)));
  if (bad.length === 0) return undefined;
  const what = quoted(sorted(bad.map(mount)));
  return {
    reason: "procMount",
    detail: `${containers(bad.map(nameOf))} must not set securityContext.procMount to ${what}`,
  };
}

function checkSeLinux(pod: PodParts, version: number): Violation | undefined {
  const allowed = ["", "container_t", "container_init_t", "container_kvm_t"];
  if (version >= 31) allowed.push("container_engine_t");
  const badType = (options: unknown) => !allowed.includes(textAt(options, "type"));
  const { setters, values } = settersOf(
    pod,
    ["seLinuxOptions"],
    (options) => badType(options) || textAt(options, "user") !== "" || textAt(options, "role") !== "",
  );
  if (setters.length === 0) return undefined;
  const types = sorted(values.filter(badType).map((options) => textAt(options, "type")));
  const data = types.length === 0 ? [] : [`${plural("type", types.length)} ${quoted(types)}`];
  for (const field of ["user", "role"]) {
    if (values.some((options) => textAt(options, field) !== "")) data.push(`${field} may not be set`);
  }
  const detail = `${setters.join(" and ")} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}`;
  return { reason: "seLinuxOptions", detail };
}

const seccompAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
const containerSeccompAnnotation = "container.seccomp.security.alpha.kubernetes.io/";

function checkSeccomp(pod: PodParts, version: number): Violation | undefined {
  if (version < 19) return checkSeccompAnnotations(pod);
  const { setters, values } = settersOf(pod, ["seccompProfile"], isBadSeccomp);
  if (setters.length === 0) return undefined;
  return badSeccomp(setters, values);
}

export function isBadSeccomp(profile: unknown): boolean {
  return !["RuntimeDefault", "Localhost"].includes(textAt(profile, "type"));
}

export function badSeccomp(setters: readonly string[], values: readonly unknown[]): Violation {
  const types = quoted(sorted(values.map((profile) => textAt(profile, "type"))));
  const detail = `${setters.join(" and ")} must not set securityContext.seccompProfile.type to ${types}`;
  return { reason: "seccompProfile", detail };
}

function checkSeccompAnnotations(pod: PodParts): Violation | undefined {
  const own = new Set(containersOf(pod).map((container) => containerSeccompAnnotation + nameOf(container)));
  const bad = annotationsOf(pod).filter(
    ([key, value]) =>
      (key === seccompAnnotation || own.has(key)) &&
      value !== "runtime/default" &&
      value !== "docker/default" &&
      !value.startsWith("localhost/"),
  );
  if (bad.length === 0) return undefined;
  const list = sorted(bad.map(([key, value]) => `${key}=${JSON.stringify(value)}`));
  return { reason: "seccompProfile", detail: `forbidden ${plural("annotation", list.length)} ${list.join(", ")}` };
}

/** Safe ones, by the version from which on they are allowed. */
const sysctls: readonly (readonly [number, readonly string[]])[] = [
  [0, ["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"]],
  [0, ["net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start"]],
  [27, ["net.ipv4.ip_local_reserved_ports"]],
  [29, ["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"]],
  [29, ["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"]],
  [32, ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]],
];

function checkSysctls({ spec }: PodParts, version: number): Violation | undefined {
  const allowed = sysctls.flatMap(([since, names]) => (version >= since ? names : []));
  const set = listAt(spec, "securityContext", "sysctls").map((sysctl) => textAt(sysctl, "name"));
  const bad = set.filter((name) => !allowed.includes(name));
  return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
}

function checkHostProcess(pod: PodParts): Violation | undefined {
  const { setters } = settersOf(pod, ["windowsOptions", "hostProcess"], (value) => value === true);
  if (setters.length === 0) return undefined;
  const detail = `${setters.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: "hostProcess", detail };
}
