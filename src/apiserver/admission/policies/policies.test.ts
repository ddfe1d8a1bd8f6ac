import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer, type TestAnswer, type TestServer } from "../../testing.ts";
import type { Admission } from "../admit.ts";

const group = "/apis/admissionregistration.k8s.io/v1";
const maps = "/api/v1/namespaces/default/configmaps";
const merge = "application/merge-patch+json";

const rule = (more: Json = {}) => ({
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE", "UPDATE", "DELETE"],
  resources: ["configmaps"],
  ...more,
});
const policy = (spec: Json, name = "p") => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: { matchConstraints: { resourceRules: [rule()] }, ...spec },
});
const binding = (spec: Json = {}, name = "b") => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name },
  spec: { policyName: "p", validationActions: ["Deny"], ...spec },
});
const map = (name: string, data: Json = {}, metadata: Json = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

async function withPolicy(spec: Json, bindings: Json[] = [{}], admission: Admission[] = []): Promise<TestServer> {
  const server = await openTestServer({ admission });
  await server.ok("POST", `${group}/validatingadmissionpolicies`, { body: policy(spec) });
  for (const [index, body] of bindings.entries())
    await server.ok("POST", `${group}/validatingadmissionpolicybindings`, { body: binding(body, `b${index}`) });
  return server;
}

/** What a policy has said: without the start that all denials share. */
function said({ status, body }: TestAnswer): string {
  if (status < 300) return "allowed";
  const start = `ValidatingAdmissionPolicy 'p' with binding 'b0' denied request: `;
  return `${status} ${body.message.slice(body.message.indexOf(start) + start.length)}`;
}

test("a denial is in Kubernetes' words", async () => {
  await using server = await withPolicy({ validations: [{ expression: "object.data.x == '1'" }] });
  await server.ok("POST", maps, { body: map("a", { x: "1" }) });
  const { status, body } = await server.send("POST", maps, { body: map("b", { x: "2" }) });
  const why = "ValidatingAdmissionPolicy 'p' with binding 'b0' denied request: failed expression: object.data.x == '1'";
  assert.equal(status, 422);
  assert.deepEqual(body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `configmaps "b" is forbidden: ${why}`,
    reason: "Invalid",
    details: { name: "b", kind: "configmaps", causes: [{ message: why }] },
    code: 422,
  });
});

const validations: Record<string, { spec: Json; writes: [data: Json, said: string][] }> = {
  messages: {
    spec: {
      validations: [
        {
          expression: "size(object.data) < 2",
          message: "few",
          messageExpression: "'got ' + string(size(object.data))",
        },
        {
          expression: "!('y' in object.data)",
          message: " no y ",
          messageExpression: "string(object.data.none)",
          reason: "Forbidden",
        },
      ],
    },
    writes: [
      [{ a: "1" }, "allowed"],
      [{ a: "1", b: "2" }, "422 got 2"],
      [{ y: "1" }, "403 no y"],
    ],
  },
  errors: {
    spec: { validations: [{ expression: "object.data.x == '1'" }] },
    writes: [[{ a: "1" }, "422 expression 'object.data.x == '1'' resulted in error: no such key: x"]],
  },
  "errors that do not matter": {
    spec: { failurePolicy: "Ignore", validations: [{ expression: "object.data.x == '1'" }] },
    writes: [
      [{ a: "1" }, "allowed"],
      [{ x: "2" }, "422 failed expression: object.data.x == '1'"],
    ],
  },
  "variables, which are computed when they are needed": {
    spec: {
      variables: [
        { name: "x", expression: "object.data.x" },
        { name: "long", expression: "size(variables.x) > 1" },
      ],
      validations: [
        { expression: "!has(object.data.x) || !variables.long", messageExpression: "variables.x + ' is long'" },
        { expression: "has(object.data.a) || variables.long" },
      ],
    },
    writes: [
      [{ a: "1" }, "allowed"],
      [{ x: "12" }, "422 12 is long"],
      [
        { b: "1" },
        `422 expression 'has(object.data.a) || variables.long' resulted in error: composited variable "long" fails to evaluate: composited variable "x" fails to evaluate: no such key: x`,
      ],
    ],
  },
  "the request, the namespace and what one may do": {
    spec: {
      validations: [
        { expression: "request.operation == 'CREATE' && request.userInfo.username == 'admin'" },
        { expression: "namespaceObject.metadata.name == request.namespace && request.kind.kind == object.kind" },
        { expression: "authorizer.group('').resource('pods').namespace('default').check('create').allowed()" },
        {
          expression:
            "authorizer.serviceAccount('default', 'x').group('').resource('pods').check('create').allowed() || has(object.data.a)",
        },
        { expression: "oldObject == null" },
      ],
    },
    writes: [
      [{ a: "1" }, "allowed"],
      [
        { b: "1" },
        "422 failed expression: authorizer.serviceAccount('default', 'x').group('').resource('pods').check('create').allowed() || has(object.data.a)",
      ],
    ],
  },
  conditions: {
    spec: {
      matchConditions: [
        { name: "a", expression: "'a' in object.data" },
        { name: "b", expression: "object.data.b == '1'" },
      ],
      validations: [{ expression: "false" }],
    },
    writes: [
      [{ c: "1" }, "allowed"],
      [{ a: "1", b: "2" }, "allowed"],
      [{ a: "1", b: "1" }, "422 failed expression: false"],
      [{ a: "1" }, "422 expression 'object.data.b == '1'' resulted in error: no such key: b"],
    ],
  },
  "costs of all validations together": {
    spec: {
      validations: Array.from({ length: 12 }, () => ({
        expression: `${"[0,1,2,3,4,5,6,7,8,9].all(x, ".repeat(5)}x + x + x + x >= 0${")".repeat(5)}`,
      })),
    },
    writes: [[{}, "422 validation failed due to running out of cost budget, no further validation rules will be run"]],
  },
};
for (const [name, { spec, writes }] of Object.entries(validations)) {
  test(`policies know ${name}`, async () => {
    await using server = await withPolicy(spec);
    for (const [index, [data, want]] of writes.entries())
      assert.equal(said(await server.send("POST", maps, { body: map(`m${index}`, data) })), want);
  });
}

