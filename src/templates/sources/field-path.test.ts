import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFieldPath, type PathStep, parseFieldPath } from "./field-path.ts";

const field = (name: string): PathStep => ({ field: name });

test("paths of fields are read as Crossplane reads them", () => {
  const cases: Record<string, PathStep[] | undefined> = {
    "spec.region": [field("spec"), field("region")],
    "spec.subnets[0].id": [field("spec"), field("subnets"), { item: 0 }, field("id")],
    "spec.ports[*].port": [field("spec"), field("ports"), { item: "*" }, field("port")],
    "metadata.labels[example.com/tier]": [field("metadata"), field("labels"), field("example.com/tier")],
    "metadata.annotations['a.b/c']": [field("metadata"), field("annotations"), field("a.b/c")],
    'spec["a.b"][1][2]': [field("spec"), field("a.b"), { item: 1 }, { item: 2 }],
    "[3].a": [{ item: 3 }, field("a")],
    "": [],
    ".spec": undefined,
    "spec..a": undefined,
    "spec.": undefined,
    "spec.[0]": undefined,
    "spec[": undefined,
    "spec[]": undefined,
    "spec]": undefined,
    "spec[a[0]]": undefined,
    "spec[0]a": undefined,
  };
  for (const [path, want] of Object.entries(cases)) assert.deepEqual(parseFieldPath(path), want, path);
});

test("paths are written as they are read", () => {
  for (const path of ["spec.subnets[0].id", "metadata.labels[example.com/tier]", "[3].a", "spec.ports[*].port"]) {
    assert.equal(formatFieldPath(parseFieldPath(path) ?? []), path);
  }
});
