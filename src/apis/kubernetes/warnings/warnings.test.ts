import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { Fields, KubeObject } from "../../../apimachinery/index.ts";
import { builtinResources } from "../resources.ts";
import { warnOfBuiltin } from "./warnings.ts";

function warned(object: Fields, old?: Fields, subresource?: string): string[] {
  const { apiVersion, kind, metadata = { name: "a" } } = object;
  const resource = builtinResources.find(
    (one) => one.kind === kind && `${one.group}/${one.version}` === (apiVersion === "v1" ? "/v1" : apiVersion),
  );
  assert.ok(resource !== undefined, `${apiVersion} ${kind}`);
  const whole = { ...object, metadata } as unknown as KubeObject;
  return warnOfBuiltin(resource, whole, old as unknown as KubeObject, subresource);
}

const container = (fields: Fields = {}): Fields => ({ name: "c", image: "i", ...fields });
const pod = (spec: Fields, metadata: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", ...metadata },
  spec: { containers: [container()], ...spec },
});
const workload = (apiVersion: string, kind: string, template: Fields, fields: Fields = {}): Fields => ({
  apiVersion,
  kind,
  metadata: { name: "w", generation: 1 },
  spec: { template: { spec: { containers: [container()], ...template } }, ...fields },
});
const service = (spec: Fields): Fields => ({ apiVersion: "v1", kind: "Service", spec: { type: "ClusterIP", ...spec } });
const os = { nodeSelector: { "beta.kubernetes.io/os": "linux" } };
const osWarning = 'nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead';
const future = "will be considered invalid in a future Kubernetes release";
/** What a kube-apiserver 1.34.4 says of the same objects. */
const cases: Record<string, { object: Fields; want: string[] }> = {
  "a plain pod": { object: pod({}), want: [] },
  "a pod whose name is no label": {
    object: pod({}, { name: "a.b" }),
    want: [
      `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]`,
    ],
  },
  "old node labels": { object: pod(os), want: [`spec.${osWarning}`] },
  "old annotations": {
    object: pod({}, { annotations: { "security.alpha.kubernetes.io/sysctls": "a=b" } }),
    want: [
      'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
    ],
  },
  "variables that hide others": {
    object: pod({
      containers: [
        container({
          env: [
            { name: "A", value: "1" },
            { name: "A", value: "$(A)2" },
            { name: "A", value: "3" },
          ],
        }),
      ],
    }),
    want: ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply'],
  },
  "ports that are the same or may be": {
    object: pod({
      containers: [
        container({
          ports: [
            { name: "x", containerPort: 80, protocol: "TCP" },
            { containerPort: 80, protocol: "TCP" },
            { containerPort: 80, protocol: "TCP", hostPort: 80 },
          ],
        }),
        container({ name: "d", ports: [{ name: "x", containerPort: 81, protocol: "TCP", hostIP: "1.1.1.1" }] }),
      ],
    }),
    want: [
      "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
      "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
      "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
      "spec.containers[1].ports[0]: hostIP set without hostPort: {Name:x HostPort:0 ContainerPort:81 Protocol:TCP HostIP:1.1.1.1}",
      'spec.containers[1].ports[0]: duplicate port name "x" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  },
  "amounts that are no whole bytes": {
    object: pod({ containers: [container({ resources: { limits: { memory: "100m", cpu: "100m" } } })] }),
    want: ['spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer'],
  },
  "files in the way of others": {
    object: pod({
      volumes: [
        { name: "a", configMap: { name: "m", items: [{ path: "p" }, { path: "p/q" }, { path: "pq" }] } },
        {
          name: "b",
          projected: {
            sources: [{ secret: { name: "s", items: [{ path: "t/" }] } }, { serviceAccountToken: { path: "t" } }, {}],
          },
        },
      ],
    }),
    want: [
      'volume "a" (ConfigMap "m"): overlapping paths: "p/q" with "p"',
      'volume "b" (Projected): overlapping paths: "t" (ServiceAccountToken) with "t" (Secret "s")',
      'volume "b" (Projected) has no sources provided',
    ],
  },
  "volumes of the past": {
    object: pod({ volumes: [{ name: "a", gitRepo: { repository: "x" } }] }),
    want: ["spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"],
  },
  "a Deployment's template": {
    object: workload("apps/v1", "Deployment", os),
    want: [`spec.template.spec.${osWarning}`],
  },
  "a CronJob's template": {
    object: {
      apiVersion: "batch/v1",
      kind: "CronJob",
      spec: { jobTemplate: { spec: { template: { spec: os } } } },
    },
    want: [`spec.jobTemplate.spec.template.spec.${osWarning}`],
  },
  "a StatefulSet that keeps all revisions": {
    object: workload("apps/v1", "StatefulSet", {}, { revisionHistoryLimit: -1 }),
    want: ["spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"],
  },
  "addresses in odd forms": {
    object: service({ externalIPs: ["010.1.1.1", "2001:DB8::0001", "::ffff:1.2.3.4", "10.1.1.1", "2001:db8::1"] }),
    want: [
      `spec.externalIPs[0]: non-standard IP address "010.1.1.1" ${future}: use "10.1.1.1"`,
      'spec.externalIPs[1]: IPv6 address "2001:DB8::0001" should be in RFC 5952 canonical format ("2001:db8::1")',
      `spec.externalIPs[2]: non-standard IP address "::ffff:1.2.3.4" ${future}: use "1.2.3.4"`,
    ],
  },
  "ranges in odd forms": {
    object: service({
      loadBalancerSourceRanges: ["10.1.2.3/8", "010.0.0.0/8", "2001:DB8::/32", "::ffff:1.2.3.0/120", "10.0.0.0/8"],
    }),
    want: [
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
      `spec.loadBalancerSourceRanges[1]: non-standard CIDR value "010.0.0.0/8" ${future}: use "10.0.0.0/8"`,
      'spec.loadBalancerSourceRanges[2]: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
      `spec.loadBalancerSourceRanges[3]: non-standard CIDR value "::ffff:1.2.3.0/120" ${future}: use "1.2.3.0/24"`,
    ],
  },
  "fields that a headless Service does not use": {
    object: service({ clusterIP: "None", sessionAffinity: "ClientIP", externalName: "x" }),
    want: [
      "spec.SessionAffinity is ignored for headless services",
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ],
  },
  "the class of an Ingress as annotation": {
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "a", annotations: { "kubernetes.io/ingress.class": "x" } },
    },
    want: [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`],
  },
  "a volume that is recycled": {
    object: { apiVersion: "v1", kind: "PersistentVolume", spec: { persistentVolumeReclaimPolicy: "Recycle" } },
    want: [
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    ],
  },
  "formats that mean nothing": {
    object: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      spec: {
        versions: [
          {
            schema: {
              openAPIV3Schema: {
                properties: {
                  a: { type: "string", format: "nope" },
                  b: { type: "string", format: "date-time" },
                  c: { type: "integer", format: "int32" },
                },
              },
            },
          },
        ],
      },
    },
    want: ['unrecognized format "nope"'],
  },
  "a TLS Secret without a certificate": {
    object: {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      data: { "tls.crt": Buffer.from("x").toString("base64") },
    },
    want: ["tls: failed to find any PEM data in certificate input"],
  },
};
for (const [name, { object, want }] of Object.entries(cases)) {
  test(`Kubernetes warns of ${name}`, () => assert.deepEqual(warned(object), want));
}

test("an update warns of a template that changed, and of a pod never", () => {
  const before = workload("apps/v1", "Deployment", {});
  const same = workload("apps/v1", "Deployment", os);
  assert.deepEqual(warned(same, before), []);
  const changed = { ...same, metadata: { name: "w", generation: 2 } };
  assert.deepEqual(warned(changed, before), [`spec.template.spec.${osWarning}`]);
  assert.deepEqual(warned(pod(os), pod({})), []);
  assert.deepEqual(warned(changed, before, "status"), []);
});

test("the status of a Service is looked at through its own endpoint", () => {
  const object = { ...service({}), status: { loadBalancer: { ingress: [{ ip: "010.0.0.1" }] } } };
  assert.deepEqual(warned(object, service({}), "status"), [
    `status.loadBalancer.ingress[0]: non-standard IP address "010.0.0.1" ${future}: use "10.0.0.1"`,
  ]);
});

test("a TLS Secret whose parts are swapped or missing says so as Go does", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const data = (parts: Record<string, string>) =>
    Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]));
  const secret = (parts: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    data: data(parts),
  });
  assert.deepEqual(warned(secret({ "tls.crt": key, "tls.key": key })), [
    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
  ]);
});
