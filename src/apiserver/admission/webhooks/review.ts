import {
  badRequest,
  type Fields,
  type GroupVersionKind,
  isFields,
  type KubeObject,
  listAt,
  parseExactJson,
  quoteGo,
  type StatusError,
  textAt,
  textsAt,
  valueAt,
} from "../../../apimachinery/index.ts";
import type { Attempt } from "../admit.ts";
import { type Invocation, kindOf, namespaceOf } from "./match.ts";

/** A write in the version that a webhook asks for. */
export type View = { object: KubeObject | undefined; oldObject: KubeObject | undefined };

const group = "admission.k8s.io";

/** What is sent to a webhook, in the first version that it reads. @throws {Error} when we speak none of its versions */
export function reviewRequest(attempt: Attempt, invocation: Invocation, view: View, uid: string): Fields {
  const version = invocation.webhook.reviewVersions.find((known) => known === "v1" || known === "v1beta1");
  if (version === undefined)
    throw new Error(
      "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    );
  return {
    kind: "AdmissionReview",
    apiVersion: `${group}/${version}`,
    request: admissionRequest(attempt, invocation, view, uid),
  };
}

/** The `AdmissionRequest` that webhooks and expressions see. */
export function admissionRequest(
  attempt: Attempt,
  { resource, kind }: Pick<Invocation, "resource" | "kind">,
  { object, oldObject }: View,
  uid: string,
): Fields {
  const { operation, subresource, dryRun, user } = attempt;
  const namespace = namespaceOf(attempt);
  const { name: username, uid: userUid, groups, extra } = user;
  return {
    uid,
    kind: kindFields(kind),
    resource: { group: resource.group, version: resource.version, resource: resource.resource },
    ...(subresource === "" ? {} : { subResource: subresource }),
    requestKind: kindFields(kindOf(attempt, attempt.resource)),
    requestResource: {
      group: attempt.resource.group,
      version: attempt.resource.version,
      resource: attempt.resource.resource,
    },
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(attempt.name === "" ? {} : { name: attempt.name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: {
      username,
      ...(userUid === undefined ? {} : { uid: userUid }),
      groups,
      ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
    },
    object: shown(operation, object),
    oldObject: oldObject ?? null,
    dryRun,
    options:
      operation === "CONNECT"
        ? null
        : { kind: optionKinds[operation], apiVersion: "meta.k8s.io/v1", ...attempt.options },
  };
}

const optionKinds = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;

/** What CONNECT asks for has no metadata. */
function shown(operation: Attempt["operation"], object: KubeObject | undefined): Fields | null {
  if (object === undefined || operation !== "CONNECT") return object ?? null;
  const { metadata: _none, ...options } = object;
  return options;
}

function kindFields({ group: own, version, kind }: GroupVersionKind): Fields {
  return { group: own, version, kind };
}

/** What a webhook has decided. */
export type Verdict = {
  allowed: boolean;
  status: Fields | undefined;
  /** A list of JSON patch operations, when there is one. */
  patch: unknown[];
  warnings: string[];
  auditAnnotations: Record<string, string>;
};

/**
 * Reads what a webhook has answered.
 *
 * @param sent what it was asked
 * @throws {Error} whose message goes on from `failed calling webhook "…": `
 */
export function readVerdict(answer: unknown, sent: Fields, mutating: boolean): Verdict {
  const { apiVersion } = sent;
  const isV1 = apiVersion === `${group}/v1`;
  checkType(answer, apiVersion);
  const response = valueAt(answer, "response");
  if (!isFields(response)) throw invalidResponse("webhook response was absent");
  const uid = textAt(sent, "request", "uid");
  if (isV1 && textAt(response, "uid") !== uid)
    throw invalidResponse(`expected response.uid=${quoteGo(uid)}, got ${quoteGo(textAt(response, "uid"))}`);
  if (isV1 && (textAt(answer, "kind") === "" || textAt(answer, "apiVersion") === "")) {
    const got = `${textAt(answer, "apiVersion")}, Kind=${textAt(answer, "kind")}`;
    throw invalidResponse(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${got}`);
  }
  const annotations = Object.entries(valueAt(response, "auditAnnotations") ?? {});
  return {
    allowed: response["allowed"] === true,
    status: isFields(response["status"]) ? response["status"] : undefined,
    patch: readPatch(response, mutating, isV1),
    warnings: textsAt(response, "warnings"),
    auditAnnotations: Object.fromEntries(annotations.map(([key, value]) => [key, String(value)])),
  };
}

function checkType(answer: unknown, apiVersion: unknown): void {
  const kind = textAt(answer, "kind") || "AdmissionReview";
  const version = textAt(answer, "apiVersion") || String(apiVersion);
  const known = [`${group}/v1`, `${group}/v1beta1`].includes(version) && kind === "AdmissionReview";
  if (!known) {
    const scheme = 'in scheme "pkg/runtime/scheme.go:110"';
    throw failedCall(`no kind ${quoteGo(kind)} is registered for version ${quoteGo(version)} ${scheme}`);
  }
  if (version === apiVersion) return;
  const short = (text: string) => text.slice(group.length + 1);
  const types = `(${short(version)}.AdmissionReview) to (${short(String(apiVersion))}.AdmissionReview)`;
  throw failedCall(`converting ${types}: unknown conversion`);
}

function readPatch(response: Fields, mutating: boolean, isV1: boolean): unknown[] {
  const encoded = textAt(response, "patch");
  const { patchType } = response;
  if (!mutating) {
    if (isV1 && encoded !== "") throw invalidResponse("validating webhook may not return response.patch");
    if (isV1 && patchType !== undefined && patchType !== null)
      throw invalidResponse("validating webhook may not return response.patchType");
    return [];
  }
  const hasType = patchType !== undefined && patchType !== null;
  if (isV1 && encoded !== "" && !hasType)
    throw invalidResponse("webhook returned response.patch but not response.patchType");
  if (isV1 && encoded === "" && hasType)
    throw invalidResponse("webhook returned response.patchType but not response.patch");
  if (isV1 && patchType === "") throw invalidResponse('webhook returned invalid response.patchType of ""');
  if (encoded === "") return [];
  const patch = decodePatch(encoded);
  if (isV1 && patch.length > 0 && patchType !== "JSONPatch")
    throw new Error(`unsupported patch type ${quoteGo(String(patchType))}`);
  return patch;
}

function decodePatch(encoded: string): unknown[] {
  const undecodable = (why: string) => new Error(`received undecodable patch in webhook response: ${why}`);
  let patch: unknown;
  try {
    patch = parseExactJson(Buffer.from(encoded, "base64").toString());
  } catch (error) {
    throw undecodable(error instanceof Error ? error.message : String(error));
  }
  if (!Array.isArray(patch)) {
    const type = isFields(patch) ? "object" : typeof patch;
    throw undecodable(`json: cannot unmarshal ${type} into Go value of type jsonpatch.Patch`);
  }
  return listAt({ patch }, "patch");
}

function invalidResponse(why: string): Error {
  return new Error(`received invalid webhook response: ${why}`);
}

function failedCall(why: string): Error {
  return new Error(`failed to call webhook: ${why}`);
}

/** The refusal of a webhook: its own status, with a code of an error and a message that says who refuses. */
export function denial(name: string, status: Fields | undefined): StatusError {
  const by = `admission webhook ${quoteGo(name)} denied the request`;
  const why = textAt(status, "message") || textAt(status, "reason");
  const message = why === "" ? `${by} without explanation` : `${by}: ${why}`;
  const code = typeof status?.["code"] === "number" && status["code"] >= 400 ? status["code"] : 400;
  const error = badRequest(message);
  const { reason: _ours, ...rest } = error.status;
  const reason = textAt(status, "reason");
  const details = valueAt(status, "details");
  const own = {
    ...rest,
    ...(reason === "" ? {} : { reason }),
    ...(isFields(details) ? { details } : {}),
    code,
  };
  // Reasons and codes of webhooks are theirs: the client gets them as they are.
  return Object.assign(error, { status: own, code });
}
