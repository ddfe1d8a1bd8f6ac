import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClaimContext, decideClaim } from "./decide-claim.ts";
import { decideReclaim, decideVolume } from "./decide-volume.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "./volumes.ts";

const claim = (
  spec: Partial<PersistentVolumeClaim["spec"]> = {},
  annotations: Record<string, string> = {},
): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", namespace: "default", uid: "claim", annotations },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } }, storageClassName: "", ...spec },
});
const volume = (name: string, spec: Partial<PersistentVolume["spec"]> = {}, more: object = {}): PersistentVolume => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name, ...more },
  spec: { capacity: { storage: "5Gi" }, accessModes: ["ReadWriteOnce"], ...spec },
  status: { phase: "Available" },
});
const storageClass = (name: string, more: Partial<StorageClass> = {}, annotations = {}): StorageClass => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name, annotations },
  provisioner: "example.com/disks",
  ...more,
});
const delayed = { volumeBindingMode: "WaitForFirstConsumer" };
const bound = { "pv.kubernetes.io/bind-completed": "yes" };
const ref = (uid: string | undefined, name = "data") => ({
  namespace: "default",
  name,
  ...(uid === undefined ? {} : { uid }),
});
const isDefault = { "storageclass.kubernetes.io/is-default-class": "true" };
const { storageClassName: _none, ...classless } = claim().spec;

type Case = {
  claim: PersistentVolumeClaim;
  volumes?: PersistentVolume[];
  classes?: StorageClass[];
  waitingPods?: string[];
  want: string;
};
const cases: Record<string, Case> = {
  "takes the smallest volume that is large enough": {
    claim: claim(),
    volumes: [
      volume("big"),
      volume("small", { capacity: { storage: "1Gi" } }),
      volume("fit", { capacity: { storage: "2Gi" } }),
    ],
    want: "bind fit",
  },
  "leaves volumes of other classes, modes and claims, and those that are not free": {
    claim: claim(),
    volumes: [
      volume("class", { storageClassName: "fast" }),
      volume("mode", { accessModes: ["ReadOnlyMany"] }),
      volume("block", { volumeMode: "Block" }),
      volume("taken", { claimRef: ref("other", "other") }),
      { ...volume("released"), status: { phase: "Released" } },
      volume("going", {}, { deletionTimestamp: "2026-01-02T03:04:05Z" }),
    ],
    want: "wait FailedBinding: no persistent volumes available for this claim and no storage class is set",
  },
  "takes the volume that was made for it before a smaller one": {
    claim: claim(),
    volumes: [volume("fit", { capacity: { storage: "2Gi" } }), volume("meant", { claimRef: ref(undefined) })],
    want: "bind meant",
  },
  "selects volumes by their labels": {
    claim: claim({ selector: { matchLabels: { tier: "gold" } } }),
    volumes: [volume("plain"), volume("gold", {}, { labels: { tier: "gold" } })],
    want: "bind gold",
  },
  "takes the volume it names": {
    claim: claim({ volumeName: "mine" }),
    volumes: [volume("mine"), volume("other")],
    want: "bind mine",
  },
  "waits for the volume it names": { claim: claim({ volumeName: "mine" }), want: "wait" },
  "is told why it cannot have the volume it names": {
    claim: claim({ volumeName: "mine" }),
    volumes: [volume("mine", { capacity: { storage: "1Gi" } })],
    want: 'wait VolumeMismatch: Cannot bind to requested volume "mine": requested PV is too small',
  },
  "is told that the volume it names is another's": {
    claim: claim({ volumeName: "mine" }),
    volumes: [volume("mine", { claimRef: ref("other", "other") })],
    want: 'wait FailedBinding: volume "mine" already bound to a different claim.',
  },
  "gets the class that has become the default": {
    claim: { ...claim(), spec: classless },
    classes: [storageClass("slow"), storageClass("standard", {}, isDefault)],
    want: "use-class standard",
  },
  "waits for a class that is not there": {
    claim: claim({ storageClassName: "gone" }),
    want: 'wait ProvisioningFailed: storageclass.storage.k8s.io "gone" not found',
  },
  "waits for its first pod": {
    claim: claim({ storageClassName: "lazy" }),
    classes: [storageClass("lazy", delayed)],
    volumes: [volume("any", { storageClassName: "lazy" })],
    want: "wait WaitForFirstConsumer: waiting for first consumer to be created before binding",
  },
  "waits for its pods to be scheduled": {
    claim: claim({ storageClassName: "lazy" }),
    classes: [storageClass("lazy", delayed)],
    waitingPods: ["a", "b"],
    want: "wait WaitForPodScheduled: waiting for pods a,b to be scheduled",
  },
  "asks for a volume once a node is chosen": {
    claim: claim({ storageClassName: "lazy" }, { "volume.kubernetes.io/selected-node": "a" }),
    classes: [storageClass("lazy", delayed)],
    want: "provision example.com/disks",
  },
  "stays bound": {
    claim: claim({ volumeName: "mine" }, bound),
    volumes: [volume("mine", { claimRef: ref("claim") })],
    want: "bind mine",
  },
  "is lost with its volume": {
    claim: claim({ volumeName: "mine" }, bound),
    want: "lose ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!",
  },
  "is lost when its volume is another's": {
    claim: claim({ volumeName: "mine" }, bound),
    volumes: [volume("mine", { claimRef: ref("other") })],
    want: "lose ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly",
  },
};
for (const [name, { claim: given, volumes = [], classes = [], waitingPods = [], want }] of Object.entries(cases)) {
  test(`a claim ${name}`, () => {
    const context: ClaimContext = {
      volumes,
      volume: (wanted) => volumes.find(({ metadata }) => metadata.name === wanted),
      storageClass: (wanted) => classes.find(({ metadata }) => metadata.name === wanted),
      storageClasses: classes,
      waitingPods,
    };
    const step = decideClaim(given, context);
    const said = "event" in step && step.event !== undefined ? `${step.event.reason}: ${step.event.message}` : "";
    const detail =
      step.do === "bind"
        ? step.volume.metadata.name
        : step.do === "use-class"
          ? step.name
          : step.do === "provision"
            ? step.provisioner
            : said;
    assert.equal(`${step.do} ${detail}`.trim(), want);
  });
}

