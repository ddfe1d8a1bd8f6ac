import assert from "node:assert/strict";
import { test } from "node:test";
import * as errors from "./status-error.ts";
import { type Status, StatusError } from "./status-error.ts";

const core = { group: "", resource: "configmaps" };
const apps = { group: "apps", resource: "deployments" };
const deployment = { group: "apps", kind: "Deployment" };
const required = { reason: "FieldValueRequired", message: "Required value", field: "spec.selector" };
const wrong = { reason: "FieldValueInvalid", message: 'Invalid value: "a"', field: "spec.x" };

// What each function makes, as `reason code message`: the sentences that kubectl prints and that tools look for.
const sentences: Record<string, StatusError> = {
  'NotFound 404 configmaps "x" not found': errors.notFound(core, "x"),
  'NotFound 404 deployments.apps "x" not found': errors.notFound(apps, "x"),
  "NotFound 404 the server could not find the requested resource": errors.unknownResource(),
  'AlreadyExists 409 deployments.apps "x" already exists': errors.alreadyExists(apps, "x"),
  'AlreadyExists 409 configmaps "x-" already exists, the server was not able to generate a unique name for the object':
    errors.generateNameConflict(core, "x-"),
  'Conflict 409 Operation cannot be fulfilled on configmaps "x": the object has been modified; please apply your changes to the latest version and try again':
    errors.conflict(core, "x"),
  'Conflict 409 Operation cannot be fulfilled on configmaps "x": the UID differs': errors.conflict(
    core,
    "x",
    "the UID differs",
  ),
  'Invalid 422 Deployment.apps "x" is invalid: spec.selector: Required value': errors.invalid(deployment, "x", [
    required,
  ]),
  'Invalid 422 Deployment.apps "x" is invalid: [spec.selector: Required value, spec.x: Invalid value: "a"]':
    errors.invalid(deployment, "x", [required, wrong]),
  'Invalid 422 Deployment.apps "y" is invalid: spec.x: Invalid value: "a"': errors.invalid(deployment, "y", [
    wrong,
    wrong,
  ]),
  'Invalid 422 Pod "" is invalid': errors.invalid({ group: "", kind: "Pod" }, "", []),
  'Forbidden 403 configmaps "x" is forbidden: no': errors.forbidden(core, "x", "no"),
  "Forbidden 403 deployments.apps is forbidden: no": errors.forbidden(apps, "", "no"),
  "Forbidden 403 forbidden: no": errors.forbidden({ group: "", resource: "" }, "", "no"),
  'Forbidden 403 pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "n"':
    errors.forbiddenAttempt({ user: "u", verb: "list", group: "", resource: "pods", namespace: "n", name: "" }),
  'Forbidden 403 pods "p" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "n"':
    errors.forbiddenAttempt({ user: "u", verb: "get", group: "", resource: "pods/log", namespace: "n", name: "p" }),
  'Forbidden 403 nodes "a" is forbidden: User "u" cannot delete resource "nodes" in API group "" at the cluster scope: no rule':
    errors.forbiddenAttempt(
      { user: "u", verb: "delete", group: "", resource: "nodes", namespace: "", name: "a" },
      "no rule",
    ),
  'Forbidden 403 forbidden: User "u" cannot get path "/healthz"': errors.forbiddenAttempt({
    user: "u",
    verb: "get",
    path: "/healthz",
  }),
  "Unauthorized 401 Unauthorized": errors.unauthorized(),
  "BadRequest 400 why": errors.badRequest("why"),
  "Expired 410 too old": errors.expired("too old"),
  'MethodNotAllowed 405 create is not supported on resources of kind "deployments.apps"': errors.methodNotAllowed(
    apps,
    "create",
  ),
  "MethodNotAllowed 405 the server does not allow this method on the requested resource": errors.methodUnknown(),
  "NotAcceptable 406 only the following media types are accepted: a/b, c/d": errors.notAcceptable(["a/b", "c/d"]),
  "UnsupportedMediaType 415 the body of the request was in an unknown format - accepted media types include: a/b":
    errors.unsupportedMediaType(["a/b"]),
  "RequestEntityTooLarge 413 Request entity too large: limit is 1": errors.requestTooLarge("limit is 1"),
  "TooManyRequests 429 later": errors.tooManyRequests("later", 1),
  "ServiceUnavailable 503 starting": errors.serviceUnavailable("starting"),
  "Timeout 504 Timeout: too slow": errors.timedOut("too slow", 0),
  "Timeout 504 Timeout: Too large resource version: 9, current: 3": errors.resourceVersionTooLarge("9", "3"),
  "InternalError 500 Internal error occurred: why": errors.internalError("why"),
};
for (const [sentence, { status }] of Object.entries(sentences)) {
  test(`says ${sentence}`, () => assert.equal(`${status.reason} ${status.code} ${status.message}`, sentence));
}

