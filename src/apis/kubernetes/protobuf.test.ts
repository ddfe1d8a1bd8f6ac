import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../apimachinery/index.ts";
import { decodeProtobuf } from "./protobuf.ts";

/** Writes messages as a client does: fields as `[number, value]`, numbers as varints, texts and messages with their length. */
type Value = string | number | Fields | Uint8Array;
type Fields = readonly (readonly [number, Value])[];

function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function encode(fields: Fields): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([...varint(number * 8), ...varint(value)]);
      const bytes =
        typeof value === "string" ? Buffer.from(value) : value instanceof Uint8Array ? value : encode(value);
      return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.byteLength)]), bytes]);
    }),
  );
}

function body(apiVersion: string, kind: string, object: Fields): Uint8Array {
  return Buffer.concat([
    Buffer.from("k8s\0"),
    encode([
      [
        1,
        [
          [1, apiVersion],
          [2, kind],
        ],
      ],
      [2, object],
    ]),
  ]);
}

test("a ConfigMap has its name, data and base64 of its bytes, and nothing that Go's JSON would leave out", () => {
  const metadata: Fields = [
    [1, "settings"],
    [2, ""],
    [3, "default"],
    [8, []],
  ];
  const bytes = body("v1", "ConfigMap", [
    [1, metadata],
    [
      2,
      [
        [1, "a"],
        [2, "1"],
      ],
    ],
    [2, [[1, "empty"]]],
    [
      3,
      [
        [1, "b"],
        [2, Buffer.from([255])],
      ],
    ],
  ]);
  assert.deepEqual(decodeProtobuf(bytes), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { a: "1", empty: "" },
    binaryData: { b: "/w==" },
  });
});

test("a Deployment keeps zeros that are meant, inlined sources and empty volumes", () => {
  const volume: Fields = [
    [1, "scratch"],
    [2, [[2, []]]],
  ];
  const port: Fields = [
    [3, 8080],
    [4, "TCP"],
  ];
  const probe: Fields = [
    [
      1,
      [
        [
          2,
          [
            [
              2,
              [
                [1, 1],
                [3, "http"],
              ],
            ],
          ],
        ],
      ],
    ],
  ];
  const pod: Fields = [
    [1, volume],
    [
      2,
      [
        [1, "web"],
        [2, "nginx"],
        [6, port],
        [10, probe],
      ],
    ],
    [4, 0],
  ];
  const spec: Fields = [
    [1, 0],
    [3, [[2, pod]]],
    [5, 0],
  ];
  assert.deepEqual(decodeProtobuf(body("apps/v1", "Deployment", [[2, spec]])), {
    apiVersion: "apps/v1",
    kind: "Deployment",
    spec: {
      replicas: 0,
      template: {
        spec: {
          volumes: [{ name: "scratch", emptyDir: {} }],
          containers: [
            {
              name: "web",
              image: "nginx",
              ports: [{ containerPort: 8080, protocol: "TCP" }],
              livenessProbe: { httpGet: { port: "http" } },
            },
          ],
          terminationGracePeriodSeconds: 0,
        },
      },
    },
  });
});

test("a Lease has its time with six digits, and DeleteOptions come under any group", () => {
  const lease = body("coordination.k8s.io/v1", "Lease", [
    [
      2,
      [
        [1, "me"],
        [2, 15],
        [
          4,
          [
            [1, 1700000000],
            [2, 123456000],
          ],
        ],
      ],
    ],
  ]);
  assert.deepEqual(decodeProtobuf(lease), {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2023-11-14T22:13:20.123456Z" },
  });
  const options = body("apps/v1", "DeleteOptions", [
    [1, 0],
    [4, "Foreground"],
  ]);
  assert.deepEqual(decodeProtobuf(options), {
    apiVersion: "apps/v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 0,
    propagationPolicy: "Foreground",
  });
});

test("negative numbers are read as such", () => {
  assert.deepEqual(decodeProtobuf(body("scheduling.k8s.io/v1", "PriorityClass", [[2, -5]])), {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    value: -5,
  });
});

const refused: Record<string, { bytes: Uint8Array; reason: string }> = {
  "bytes that are JSON": { bytes: Buffer.from("{}"), reason: "BadRequest" },
  "a body that is cut off": { bytes: body("v1", "ConfigMap", [[1, [[1, "x"]]]]).subarray(0, -2), reason: "BadRequest" },
  "a text that is not UTF-8": {
    bytes: body("v1", "ConfigMap", [[1, [[1, Buffer.from([0xff, 0xfe])]]]]),
    reason: "BadRequest",
  },
  "a kind without a table": { bytes: body("example.com/v1", "Widget", []), reason: "UnsupportedMediaType" },
};
for (const [name, { bytes, reason }] of Object.entries(refused)) {
  test(`decodeProtobuf refuses ${name}`, () => {
    assert.throws(
      () => decodeProtobuf(bytes),
      (error) => error instanceof StatusError && error.reason === reason,
    );
  });
}

test("random bytes are refused, never a crash of another kind", () => {
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31);
  for (let round = 0; round < 2000; round += 1) {
    const noise = Buffer.from(Array.from({ length: next() % 60 }, () => next() % 256));
    const bytes = Buffer.concat([body("v1", "Pod", []), Buffer.from([18, noise.byteLength]), noise]);
    try {
      decodeProtobuf(bytes);
    } catch (error) {
      assert.ok(error instanceof StatusError, String(error));
    }
  }
});