const mine = claim({ volumeName: "mine" }, bound);
const volumeCases: Record<string, { volume: PersistentVolume; claim?: PersistentVolumeClaim; want: string }> = {
  "without a claim is available": { volume: volume("mine"), want: "phase Available" },
  "kept for a claim by name is available": {
    volume: volume("mine", { claimRef: ref(undefined) }),
    want: "phase Available",
  },
  "with its claim is bound": { volume: volume("mine", { claimRef: ref("claim") }), claim: mine, want: "phase Bound" },
  "whose claim has no volume yet wakes it": {
    volume: volume("mine", { claimRef: ref("claim") }),
    claim: claim(),
    want: "wake-claim",
  },
  "whose claim is gone is reclaimed": { volume: volume("mine", { claimRef: ref("claim") }), want: "reclaim" },
  "whose claim has been made anew is reclaimed": {
    volume: volume("mine", { claimRef: ref("before") }),
    claim: mine,
    want: "reclaim",
  },
  "whose claim has another volume is freed": {
    volume: volume("spare", { claimRef: ref("claim") }),
    claim: mine,
    want: "unbind",
  },
  "that was provisioned for a claim with another volume is reclaimed": {
    volume: volume(
      "spare",
      { claimRef: ref("claim"), persistentVolumeReclaimPolicy: "Delete" },
      { annotations: { "pv.kubernetes.io/provisioned-by": "example.com/disks" } },
    ),
    claim: mine,
    want: "reclaim",
  },
};
for (const [name, given] of Object.entries(volumeCases)) {
  test(`a volume ${name}`, () => {
    const step = decideVolume(given.volume, given.claim);
    assert.equal(`${step.do} ${step.do === "phase" ? step.phase : ""}`.trim(), given.want);
  });
}

test("a volume without its claim is kept, left to its driver, or has failed", () => {
  const outcome = (spec: Partial<PersistentVolume["spec"]>) => decideReclaim(volume("mine", spec));
  assert.deepEqual(outcome({ persistentVolumeReclaimPolicy: "Retain" }), { phase: "Released" });
  assert.deepEqual(outcome({ persistentVolumeReclaimPolicy: "Delete", csi: { driver: "d" } }), { phase: "Released" });
  assert.equal(outcome({ persistentVolumeReclaimPolicy: "Delete" }).phase, "Failed");
  assert.equal(outcome({ persistentVolumeReclaimPolicy: "Recycle" }).phase, "Failed");
});
