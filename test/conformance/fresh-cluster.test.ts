import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const flowControl = "/apis/flowcontrol.apiserver.k8s.io/v1";
const networking = "/apis/networking.k8s.io/v1";
const apiServices = "/apis/apiregistration.k8s.io/v1/apiservices";
const own = (resource: string) => `/api/v1/namespaces/${cluster.namespace}/${resource}`;

/** How long the server may take for what follows a write. */
const patienceMs = 10_000;

async function soon(path: string, isSo: (object: Json) => boolean): Promise<Json> {
  for (const endMs = Date.now() + patienceMs; ; await delay(50)) {
    const { body } = await cluster.send("GET", path);
    if (isSo(body)) return body;
    assert.ok(Date.now() < endMs, `${path} is ${JSON.stringify(body)}`);
  }
}

const conditionOf = ({ status }: Json, type: string): Json =>
  status?.conditions?.find((condition: Json) => condition.type === type);

test("every cluster has the bootstrap configuration of flow control", async () => {
  const wanted = {
    flowschemas: [
      ...["catch-all", "exempt", "global-default", "kube-controller-manager", "kube-scheduler"],
      ...["kube-system-service-accounts", "probes", "service-accounts", "system-leader-election"],
      ...["system-node-high", "system-nodes"],
    ],
    prioritylevelconfigurations: [
      ...["catch-all", "exempt", "global-default", "leader-election"],
      ...["node-high", "system", "workload-high", "workload-low"],
    ],
  };
  for (const [resource, names] of Object.entries(wanted)) {
    const { items } = await cluster.ok("GET", `${flowControl}/${resource}`);
    const there = new Set(items.map(({ metadata }: Json) => metadata.name));
    assert.deepEqual(
      names.filter((name) => !there.has(name)),
      [],
    );
  }
  const exempt = await cluster.ok("GET", `${flowControl}/flowschemas/exempt`);
  assert.equal(conditionOf(exempt, "Dangling").status, "False");
});

test("a FlowSchema without its priority level is dangling", async () => {
  const name = cluster.unique("flow");
  const spec = { matchingPrecedence: 9000, priorityLevelConfiguration: { name } };
  await cluster.own(`${flowControl}/flowschemas`, {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name },
    spec,
  });
  const seen = await soon(`${flowControl}/flowschemas/${name}`, (one) => conditionOf(one, "Dangling") !== undefined);
  const { status, reason, message } = conditionOf(seen, "Dangling");
  const what = `This FlowSchema references the PriorityLevelConfiguration object named "${name}"`;
  assert.deepEqual([status, reason, message], ["True", "NotFound", `${what} but there is no such object`]);
});

test("every answer names the FlowSchema and the priority level of its request", async () => {
  const name = cluster.unique("flow");
  const uids = ({ headers }: { headers: Record<string, unknown> }) =>
    ["x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"].map((header) => headers[header]);
  const as = (user: string) => ({ headers: { "impersonate-user": user, "impersonate-group": "system:authenticated" } });
  const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
  const level = await cluster.own(`${flowControl}/prioritylevelconfigurations`, {
    apiVersion,
    kind: "PriorityLevelConfiguration",
    metadata: { name },
    spec: { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } },
  });
  const schema = await cluster.own(`${flowControl}/flowschemas`, {
    apiVersion,
    kind: "FlowSchema",
    metadata: { name },
    spec: {
      matchingPrecedence: 1000,
      priorityLevelConfiguration: { name },
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "jane" } }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      ],
    },
  });
  const own = [schema.metadata.uid, level.metadata.uid];
  const until = Date.now() + patienceMs;
  let seen = uids(await cluster.send("GET", "/version", as("jane")));
  while (seen.join() !== own.join() && Date.now() < until) {
    await delay(100);
    seen = uids(await cluster.send("GET", "/version", as("jane")));
  }
  assert.deepEqual(seen, own);
  const others = uids(await cluster.send("GET", "/version", as("joe")));
  for (const [index, uid] of others.entries()) {
    assert.match(String(uid), /^[0-9a-f-]{36}$/);
    assert.notEqual(uid, own[index]);
  }
});

