import assert from "node:assert/strict";
import { test } from "node:test";
import { validateSigningAnswer, validateSigningRequest } from "./certificates.ts";

const pem = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
const spec = { request: Buffer.from(pem).toString("base64"), signerName: "example.com/x", usages: ["client auth"] };

const requests: Record<string, { spec: object; want: string[] }> = {
  "one that is right": { spec: {}, want: [] },
  "one without usages": { spec: { usages: [] }, want: ["spec.usages: Required value"] },
  "one with a usage twice": {
    spec: { usages: ["client auth", "client auth"] },
    want: ['spec.usages[1]: Duplicate value: "client auth"'],
  },
  "one for the old signer": {
    spec: { signerName: "kubernetes.io/legacy-unknown" },
    want: [
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  },
};
for (const [name, { spec: more, want }] of Object.entries(requests)) {
  test(`a signing request, ${name}`, () => {
    const causes = validateSigningRequest({ spec: { ...spec, ...more } });
    assert.deepEqual(
      causes.map(({ field, message }) => `${field}: ${message}`),
      want,
    );
  });
}

const approved = { type: "Approved", status: "True" };
const denied = { type: "Denied", status: "True" };
const answers: Record<string, { before?: object[]; after: object[]; endpoint?: string; want: string[] }> = {
  "an approval": { after: [approved], want: [] },
  "an approval without a status": {
    after: [{ type: "Approved" }],
    want: ["status.conditions[0].status: Required value"],
  },
  "an approval that is none": {
    after: [{ type: "Approved", status: "False" }],
    want: ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
  },
  "an approval that is a denial": {
    after: [approved, denied],
    want: ['status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'],
  },
  "two approvals": {
    after: [approved, approved],
    want: ['status.conditions[1].type: Duplicate value: "Approved"'],
  },
  "an approval taken back": {
    before: [approved],
    after: [],
    want: ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
  },
  "an approval by who signs": {
    after: [approved],
    endpoint: "status",
    want: ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'],
  },
};
for (const [name, { before = [], after, endpoint = "approval", want }] of Object.entries(answers)) {
  test(`a signing request gets ${name}`, () => {
    const [now, then] = [after, before].map((conditions) => ({ status: { conditions } }));
    const causes = validateSigningAnswer(now ?? {}, then ?? {}, endpoint);
    assert.deepEqual(
      causes.map(({ field, message }) => `${field}: ${message}`),
      want,
    );
  });
}

const certificates: Record<string, { before?: string; after: string; want: string[] }> = {
  "what is none": {
    after: "x",
    want: ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'],
  },
  "a request": {
    after: pem,
    want: [
      'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
    ],
  },
  "nothing in place of one": {
    before: "x",
    after: "",
    want: ["status.certificate: Forbidden: updates may not modify existing certificate content"],
  },
};
for (const [name, { before = "", after, want }] of Object.entries(certificates)) {
  test(`a signing request gets for a certificate ${name}`, () => {
    const [now, then] = [after, before].map((text) => ({
      status: text === "" ? {} : { certificate: Buffer.from(text).toString("base64") },
    }));
    const causes = validateSigningAnswer(now ?? {}, then ?? {}, "status");
    assert.deepEqual(
      causes.map(({ field, message }) => `${field}: ${message}`),
      want,
    );
  });
}
