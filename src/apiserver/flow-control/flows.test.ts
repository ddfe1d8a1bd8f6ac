import assert from "node:assert/strict";
import { test } from "node:test";
import type { User } from "../../lib/index.ts";
import { type Json, openTestServer } from "../testing.ts";
import { type Matcher, matcherOf } from "./match.ts";

const flowControl = "/apis/flowcontrol.apiserver.k8s.io/v1";
const kubelet: User = { name: "system:node:one", groups: ["system:nodes", "system:authenticated"] };
const account: User = { name: "system:serviceaccount:apps:builder", groups: ["system:serviceaccounts"] };
const leases = { group: "coordination.k8s.io", version: "v1", resource: "leases", subresource: "", name: "" };

const rules: Record<string, { rule: Json; matches: boolean; attributes: Parameters<Matcher>[0] }> = {
  "a user by name": {
    rule: { subjects: [{ kind: "User", user: { name: "jane" } }], nonResourceRules: paths("/version") },
    attributes: { user: { name: "jane", groups: [] }, verb: "get", path: "/version" },
    matches: true,
  },
  "nobody else": {
    rule: { subjects: [{ kind: "User", user: { name: "jane" } }], nonResourceRules: paths("/version") },
    attributes: { user: { name: "joe", groups: ["jane"] }, verb: "get", path: "/version" },
    matches: false,
  },
  "every account of a namespace": {
    rule: { subjects: [serviceAccount("apps", "*")], nonResourceRules: paths("*") },
    attributes: { user: account, verb: "get", path: "/version" },
    matches: true,
  },
  "an account of another namespace": {
    rule: { subjects: [serviceAccount("app", "*")], nonResourceRules: paths("*") },
    attributes: { user: account, verb: "get", path: "/version" },
    matches: false,
  },
  "what is below a path": {
    rule: { subjects: [{ kind: "Group", group: { name: "*" } }], nonResourceRules: paths("/healthz") },
    attributes: { user: account, verb: "get", path: "/healthz/etcd" },
    matches: true,
  },
  "no path that only begins alike": {
    rule: { subjects: [{ kind: "Group", group: { name: "*" } }], nonResourceRules: paths("/healthz*") },
    attributes: { user: account, verb: "get", path: "/healthzz" },
    matches: false,
  },
  "a resource in its namespaces": {
    rule: { subjects: [group("system:nodes")], resourceRules: resources({ namespaces: ["kube-node-lease"] }) },
    attributes: { user: kubelet, verb: "update", namespace: "kube-node-lease", ...leases },
    matches: true,
  },
  "no resource without a namespace, unless the rule says so": {
    rule: { subjects: [group("system:nodes")], resourceRules: resources({ namespaces: ["*"] }) },
    attributes: { user: kubelet, verb: "list", namespace: "", ...leases },
    matches: false,
  },
  "no subresource, unless it is named": {
    rule: { subjects: [group("system:nodes")], resourceRules: resources({ namespaces: ["*"] }) },
    attributes: { user: kubelet, verb: "update", namespace: "a", ...leases, subresource: "status" },
    matches: false,
  },
};

for (const [name, { rule, attributes, matches }] of Object.entries(rules)) {
  test(`a FlowSchema is for ${name}`, () => assert.equal(matcherOf({ spec: { rules: [rule] } })(attributes), matches));
}

test("answers over the network name the FlowSchema of the lowest precedence and its level", async () => {
  await using server = await openTestServer({ tokens: new Map([["jane-token", { name: "jane", groups: [] }]]) });
  const ask = async () => {
    const headers = { authorization: "Bearer jane-token" };
    const { headers: answered } = await server.send("GET", "/version", { user: null, headers });
    return ["x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"].map((name) => answered[name]);
  };
  const uidOf = async (path: string) => (await server.ok("GET", `${flowControl}/${path}`)).metadata.uid;
  const defaults = ["flowschemas/global-default", "prioritylevelconfigurations/global-default"];
  assert.deepEqual(await ask(), await Promise.all(defaults.map(uidOf)));
  await server.ok("POST", `${flowControl}/prioritylevelconfigurations`, { body: level("own") });
  const body = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "own" },
    spec: {
      matchingPrecedence: 1000,
      priorityLevelConfiguration: { name: "own" },
      rules: [{ subjects: [{ kind: "User", user: { name: "jane" } }], nonResourceRules: paths("*") }],
    },
  };
  await server.ok("POST", `${flowControl}/flowschemas`, { body });
  assert.deepEqual(await ask(), [await uidOf("flowschemas/own"), await uidOf("prioritylevelconfigurations/own")]);
  const { text } = await server.send("GET", "/metrics");
  assert.match(text, /^apiserver_flowcontrol_nominal_limit_seats\{priority_level="own"\} 12$/m);
  assert.match(text, /^apiserver_flowcontrol_nominal_limit_seats\{priority_level="exempt"\} 0$/m);
  await server.ok("DELETE", `${flowControl}/prioritylevelconfigurations/own`);
  assert.deepEqual(await ask(), await Promise.all(defaults.map(uidOf)));
  const inside = await server.send("GET", "/version");
  assert.equal(inside.headers["x-kubernetes-pf-flowschema-uid"], undefined);
});

function paths(url: string): Json {
  return [{ verbs: ["get"], nonResourceURLs: [url] }];
}

function serviceAccount(namespace: string, name: string): Json {
  return { kind: "ServiceAccount", serviceAccount: { namespace, name } };
}

function group(name: string): Json {
  return { kind: "Group", group: { name } };
}

function resources(rest: Json): Json {
  return [{ verbs: ["*"], apiGroups: ["coordination.k8s.io"], resources: ["leases"], ...rest }];
}

function level(name: string): Json {
  return {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name },
    spec: { type: "Limited", limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" } } },
  };
}
