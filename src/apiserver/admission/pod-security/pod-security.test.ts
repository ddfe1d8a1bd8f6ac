import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestServer } from "../../testing.ts";
import { detailed, violations } from "./evaluate.ts";

const label = "pod-security.kubernetes.io";

async function openNamespace(labels: Record<string, string>): Promise<TestServer> {
  const server = await openTestServer();
  const own = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`${label}/${name}`, value]));
  const metadata = { name: "n", labels: own };
  await server.ok("POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata } });
  await server.send("POST", "/api/v1/namespaces/n/serviceaccounts", {
    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } },
  });
  return server;
}

const plain = { containers: [{ name: "a", image: "b" }], automountServiceAccountToken: false };
const bad = {
  automountServiceAccountToken: false,
  hostNetwork: true,
  hostPID: true,
  volumes: [
    { name: "v", hostPath: { path: "/x" } },
    { name: "n", nfs: { server: "s", path: "/p" } },
  ],
  securityContext: {
    runAsUser: 0,
    runAsNonRoot: false,
    seLinuxOptions: { type: "x", user: "u" },
    sysctls: [{ name: "kernel.msgmax", value: "1" }],
    seccompProfile: { type: "Unconfined" },
  },
  initContainers: [{ name: "i", image: "x", securityContext: { capabilities: { add: ["SYS_ADMIN", "NET_RAW"] } } }],
  containers: [
    {
      name: "a",
      image: "b",
      ports: [{ containerPort: 80, hostPort: 80 }],
      securityContext: {
        privileged: true,
        allowPrivilegeEscalation: true,
        procMount: "Default",
        appArmorProfile: { type: "Unconfined" },
      },
      livenessProbe: { httpGet: { host: "1.2.3.4", port: 80 } },
    },
    {
      name: "z",
      image: "b",
      securityContext: {
        runAsUser: 0,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      },
    },
  ],
};
const good = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    { name: "a", image: "b", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
  ],
};

const pod = (spec: Json, name = "p"): Json => ({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
const send = (server: TestServer, spec: Json, name?: string) =>
  server.send("POST", "/api/v1/namespaces/n/pods", { body: pod(spec, name) });

const plainAgainstRestricted =
  'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

// What a kube-apiserver 1.34.4 says of the same pods.
const cases: Record<string, { labels: Record<string, string>; spec: Json; message: string | undefined }> = {
  "a pod that says nothing is not restricted": {
    labels: { enforce: "restricted" },
    spec: plain,
    message: `violates PodSecurity "restricted:latest": ${plainAgainstRestricted}`,
  },
  "a pod that does everything is not restricted": {
    labels: { enforce: "restricted" },
    spec: bad,
    message:
      'violates PodSecurity "restricted:latest": forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined"), host namespaces (hostNetwork=true, hostPID=true), hostPort (container "a" uses hostPort 80), probe or lifecycle host (container "a" uses probe or lifecycle host "1.2.3.4"), privileged (container "a" must not set securityContext.privileged=true), seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set), forbidden sysctls (kernel.msgmax), allowPrivilegeEscalation != false (containers "i", "a", "z" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "i", "a" must set securityContext.capabilities.drop=["ALL"]; container "i" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add), restricted volume types (volumes "v", "n" use restricted volume types "hostPath", "nfs"), runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod and container "z" must not set runAsUser=0), seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  },
  "a pod that does everything is not of the baseline of old": {
    labels: { enforce: "baseline", "enforce-version": "v1.20" },
    spec: bad,
    message:
      'violates PodSecurity "baseline:v1.20": forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined"), non-default capabilities (container "i" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "v"), hostPort (container "a" uses hostPort 80), privileged (container "a" must not set securityContext.privileged=true), seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set), seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"), forbidden sysctls (kernel.msgmax)',
  },
  "a pod that says nothing is of the baseline": { labels: { enforce: "baseline" }, spec: plain, message: undefined },
  "a pod that says what it must is restricted": { labels: { enforce: "restricted" }, spec: good, message: undefined },
  "a pod may do everything where nothing is said": { labels: {}, spec: bad, message: undefined },
};
for (const [name, { labels, spec, message }] of Object.entries(cases)) {
  test(name, async () => {
    await using server = await openNamespace(labels);
    const { status, body } = await send(server, spec);
    assert.equal(body.message, message && `pods "p" is forbidden: ${message}`);
    assert.equal(status, message === undefined ? 201 : 403);
  });
}

test("who makes templates for pods that will be refused is warned", async () => {
  await using server = await openNamespace({ enforce: "restricted" });
  const template = { metadata: { labels: { a: "b" } }, spec: plain };
  const made = await server.send("POST", "/apis/apps/v1/namespaces/n/deployments", {
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: { selector: { matchLabels: { a: "b" } }, template },
    },
  });
  assert.equal(made.status, 201);
  const warning = `would violate PodSecurity "restricted:latest": ${plainAgainstRestricted}`;
  assert.deepEqual(made.headers["warning"], [`299 - ${JSON.stringify(warning)}`]);
  const cronJob = await server.send("POST", "/apis/batch/v1/namespaces/n/cronjobs", {
    body: {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "c" },
      spec: {
        schedule: "* * * * *",
        jobTemplate: { spec: { template: { spec: { ...plain, restartPolicy: "Never" } } } },
      },
    },
  });
  assert.deepEqual(cronJob.headers["warning"], made.headers["warning"]);
});

test("a namespace that becomes stricter names the pods that it would refuse", async () => {
  await using server = await openNamespace({ warn: "restricted" });
  await send(server, bad, "bad");
  for (const name of ["q1", "q2", "q0"]) await send(server, plain, name);
  const tighten = (level: string) =>
    server.send("PATCH", "/api/v1/namespaces/n", {
      body: { metadata: { labels: { [`${label}/enforce`]: level } } },
      contentType: "application/merge-patch+json",
    });
  assert.deepEqual((await tighten("baseline")).headers["warning"], [
    '299 - "existing pods in namespace \\"n\\" violate the new PodSecurity enforce level \\"baseline:latest\\""',
    '299 - "bad: forbidden AppArmor profile, non-default capabilities, host namespaces, hostPath volumes, hostPort, probe or lifecycle host, privileged, seLinuxOptions, seccompProfile, forbidden sysctls"',
  ]);
  const warnings = (await tighten("restricted")).headers["warning"];
  assert.ok(Array.isArray(warnings));
  assert.equal(
    warnings[2],
    '299 - "q0 (and 2 other pods): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"',
  );
  assert.equal((await tighten("privileged")).headers["warning"], undefined);
  assert.equal(
    (await tighten("x")).body.message,
    'Namespace "n" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted',
  );
});

test("what newer versions allow or forbid counts from their version on", () => {
  const spec = {
    securityContext: {
      sysctls: [{ name: "net.ipv4.tcp_rmem", value: "1" }],
      seLinuxOptions: { type: "container_engine_t" },
    },
    containers: [{ name: "a", readinessProbe: { tcpSocket: { host: "h", port: 1 } } }],
  };
  const at = (version: number | "latest") =>
    detailed(violations({ level: "baseline", version }, { metadata: {}, spec }));
  const sysctl = "forbidden sysctls (net.ipv4.tcp_rmem)";
  const type = 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")';
  assert.equal(at(30), `${type}, ${sysctl}`);
  assert.equal(at(31), sysctl);
  assert.equal(at(33), "");
  assert.equal(at("latest"), 'probe or lifecycle host (container "a" uses probe or lifecycle host "h")');
  assert.equal(at(99), at("latest"));
});
