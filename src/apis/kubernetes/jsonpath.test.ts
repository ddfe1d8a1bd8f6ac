import assert from "node:assert/strict";
import { test } from "node:test";
import { compileJsonPath, createPrinterColumn } from "./jsonpath.ts";

const object = {
  metadata: { name: "x", creationTimestamp: "2024-01-09T23:00:00Z", labels: { "a.b/c": "dotted" } },
  spec: {
    replicas: 3,
    paused: false,
    ports: [
      { port: 80, name: "http" },
      { port: 443, name: "https" },
    ],
    map: { "k]": 1 },
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Synced", status: "False" },
    ],
    load: 0.5,
    empty: null,
  },
};

const paths: Record<string, unknown[]> = {
  ".metadata.name": ["x"],
  "{.metadata.name}": ["x"],
  "$.metadata.name": ["x"],
  "metadata.name": ["x"],
  ".metadata.labels.a\\.b/c": ["dotted"],
  ".metadata.labels['a.b/c']": ["dotted"],
  '.metadata.labels["a.b/c"]': ["dotted"],
  ".metadata['name','creationTimestamp']": ["x", "2024-01-09T23:00:00Z"],
  ".spec.ports[0].port": [80],
  ".spec.ports[-1].port": [443],
  ".spec.ports[*].name": ["http", "https"],
  ".spec.ports[5].name": [],
  ".spec.ports[0:1].name": ["http"],
  ".spec.ports[1:].name": ["https"],
  ".spec.map['k]']": [1],
  '.status.conditions[?(@.type=="Ready")].status': ["True"],
  ".status.conditions[?(@.type == 'Synced')].status": ["False"],
  ".spec.ports[?(@.port>100)].name": ["https"],
  ".spec.ports[?(@.port<=80)].name": ["http"],
  '.spec.ports[?(@.name!="http")].port': [443],
  ".status.conditions[?(@.message)].type": [],
  "..port": [80, 443],
  ".nothing.here": [],
  ".metadata.name.deeper": [],
  ".spec.map.*": [1],
};
for (const [path, want] of Object.entries(paths)) {
  test(`${path} leads to ${JSON.stringify(want)}`, () => assert.deepEqual(compileJsonPath(path)(object), want));
}

for (const path of [".spec.ports[", ".spec.ports[x]", ".spec.ports[?(@.port==)]", ".a\\"]) {
  test(`${path} is no path`, () => assert.throws(() => compileJsonPath(path), /Cannot read JSONPath/));
}

test("a cell has its column's type or is empty", () => {
  const now = new Date("2024-01-10T00:00:00Z");
  const cell = (type: string, jsonPath: string) => createPrinterColumn({ jsonPath, type })(object, now);
  assert.equal(cell("string", ".metadata.name"), "x");
  assert.equal(cell("string", ".spec.replicas"), "3");
  assert.equal(cell("string", ".spec.ports[0]"), '{"name":"http","port":80}');
  assert.equal(cell("integer", ".spec.replicas"), 3);
  assert.equal(cell("integer", ".metadata.name"), null);
  assert.equal(cell("number", ".status.load"), 0.5);
  assert.equal(cell("boolean", ".spec.paused"), false);
  assert.equal(cell("date", ".metadata.creationTimestamp"), "60m");
  assert.equal(cell("date", ".metadata.name"), "<invalid>");
  assert.equal(cell("string", ".status.empty"), null);
  assert.equal(cell("string", ".nothing"), null);
  assert.equal(cell("string", ".spec.ports[*].name"), "http");
});