test("policies are about the writes that they name", async () => {
  const matchConstraints = {
    resourceRules: [rule()],
    excludeResourceRules: [rule({ resourceNames: ["free"] })],
    objectSelector: { matchLabels: { checked: "yes" } },
  };
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } } };
  await using server = await withPolicy({ matchConstraints, validations: [{ expression: "false" }] }, [
    { matchResources },
  ]);
  const labels = { labels: { checked: "yes" } };
  assert.equal(said(await server.send("POST", maps, { body: map("a") })), "allowed");
  assert.equal(said(await server.send("POST", maps, { body: map("free", {}, labels) })), "allowed");
  assert.equal(said(await server.send("POST", maps, { body: map("b", {}, labels) })), "422 failed expression: false");
  const elsewhere = maps.replace("default", "kube-public");
  assert.equal(said(await server.send("POST", elsewhere, { body: map("b", {}, labels) })), "allowed");
});

test("objects are seen in the version that a policy names", async () => {
  const matchConstraints = {
    resourceRules: [rule({ apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] })],
  };
  const messageExpression = "object.apiVersion + ' ' + request.kind.version + ' ' + request.requestKind.version";
  await using server = await withPolicy({
    matchConstraints,
    validations: [{ expression: "false", messageExpression }],
  });
  const body = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h" },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" } },
  };
  const answer = await server.send("POST", "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", {
    body,
  });
  assert.equal(said(answer), "422 autoscaling/v1 v1 v2");
});

const params: Record<string, { paramRef: Json; want: string; kind?: Json }> = {
  "by name": { paramRef: { name: "limits" }, want: "422 at most 1" },
  "by labels": { paramRef: { selector: { matchLabels: { kind: "limit" } } }, want: "422 at most 1" },
  "that are absent and needed": {
    paramRef: { name: "none" },
    want: "422 failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
  },
  "that are absent": { paramRef: { name: "none", parameterNotFoundAction: "Allow" }, want: "allowed" },
  "of a kind that is in no namespace": {
    paramRef: { name: "none", namespace: "default" },
    kind: { apiVersion: "v1", kind: "Node" },
    want: "422 failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
  },
};
for (const [name, { paramRef, want, kind = { apiVersion: "v1", kind: "ConfigMap" } }] of Object.entries(params)) {
  test(`parameters ${name}`, async () => {
    const validation = {
      expression: "object.metadata.name == 'limits' || size(object.data) <= int(params.data.max)",
      messageExpression: "'at most ' + params.data.max",
    };
    const reference = { parameterNotFoundAction: "Deny", namespace: "kube-public", ...paramRef };
    await using server = await withPolicy({ paramKind: kind, validations: [validation] }, [{ paramRef: reference }]);
    const place = maps.replace("default", "kube-public");
    const limits = map("limits", { max: "1" }, { labels: { kind: "limit" } });
    // The policy would refuse its own parameters, were it about their namespace.
    await server.send("DELETE", `${group}/validatingadmissionpolicybindings/b0`);
    await server.ok("POST", place, { body: limits });
    await server.ok("POST", `${group}/validatingadmissionpolicybindings`, {
      body: binding({ paramRef: reference }, "b0"),
    });
    assert.equal(said(await server.send("POST", maps, { body: map("m", { a: "1", b: "2" }) })), want);
  });
}

test("a kind of parameters that nobody serves is said to the writer, unless failures are ignored", async () => {
  const spec = { paramKind: { apiVersion: "x.io/v1", kind: "Nope" }, validations: [{ expression: "true" }] };
  await using server = await withPolicy(spec);
  const { body } = await server.send("POST", maps, { body: map("m") });
  const why = "failed to configure policy: failed to find resource referenced by paramKind: 'x.io/v1, Kind=Nope'";
  assert.equal(body.message, `configmaps "m" is forbidden: ValidatingAdmissionPolicy 'p' denied request: ${why}`);
  await server.ok("PATCH", `${group}/validatingadmissionpolicies/p`, {
    body: { spec: { failurePolicy: "Ignore" } },
    contentType: merge,
  });
  await server.ok("POST", maps, { body: map("m") });
});

