import assert from "node:assert/strict";
import { test } from "node:test";
import { type Accepted, negotiate } from "./negotiate.ts";

const json: Accepted = { format: "json", as: "object", metaVersion: "v1", pretty: false };
const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

const cases: Record<string, { accept: string | undefined; want: Accepted }> = {
  "gives JSON without a wish": { accept: undefined, want: json },
  "gives JSON to anything": { accept: "*/*", want: json },
  "gives YAML": { accept: "application/yaml", want: { ...json, format: "yaml" } },
  "gives JSON to those who prefer protobuf": {
    accept: "application/vnd.kubernetes.protobuf,application/json",
    want: json,
  },
  "gives JSON to old clients that name only protobuf": { accept: "application/vnd.kubernetes.protobuf", want: json },
  "gives a table": { accept: `${table},application/json`, want: { ...json, as: "table" } },
  "gives a table of the older version": {
    accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    want: { ...json, as: "table", metaVersion: "v1beta1" },
  },
  "takes the first that it has": {
    accept: "text/html,application/json;as=Other;v=v1;g=meta.k8s.io,application/json",
    want: json,
  },
  "gives metadata": {
    accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    want: { ...json, as: "metadata" },
  },
  "gives metadata to those who prefer protobuf, without saying of each item what it is": {
    accept: "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    want: { ...json, as: "metadata", untypedItems: true },
  },
  "indents when asked": { accept: "application/json;pretty=1", want: { ...json, pretty: true } },
};
for (const [name, { accept, want }] of Object.entries(cases)) {
  test(`negotiate ${name}`, () =>
    assert.deepEqual(
      negotiate(accept, () => true),
      want,
    ));
}

test("negotiate refuses what a resource cannot be shown as", () => {
  const plain = (as: string) => as === "object";
  assert.throws(() => negotiate(table, plain), { reason: "NotAcceptable" });
  assert.throws(() => negotiate("text/html", () => true), { reason: "NotAcceptable" });
  assert.deepEqual(negotiate(`${table},application/json`, plain), json);
});
