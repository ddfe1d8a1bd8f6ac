import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;
const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
const metadataOnly = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const metadataList = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

before(async () => {
  const labels = { for: "tables" };
  for (const name of ["a", "b"]) {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { x: "1", y: "2" } };
    await cluster.ok("POST", maps, { body });
  }
});

test("a list is shown as a table with columns, cells and the metadata of each row", async () => {
  const answer = await cluster.send("GET", `${maps}?labelSelector=for%3Dtables`, {
    accept: `${table},application/json`,
  });
  assert.equal(answer.headers["content-type"], "application/json");
  const { kind, apiVersion, metadata, columnDefinitions, rows } = answer.body;
  assert.deepEqual([kind, apiVersion], ["Table", "meta.k8s.io/v1"]);
  assert.match(metadata.resourceVersion, /^\d+$/);
  assert.deepEqual(
    columnDefinitions.map(({ name, type, format, priority }: Json) => [name, type, format, priority]),
    [
      ["Name", "string", "name", 0],
      ["Data", "string", "", 0],
      ["Age", "string", "", 0],
    ],
  );
  assert.deepEqual(
    rows.map(({ cells }: Json) => cells.slice(0, 2)),
    [
      ["a", 2],
      ["b", 2],
    ],
  );
  const [{ object }] = rows;
  assert.deepEqual([object.kind, object.apiVersion], ["PartialObjectMetadata", "meta.k8s.io/v1"]);
  assert.equal(object.metadata.name, "a");
});

test("a row carries the object, its metadata or nothing, as asked", async () => {
  const get = async (include: string) =>
    await cluster.ok("GET", `${maps}/a?includeObject=${include}`, { accept: table });
  assert.equal((await get("None")).rows[0].object, null);
  assert.equal((await get("Metadata")).rows[0].object.kind, "PartialObjectMetadata");
  assert.deepEqual((await get("Object")).rows[0].object.data, { x: "1", y: "2" });
  const refused = await cluster.send("GET", `${maps}/a?includeObject=Some`, { accept: table });
  assert.equal(refused.status, 400);
});

test("only the first event of a watch repeats the columns", async () => {
  using watch = await cluster.watch(`${maps}?watch=true&labelSelector=for%3Dtables`, { accept: table });
  const [first, second] = [await watch.next(), await watch.next()];
  assert.deepEqual([first.object.kind, first.object.columnDefinitions.length], ["Table", 3]);
  assert.equal(second.object.columnDefinitions, null);
  assert.equal(second.object.rows[0].cells[0], "b");
});

test("metadata alone is shown of one object, of a list and in a watch", async () => {
  const one = await cluster.ok("GET", `${maps}/a`, { accept: metadataOnly });
  assert.deepEqual(Object.keys(one).sort(), ["apiVersion", "kind", "metadata"]);
  assert.deepEqual([one.kind, one.apiVersion], ["PartialObjectMetadata", "meta.k8s.io/v1"]);
  const list = await cluster.ok("GET", `${maps}?labelSelector=for%3Dtables`, { accept: metadataList });
  assert.equal(list.kind, "PartialObjectMetadataList");
  assert.deepEqual(
    list.items.map(({ metadata }: Json) => metadata.labels),
    [{ for: "tables" }, { for: "tables" }],
  );
  assert.equal(list.items[0].data, undefined);
  using watch = await cluster.watch(`${maps}?watch=true&labelSelector=for%3Dtables`, { accept: metadataOnly });
  const { object } = await watch.next();
  assert.deepEqual([object.kind, object.data], ["PartialObjectMetadata", undefined]);
});

test("what is no list of objects has no table", async () => {
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: {} };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { status, body: refusal } = await cluster.send("POST", path, { body, accept: table });
  assert.deepEqual([status, refusal.reason], [406, "NotAcceptable"]);
});

test("a custom resource has the columns of its CRD, or an age", async () => {
  const plain = await cluster.define({});
  const columns = async (path: string) =>
    (await cluster.ok("GET", path, { accept: table })).columnDefinitions.map(({ name }: Json) => name);
  assert.deepEqual(await columns(plain.path()), ["Name", "Age"]);
  const schema = {
    type: "object",
    properties: { spec: { type: "object", properties: { teeth: { type: "integer" }, made: { type: "string" } } } },
  };
  const additionalPrinterColumns = [
    { name: "Teeth", type: "integer", jsonPath: ".spec.teeth", description: "How many." },
    { name: "Made", type: "date", jsonPath: ".spec.made", priority: 1 },
    { name: "None", type: "string", jsonPath: ".spec.none" },
  ];
  const kind = await cluster.define({ schema, version: { additionalPrinterColumns } });
  const spec = { teeth: 7, made: new Date(Date.now() - 3_600_500 * 5).toISOString() };
  const body = { apiVersion: `${kind.group}/v1`, kind: "Gear", metadata: { name: "g" }, spec };
  await cluster.ok("POST", kind.path(), { body });
  const { columnDefinitions, rows } = await cluster.ok("GET", kind.path(), { accept: table });
  assert.deepEqual(
    columnDefinitions.map(({ name, type, priority }: Json) => [name, type, priority]),
    [
      ["Name", "string", 0],
      ["Teeth", "integer", 0],
      ["Made", "date", 1],
      ["None", "string", 0],
    ],
  );
  assert.deepEqual(rows[0].cells, ["g", 7, "5h", null]);
});

test("the scale of a workload has a table and metadata of its own", async () => {
  const deployments = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments`;
  const labels = { app: "scaled" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  await cluster.ok("POST", deployments, {
    body: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "scaled" }, spec },
  });
  const path = `${deployments}/scaled/scale`;
  const shown = await cluster.ok("GET", path, { accept: table });
  assert.deepEqual(
    shown.columnDefinitions.map(({ name, type }: Json) => [name, type]),
    [
      ["Name", "string"],
      ["Desired", "integer"],
      ["Available", "integer"],
      ["Age", "string"],
    ],
  );
  assert.deepEqual(shown.rows[0].cells.slice(0, 3), ["scaled", 0, 0]);
  assert.equal(shown.rows[0].object.metadata.name, "scaled");
  const bare = { metadata: { name: "scaled" }, spec: { replicas: 0 } };
  assert.equal((await cluster.ok("PUT", path, { body: bare })).kind, "Scale");
  const refused = await cluster.send("PUT", path, { body: { ...bare, spec: { replicas: "1" } } });
  assert.equal(
    refused.body.message,
    'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32',
  );
  const negative = await cluster.send("PUT", path, { body: { ...bare, spec: { replicas: -1 } } });
  assert.equal(
    negative.body.message,
    'Scale.autoscaling "scaled" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  const elsewhere = await cluster.send("PUT", path, { body: { ...bare, metadata: { name: "other" } } });
  assert.equal(elsewhere.body.message, "the name of the object (other) does not match the name on the URL (scaled)");
  const { kind, metadata } = await cluster.ok("GET", path, { accept: metadataOnly });
  assert.deepEqual([kind, metadata.name], ["PartialObjectMetadata", "scaled"]);
  const body = { spec: { replicas: 0 } };
  const written = await cluster.ok("PATCH", path, { accept: table, body, contentType: "application/merge-patch+json" });
  assert.deepEqual([written.kind, written.rows[0].cells[0]], ["Table", "scaled"]);
});
