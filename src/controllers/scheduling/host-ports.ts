import { isSidecar, type Pod } from "../compute/pod.ts";

/** A port that a pod takes of its node itself. */
export type HostPort = { ip: string; protocol: string; port: number };

export function hostPortsOf({ spec }: Pod): HostPort[] {
  const all = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)];
  return all.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => (hostPort ?? 0) > 0)
      .map(({ hostIP = "", protocol = "TCP", hostPort = 0 }) => ({
        ip: hostIP === "" ? "0.0.0.0" : hostIP,
        protocol,
        port: hostPort,
      })),
  );
}

/** Whether two pods cannot have these at the same time on one node. */
export function collides(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0";
  return a.port === b.port && a.protocol === b.protocol && sameAddress;
}
