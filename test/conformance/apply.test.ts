import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./client.ts";
import { openCluster } from "./cluster.ts";

const cluster = await openCluster();
const { namespace } = cluster;
const maps = `/api/v1/namespaces/${namespace}/configmaps`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const apply = "application/apply-patch+yaml";

function map(name: string, data: Json): Json {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}
async function applied(target: string, manager: string, body: Json, more = ""): Promise<Json> {
  return await cluster.send("PATCH", `${target}?fieldManager=${manager}${more}`, { body, contentType: apply });
}
function deployment(name: string, spec: Json): Json {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec };
}
function workload(name: string, containers: Json[], replicas?: number): Json {
  return deployment(name, {
    ...(replicas !== undefined && { replicas }),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  });
}

test("apply creates what is absent, and the second time changes nothing", async () => {
  const first = await applied(`${maps}/a`, "one", map("a", { x: "1" }));
  assert.equal(first.status, 201);
  const [entry] = first.body.metadata.managedFields;
  assert.deepEqual([entry.manager, entry.operation, entry.fieldsV1], ["one", "Apply", { "f:data": { "f:x": {} } }]);
  const second = await applied(`${maps}/a`, "one", map("a", { x: "1" }));
  assert.deepEqual([second.status, second.body], [200, first.body]);
});

