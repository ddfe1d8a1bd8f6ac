import assert from "node:assert/strict";
import { test } from "node:test";
import { containerAt } from "./container-life.ts";
import { podAt } from "./play-pod.ts";
import { parseSimulation, type Simulation, usualSimulation } from "./simulation.ts";
import { containerNamed, podNamed } from "./testing.ts";

const server = usualSimulation(false);
const task = usualSimulation(true);
const start = Date.parse("2026-01-02T03:04:05Z");
const always = () => true;

test("a container that crashes is started again after growing waits, up to five minutes", () => {
  const crash = { runMs: 1000, readyMs: 0, exitCode: 1 };
  const at = (seconds: number) => {
    const { state, restarts } = containerAt(start + seconds * 1000, start, crash, always);
    return [state, restarts];
  };
  assert.deepEqual(at(0.5), ["running", 0]);
  assert.deepEqual(at(1.5), ["running", 1]);
  assert.deepEqual(at(2.5), ["crash-loop", 1]);
  assert.deepEqual(at(12.5), ["running", 2]);
  assert.deepEqual(at(20), ["crash-loop", 2]);
  assert.deepEqual(at(33.5), ["running", 3]);
  // 1+0 1+10 1+20 1+40 1+80 1+160 1+300: the eighth start, then one every 301 seconds.
  assert.deepEqual(at(617.5), ["running", 7]);
  assert.deepEqual(at(617.5 + 301), ["running", 8]);
  assert.deepEqual(at(617.5 + 301 * 100_000), ["running", 100_007]);
});

test("a container that ends after long is started again at once", () => {
  const day = { runMs: 24 * 3_600_000, readyMs: 0, exitCode: 0 };
  const moment = containerAt(start + 10.5 * day.runMs, start, day, always);
  assert.deepEqual([moment.state, moment.restarts, moment.startedMs], ["running", 10, start + 10 * day.runMs]);
});

test("a moment says when the next one comes", () => {
  const slow = { runMs: 5000, readyMs: 2000, exitCode: 0 };
  const next = (ms: number) => containerAt(start + ms, start, slow, () => false).nextMs - start;
  assert.deepEqual([next(-10), next(0), next(2000), next(5000)], [0, 2000, 5000, Number.POSITIVE_INFINITY]);
});

const pod = podNamed("web", {
  initContainers: [
    containerNamed("first"),
    containerNamed("proxy", { restartPolicy: "Always" }),
    containerNamed("last"),
  ],
  containers: [containerNamed("a"), containerNamed("b")],
});
const lives: Record<
  string,
  { simulation?: Partial<Simulation>; restartPolicy?: string; afterMs: number; want: string }
> = {
  "creates its containers first": { afterMs: 50, want: "Pending w,w,w w,w" },
  "runs the first init container alone": { afterMs: 150, want: "Pending r,w,w w,w" },
  "starts a sidecar when its turn has come, and goes on": { afterMs: 250, want: "Pending e+,r+,r w,w" },
  "starts the others together": { afterMs: 350, want: "Running e+,r+,e+ r+,r+" },
  "never starts when told so": {
    simulation: { startMs: Number.POSITIVE_INFINITY },
    afterMs: 1e9,
    want: "Pending w,w,w w,w",
  },
  "waits for an image that is missing": { simulation: { imageMissing: true }, afterMs: 1e9, want: "Pending w,w,w w,w" },
  "succeeds, and its sidecars end": {
    simulation: task,
    restartPolicy: "Never",
    afterMs: 1350,
    want: "Succeeded e+,e,e+ e,e",
  },
  "fails when a container does": {
    simulation: { ...task, exitCode: 2 },
    restartPolicy: "Never",
    afterMs: 1350,
    want: "Failed e+,e,e+ e,e",
  },
  "is restarted on failure": {
    simulation: { ...task, exitCode: 2 },
    restartPolicy: "OnFailure",
    afterMs: 2400,
    want: "Running e+,r+,e+ c,c",
  },
  "is not ready before its time": { simulation: { readyMs: 500 }, afterMs: 650, want: "Running e+,r,e+ r,r" },
};
for (const [name, { simulation, restartPolicy, afterMs, want }] of Object.entries(lives)) {
  test(`a pod ${name}`, () => {
    const played = { ...pod, spec: { ...pod.spec, ...(restartPolicy && { restartPolicy }) } };
    const moment = podAt(played, { ...server, ...simulation }, start, start + afterMs);
    const letters = (all: typeof moment.main) => all.map(({ state, ready }) => `${state[0]}${ready ? "+" : ""}`).join();
    assert.equal(`${moment.phase} ${letters(moment.init)} ${letters(moment.main)}`, want);
  });
}

test("a pod that is stopped ends with what it was stopped for", () => {
  const stop = { atMs: start + 5000, exitCode: 137, failure: { reason: "DeadlineExceeded", message: "too long" } };
  const before = podAt(pod, server, start, start + 4999, stop);
  assert.deepEqual([before.phase, before.nextMs], ["Running", start + 5000]);
  const after = podAt(pod, server, start, start + 9000, stop);
  assert.deepEqual([after.phase, after.failure?.reason], ["Failed", "DeadlineExceeded"]);
  assert.deepEqual(
    after.main.map(({ state, exitCode, endedMs }) => [state, exitCode, endedMs - start]),
    [
      ["ended", 137, 5000],
      ["ended", 137, 5000],
    ],
  );
});

const readings: Record<string, { want: Partial<Simulation>; unknown?: string[] }> = {
  "": { want: {} },
  fail: { want: { runMs: 1000, exitCode: 1 } },
  "start=2s, run=1.5m,exit=3": { want: { startMs: 2000, runMs: 90_000, exitCode: 3 } },
  "ready=never, stop=250ms, init=1h": { want: { readyMs: Number.POSITIVE_INFINITY, stopMs: 250, initMs: 3_600_000 } },
  "image=missing": { want: { imageMissing: true } },
  "exit=256, run=soon, toString=1s, image=gone": {
    want: {},
    unknown: ["exit=256", "run=soon", "toString=1s", "image=gone"],
  },
};
for (const [text, { want, unknown = [] }] of Object.entries(readings)) {
  test(`the annotation ${JSON.stringify(text)} is read`, () => {
    assert.deepEqual(parseSimulation(text, server), { simulation: { ...server, ...want }, unknown });
  });
}
