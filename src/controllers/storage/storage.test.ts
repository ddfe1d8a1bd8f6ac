import assert from "node:assert/strict";
import { test } from "node:test";
import { isReady, type Pod, type PodSpec, pods } from "../compute/pod.ts";
import { startCompute } from "../compute/start-compute.ts";
import { openTestCluster, podNamed } from "../compute/testing.ts";
import { startNodeTaints } from "../nodes/node-taints.ts";
import { startScheduler } from "../scheduling/start-scheduler.ts";
import { startEphemeralClaims } from "./ephemeral-claims.ts";
import { startClaimProtection, startVolumeProtection } from "./protection.ts";
import { startSimulatedVolumes } from "./simulated-volumes.ts";
import { startVolumeBinder } from "./volume-binder.ts";
import {
  claims,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClasses,
  volumes,
} from "./volumes.ts";

const openStorage = async () =>
  await openTestCluster(
    startNodeTaints,
    startScheduler,
    startVolumeBinder,
    startClaimProtection,
    startVolumeProtection,
    startEphemeralClaims,
    (context) => startSimulatedVolumes(context, "simulated"),
    (context) => startCompute(context, { mode: "simulated", name: "skiff" }),
  );
const claimNamed = (name: string, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
});
const using = (claimName: string): Partial<PodSpec> => ({
  volumes: [{ name: "v", persistentVolumeClaim: { claimName } }],
});

test("a simulated pod gets a simulated volume, which goes with its claim once the pod has gone", async () => {
  await using cluster = await openStorage();
  await cluster.until<StorageClass>(storageClasses, "standard", () => true);
  await cluster.create(claims, claimNamed("data"));
  await cluster.create(pods, podNamed("web", using("data")));
  await cluster.until<Pod>(pods, "web", isReady);
  const claim = await cluster.until<PersistentVolumeClaim>(claims, "data", ({ status }) => status?.phase === "Bound");
  assert.deepEqual([claim.spec.storageClassName, claim.status?.capacity], ["standard", { storage: "1Gi" }]);
  const { volumeName = "" } = claim.spec;
  const volume = await cluster.until<PersistentVolume>(volumes, volumeName, ({ status }) => status?.phase === "Bound");
  assert.equal(volume.metadata.annotations?.["skiff.dev/compute"], "simulated");
  await cluster.remove(claims, "data");
  assert.ok((await cluster.get(claims, "data"))?.metadata.deletionTimestamp);
  await cluster.remove(pods, "web");
  await cluster.gone(claims, "data");
  await cluster.gone(volumes, volumeName);
});

test("claims and volumes made by hand are bound, released, and let go", async () => {
  await using cluster = await openStorage();
  await cluster.create(volumes, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "disk" },
    spec: {
      capacity: { storage: "2Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      hostPath: { path: "/disk" },
    },
  });
  await cluster.until<PersistentVolume>(volumes, "disk", ({ status }) => status?.phase === "Available");
  await cluster.create(claims, claimNamed("data", { storageClassName: "" }));
  const claim = await cluster.until<PersistentVolumeClaim>(claims, "data", ({ status }) => status?.phase === "Bound");
  assert.deepEqual([claim.spec.volumeName, claim.status?.capacity], ["disk", { storage: "2Gi" }]);
  await cluster.remove(volumes, "disk");
  assert.ok((await cluster.get(volumes, "disk"))?.metadata.deletionTimestamp);
  await cluster.remove(claims, "data");
  await cluster.gone(claims, "data");
  await cluster.gone(volumes, "disk");
});

test("a claim that nothing fits waits, is told so, and gets the volume that comes", async () => {
  await using cluster = await openStorage();
  await cluster.create(claims, claimNamed("data", { storageClassName: "" }));
  assert.match(await cluster.event("data", "FailedBinding"), /^no persistent volumes available for this claim/);
  await cluster.create(volumes, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "late" },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/late" } },
  });
  await cluster.until<PersistentVolumeClaim>(claims, "data", ({ spec }) => spec.volumeName === "late");
  await cluster.remove(claims, "data");
  await cluster.until<PersistentVolume>(volumes, "late", ({ status }) => status?.phase === "Released");
});

test("an ephemeral volume is a claim of its pod's own", async () => {
  await using cluster = await openStorage();
  await cluster.until<StorageClass>(storageClasses, "standard", () => true);
  const template = { metadata: { labels: { a: "b" } }, spec: claimNamed("").spec };
  await cluster.create(
    pods,
    podNamed("web", { volumes: [{ name: "tmp", ephemeral: { volumeClaimTemplate: template } }] }),
  );
  const pod = await cluster.until<Pod>(pods, "web", isReady);
  const claim = await cluster.get<PersistentVolumeClaim>(claims, "web-tmp");
  assert.deepEqual(claim?.metadata.labels, { a: "b" });
  assert.equal(claim?.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid);
});
