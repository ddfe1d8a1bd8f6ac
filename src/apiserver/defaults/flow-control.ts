import type { Fields, KubeObject } from "../../apimachinery/index.ts";
import { type DefaultObject, timeOfBirth } from "./default-object.ts";

const flowControlGroup = "flowcontrol.apiserver.k8s.io";
export const flowSchemasName = `flowschemas.${flowControlGroup}`;
export const priorityLevelsName = `prioritylevelconfigurations.${flowControlGroup}`;
/** The part of kube-apiserver that makes the configuration. */
export const flowControlProducer = "api-priority-and-fairness-config-producer-v1";
/** The part that says what has become of it. */
export const flowControlConsumer = "api-priority-and-fairness-config-consumer-v1";

const queues = (count: number, handSize: number): Fields => ({
  type: "Queue",
  queuing: { queues: count, handSize, queueLengthLimit: 50 },
});
const limited = (shares: number, lendablePercent: number, limitResponse: Fields): Fields => ({
  type: "Limited",
  limited: { nominalConcurrencyShares: shares, limitResponse, lendablePercent },
});

const levels: Readonly<Record<string, Fields>> = {
  "catch-all": limited(5, 0, { type: "Reject" }),
  exempt: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  "global-default": limited(20, 50, queues(128, 6)),
  "leader-election": limited(10, 0, queues(16, 4)),
  "node-high": limited(40, 25, queues(64, 6)),
  system: limited(30, 33, queues(64, 6)),
  "workload-high": limited(40, 50, queues(128, 6)),
  "workload-low": limited(100, 90, queues(128, 6)),
};

const any = ["*"];
const anyResource = [{ verbs: any, apiGroups: any, resources: any, clusterScope: true, namespaces: any }];
const anyUrl = [{ verbs: any, nonResourceURLs: any }];
const anything: Fields = { resourceRules: anyResource, nonResourceRules: anyUrl };
const group = (name: string): Fields => ({ kind: "Group", group: { name } });
const user = (name: string): Fields => ({ kind: "User", user: { name } });
const systemAccounts: Fields = { kind: "ServiceAccount", serviceAccount: { name: "*", namespace: "kube-system" } };
const everybody = [group("system:unauthenticated"), group("system:authenticated")];
const leases = (verbs: string[]): Fields => ({
  verbs,
  apiGroups: ["coordination.k8s.io"],
  resources: ["leases"],
  namespaces: any,
});

type Flow = { level: string; precedence: number; by?: string; subjects: Fields[]; to?: Fields };

const flows: Readonly<Record<string, Flow>> = {
  "catch-all": { level: "catch-all", precedence: 10_000, by: "ByUser", subjects: everybody },
  exempt: { level: "exempt", precedence: 1, subjects: [group("system:masters")] },
  "global-default": { level: "global-default", precedence: 9900, by: "ByUser", subjects: everybody },
  "kube-controller-manager": {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [user("system:kube-controller-manager")],
  },
  "kube-scheduler": {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [user("system:kube-scheduler")],
  },
  "kube-system-service-accounts": {
    level: "workload-high",
    precedence: 900,
    by: "ByNamespace",
    subjects: [systemAccounts],
  },
  probes: {
    level: "exempt",
    precedence: 2,
    subjects: everybody,
    to: { nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }] },
  },
  "service-accounts": {
    level: "workload-low",
    precedence: 9000,
    by: "ByUser",
    subjects: [group("system:serviceaccounts")],
  },
  "system-leader-election": {
    level: "leader-election",
    precedence: 100,
    by: "ByUser",
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), systemAccounts],
    to: { resourceRules: [leases(["get", "create", "update"])] },
  },
  "system-node-high": {
    level: "node-high",
    precedence: 400,
    by: "ByUser",
    subjects: [group("system:nodes")],
    to: {
      resourceRules: [
        { verbs: any, apiGroups: [""], resources: ["nodes", "nodes/status"], clusterScope: true, namespaces: any },
        leases(any),
      ],
    },
  },
  "system-nodes": { level: "system", precedence: 500, by: "ByUser", subjects: [group("system:nodes")] },
};

/** The flow control that kube-apiserver 1.34 makes, mandatory and suggested. Nothing here is throttled by it. */
export function flowControlObjects(): DefaultObject[] {
  const priorityLevels = Object.entries(levels).map(([name, spec]): DefaultObject => {
    const object = { ...made("PriorityLevelConfiguration", name, spec), status: {} };
    return { storageName: priorityLevelsName, manager: flowControlProducer, object };
  });
  const schemas = Object.entries(flows).map(([name, { level, precedence, by, subjects, to = anything }]) => {
    const spec = {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
      rules: [{ subjects, ...to }],
    };
    const status = { conditions: [danglingCondition(level, false, timeOfBirth)] };
    const applied = { field: "status", manager: flowControlConsumer, subresource: "status" };
    return {
      storageName: flowSchemasName,
      manager: flowControlProducer,
      object: { ...made("FlowSchema", name, spec), status },
      applied,
    };
  });
  return [...priorityLevels, ...schemas];
}

function made(kind: string, name: string, spec: Fields): KubeObject {
  const annotations = { "apf.kubernetes.io/autoupdate-spec": "true" };
  return { apiVersion: `${flowControlGroup}/v1`, kind, metadata: { name, generation: 1, annotations }, spec };
}

/** What a FlowSchema says of the priority level that it names. */
export function danglingCondition(level: string, isDangling: boolean, time: string): Fields {
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return {
    type: "Dangling",
    status: isDangling ? "True" : "False",
    lastTransitionTime: time,
    reason: isDangling ? "NotFound" : "Found",
    message: isDangling ? `${what} but there is no such object` : `${what} and it exists`,
  };
}