test("apply reads YAML", async () => {
  const text = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  x: "1"\n`;
  const { status, body } = await applied(`${maps}/yaml`, "one", text);
  assert.deepEqual([status, body.data], [201, { x: "1" }]);
});

test("apply needs to know who applies", async () => {
  const { status, body } = await cluster.send("PATCH", `${maps}/n`, { body: map("n", {}), contentType: apply });
  assert.equal(status, 422);
  assert.equal(
    body.message,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
});

test("a field that another manager owns conflicts when its value changes, and only then", async () => {
  await applied(`${maps}/c`, "one", map("c", { x: "1", y: "1" }));
  const same = await applied(`${maps}/c`, "two", map("c", { x: "1" }));
  assert.equal(same.status, 200);
  const { status, body } = await applied(`${maps}/c`, "two", map("c", { x: "2", y: "2" }));
  assert.deepEqual([status, body.reason], [409, "Conflict"]);
  assert.equal(body.message, 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y');
  assert.deepEqual(body.details.causes, [
    { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.x" },
    { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.y" },
  ]);
  const forced = await applied(`${maps}/c`, "two", map("c", { x: "2" }), "&force=true");
  assert.equal(forced.body.data.x, "2");
  const owners = forced.body.metadata.managedFields.map(({ manager, fieldsV1 }: Json) => [manager, fieldsV1["f:data"]]);
  assert.deepEqual(Object.fromEntries(owners), { one: { "f:y": {} }, two: { "f:x": {} } });
});

test("an updater is named in a conflict with its version", async () => {
  await cluster.ok("POST", `${maps}?fieldManager=edit`, { body: map("u", { x: "1" }) });
  const { body } = await applied(`${maps}/u`, "one", map("u", { x: "2" }));
  assert.equal(body.message, 'Apply failed with 1 conflict: conflict with "edit" using v1: .data.x');
});

test("what is no longer applied goes away, unless somebody else owns it, too", async () => {
  await applied(`${maps}/r`, "one", map("r", { x: "1", y: "1", z: "1" }));
  await applied(`${maps}/r`, "two", map("r", { y: "1" }));
  const { body } = await applied(`${maps}/r`, "one", map("r", { z: "1" }));
  assert.deepEqual(body.data, { y: "1", z: "1" });
});

test("items of a list are owned by their keys, with what the keys are by default", async () => {
  const main = { name: "main", image: "a:1", ports: [{ containerPort: 80 }] };
  const made = await applied(`${deployments}/l`, "one", workload("l", [main]));
  assert.equal(made.status, 201);
  const owned = made.body.metadata.managedFields[0].fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"];
  const item = owned['k:{"name":"main"}'];
  assert.deepEqual(item["f:ports"], {
    'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
  });
  const side = deployment("l", { template: { spec: { containers: [{ name: "side", image: "s:1" }] } } });
  const both = await applied(`${deployments}/l`, "two", side);
  assert.deepEqual(
    both.body.spec.template.spec.containers.map(({ name }: Json) => name),
    ["main", "side"],
  );
  const gone = await applied(`${deployments}/l`, "two", deployment("l", {}));
  assert.deepEqual(
    gone.body.spec.template.spec.containers.map(({ name }: Json) => name),
    ["main"],
  );
});

test("a replica count that is left out is left to others", async () => {
  await applied(`${deployments}/s`, "one", workload("s", [{ name: "main", image: "a:1" }], 3));
  const scale = await cluster.ok("GET", `${deployments}/s/scale`);
  await cluster.ok("PUT", `${deployments}/s/scale?fieldManager=scaler`, { body: { ...scale, spec: { replicas: 5 } } });
  const refusal = await applied(`${deployments}/s`, "one", workload("s", [{ name: "main", image: "a:1" }], 3));
  assert.equal(
    refusal.body.message,
    'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
  );
  const { body } = await applied(`${deployments}/s`, "one", workload("s", [{ name: "main", image: "a:2" }]));
  assert.equal(body.spec.replicas, 5);
});

test("status is applied through its own path, and owned apart", async () => {
  await applied(`${deployments}/st`, "one", workload("st", [{ name: "main", image: "a:1" }]));
  const status = { ...deployment("st", {}), spec: undefined, status: { replicas: 2 } };
  const { body } = await applied(`${deployments}/st/status`, "controller", status);
  assert.equal(body.status.replicas, 2);
  const entry = body.metadata.managedFields.find(({ manager }: Json) => manager === "controller");
  assert.deepEqual(
    [entry.subresource, entry.operation, entry.fieldsV1],
    ["status", "Apply", { "f:status": { "f:replicas": {} } }],
  );
});

test("whoever has applied on the client's side goes over to the server's", async () => {
  const last = JSON.stringify(map("k", { x: "1", y: "1" }));
  const created = map("k", { x: "1", y: "1" });
  created.metadata.annotations = { "kubectl.kubernetes.io/last-applied-configuration": last };
  await cluster.ok("POST", `${maps}?fieldManager=kubectl-client-side-apply`, { body: created });
  const { status, body } = await applied(`${maps}/k`, "kubectl", map("k", { x: "2" }), "&force=true");
  assert.deepEqual([status, body.data.x], [200, "2"]);
});

const refused: Record<string, { body: Json; status: number; message: string }> = {
  "another kind": {
    body: { apiVersion: "v1", kind: "Secret", metadata: { name: "f" } },
    status: 400,
    message: "invalid object type: /v1, Kind=Secret",
  },
  "another name": {
    body: map("other", {}),
    status: 400,
    message: "the name of the object (other) does not match the name on the URL (f)",
  },
  managers: {
    body: { ...map("f", {}), metadata: { name: "f", managedFields: [{ manager: "x" }] } },
    status: 400,
    message: "metadata.managedFields must be nil",
  },
  "an unknown field": {
    body: { ...map("f", {}), size: 1 },
    status: 500,
    message: "failed to create typed patch object (/f; /v1, Kind=ConfigMap): .size: field not declared in schema",
  },
  "a value of a wrong type": {
    body: map("f", { a: 5 }),
    status: 500,
    message:
      "failed to create typed patch object (/f; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:5}",
  },
  "a revision of another time": {
    body: { ...map("f", {}), metadata: { name: "f", resourceVersion: "1" } },
    status: 409,
    message:
      'Operation cannot be fulfilled on configmaps "f": the object has been modified; please apply your changes to the latest version and try again',
  },
};
test("apply is refused, in words of its own", async (t) => {
  await applied(`${maps}/f`, "one", map("f", {}));
  for (const [name, { body, status, message }] of Object.entries(refused)) {
    await t.test(`for ${name}`, async () => {
      const answer = await applied(`${maps}/f`, "one", body);
      assert.deepEqual([answer.status, answer.body.message], [status, message]);
    });
  }
});

test("custom resources are applied by the rules of their schema", async () => {
  const schema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          tags: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
          whole: { type: "array", items: { type: "string" } },
          parts: {
            type: "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["id"],
            items: {
              type: "object",
              required: ["id"],
              properties: { id: { type: "string" }, size: { type: "integer" } },
            },
          },
          limits: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: { type: "string" } },
        },
      },
    },
  };
  const kind = await cluster.define({ schema });
  const gear = (spec: Json) => ({ apiVersion: `${kind.group}/v1`, kind: "Gear", metadata: { name: "g" }, spec });
  const path = `${kind.path()}/g`;
  await applied(path, "one", gear({ tags: ["a"], whole: ["a"], parts: [{ id: "p", size: 1 }], limits: { a: "1" } }));
  const two = await applied(path, "two", gear({ tags: ["b"], parts: [{ id: "q", size: 2 }] }));
  assert.deepEqual([...two.body.spec.tags].sort(), ["a", "b"]);
  assert.deepEqual(
    two.body.spec.parts.map(({ id }: Json) => id),
    ["p", "q"],
  );
  const entry = two.body.metadata.managedFields.find(({ manager }: Json) => manager === "two");
  assert.deepEqual(entry.fieldsV1["f:spec"], {
    "f:parts": { 'k:{"id":"q"}': { ".": {}, "f:id": {}, "f:size": {} } },
    "f:tags": { 'v:"b"': {} },
  });
  const whole = await applied(path, "two", gear({ whole: ["b"], limits: { b: "1" } }));
  assert.equal(
    whole.body.message,
    'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.limits\n- .spec.whole',
  );
  const twice = await applied(path, "one", gear({ parts: [{ id: "p" }, { id: "p" }] }));
  assert.equal(
    twice.body.message,
    `failed to create typed patch object (/g; ${kind.group}/v1, Kind=Gear): .spec.parts: duplicate entries for key [id="p"]`,
  );
});
