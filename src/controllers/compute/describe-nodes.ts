import { arch, availableParallelism, networkInterfaces, release, totalmem, type } from "node:os";
import { type ComputeMode, type ComputeOptions, computeLabel } from "./compute.ts";
import type { Node, NodeCondition } from "./node.ts";
import { notRunMessage } from "./none.ts";
import { ipNumber, ipText } from "./pod-addresses.ts";

/** The machine that the platform runs on, as far as a node shows it. */
export type Machine = { cpus: number; memoryBytes: number; address: string; os: string; arch: string; kernel: string };

/** What is the same on all nodes: their machine, the version of Kubernetes as the API server gives it, and the time. */
export type Seen = { machine: Machine; version: string; now: string };

/** Pods get addresses here: not among services (10.96.0.0/16), and apart from what home and company networks use. */
const podNetwork = "10.128.0.0";
/** Addresses of each node's pods, in bits: 2,048 of them; 2,048 nodes have theirs before the network ends. */
const podRangeBits = 21;
/** A pod that is not run costs next to nothing; the node's range has addresses for so many. */
const podsMax = 2040;
/** Addresses of simulated nodes, from a network set apart for tests (RFC 2544), so that they can be nobody else's. */
const simulatedNodeNetwork = "198.18.0.0";
/** What a simulated node offers, as much as KWOK's: what runs nothing does not run out. */
const simulatedCapacity = { cpu: "32", memory: "256Gi", "ephemeral-storage": "1Ti" };
/** Neither is there a disk that is given away: the size of a common one. */
const storage = "100Gi";

export function thisMachine(): Machine {
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    address: machineAddress(),
    os: type().toLowerCase() === "windows_nt" ? "windows" : type().toLowerCase(),
    arch: arch() === "x64" ? "amd64" : arch(),
    kernel: release(),
  };
}

/** The first IPv4 address that is not loopback, as kube-apiserver and kubelets choose theirs; one for examples without any. */
export function machineAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(
    ({ family, internal, address }) => family === "IPv4" && !internal && !address.startsWith("169.254."),
  );
  return found?.address ?? "192.0.2.1";
}

/** The nodes of a platform. */
export function describeNodes({ mode, name, nodes = 1 }: ComputeOptions, seen: Seen): Node[] {
  return Array.from({ length: nodes }, (_none, index) => {
    // The first has the name of the platform, so that its pods stay when others come and go.
    const nodeName = index === 0 ? name : `${name}-${index + 1}`;
    return describeNode({ mode, name: nodeName, index }, seen);
  });
}

type Described = { mode: ComputeMode; name: string; index: number };

function describeNode({ mode, name, index }: Described, { machine, version, now }: Seen): Node {
  const isSimulated = mode === "simulated";
  const podCIDR = `${ipText(ipNumber(podNetwork) + index * 2 ** (32 - podRangeBits))}/${podRangeBits}`;
  const capacity = {
    ...(isSimulated
      ? simulatedCapacity
      : {
          cpu: String(machine.cpus),
          memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
          "ephemeral-storage": storage,
        }),
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: String(podsMax),
  };
  const address = isSimulated ? ipText(ipNumber(simulatedNodeNetwork) + index + 1) : machine.address;
  const role = isSimulated ? "simulated" : "does-not-run-pods";
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "beta.kubernetes.io/arch": machine.arch,
        "beta.kubernetes.io/os": machine.os,
        "kubernetes.io/arch": machine.arch,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": machine.os,
        // Shown by `kubectl get nodes` under ROLES.
        [`node-role.kubernetes.io/${role}`]: "",
        [computeLabel]: mode,
      },
      annotations: { [computeLabel]: mode },
    },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      conditions: nodeConditions(mode, now),
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        architecture: machine.arch,
        bootID: "",
        containerRuntimeVersion: `${mode}://0`,
        kernelVersion: machine.kernel,
        kubeProxyVersion: "",
        kubeletVersion: version,
        machineID: "",
        operatingSystem: machine.os,
        osImage: isSimulated ? "Simulated" : "Pods are not run",
        systemUUID: "",
      },
    },
  };
}

/**
 * A node that is ready accepts pods. These do, whatever becomes of the pods, so they are; a condition of their own says
 * whether pods run.
 */
function nodeConditions(mode: ComputeMode, now: string): NodeCondition[] {
  const isSimulated = mode === "simulated";
  const says = isSimulated
    ? "This node is simulated: the life cycle of its pods is played, nothing runs"
    : notRunMessage;
  const reason = isSimulated ? "Simulated" : "PodsAreNotRun";
  const pressure = (what: string, kind: string) =>
    [`${what}Pressure`, "False", `KubeletHasSufficient${kind}`, "nothing runs on this node"] as const;
  const all = [
    pressure("Memory", "Memory"),
    ["DiskPressure", "False", "KubeletHasNoDiskPressure", "nothing runs on this node"],
    pressure("PID", "PID"),
    ["PodsRun", "False", reason, says],
    ["Ready", "True", reason, says],
  ] as const;
  return all.map(([type, status, why, message]) => ({
    type,
    status,
    reason: why,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }));
}
