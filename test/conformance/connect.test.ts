import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const pods = `/api/v1/namespaces/${cluster.namespace}/pods`;
const group = "/apis/admissionregistration.k8s.io/v1";

/** How long a policy may take to be in force. */
const patienceMs = 10_000;

test("a policy may forbid commands in pods, whether there is such a pod or not", async () => {
  const name = cluster.unique("no-rm");
  await cluster.own(`${group}/validatingadmissionpolicies`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": cluster.namespace } },
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CONNECT"], resources: ["pods/exec"] }],
      },
      validations: [
        {
          expression: "!('rm' in object.command) && request.operation == 'CONNECT' && request.subResource == 'exec'",
          messageExpression: "request.kind.kind + ' in ' + request.name",
        },
      ],
    },
  });
  await cluster.own(`${group}/validatingadmissionpolicybindings`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  });
  const exec = (command: string) => cluster.send("POST", `${pods}/nobody/exec?command=${command}&stdout=true`);
  const endMs = Date.now() + patienceMs;
  let answer = await exec("rm");
  while (answer.status === 404 && Date.now() < endMs) {
    await delay(100);
    answer = await exec("rm");
  }
  const why = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: PodExecOptions in nobody`;
  assert.deepEqual([answer.status, answer.body.message], [422, `pods "nobody" is forbidden: ${why}`]);
  assert.deepEqual(answer.body.details, { name: "nobody", kind: "pods", causes: [{ message: why }] });
  assert.equal((await exec("ls")).status, 404);
});

test("connections have no dry run, and only the methods that carry them", async () => {
  const dry = await cluster.send("POST", `${pods}/nobody/exec?command=ls&dryRun=All`);
  assert.deepEqual([dry.status, dry.body.message], [400, "dryRun is not supported"]);
  const ports = await cluster.send("POST", `${pods}/nobody/portforward?ports=x`);
  const message = 'cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax';
  assert.deepEqual([ports.status, ports.body.message], [400, message]);
  for (const [method, path] of [
    ["PUT", "exec?command=ls"],
    ["DELETE", "attach"],
    ["POST", "log"],
  ] as const) {
    assert.equal((await cluster.send(method, `${pods}/nobody/${path}`)).status, 405, `${method} ${path}`);
  }
});
