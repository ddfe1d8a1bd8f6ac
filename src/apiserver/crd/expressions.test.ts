import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestAnswer, type TestServer } from "../testing.ts";

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const gears = "/apis/example.com/v1/namespaces/default/gears";
const merge = "application/merge-patch+json";

const text = { type: "string" };
const whole = { type: "integer" };
const rules = (...list: Json[]) => ({
  "x-kubernetes-validations": list.map((rule) => (typeof rule === "string" ? { rule } : rule)),
});
const object = (properties: Json, ...list: Json[]) => ({
  type: "object",
  properties,
  ...(list.length === 0 ? {} : rules(...list)),
});
const listOf = (items: Json, more: Json = {}) => ({ type: "array", items, ...more });

function crd(spec: Json, root: Json[] = []): Json {
  const schema = { ...object({ spec }), ...(root.length === 0 ? {} : rules(...root)) };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gears.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "gears", singular: "gear", kind: "Gear" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

/** What Kubernetes 1.34 says of rules when a CRD is made, below `spec.validation.openAPIV3Schema.properties[spec].`. */
const definitions: Record<string, { spec: Json; causes: string[] }> = {
  "rules that fit": {
    spec: object({ a: whole, namespace: text, "x-y": text }, "self.a > 1", "self.__namespace__ == self.x__dash__y"),
    causes: [],
  },
  "a field that is not declared": {
    spec: object({ a: whole }, "self.b > 1"),
    causes: [
      "x-kubernetes-validations[0].rule: Invalid value: {…}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 1\n | ....^",
    ],
  },
  "types that do not fit": {
    spec: object({ a: whole }, "self.a + 'x' == ''"),
    causes: [
      "x-kubernetes-validations[0].rule: Invalid value: {…}: compilation failed: ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(int, string)'\n | self.a + 'x' == ''\n | .......^",
    ],
  },
  "a rule that says neither true nor false": {
    spec: object({ a: whole }, "self.a"),
    causes: ["x-kubernetes-validations[0].rule: Invalid value: {…}: cel expression must evaluate to a bool"],
  },
  "an empty rule": {
    spec: object({ a: whole }, " "),
    causes: ["x-kubernetes-validations[0].rule: Required value: rule is not specified"],
  },
  "a message expression that makes no text": {
    spec: object({ a: whole }, { rule: "true", messageExpression: "1" }),
    causes: [
      "x-kubernetes-validations[0].messageExpression: Invalid value: {…}: messageExpression must evaluate to a string",
    ],
  },
  "a field path that leads nowhere": {
    spec: object({ a: whole }, { rule: "true", fieldPath: ".b" }),
    causes: ['x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path'],
  },
  "a rule that may cost too much": {
    spec: object({ a: listOf(text) }, "self.a.all(x, self.a.all(y, x != y))"),
    causes: [
      "x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
      "x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
      "spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
    ],
  },
  "an old value that cannot be found": {
    spec: object({ a: listOf(object({ n: text }, "self.n == oldSelf.n"), { maxItems: 5 }) }),
    causes: [
      'properties[a].items.x-kubernetes-validations[0].rule: Invalid value: "self.n == oldSelf.n": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec].properties[a]',
    ],
  },
};
for (const [name, { spec, causes }] of Object.entries(definitions)) {
  test(`a CRD with ${name}`, async () => {
    await using server = await openTestServer();
    const answer = await server.send("POST", crds, { body: crd(spec) });
    const at = "spec.validation.openAPIV3Schema.properties[spec].";
    assert.deepEqual(
      // The whole rule stands in the message, with the names that its fields have in Go.
      causesOf(answer).map((cause) => cause.replace(at, "").replace(/\{"Rule":.*?\}: /, "{…}: ")),
      causes,
    );
  });
}

function causesOf({ body }: TestAnswer): string[] {
  return (body.details?.causes ?? []).map(({ field, message }: Json) => `${field}: ${message}`);
}

async function withGears(spec: Json, root: Json[] = []): Promise<TestServer> {
  const server = await openTestServer();
  await server.ok("POST", crds, { body: crd(spec, root) });
  return server;
}

const gear = (spec: Json, name = "a") => ({ apiVersion: "example.com/v1", kind: "Gear", metadata: { name }, spec });

test("rules are checked at every depth, and say so in their words", async () => {
  const spec = object(
    {
      a: whole,
      s: text,
      m: { type: "object", maxProperties: 9, additionalProperties: { ...whole, ...rules("self > 0") } },
      l: listOf({ ...text, maxLength: 9 }, { maxItems: 9 }),
    },
    "self.a > 1",
    { rule: "self.s == 'x'", message: " s must be x ", reason: "FieldValueForbidden", fieldPath: ".s" },
    {
      rule: "!has(self.l) || self.l.size() < 2",
      messageExpression: "self.l[0] + ' too many'",
      reason: "FieldValueRequired",
    },
    { rule: "self.a != 0", reason: "FieldValueDuplicate" },
  );
  await using server = await withGears(spec, [{ rule: "self.metadata.name.size() < 3", message: "name too long" }]);
  await server.ok("POST", gears, { body: gear({ a: 2, s: "x", m: { k: 1 } }) });
  const causes = async (body: Json) => causesOf(await server.send("POST", gears, { body }));
  assert.deepEqual(await causes(gear({ a: 0, s: "y", l: ["p", "q"], m: { k: 0 } }, "long")), [
    '<nil>: Invalid value: "object": name too long',
    'spec: Invalid value: "object": failed rule: self.a > 1',
    "spec.s: Forbidden: s must be x",
    "spec: Required value: p too many",
    'spec: Duplicate value: "object"',
    'spec.m[k]: Invalid value: "integer": failed rule: self > 0',
  ]);
  assert.deepEqual(await causes(gear({ s: "x" })), [
    'spec: Invalid value: "object": no such key: a evaluating rule: self.a > 1',
    'spec: Invalid value: "object": no such key: a evaluating rule: self.a != 0',
  ]);
  assert.deepEqual(
    await causes(gear({ a: "2", s: "y" })),
    [
      'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
      "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    ],
    "rules wait until the schema is right",
  );
});

test("transition rules see what was there", async () => {
  const item = {
    ...object(
      { k: { ...text, maxLength: 5 }, v: whole },
      { rule: "self.v >= oldSelf.v", message: "v must not shrink" },
    ),
    required: ["k"],
  };
  const spec = object({
    fixed: { ...whole, ...rules({ rule: "self == oldSelf", message: "immutable" }) },
    opt: {
      ...text,
      maxLength: 9,
      ...rules({ rule: "oldSelf.hasValue() || self == 'first'", message: "begin at first", optionalOldSelf: true }),
    },
    list: listOf(item, { maxItems: 9, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] }),
  });
  await using server = await withGears(spec);
  const refused = await server.send("POST", gears, { body: gear({ opt: "second" }) });
  assert.deepEqual(causesOf(refused), ['spec.opt: Invalid value: "string": begin at first']);
  const list = [
    { k: "x", v: 1 },
    { k: "y", v: 5 },
  ];
  await server.ok("POST", gears, { body: gear({ fixed: 1, opt: "first", list }) });
  const patch = async (change: Json) =>
    causesOf(await server.send("PATCH", `${gears}/a`, { body: { spec: change }, contentType: merge }));
  assert.deepEqual(await patch({ fixed: 2 }), ['spec.fixed: Invalid value: "integer": immutable']);
  assert.deepEqual(await patch({ opt: "second" }), []);
  assert.deepEqual(
    await patch({
      list: [
        { k: "y", v: 4 },
        { k: "z", v: 0 },
      ],
    }),
    ['spec.list[0]: Invalid value: "object": v must not shrink'],
  );
  assert.deepEqual(
    await patch({
      list: [
        { k: "y", v: 6 },
        { k: "z", v: 0 },
      ],
    }),
    [],
  );
});

test("what was wrong before and does not change is warned of only", async () => {
  await using server = await withGears(object({ n: whole, e: text, other: whole }));
  await server.ok("POST", gears, { body: gear({ n: 5, e: "a" }) });
  const tight = crd(
    object({
      n: { ...whole, ...rules({ rule: "self < 3", message: "n too big" }) },
      e: { ...text, enum: ["b"] },
      other: whole,
    }),
  );
  await server.ok("PATCH", `${crds}/gears.example.com`, { body: { spec: tight.spec }, contentType: merge });
  const patch = (change: Json) => server.send("PATCH", `${gears}/a`, { body: { spec: change }, contentType: merge });
  const kept = await patch({ other: 1 });
  assert.equal(kept.status, 200, kept.text);
  assert.match(String(kept.headers["warning"]), /spec\.n: Invalid value: \\"integer\\": n too big/);
  assert.deepEqual(causesOf(await patch({ n: 4 })), ['spec.n: Invalid value: "integer": n too big']);
  assert.match(causesOf(await patch({ e: "c" })).join(), /spec\.e: Unsupported value: "c": supported values: "b"/);
});

test("rules end at what they may cost", async () => {
  const spec = object(
    { l: listOf(whole, { maxItems: 400 }) },
    "self.l.all(x, self.l.all(y, x == x && y == y && x + y >= 0))",
  );
  await using server = await withGears(spec);
  const l = Array.from({ length: 400 }, (_, index) => index);
  const answer = await server.send("POST", gears, { body: gear({ l }) });
  assert.match(
    answer.body.message,
    /'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self\.l\.all/,
  );
});
