import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fields, KubeObject } from "../../../apimachinery/index.ts";
import { validateAutoscaler } from "./autoscaling.ts";
import { validateJobStatus } from "./job-status.ts";
import { validateCronJob, validateJob, validateJobUpdate } from "./jobs.ts";
import type { Causes } from "./values.ts";

const uid = "u";
const generated = {
  "controller-uid": uid,
  "job-name": "j",
  "batch.kubernetes.io/controller-uid": uid,
  "batch.kubernetes.io/job-name": "j",
};

function template(labels: Fields = generated, restartPolicy = "Never"): Fields {
  const container = {
    name: "c",
    image: "b",
    imagePullPolicy: "Always",
    terminationMessagePath: "/x",
    terminationMessagePolicy: "File",
  };
  return { metadata: { labels }, spec: { restartPolicy, dnsPolicy: "ClusterFirst", containers: [container] } };
}

function job(spec: Fields = {}, status?: Fields): KubeObject {
  const selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "j", uid },
    spec: { completionMode: "NonIndexed", selector, template: template(), ...spec },
    ...(status && { status }),
  };
}

function lines(causes: Causes): string[] {
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

const indexed = { completionMode: "Indexed", completions: 3 };
const onConditions = { onPodConditions: [{ type: "A", status: "True" }] };

/** What kube-apiserver 1.34 answers. */
const specs: Record<string, { spec: Fields; want: string[] }> = {
  "is right": { spec: {}, want: [] },
  "has limits per index without indexes": {
    spec: { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
    want: [
      "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
      "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode",
    ],
  },
  "has very many indexes": {
    spec: { completionMode: "Indexed", completions: 200_000, parallelism: 20_000, backoffLimitPerIndex: 1 },
    want: [
      "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
      "spec.parallelism: Invalid value: 20000: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
    ],
  },
  "is managed by nobody in particular": {
    spec: { managedBy: "foo" },
    want: ['spec.managedBy: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")'],
  },
  "restarts always": {
    spec: { template: template(generated, "Always") },
    want: ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  },
  "has another's label": {
    spec: { template: template({ ...generated, "job-name": "x" }) },
    want: [
      `spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"u","job-name":"x"}: must be 'j'`,
    ],
  },
  "has rules for failures that make no sense": {
    spec: {
      podFailurePolicy: {
        rules: [
          { action: "Ignore" },
          { action: "FailIndex", ...onConditions },
          { action: "Foo", onExitCodes: { operator: "In", values: [3, 0] } },
          { ...onConditions, onExitCodes: { containerName: "x", values: [] } },
        ],
      },
    },
    want: [
      "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
      'spec.podFailurePolicy.rules[1].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
      'spec.podFailurePolicy.rules[2].action: Unsupported value: "Foo": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      "spec.podFailurePolicy.rules[2].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
      "spec.podFailurePolicy.rules[2].onExitCodes.values: Invalid value: [3,0]: must be ordered",
      'spec.podFailurePolicy.rules[3].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
      'spec.podFailurePolicy.rules[3].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      'spec.podFailurePolicy.rules[3].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
      "spec.podFailurePolicy.rules[3].onExitCodes.values: Invalid value: []: at least one value is required",
      "spec.podFailurePolicy.rules[3]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
    ],
  },
  "has rules for success that make no sense": {
    spec: {
      ...indexed,
      successPolicy: {
        rules: [{}, { succeededCount: 9 }, { succeededIndexes: "2,1" }, { succeededIndexes: "0,1", succeededCount: 3 }],
      },
    },
    want: [
      "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified",
      "spec.successPolicy.rules[1].succeededCount: Invalid value: 9: must be less than or equal to 3 (the number of specified completions)",
      'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
      "spec.successPolicy.rules[3].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
    ],
  },
};
for (const [name, { spec, want }] of Object.entries(specs)) {
  test(`a Job that ${name}`, () => assert.deepEqual(lines(validateJob(job(spec))), want));
}

test("only Indexed jobs grow, in tandem", () => {
  const change = (before: Fields, after: Fields) => lines(validateJobUpdate(job({ ...before, ...after }), job(before)));
  assert.deepEqual(change({ completions: 2, parallelism: 2 }, { completions: 3, parallelism: 3 }), [
    "spec.completions: Invalid value: 3: field is immutable",
  ]);
  assert.deepEqual(change({ ...indexed, parallelism: 3 }, { completions: 4 }), [
    "spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism",
  ]);
  assert.deepEqual(change({ ...indexed, parallelism: 3 }, { completions: 4, parallelism: 4 }), []);
  const moved = { ...template(), spec: { ...(template()["spec"] as Fields), nodeSelector: { a: "b" } } };
  assert.deepEqual(change({ suspend: true }, { template: moved }), []);
  assert.equal(change({}, { template: moved }).length, 1);
});

const at = (second: number) => `2026-01-01T00:00:0${second}Z`;
const isTrue = (...types: string[]) => types.map((type) => ({ type, status: "True", lastTransitionTime: at(0) }));
const statuses: Record<string, { before?: Fields; after: Fields; spec?: Fields; want: string[] }> = {
  "completes at once": {
    after: { conditions: isTrue("Complete") },
    want: [
      "status.completionTime: Required value: completionTime is required for Complete jobs",
      "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
      "status.startTime: Required value: startTime is required for finished job",
    ],
  },
  "fails at once": {
    after: { conditions: isTrue("Failed"), startTime: at(0) },
    want: [
      "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition",
    ],
  },
  "ends while pods run": {
    after: { conditions: isTrue("FailureTarget", "Failed"), startTime: at(0), active: 1, terminating: 1 },
    want: [
      "status.active: Invalid value: 1: active>0 is invalid for finished job",
      "status.terminating: Invalid value: 1: terminating>0 is invalid for finished job",
    ],
  },
  "has more ready than active pods": {
    after: { active: 1, ready: 2 },
    want: ["status.ready: Invalid value: 2: cannot set more ready pods than active"],
  },
  "takes back what it said": {
    before: { failed: 3, succeeded: 2, startTime: at(0), conditions: isTrue("FailureTarget") },
    after: { failed: 2, succeeded: 1, startTime: at(1) },
    want: [
      "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition",
      "status.failed: Invalid value: 2: cannot decrease the failed counter",
      "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
      "status.startTime: Required value: startTime cannot be removed for unsuspended job",
    ],
  },
  "counts an index twice": {
    after: { completedIndexes: "0-2", failedIndexes: "2" },
    spec: { ...indexed, backoffLimitPerIndex: 1 },
    want: ['status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2'],
  },
};
for (const [name, { before = {}, after, spec = {}, want }] of Object.entries(statuses)) {
  test(`a Job's status that ${name}`, () =>
    assert.deepEqual(lines(validateJobStatus(job(spec, after), job(spec, before))), want));
}

const cronJobs: Record<string, { spec: Fields; want: string[] }> = {
  "has a zone in its schedule": {
    spec: { schedule: "TZ=UTC * * * * *" },
    want: [
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  },
  "has no schedule that can be read": {
    spec: { schedule: "x" },
    want: ['spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]'],
  },
  "has an offset for a zone": {
    spec: { timeZone: "+01:00" },
    want: ['spec.timeZone: Invalid value: "+01:00": unknown time zone +01:00'],
  },
  "does something else at the same time": {
    spec: { concurrencyPolicy: "Foo" },
    want: ['spec.concurrencyPolicy: Unsupported value: "Foo": supported values: "Allow", "Forbid", "Replace"'],
  },
};
for (const [name, { spec, want }] of Object.entries(cronJobs)) {
  test(`a CronJob that ${name}`, () => {
    const jobTemplate = { spec: { template: template() } };
    const full = { schedule: "* * * * *", concurrencyPolicy: "Allow", jobTemplate, ...spec };
    assert.deepEqual(lines(validateCronJob({ spec: full })), want);
  });
}

test("an autoscaler points at something that can be scaled, by metrics with a target", () => {
  const scaleTargetRef = { apiVersion: "v1", kind: "Pod", name: "p" };
  const metrics = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization" } } }, { type: "Pods" }];
  assert.deepEqual(lines(validateAutoscaler({ spec: { scaleTargetRef, maxReplicas: 3, metrics } })), [
    'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
    "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
    "spec.metrics[1].pods: Required value: must populate information for the given metric source",
  ]);
});
