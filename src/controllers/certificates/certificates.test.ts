import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiServer } from "../../apiserver/index.ts";
import { type Client, createClient } from "../../client/index.ts";
import { createSharedInformers } from "../../controller-runtime/index.ts";
import { silentLog, waitUntil } from "../../lib/index.ts";
import { openMemoryStore } from "../../storage/index.ts";
import { startCertificateController } from "./certificate-controller.ts";
import { type CertificateSigner, type CertificateSubject, type SigningRequest, signingRequests } from "./kinds.ts";
import { uselessAtMs, validityOf } from "./life.ts";
import { signers } from "./signers.ts";

const subject: CertificateSubject = {
  commonName: "system:node:n1",
  organizations: ["system:nodes"],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
};
const clientUsages = ["digital signature", "client auth"];
const servingUsages = ["digital signature", "key encipherment", "server auth"];

const demands: Record<
  string,
  { signer: string; subject?: Partial<CertificateSubject>; usages?: string[]; want?: string }
> = {
  "a client": { signer: "kube-apiserver-client", subject: { commonName: "jane", organizations: ["devs"] } },
  "a client with another usage": {
    signer: "kube-apiserver-client",
    usages: ["client auth", "server auth"],
    want: "invalid usage for client certificate: server auth",
  },
  "a client without its usage": {
    signer: "kube-apiserver-client",
    usages: ["digital signature"],
    want: "missing required usage for client certificate: client auth",
  },
  "a kubelet": { signer: "kube-apiserver-client-kubelet" },
  "a kubelet of other groups": {
    signer: "kube-apiserver-client-kubelet",
    subject: { organizations: ["system:nodes", "x"] },
    want: "subject organization is not system:nodes",
  },
  "a kubelet with a host name": {
    signer: "kube-apiserver-client-kubelet",
    subject: { dnsNames: ["a"] },
    want: "DNS subjectAltNames are not allowed",
  },
  "a kubelet under another name": {
    signer: "kube-apiserver-client-kubelet",
    subject: { commonName: "n1" },
    want: "subject common name does not begin with system:node:",
  },
  "a kubelet with another usage": {
    signer: "kube-apiserver-client-kubelet",
    usages: servingUsages,
    want: "usages did not match [client auth digital signature key encipherment]",
  },
  "a kubelet that serves": {
    signer: "kubelet-serving",
    subject: { ipAddresses: ["192.0.2.1"] },
    usages: servingUsages,
  },
  "a kubelet that serves nowhere": {
    signer: "kubelet-serving",
    usages: servingUsages,
    want: "DNS or IP subjectAltName is required",
  },
};
for (const [name, { signer, subject: more, usages = clientUsages, want }] of Object.entries(demands)) {
  test(`${name} gets ${want === undefined ? "a certificate" : "none"}`, () => {
    assert.equal(signers[`kubernetes.io/${signer}`]?.({ ...subject, ...more }, usages), want);
  });
}

function request(more: Partial<SigningRequest> = {}, spec: Partial<SigningRequest["spec"]> = {}): SigningRequest {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { request: "", signerName: "kubernetes.io/kube-apiserver-client", ...spec },
    ...more,
  };
}

const lives: Record<string, { asked: number | undefined; want: [string, string] }> = {
  "a year": { asked: undefined, want: ["2025-12-31T23:55:00Z", "2026-12-31T23:55:00Z"] },
  "an hour, not cut": { asked: 3600, want: ["2025-12-31T23:55:00Z", "2026-01-01T01:00:00Z"] },
  "no more than a year": { asked: 10 ** 9, want: ["2025-12-31T23:55:00Z", "2026-12-31T23:55:00Z"] },
};
for (const [name, { asked, want }] of Object.entries(lives)) {
  test(`a certificate is good for ${name}`, () => {
    const { notBefore, notAfter } = validityOf(
      request({}, asked === undefined ? {} : { expirationSeconds: asked }),
      new Date("2026-01-01T00:00:00Z"),
    );
    assert.deepEqual(
      [notBefore, notAfter],
      want.map((time) => new Date(time)),
    );
  });
}

const at = "2026-01-01T02:00:00Z";
const ends: Record<string, { status?: SigningRequest["status"]; want: string | undefined }> = {
  "nobody has answered": { want: "2026-01-02T00:00:00Z" },
  "was denied": {
    status: { conditions: [{ type: "Denied", status: "True", lastUpdateTime: at }] },
    want: "2026-01-01T03:00:00Z",
  },
  "has its certificate": {
    status: { conditions: [{ type: "Approved", status: "True", lastUpdateTime: at }], certificate: "eA==" },
    want: "2026-01-01T03:00:00Z",
  },
  "is approved and waits": {
    status: { conditions: [{ type: "Approved", status: "True", lastUpdateTime: at }] },
    want: undefined,
  },
};
for (const [name, { status, want }] of Object.entries(ends)) {
  test(`a request that ${name} is kept ${want === undefined ? "" : `until ${want}`}`, () => {
    const found = uselessAtMs(request(status === undefined ? {} : { status }));
    assert.equal(found, want === undefined ? undefined : Date.parse(want));
  });
}