test("every version that is served has its APIService, those of CRDs too", async () => {
  const { groups } = await cluster.ok("GET", "/apis");
  const { items } = await cluster.ok("GET", apiServices);
  const known = new Map<string, Json>(items.map((item: Json) => [item.metadata.name, item]));
  for (const { name, versions } of groups) {
    if (name === "apiregistration.k8s.io") continue;
    for (const { version } of versions) assert.ok(known.has(`${version}.${name}`), `${version}.${name}`);
  }
  assert.deepEqual(known.get("v1.apps").spec, {
    group: "apps",
    groupPriorityMinimum: 17_800,
    version: "v1",
    versionPriority: 15,
  });
  const kind = await cluster.define({});
  const custom = await soon(`${apiServices}/v1.${kind.group}`, (one) => conditionOf(one, "Available") !== undefined);
  assert.deepEqual([custom.spec.groupPriorityMinimum, custom.spec.versionPriority], [1000, 100]);
  assert.equal(conditionOf(custom, "Available").reason, "Local");
});

test("an APIService whose Service is missing says so", async () => {
  const group = `${cluster.unique("g")}.example.com`;
  await cluster.own(apiServices, {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `v1.${group}` },
    spec: {
      group,
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: "nobody", namespace: cluster.namespace },
    },
  });
  const seen = await soon(`${apiServices}/v1.${group}`, (one) => conditionOf(one, "Available") !== undefined);
  const { status, reason, message } = conditionOf(seen, "Available");
  const why = `service/nobody in "${cluster.namespace}" is not present`;
  assert.deepEqual([status, reason, message], ["False", "ServiceNotFound", why]);
  assert.equal((await cluster.send("GET", `/apis/${group}/v1`)).status, 503);
});

test("the range of cluster addresses and the addresses in it are objects", async () => {
  const range = await cluster.ok("GET", `${networking}/servicecidrs/kubernetes`);
  assert.equal(conditionOf(range, "Ready").status, "True");
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { ports: [{ port: 80 }] } };
  const { spec } = await cluster.ok("POST", own("services"), { body: service });
  const address = await soon(`${networking}/ipaddresses/${spec.clusterIP}`, ({ kind }) => kind === "IPAddress");
  assert.deepEqual(address.spec.parentRef, { resource: "services", namespace: cluster.namespace, name: "a" });
  await cluster.ok("DELETE", own("services/a"));
  await soon(`${networking}/ipaddresses/${spec.clusterIP}`, ({ code }) => code === 404);
});

test("the parts of the control plane say how they are, and that nobody should ask", async () => {
  const { body, headers } = await cluster.send("GET", "/api/v1/componentstatuses");
  assert.deepEqual(body.items.map(({ metadata }: Json) => metadata.name).sort(), [
    "controller-manager",
    "etcd-0",
    "scheduler",
  ]);
  assert.equal(headers["warning"], '299 - "v1 ComponentStatus is deprecated in v1.19+"');
});

test("whoever writes what is odd is warned", async () => {
  const containers = [{ name: "c", image: "i", env: ["1", "2"].map((value) => ({ name: "A", value })) }];
  const template = { metadata: { labels: { app: "a" } }, spec: { containers } };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "odd" },
    spec: { selector: { matchLabels: { app: "a" } }, template },
  };
  const deployments = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments?dryRun=All`;
  const { status, headers } = await cluster.send("POST", deployments, { body: deployment });
  const hidden = 'hides previous definition of \\"A\\", which may be dropped when using apply';
  const at = "spec.template.spec.containers[0].env[1]";
  assert.deepEqual([status, headers["warning"]], [201, `299 - "${at}: ${hidden}"`]);
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "j" },
    spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
  };
  const jobs = `/apis/batch/v1/namespaces/${cluster.namespace}/jobs`;
  await cluster.ok("POST", jobs, { body: job });
  const deleted = await cluster.send("DELETE", `${jobs}/j`);
  assert.match(String(deleted.headers["warning"]), /child pods are preserved by default when jobs are deleted/);
  assert.ok(deleted.body.metadata.finalizers.includes("orphan"));
});

test("a review says whose its fields are", async () => {
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { nonResourceAttributes: { path: "/", verb: "get" } },
  };
  const { metadata } = await cluster.ok("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { body });
  const [{ manager, fieldsV1 }] = metadata.managedFields;
  const attributes = { ".": {}, "f:path": {}, "f:verb": {} };
  assert.deepEqual([manager, fieldsV1], ["conformance", { "f:spec": { "f:nonResourceAttributes": attributes } }]);
});

test("a time to wait must be one", async () => {
  const { status, body } = await cluster.send("GET", `${own("pods")}?timeout=5`);
  const why = 'time: missing unit in duration "5"';
  assert.deepEqual([status, body.message], [400, `invalid timeout specified in the request URL - ${why}`]);
});
