import assert from "node:assert/strict";
import { test } from "node:test";
import { configMap, type Json, openTestServer, type TestServer } from "../../testing.ts";

const core = "/api/v1/namespaces/default";

/** A quota whose status somebody has counted already. */
async function makeQuota(server: TestServer, hard: Json, spec: Json = {}, used?: Json): Promise<void> {
  const body = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard, ...spec } };
  const made = await server.ok("POST", `${core}/resourcequotas`, { body });
  const zero = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
  await server.ok("PUT", `${core}/resourcequotas/q/status`, {
    body: { ...made, status: { hard, used: used ?? zero } },
  });
}

const used = async (server: TestServer) => (await server.ok("GET", `${core}/resourcequotas/q`)).status.used;

function pod(name: string, resources: Json = {}, spec: Json = {}): Json {
  const containers = [{ name: "a", image: "b", resources }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers, ...spec } };
}

const makePod = (server: TestServer, name: string, resources?: Json, spec?: Json) =>
  server.send("POST", `${core}/pods`, { body: pod(name, resources, spec) });

const small = { requests: { cpu: "300m" }, limits: { memory: "100Mi" } };

test("pods are charged for what they ask for, and refused in Kubernetes' words when it is too much", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { pods: "2", "requests.cpu": "1", "limits.memory": "1Gi", "requests.example.com/gpu": "1" });
  const refused = async (name: string, resources?: Json, spec?: Json) =>
    (await makePod(server, name, resources, spec)).body.message.replace(`pods "${name}" is forbidden: `, "");
  assert.equal(
    await refused("a", {}, { initContainers: [{ name: "i", image: "b", resources: small }] }),
    "failed quota: q: must specify limits.memory for: a; requests.cpu for: a",
  );
  assert.equal((await makePod(server, "a", small)).status, 201);
  assert.equal(
    await refused("b", { requests: { cpu: "800m" }, limits: { memory: "1000Mi" } }),
    "exceeded quota: q, requested: limits.memory=1000Mi,requests.cpu=800m, used: limits.memory=100Mi,requests.cpu=300m, limited: limits.memory=1Gi,requests.cpu=1",
  );
  const gpus = { requests: { cpu: "1m", "example.com/gpu": "2" }, limits: { memory: "1Mi", "example.com/gpu": "2" } };
  assert.equal(
    await refused("b", gpus),
    "exceeded quota: q, requested: requests.example.com/gpu=2, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1",
  );
  assert.equal((await makePod(server, "b", small)).status, 201);
  assert.equal(await refused("c", small), "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2");
  assert.deepEqual(await used(server), {
    "limits.memory": "200Mi",
    pods: "2",
    "requests.cpu": "600m",
    "requests.example.com/gpu": "0",
  });
});

test("a quota without numbers refuses what it should count, one without limits in its status nothing", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { pods: "2", "count/pods": "5" }, {}, { pods: "0" });
  assert.equal(
    (await makePod(server, "a")).body.message,
    'pods "a" is forbidden: status unknown for quota: q, resources: count/pods,pods',
  );
  await server.ok("DELETE", `${core}/resourcequotas/q`);
  const body = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard: { pods: "0" } } };
  await server.ok("POST", `${core}/resourcequotas`, { body });
  assert.equal((await makePod(server, "a")).status, 201);
});

test("of many writes at once no more get through than a quota allows, and each is charged once", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { "count/configmaps": "5", configmaps: "9" });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      server.send("POST", `${core}/configmaps`, { body: configMap(`c${index}`) }),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 5);
  assert.equal(answers.filter(({ status }) => status === 403).length, 15);
  assert.deepEqual(await used(server), { configmaps: "5", "count/configmaps": "5" });
});

test("what is not made is not charged: a dry run, a name that is taken, an object that is not valid", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { "count/configmaps": "5" });
  const make = (name: string, query = "") =>
    server.send("POST", `${core}/configmaps${query}`, { body: configMap(name) });
  assert.equal((await make("a", "?dryRun=All")).status, 201);
  assert.equal((await make("a")).status, 201);
  assert.equal((await make("Not A Name")).status, 422);
  const taken = await Promise.all([make("a"), make("b"), make("b")]);
  assert.deepEqual(taken.map(({ status }) => status).sort(), [201, 409, 409]);
  assert.deepEqual(await used(server), { "count/configmaps": "2" });
});