/** A cluster whose authority signs whatever is asked, for the subject given. */
async function openCluster(asked: CertificateSubject) {
  const stack = new AsyncDisposableStack();
  const store = stack.use(openMemoryStore());
  const server = stack.use(await openApiServer({ store, log: silentLog }));
  const client = createClient(server.handler, { user: { name: "admin", groups: ["system:masters"] } });
  const signer: CertificateSigner = {
    read: async () => asked,
    sign: async () => certificate,
  };
  const informers = stack.use(createSharedInformers(client, silentLog));
  stack.use(startCertificateController({ client, informers, log: silentLog, now: () => new Date() }, signer));
  return { client, server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function statusWith(client: Client, name: string, isIt: (request: SigningRequest) => boolean) {
  return await waitUntil(
    async () => {
      const live = await client.get<SigningRequest>(signingRequests, { name });
      return live !== undefined && isIt(live) ? live : undefined;
    },
    { what: `the request ${name}`, timeoutMs: 5000 },
  );
}

/** Made with OpenSSL, for O=system:nodes, CN=system:node:n1. */
const pem = `-----BEGIN CERTIFICATE REQUEST-----
MIHqMIGSAgEAMDAxFTATBgNVBAoMDHN5c3RlbTpub2RlczEXMBUGA1UEAwwOc3lz
dGVtOm5vZGU6bjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATdH0H/1AdLttbj
6tQ0Hb6m7EdcBtr459hwYHqwQvS70b6DNK28NJpEhCa0GDfodu8v963Rbhi6H9F4
YWKoeFEioAAwCgYIKoZIzj0EAwIDRwAwRAIgH2Enb6cwQ9iCJWQWI9mvEfEFYshg
35XrHBh1hxK8McECIGltoaOXGtFVMSF1LKyyhGCXlM0+HNPqQ5R/xoKC88wf
-----END CERTIFICATE REQUEST-----
`;
/** Signed by itself, until 2126: the API looks whether it is a certificate, not whose. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIURFSYU5JUUx6p7mukEoemYCB2cHswCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYzAgFw0yNjExMjQxMjQ4MzVaGA8yMTI2MTAzMTEyNDgzNVow
DDEKMAgGA1UEAwwBYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIwC/+/y3pjk
QBLbpTHG8XRuyHw5AH5cm2D1zp/OTE5uKg3fAPzX4h4RAzn43oyH43zDGvwCu+1/
y+7cLEds0RKjUzBRMB0GA1UdDgQWBBSgMGGjqCVpM0z4Ggg+L7/uOk1yQjAfBgNV
HSMEGDAWgBSgMGGjqCVpM0z4Ggg+L7/uOk1yQjAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIFJRfLlW0V/WoO3PB/Rbbx8XytvyajRKRHHUMlN8T/XV
AiB2Fkm/gIqqCja0sF9TBJnOgnWm1teXHPn8+HtrDdo+Ag==
-----END CERTIFICATE-----
`;
const encoded = Buffer.from(pem).toString("base64");
const fresh = { metadata: { name: "r" } };

async function approve(client: Client, name: string) {
  const live = await client.get<SigningRequest>(signingRequests, { name });
  assert.ok(live);
  const approved = { type: "Approved", status: "True", reason: "Test" };
  const status = { ...live.status, conditions: [approved] };
  await client.update(signingRequests, { ...live, status }, { subresource: "approval" });
}

test("what is approved is signed, and the server says when it was approved", async () => {
  await using cluster = await openCluster({ ...subject, commonName: "jane", organizations: ["devs"] });
  const { client } = cluster;
  await client.create(signingRequests, request(fresh, { request: encoded, usages: clientUsages }));
  await approve(client, "r");
  const live = await statusWith(client, "r", ({ status }) => status?.certificate !== undefined);
  assert.match(Buffer.from(live.status?.certificate ?? "", "base64").toString(), /^-----BEGIN CERTIFICATE-----/);
  const [condition] = live.status?.conditions ?? [];
  assert.match(condition?.lastUpdateTime ?? "", /^20/);
  assert.deepEqual(live.spec.groups, ["system:masters", "system:authenticated"]);
});

test("what is approved and cannot be signed says why", async () => {
  await using cluster = await openCluster(subject);
  const { client } = cluster;
  await client.create(signingRequests, request(fresh, { request: encoded, usages: servingUsages }));
  await approve(client, "r");
  const live = await statusWith(client, "r", ({ status }) => status?.conditions?.length === 2);
  const { lastUpdateTime: _when, ...failed } = live.status?.conditions?.[1] ?? {};
  assert.partialDeepStrictEqual(failed, {
    type: "Failed",
    status: "True",
    reason: "SignerValidationFailure",
    message: "invalid usage for client certificate: server auth",
  });
});

/** Lets the nodes do what a ClusterRole allows. */
async function allowNodes(client: Client, role: string) {
  const group = "rbac.authorization.k8s.io";
  const bindings = {
    group,
    version: "v1",
    resource: "clusterrolebindings",
    kind: "ClusterRoleBinding",
    namespaced: false,
  };
  await client.create(bindings, {
    apiVersion: `${group}/v1`,
    kind: bindings.kind,
    metadata: { name: role },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: group, kind: "Group", name: "system:nodes" }],
  });
}

test("a node that may gets its client certificate without being asked about", async () => {
  await using cluster = await openCluster(subject);
  const { client, server } = cluster;
  await allowNodes(client, "system:node-bootstrapper");
  await allowNodes(client, "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient");
  const node = createClient(server.handler, { user: { name: "system:node:n1", groups: ["system:nodes"] } });
  const signerName = "kubernetes.io/kube-apiserver-client-kubelet";
  await node.create(signingRequests, request(fresh, { request: encoded, usages: clientUsages, signerName }));
  const live = await statusWith(client, "r", ({ status }) => status?.certificate !== undefined);
  assert.partialDeepStrictEqual(live.status?.conditions?.[0], {
    type: "Approved",
    reason: "AutoApproved",
    message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
  });
});
