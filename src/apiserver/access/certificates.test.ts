import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer } from "../testing.ts";
import { organizationsOf } from "./certificate-request.ts";
import { binding, create, may, role } from "./rbac/testing.ts";

function pem(body: string): Buffer {
  return Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`);
}

/** Of `O=dev, O=system:masters, CN=bob` and of `O=dev, CN=bob`, made by `openssl req -new`. */
const master = pem(
  "MIHwMIGXAgEAMDUxDDAKBgNVBAoMA2RldjEXMBUGA1UECgwOc3lzdGVtOm1hc3RlcnMxDDAKBgNVBAMMA2JvYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNppO19Uh5WinB8AdcBThDgzJsrJy3PRTmIMRTkV0CYwStp4f9rx0W4RGxMw4DOsZ+A8HOoRQqxqxACZqBET0BigADAKBggqhkjOPQQDAgNIADBFAiEAziV9zK4/MusT2F3KoRtNlAK32/uLZsc253vZdpn/xCMCIHKmt4GEiB9yYUce+YHyqBQUUUZ1kG4aTDpCXbd8WxXb",
);
const developer = pem(
  "MIHWMH4CAQAwHDEMMAoGA1UECgwDZGV2MQwwCgYDVQQDDANib2IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATaaTtfVIeVopwfAHXAU4Q4MybKyctz0U5iDEU5FdAmMEraeH/a8dFuERsTMOAzrGfgPBzqEUKsasQAmagRE9AYoAAwCgYIKoZIzj0EAwIDSAAwRQIhAOvmqZhP4EdkOmxgBMyvDJsbn/7d5+Bm0uhckwAMen+gAiBKZGbnOCrwbrQjt5imb3dYi/0gz9jaDVy4eSgan7sH1A==",
);
const client = "kubernetes.io/kube-apiserver-client";
const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

function request(name: string, signerName: string, csr = developer): Json {
  const spec = { request: csr.toString("base64"), signerName, usages: ["client auth"] };
  return { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name }, spec };
}

test("the organisations of a request are read, and what is none is told", () => {
  assert.deepEqual(organizationsOf(master), ["dev", "system:masters"]);
  assert.deepEqual(organizationsOf(developer), ["dev"]);
  for (const body of ["", "AAAA", "MIHwMIGX", "MIT/////", "MIA="]) {
    assert.throws(() => organizationsOf(pem(body)), RangeError, body);
  }
  assert.throws(() => organizationsOf(Buffer.from("x")), RangeError);
});

test("nobody asks for a certificate that makes them a master", async () => {
  await using server = await openTestServer();
  const { status, body } = await server.send("POST", requests, { body: request("a", client, master) });
  const why = `use of ${client} signer with system:masters group is not allowed`;
  assert.deepEqual(
    [status, body.message],
    [403, `certificatesigningrequests.certificates.k8s.io "a" is forbidden: ${why}`],
  );
  await server.ok("POST", requests, { body: request("b", client) });
  await server.ok("POST", requests, { body: request("c", "example.com/other", master) });
});

/** Whose it is is not looked at. */
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

const certified: Record<string, { signer: string; verb: "approval" | "status"; want: string | undefined }> = {
  "approves for all signers of a domain": { signer: "example.com/one", verb: "approval", want: undefined },
  "approves for another domain": {
    signer: client,
    verb: "approval",
    want: `user not permitted to approve requests with signerName "${client}"`,
  },
  "signs as one signer": { signer: "example.com/one", verb: "status", want: undefined },
  "signs as another signer": {
    signer: "example.com/two",
    verb: "status",
    want: 'user not permitted to sign requests with signerName "example.com/two"',
  },
};
for (const [name, { signer, verb, want }] of Object.entries(certified)) {
  test(`who ${name} ${want === undefined ? "may" : "may not"}`, async () => {
    await using server = await openTestServer();
    const group = "certificates.k8s.io";
    await create(
      server,
      role(
        "ClusterRole",
        "certifier",
        may("*", "certificatesigningrequests/approval certificatesigningrequests/status", group),
        may("approve", "signers", group, { resourceNames: ["example.com/*"] }),
        may("sign", "signers", group, { resourceNames: ["example.com/one"] }),
      ),
      binding("ClusterRoleBinding", "certifier", "ClusterRole/certifier", "User/jane"),
    );
    const made = await server.ok("POST", requests, { body: request("a", signer) });
    const conditions = [{ type: "Approved", status: "True", reason: "r", message: "m" }];
    const approved = { ...made, status: { conditions } };
    const signed = async () => ({
      ...(await server.ok("PUT", `${requests}/a/approval`, { body: approved })),
      status: { conditions, certificate: Buffer.from(certificate).toString("base64") },
    });
    const body = verb === "approval" ? approved : await signed();
    const answer = await server.send("PUT", `${requests}/a/${verb}`, { user: { name: "jane", groups: [] }, body });
    const refusal = answer.status === 403 ? answer.body.message : undefined;
    const start = `certificatesigningrequests.certificates.k8s.io "a" is forbidden: `;
    assert.equal(refusal, want === undefined ? undefined : start + want, answer.text);
  });
}

test("a status that is neither signed nor judged anew needs no right to sign", async () => {
  await using server = await openTestServer();
  await create(
    server,
    role("ClusterRole", "r", may("*", "certificatesigningrequests/status", "certificates.k8s.io")),
    binding("ClusterRoleBinding", "b", "ClusterRole/r", "User/jane"),
  );
  const made = await server.ok("POST", requests, { body: request("a", client) });
  const answer = await server.send("PUT", `${requests}/a/status`, {
    user: { name: "jane", groups: [] },
    body: { ...made, metadata: { ...made.metadata, labels: { a: "b" } } },
  });
  assert.equal(answer.status, 200, answer.text);
});
