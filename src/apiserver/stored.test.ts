import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../apimachinery/index.ts";
import { decodeStored, encodeStored, labelsOf, metadataOf, withRevision } from "./stored.ts";

const hostile = ['"', "\\", '\\"', "}", "{", '"metadata":{', "é😀", "\u2028", '{"a":"}"}', "\\\\", ""];

for (const text of hostile) {
  test(`parts of stored bytes are found around ${JSON.stringify(text)}`, () => {
    const fieldsV1 = { [`f:${text}`]: {} };
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "a",
        labels: { app: "b" },
        annotations: { first: text, [`key${text}`]: text },
        managedFields: [{ manager: text, operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1 }],
      },
      data: { text, metadata: text },
    };
    const value = encodeStored(object, 7);
    const { metadata } = decodeStored(value);
    assert.deepEqual(metadata, { ...object.metadata, resourceVersion: "7" });
    assert.deepEqual(JSON.parse(Buffer.from(metadataOf(value)).toString()), metadata);
    assert.deepEqual(labelsOf(value), { app: "b" });
    assert.deepEqual(decodeStored(Buffer.concat(withRevision(value, 8))).metadata, {
      ...metadata,
      resourceVersion: "8",
    });
  });
}

test("what clients compare byte by byte is escaped as Go does it", () => {
  const data = { args: ["a < b && c > d\u2028"] };
  const metadata = { name: "a" };
  const revision = encodeStored({ apiVersion: "apps/v1", kind: "ControllerRevision", metadata, data, revision: 1 }, 7);
  assert.ok(
    revision.includes(String.raw`"data":{"args":["a \u003c b \u0026\u0026 c \u003e d\u2028"]}`),
    revision.toString(),
  );
  assert.deepEqual(decodeStored(revision)["data"], data);
});