test("services are charged for what they expose, also when they change", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { services: "2", "services.nodeports": "1", "services.loadbalancers": "1" });
  const make = (name: string, type: string, ports: number[]) =>
    server.send("POST", `${core}/services`, {
      body: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { type, ports: ports.map((port) => ({ name: `p${port}`, port })) },
      },
    });
  assert.equal(
    (await make("a", "NodePort", [80, 81])).body.message,
    'services "a" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
  );
  assert.equal((await make("a", "ClusterIP", [80])).status, 201);
  await server.ok("PATCH", `${core}/services/a`, {
    body: { spec: { type: "NodePort" } },
    contentType: "application/merge-patch+json",
  });
  assert.deepEqual(await used(server), { services: "1", "services.loadbalancers": "0", "services.nodeports": "1" });
  assert.match((await make("b", "LoadBalancer", [80])).body.message, /requested: services.nodeports=1, used/);
});

test("claims are charged to their class as well", async () => {
  await using server = await openTestServer();
  const gold = "gold.storageclass.storage.k8s.io/requests.storage";
  await makeQuota(server, { "requests.storage": "5Mi", [gold]: "3Mi", persistentvolumeclaims: "9" });
  const make = (name: string, storage: string) =>
    server.send("POST", `${core}/persistentvolumeclaims`, {
      body: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name },
        spec: { storageClassName: "gold", accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
      },
    });
  assert.equal(
    (await make("a", "4Mi")).body.message,
    `persistentvolumeclaims "a" is forbidden: exceeded quota: q, requested: ${gold}=4Mi, used: ${gold}=0, limited: ${gold}=3Mi`,
  );
  assert.equal((await make("b", "2Mi")).status, 201);
  assert.deepEqual(await used(server), { [gold]: "2Mi", persistentvolumeclaims: "1", "requests.storage": "2Mi" });
});

const affinity = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "a", namespaces: ["x"], labelSelector: {} }],
  },
};
const inClass = { scopeName: "PriorityClass", operator: "In", values: ["system-cluster-critical"] };
const across = { scopeName: "CrossNamespacePodAffinity", operator: "Exists" };
const cpu = { requests: { cpu: "1m" } };
const scopes: Record<string, { scope: Json; inside: [Json, Json]; outside: [Json, Json] }> = {
  BestEffort: { scope: { scopes: ["BestEffort"] }, inside: [{}, {}], outside: [cpu, {}] },
  NotBestEffort: { scope: { scopes: ["NotBestEffort"] }, inside: [cpu, {}], outside: [{}, {}] },
  Terminating: { scope: { scopes: ["Terminating"] }, inside: [{}, { activeDeadlineSeconds: 5 }], outside: [{}, {}] },
  NotTerminating: {
    scope: { scopes: ["NotTerminating"] },
    inside: [{}, {}],
    outside: [{}, { activeDeadlineSeconds: 5 }],
  },
  PriorityClass: {
    scope: { scopeSelector: { matchExpressions: [inClass] } },
    inside: [{}, { priorityClassName: "system-cluster-critical" }],
    outside: [{}, {}],
  },
  CrossNamespacePodAffinity: {
    scope: { scopeSelector: { matchExpressions: [across] } },
    inside: [{}, { affinity }],
    outside: [{}, {}],
  },
};
for (const [name, { scope, inside, outside }] of Object.entries(scopes)) {
  test(`a quota of the scope ${name} counts the pods in it`, async () => {
    await using server = await openTestServer();
    await makeQuota(server, { pods: "0" }, scope);
    assert.match(
      (await makePod(server, "in", ...inside)).body.message,
      /exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0$/,
    );
    assert.equal((await makePod(server, "out", ...outside)).status, 201);
  });
}

test("objects of any resource can be counted", async () => {
  await using server = await openTestServer();
  await makeQuota(server, { "count/deployments.apps": "0" });
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image: "b" }] } };
  const made = await server.send("POST", "/apis/apps/v1/namespaces/default/deployments", {
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: { selector: { matchLabels: { a: "b" } }, template },
    },
  });
  assert.equal(
    made.body.message,
    'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
  );
});