test("denials may be warnings, and notes for the audit log", async () => {
  const notes: Json[] = [];
  const listen: Admission = { validate: (_server, attempt) => void notes.push(attempt.annotations) };
  const spec = {
    validations: [{ expression: "object.data.x != '<'" }],
    auditAnnotations: [
      { key: "x", valueExpression: "'x is ' + object.data.x" },
      { key: "none", valueExpression: "null" },
    ],
  };
  await using server = await withPolicy(
    spec,
    [{ validationActions: ["Audit"] }, { validationActions: ["Warn"] }],
    [listen],
  );
  const { status, headers } = await server.send("POST", maps, { body: map("m", { x: "<" }) });
  assert.equal(status, 201);
  assert.match(
    String(headers["warning"]),
    /Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b1': failed expression: object\.data\.x != '<'/,
  );
  const failure = String.raw`[{"message":"failed expression: object.data.x != '\u003c'","policy":"p","binding":"b0","expressionIndex":0,"validationActions":["Audit"]}]`;
  assert.deepEqual(notes.at(-1), { "validation.policy.admission.k8s.io/validation_failure": failure, "p/x": "x is <" });
});

test("policies are not asked about policies", async () => {
  const resourceRules = [rule({ apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] })];
  await using server = await withPolicy({
    matchConstraints: { resourceRules },
    validations: [{ expression: "false" }],
  });
  assert.equal(said(await server.send("POST", maps, { body: map("m") })), "422 failed expression: false");
  await server.ok("DELETE", `${group}/validatingadmissionpolicybindings/b0`);
  await server.ok("POST", maps, { body: map("m") });
});

test("the status tells what does not fit the kinds that a policy is about", async () => {
  await using server = await openTestServer();
  const spec = {
    matchConstraints: { resourceRules: [rule({ apiGroups: ["apps", ""], resources: ["deployments", "pods"] })] },
    variables: [{ name: "n", expression: "object.spec.replicas" }],
    validations: [
      { expression: "variables.n > 1 && object.metadata.name == 'x'" },
      { expression: "object.spec.replicas > 1" },
    ],
  };
  const made = await server.ok("POST", `${group}/validatingadmissionpolicies`, { body: policy(spec) });
  assert.deepEqual(made.status, {
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: "spec.validations[1].expression",
          warning:
            "/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas > 1\n | ...........^\n",
        },
      ],
    },
  });
  const fixed = await server.ok("PATCH", `${group}/validatingadmissionpolicies/p`, {
    body: { spec: { validations: [{ expression: "true" }] } },
    contentType: merge,
  });
  assert.deepEqual(fixed.status, { observedGeneration: 2, typeChecking: {} });
});

const wrong: Record<string, { spec: Json; causes: string[] }> = {
  "an expression that does not compile": {
    spec: { validations: [{ expression: "foo" }] },
    causes: [
      `spec.validations[0].expression: Invalid value: "foo": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^`,
    ],
  },
  "types that are wanted otherwise": {
    spec: {
      validations: [{ expression: "{'a': [1]}", messageExpression: "duration('1s')", reason: "Other" }],
      auditAnnotations: [{ key: "k", valueExpression: "1" }],
      matchConditions: [{ name: "c", expression: "null" }],
    },
    causes: [
      'spec.matchConditions[0].expression: Invalid value: "null": must evaluate to bool but got null_type',
      `spec.validations[0].expression: Invalid value: "{'a': [1]}": must evaluate to bool but got map(string, list(int))`,
      `spec.validations[0].messageExpression: Invalid value: "duration('1s')": must evaluate to string but got google.protobuf.Duration`,
      'spec.validations[0].reason: Unsupported value: "Other": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
    ],
  },
  "variables in the wrong order": {
    spec: {
      variables: [
        { name: "a", expression: "variables.b" },
        { name: "b", expression: "1" },
        { name: "in", expression: " " },
      ],
      validations: [{ expression: "variables.b == 'x'" }],
    },
    causes: [
      `spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^`,
      'spec.variables[2].name: Invalid value: "in": must be a valid CEL identifier',
      "spec.variables[2].expression: Required value: expression is not specified",
      `spec.validations[0].expression: Invalid value: "variables.b == 'x'": compilation failed: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(int, string)'\n | variables.b == 'x'\n | ............^`,
    ],
  },
  "nothing to say": {
    spec: {},
    causes: ["validations", "auditAnnotations"].map(
      (field) => `spec.${field}: Required value: validations or auditAnnotations must contain at least one item`,
    ),
  },
};
for (const [name, { spec, causes }] of Object.entries(wrong)) {
  test(`a policy is refused for ${name}`, async () => {
    await using server = await openTestServer();
    const { body } = await server.send("POST", `${group}/validatingadmissionpolicies`, { body: policy(spec) });
    assert.deepEqual(
      body.details.causes.map(({ field, message }: Json) => `${field}: ${message}`),
      causes,
    );
  });
}