test("a status is the JSON that Kubernetes sends", () => {
  assert.deepEqual(errors.notFound(apps, "x").status, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'deployments.apps "x" not found',
    reason: "NotFound",
    details: { name: "x", group: "apps", kind: "deployments" },
    code: 404,
  });
  assert.deepEqual(errors.invalid(deployment, "x", [required]).status.details, {
    name: "x",
    group: "apps",
    kind: "Deployment",
    causes: [required],
  });
  const continued = errors.expired("old", { continue: "token", resourceVersion: "5" });
  assert.deepEqual(continued.status.metadata, { continue: "token", resourceVersion: "5" });
});

test("the error is the status: message, reason and code", () => {
  const error = errors.conflict(core, "x");
  assert.equal(error.message, error.status.message);
  assert.ok(errors.isStatusError(error));
  assert.ok(errors.isStatusError(error, "NotFound", "Conflict"));
  assert.ok(!errors.isStatusError(error, "NotFound"));
  assert.ok(!errors.isStatusError(new Error("Conflict"), "Conflict"));
});

test("parseStatus reads back what was sent", () => {
  for (const { status } of Object.values(sentences)) {
    const parsed = errors.parseStatus(JSON.parse(JSON.stringify(status)));
    assert.deepEqual(parsed, status);
    assert.deepEqual(errors.errorFromStatus(parsed)?.status, status);
  }
  const success = errors.successStatus({ name: "x", uid: "1" });
  assert.deepEqual(errors.parseStatus(success), success);
  assert.equal(errors.errorFromStatus(success), undefined);
});

test("parseStatus takes only a Status, and only what fits out of it", () => {
  for (const other of [
    undefined,
    null,
    "Status",
    [],
    {},
    { kind: "Pod", apiVersion: "v1" },
    { kind: "Status", apiVersion: "v2" },
  ]) {
    assert.equal(errors.parseStatus(other), undefined);
  }
  const odd = {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason: "Teapot",
    code: 418,
    message: 7,
    details: { causes: [1, {}] },
  };
  const expected: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    code: 418,
    details: { causes: [{ reason: "", message: "", field: "" }] },
  };
  const parsed = errors.parseStatus(odd);
  assert.deepEqual(parsed, expected);
  const error = errors.errorFromStatus(expected);
  assert.ok(error instanceof StatusError);
  assert.deepEqual([error.reason, error.code], ["BadRequest", 418]);
});

test("reasonOfCode gives clients the reason of an answer without a body", () => {
  const expected = {
    400: "BadRequest",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    500: "InternalError",
    502: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
  };
  for (const [code, reason] of Object.entries(expected)) assert.equal(errors.reasonOfCode(Number(code)), reason);
});

test("of very many causes the first are told", () => {
  const causes = Array.from({ length: 90_000 }, (_, index) => ({ reason: "x", message: "wrong", field: `f${index}` }));
  const { status, message } = errors.invalid({ group: "", kind: "Pod" }, "a", causes);
  assert.equal(status.details?.causes?.length, 1_000);
  assert.ok(message.endsWith("f999: wrong]"));
  const long = causes.map((cause) => ({ ...cause, message: "x".repeat(3 * 2 ** 20) }));
  assert.equal(errors.invalid({ group: "", kind: "Pod" }, "a", long.slice(0, 3)).status.details?.causes?.length, 1);
});
