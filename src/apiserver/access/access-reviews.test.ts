import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, openTestServer } from "../testing.ts";
import { binding, create } from "./rbac/testing.ts";

const reviews = "/apis/authorization.k8s.io/v1";
const pods = { verb: "get", resource: "pods", namespace: "default" };
const path = { verb: "get", path: "/x" };

function review(kind: string, spec: Json, metadata?: Json): Json {
  return { apiVersion: "authorization.k8s.io/v1", kind, ...(metadata && { metadata }), spec };
}

const self = (spec: Json, metadata?: Json) => review("SelfSubjectAccessReview", spec, metadata);
const other = (resourceAttributes: Json) => review("SubjectAccessReview", { user: "jane", resourceAttributes });
const local = (spec: Json, metadata?: Json) => review("LocalSubjectAccessReview", { user: "jane", ...spec }, metadata);
const inFields = "spec.resourceAttributes.fieldSelector";
const inLabels = "spec.resourceAttributes.labelSelector";

const refusals: Record<string, { body: Json; want: string[] }> = {
  "asks nothing": {
    body: self({}),
    want: [
      "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    ],
  },
  "asks two things": {
    body: self({ resourceAttributes: pods, nonResourceAttributes: path }),
    want: [
      'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes',
    ],
  },
  "has a name": {
    body: self({ resourceAttributes: pods }, { name: "x" }),
    want: ['metadata: Invalid value: {"name":"x"}: must be empty'],
  },
  "is about nobody": {
    body: review("SubjectAccessReview", { resourceAttributes: pods }),
    want: ['spec.user: Invalid value: "": at least one of user or group must be specified'],
  },
  "selects by nothing": {
    body: other({ ...pods, fieldSelector: {}, labelSelector: {} }),
    want: [inFields, inLabels].map(
      (field) =>
        `${field}.requirements: Required value: when ${field} is specified, requirements or rawSelector is required`,
    ),
  },
  "selects twice": {
    body: other({
      ...pods,
      fieldSelector: { rawSelector: "a=b", requirements: [{ key: "a", operator: "In", values: ["b"] }] },
    }),
    want: [`${inFields}.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`],
  },
  "selects by values that do not fit": {
    body: other({
      ...pods,
      fieldSelector: {
        requirements: [
          { key: "", operator: "In" },
          { key: "x", operator: "Exists", values: ["b"] },
        ],
      },
      labelSelector: { requirements: [{ key: "a", operator: "In", values: ["x y"] }] },
    }),
    want: [
      `${inFields}.requirements[0].key: Required value: must be specified`,
      `${inFields}.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${inFields}.requirements[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      `${inLabels}.requirements[0].values[0]: Invalid value: "x y": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  },
  "is about another namespace": {
    body: local({ resourceAttributes: { ...pods, namespace: "x" } }),
    want: ['spec.resourceAttributes.namespace: Invalid value: "x": must match metadata.namespace'],
  },
  "is about a path in a namespace": {
    body: local({ nonResourceAttributes: path }),
    want: ['spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request'],
  },
  "has a name in a namespace": {
    body: local({ resourceAttributes: pods }, { name: "x" }),
    want: ['metadata: Invalid value: {"name":"x","namespace":"default"}: must be empty except for namespace'],
  },
};
const targets: Record<string, string> = {
  SelfSubjectAccessReview: `${reviews}/selfsubjectaccessreviews`,
  SubjectAccessReview: `${reviews}/subjectaccessreviews`,
  LocalSubjectAccessReview: `${reviews}/namespaces/default/localsubjectaccessreviews`,
  SelfSubjectRulesReview: `${reviews}/selfsubjectrulesreviews`,
};
/** Metadata that is refused is shown with whose the fields are. */
const ownersShown = /"managedFields":\[.*\],/;
for (const [name, { body, want }] of Object.entries(refusals)) {
  test(`an access review that ${name} is refused`, async () => {
    await using server = await openTestServer();
    const answer = await server.send("POST", targets[body.kind] ?? "", { body });
    const causes: Json[] = answer.body.details?.causes ?? [];
    const shown = causes.map(({ field, message }) => `${field}: ${message.replace(ownersShown, "")}`);
    assert.deepEqual([answer.status, shown], [422, want]);
  });
}

const ignored: Record<string, { selectors: Json; want: string | undefined }> = {
  "that are fine": {
    selectors: {
      fieldSelector: { requirements: [{ key: "a", operator: "In", values: ["b"] }] },
      labelSelector: { rawSelector: "a in (b),!c" },
    },
    want: undefined,
  },
  "that cannot be read": {
    selectors: { fieldSelector: { rawSelector: "a=b,c" }, labelSelector: { rawSelector: "a in (b" } },
    want: `${inFields} ignored due to parse error; ${inLabels} ignored due to parse error`,
  },
  "that are known in part": {
    selectors: {
      fieldSelector: {
        requirements: [
          { key: "a", operator: "In", values: ["b", "c"] },
          { key: "x", operator: "NotIn", values: ["b"] },
        ],
      },
      labelSelector: { requirements: [{ key: "a", operator: "Newer", values: ["b"] }] },
    },
    want: `${inFields} partially ignored due to parse error; ${inLabels} ignored due to parse error`,
  },
};
for (const [name, { selectors, want }] of Object.entries(ignored)) {
  test(`an access review with selectors ${name} is answered`, async () => {
    await using server = await openTestServer();
    const { status } = await server.ok("POST", targets["SubjectAccessReview"] ?? "", {
      body: other({ ...pods, ...selectors }),
    });
    assert.deepEqual(status, { allowed: false, ...(want && { evaluationError: want }) });
  });
}

test("a review in a namespace is answered for it alone", async () => {
  await using server = await openTestServer();
  await create(server, binding("RoleBinding", "b", "ClusterRole/view", "User/jane"));
  const answer = await server.ok("POST", targets["LocalSubjectAccessReview"] ?? "", {
    body: local({ resourceAttributes: pods }),
  });
  const { managedFields, ...metadata } = answer.metadata;
  assert.deepEqual([metadata, answer.status.allowed], [{ namespace: "default" }, true]);
  assert.deepEqual(
    managedFields.map(({ manager, operation }: Json) => [manager, operation]),
    [["test", "Update"]],
  );
});

test("an authorizer may deny, and say what went wrong", async () => {
  const authorizer = {
    decide: ({ verb }: { verb: string }) =>
      verb === "create"
        ? { allowed: true, reason: "" }
        : { allowed: false, denied: true, reason: "no", evaluationError: "late" },
    rules: () => ({ resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: "half" }),
  };
  await using server = await openTestServer({ authorizer });
  const { status } = await server.ok("POST", targets["SelfSubjectAccessReview"] ?? "", {
    body: self({ resourceAttributes: pods }),
  });
  assert.deepEqual(status, { allowed: false, denied: true, reason: "no", evaluationError: "late" });
  const rules = await server.ok("POST", targets["SelfSubjectRulesReview"] ?? "", {
    body: review("SelfSubjectRulesReview", { namespace: "default" }),
  });
  assert.deepEqual(rules.status, {
    resourceRules: [],
    nonResourceRules: [],
    incomplete: true,
    evaluationError: "half",
  });
});

test("everybody learns what they may do in a namespace, and which roles are missing", async () => {
  await using server = await openTestServer();
  await create(
    server,
    binding("RoleBinding", "a", "ClusterRole/system:kube-dns", "User/jane", "Group/system:authenticated"),
    binding("RoleBinding", "b", "Role/ghost", "User/jane"),
  );
  const { status, spec } = await server.ok("POST", targets["SelfSubjectRulesReview"] ?? "", {
    user: { name: "jane", groups: [] },
    body: review("SelfSubjectRulesReview", { namespace: "default" }),
  });
  assert.deepEqual(spec, {});
  assert.deepEqual(
    status.resourceRules.map(({ resources }: Json) => resources.join(" ")),
    ["selfsubjectaccessreviews selfsubjectrulesreviews", "selfsubjectreviews", "endpoints services"],
  );
  assert.equal(status.nonResourceRules.length, 2);
  assert.equal(status.evaluationError, 'role.rbac.authorization.k8s.io "ghost" not found');
});
