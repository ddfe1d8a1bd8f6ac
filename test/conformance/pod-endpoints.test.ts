import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const pods = `/api/v1/namespaces/${cluster.namespace}/pods`;
const strategic = "application/strategic-merge-patch+json";

before(async () => {
  if (cluster.controllers) return;
  const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  await cluster.ok("POST", `/api/v1/namespaces/${cluster.namespace}/serviceaccounts`, { body });
});

/** A pod that stays as it is: no node has what it selects. */
async function makePod(name: string, spec: Json): Promise<Json> {
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { nodeSelector: { nowhere: "x" }, containers: [{ name: "c", image: "i" }], ...spec },
  };
  return await cluster.ok("POST", pods, { body });
}

async function refusals(method: string, path: string, body: Json): Promise<string[]> {
  const answer = await cluster.send(method, path, { body, ...(method === "PATCH" ? { contentType: strategic } : {}) });
  assert.equal(answer.status, 422, JSON.stringify(answer.body));
  // What follows on the next line shows the difference in the server's own form.
  return answer.body.details.causes.map(({ field, message }: Json) => `${field}: ${message.split("\n")[0]}`);
}

test("ephemeral containers are added, and stay as they are", async () => {
  await makePod("debugged", {});
  const path = `${pods}/debugged/ephemeralcontainers`;
  const one = { name: "e", image: "i:1" };
  const added = await cluster.ok("PATCH", path, {
    body: { spec: { ephemeralContainers: [one] } },
    contentType: strategic,
  });
  assert.equal(added.spec.ephemeralContainers.length, 1);
  assert.deepEqual(await refusals("PATCH", path, { spec: { ephemeralContainers: [{ ...one, image: "i:2" }] } }), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed',
  ]);
  assert.deepEqual(await refusals("PUT", path, { ...added, spec: { ...added.spec, ephemeralContainers: [] } }), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed',
  ]);
});

const asking = (requests: Json) => ({ containers: [{ name: "c", image: "i", resources: { requests } }] });
const wanting = (requests: Json) => ({ spec: { containers: [{ name: "c", resources: { requests } }] } });

test("a resize changes cpu and memory in the same class of service, and nothing else", async () => {
  await makePod("lazy", {});
  assert.deepEqual(await refusals("PATCH", `${pods}/lazy/resize`, wanting({ cpu: "1" })), [
    'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
  ]);

  const made = await makePod("busy", asking({ cpu: "100m", "ephemeral-storage": "1Gi" }));
  const path = `${pods}/busy/resize`;
  const resized = await cluster.ok("PATCH", path, { body: wanting({ cpu: "200m" }), contentType: strategic });
  assert.equal(resized.spec.containers[0].resources.requests.cpu, "200m");
  assert.equal(resized.metadata.generation, made.metadata.generation + 1);
  const image = { spec: { containers: [{ name: "c", image: "other" }] } };
  const same = await cluster.ok("PATCH", path, { body: image, contentType: strategic });
  assert.equal(same.spec.containers[0].image, "i");

  assert.deepEqual(await refusals("PATCH", path, wanting({ cpu: null, memory: "1Gi" })), [
    "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
  ]);
  assert.deepEqual(await refusals("PATCH", path, wanting({ "ephemeral-storage": "2Gi" })), [
    "spec: Forbidden: only cpu and memory resources are mutable",
  ]);
  const policy = [{ resourceName: "cpu", restartPolicy: "RestartContainer" }];
  assert.deepEqual(await refusals("PATCH", path, { spec: { containers: [{ name: "c", resizePolicy: policy }] } }), [
    "spec: Forbidden: only cpu and memory resources are mutable",
  ]);
  const latest = await cluster.ok("GET", `${pods}/busy`);
  const [container] = latest.spec.containers;
  const renamed = { ...latest, spec: { ...latest.spec, containers: [{ ...container, name: "d" }] } };
  assert.deepEqual(await refusals("PUT", path, renamed), [
    "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
  ]);
});

test("init containers are resized when they are sidecars", async () => {
  const resources = { requests: { cpu: "100m" } };
  const initContainers = [
    { name: "init", image: "i", resources },
    { name: "side", image: "i", restartPolicy: "Always", resources },
  ];
  await makePod("with-init", { initContainers });
  const path = `${pods}/with-init/resize`;
  const asked = (name: string, requests: Json) => ({ spec: { initContainers: [{ name, resources: { requests } }] } });
  await cluster.ok("PATCH", path, { body: asked("side", { cpu: "200m" }), contentType: strategic });
  assert.deepEqual(await refusals("PATCH", path, asked("init", { cpu: "200m" })), [
    "spec: Forbidden: resources for non-sidecar init containers are immutable",
  ]);
});

test("what a node has from a file, what runs Windows and what asks as a pod is not resized", async () => {
  await makePod("windows", { os: { name: "windows" }, ...asking({ cpu: "100m" }) });
  assert.deepEqual(await refusals("PATCH", `${pods}/windows/resize`, wanting({ cpu: "200m" })), [
    "[]: Forbidden: windows pods cannot be resized",
  ]);
  await makePod("whole", { resources: { requests: { cpu: "1" } }, ...asking({ cpu: "100m" }) });
  assert.deepEqual(await refusals("PATCH", `${pods}/whole/resize`, wanting({ cpu: "200m" })), [
    "[]: Forbidden: pods with pod-level resources cannot be resized",
  ]);
});
