import assert from "node:assert/strict";
import { test } from "node:test";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const { namespace } = cluster;
const protobuf = "application/vnd.kubernetes.protobuf";

/** One field of a message: texts and messages by their bytes, numbers as they are. */
function field(number: number, value: string | Uint8Array | number): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.byteLength), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const message = (...fields: Buffer[]) => Buffer.concat(fields);

/** A `runtime.Unknown` after its four magic bytes. */
function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return message(Buffer.from("k8s\0"), field(1, message(field(1, apiVersion), field(2, kind))), field(2, raw));
}

test("a ConfigMap is read from protobuf", async () => {
  const entry = message(field(1, "a"), field(2, "b"));
  const label = message(field(1, "l"), field(2, "m"));
  const metadata = message(field(1, "pb"), field(11, label));
  const body = envelope("v1", "ConfigMap", message(field(1, metadata), field(2, entry)));
  const made = await cluster.ok("POST", `/api/v1/namespaces/${namespace}/configmaps`, { body, contentType: protobuf });
  assert.deepEqual([made.metadata.name, made.metadata.labels, made.data], ["pb", { l: "m" }, { a: "b" }]);
});

test("a Lease keeps its microseconds", async () => {
  const renewTime = message(field(1, 1_767_323_045), field(2, 123_456_000));
  const spec = message(field(1, "me"), field(2, 15), field(4, renewTime));
  const body = envelope("coordination.k8s.io/v1", "Lease", message(field(1, message(field(1, "pb"))), field(2, spec)));
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const made = await cluster.ok("POST", leases, { body, contentType: protobuf });
  assert.deepEqual(made.spec, {
    holderIdentity: "me",
    leaseDurationSeconds: 15,
    renewTime: "2026-01-02T03:04:05.123456Z",
  });
});

test("options of a deletion are read from protobuf", async () => {
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  await cluster.ok("POST", maps, { body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "gone" } } });
  const preconditions = message(field(1, "not-this-one"));
  const body = envelope("v1", "DeleteOptions", field(2, preconditions));
  const { status } = await cluster.send("DELETE", `${maps}/gone`, { body, contentType: protobuf });
  assert.equal(status, 409);
});

test("bytes that are no such body are refused", async () => {
  const { status, body } = await cluster.send("POST", `/api/v1/namespaces/${namespace}/configmaps`, {
    body: Buffer.from("{}"),
    contentType: protobuf,
  });
  assert.equal(status, 400);
  assert.ok(
    body.message.startsWith(
      "the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    ),
    body.message,
  );
});

test("CBOR is no format of this server, and the answer says which are", async () => {
  const { status, body } = await cluster.send("POST", `/api/v1/namespaces/${namespace}/configmaps`, {
    body: Buffer.from([0xa0]),
    contentType: "application/cbor",
  });
  assert.deepEqual([status, body.reason], [415, "UnsupportedMediaType"]);
  assert.equal(
    body.message,
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
});
