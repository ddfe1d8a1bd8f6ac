import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newMachine } from "../support/platform.ts";

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: "cnoe://manifests", path: "."}
  destination: {server: "https://kubernetes.default.svc", namespace: default}
  syncPolicy: {automated: {}}
`;
const template = (app: string) =>
  `template: {metadata: {labels: {app: ${app}}}, spec: {containers: [{name: main, image: ${app}}]}}`;
const workloads = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, ${template("web")}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: migrate}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  ${template("db")}
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
`;

test("with simulated pods a package with workloads becomes healthy, and everybody is told that nothing runs", async () => {
  await using machine = await newMachine();
  const folder = join(machine.home, "packages", "shop");
  mkdirSync(join(folder, "manifests"), { recursive: true });
  writeFileSync(join(folder, "app.yaml"), application);
  writeFileSync(join(folder, "manifests", "workloads.yaml"), workloads);
  const port = String(machine.port);
  const created = await machine.skiff("create", "--port", port, "--compute=simulated", "--nodes", "2", "-p", folder);
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /Pods are simulated on 2 nodes: their life cycle is played, nothing runs/);

  const status = await machine.skiff("status", "-o", "json");
  const { compute, pods } = JSON.parse(status.stdout);
  assert.equal(compute, "simulated");
  assert.match(pods, /^Pods are simulated/);

  const changed = await machine.skiff("create", "--port", port, "--compute=none");
  assert.match(changed.stdout, /Pods are not run: they are assigned to a node and wait/);
  const wrong = await machine.skiff("create", "--compute=docker");
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /none, simulated/);
});
