import { isFields } from "./fields.ts";
import { quoteGo } from "./go-format.ts";

/** Why a request was refused; the words of `metav1.StatusReason`. */
export type StatusReason = keyof typeof codes;

/** One thing that was wrong. `field` is a path like `spec.ports[0].name`; empty when the cause is about no field. */
export type StatusCause = { reason: string; message: string; field: string };

/** `kind` holds the resource (`pods`) in most statuses and the kind (`Pod`) in those of reason `Invalid`. */
export type StatusDetails = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
};

/** The body of every answer of a Kubernetes API that is not the object asked for. */
export type Status = {
  kind: "Status";
  apiVersion: "v1";
  metadata: StatusMetadata;
  status: "Success" | "Failure";
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails;
  /** The HTTP status code. */
  code: number;
};

/** Almost always empty; a list that expired says here how to go on. */
export type StatusMetadata = { resourceVersion?: string; continue?: string; remainingItemCount?: number };

export type GroupResource = { group: string; resource: string };
export type GroupKind = { group: string; kind: string };

/** The HTTP status code that Kubernetes answers with for each reason. */
const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  StoreReadError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

/** A refusal in Kubernetes' own words; handlers send its `status` as the body and its `code` as the HTTP status. */
export class StatusError extends Error {
  readonly status: Status;
  readonly reason: StatusReason;
  readonly code: number;

  constructor(reason: StatusReason, message: string, details?: StatusDetails, metadata: StatusMetadata = {}) {
    super(message);
    this.name = "StatusError";
    this.reason = reason;
    this.code = codes[reason];
    this.status = { kind: "Status", apiVersion: "v1", metadata, status: "Failure", message, reason, code: this.code };
    if (details !== undefined) this.status.details = details;
  }
}

/** Whether `error` is a refusal, and of one of `reasons` if any are given. */
export function isStatusError(error: unknown, ...reasons: StatusReason[]): error is StatusError {
  return error instanceof StatusError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** The body of a success that has no object to show, such as a finished delete. */
export function successStatus(details?: StatusDetails): Status {
  const status: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 200 };
  if (details !== undefined) status.details = details;
  return status;
}

/** `pods`, `deployments.apps`: how messages name a resource. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

export function notFound(resource: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(resource)} ${quoteGo(name)} not found`;
  return new StatusError("NotFound", message, resourceDetails(resource, name));
}

/** For a path that names no resource this server knows. */
export function unknownResource(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", {});
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(resource)} ${quoteGo(name)} already exists`;
  return new StatusError("AlreadyExists", message, resourceDetails(resource, name));
}

/** For a `generateName` whose every attempt was taken. */
export function generateNameConflict(resource: GroupResource, name: string): StatusError {
  const why = "already exists, the server was not able to generate a unique name for the object";
  const details = { ...resourceDetails(resource, name), retryAfterSeconds: 1 };
  return new StatusError("AlreadyExists", `${formatGroupResource(resource)} ${quoteGo(name)} ${why}`, details);
}

/** Why an update with an old `resourceVersion` is refused. Users and clients look for this exact sentence. */
export const objectModified =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: GroupResource, name: string, why: string = objectModified): StatusError {
  const message = `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${quoteGo(name)}: ${why}`;
  return new StatusError("Conflict", message, resourceDetails(resource, name));
}

/** For server-side apply: one cause per field that another manager owns. */
export function applyConflict(message: string, causes: StatusCause[]): StatusError {
  return new StatusError("Conflict", message, { causes });
}

/** What validation found; `causes` in the order it was found. Equal sentences are said once. */
export function invalid({ group, kind }: GroupKind, name: string, all: readonly StatusCause[]): StatusError {
  const causes = firstOf(all);
  const subject = `${group === "" ? kind : `${kind}.${group}`} ${quoteGo(name)} is invalid`;
  const sentences = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  const details = withoutEmpty({ name, group, kind, causes });
  return new StatusError("Invalid", sentences.length === 0 ? subject : `${subject}: ${list}`, details);
}

/**
 * How many causes are told, and how long they may be together, in characters. Kubernetes knows no bound; an answer that is
 * many times as large as the request would be a weapon.
 */
const causesMax = 1_000;
const causesLengthMax = 4 * 2 ** 20;

function firstOf(causes: readonly StatusCause[]): StatusCause[] {
  let length = 0;
  const end = causes.findIndex(({ field, message }, index) => {
    length += field.length + message.length;
    return index >= causesMax || (index > 0 && length > causesLengthMax);
  });
  return end < 0 ? [...causes] : causes.slice(0, end);
}

/** An empty `name` is a collection; an empty resource is a path that is no resource. */
export function forbidden(resource: GroupResource, name: string, why: string): StatusError {
  const what = formatGroupResource(resource);
  const subject =
    what === "" ? "forbidden" : name === "" ? `${what} is forbidden` : `${what} ${quoteGo(name)} is forbidden`;
  return new StatusError("Forbidden", `${subject}: ${why}`, resourceDetails(resource, name));
}

/** What a user asked for, as the authorizer sees it. `resource` may be `pods/log`; without `resource` it is about `path`. */
export type Attempt = { user: string; verb: string } & (
  | { resource: string; group: string; namespace: string; name: string }
  | { path: string }
);

/** The refusal of an authorizer: who may not do what, where. */
export function forbiddenAttempt(attempt: Attempt, why?: string): StatusError {
  const subject = `User ${quoteGo(attempt.user)} cannot ${attempt.verb}`;
  const ending = why === undefined ? "" : `: ${why}`;
  if ("path" in attempt) {
    return forbidden({ group: "", resource: "" }, "", `${subject} path ${quoteGo(attempt.path)}${ending}`);
  }
  const { group, resource, namespace, name } = attempt;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace ${quoteGo(namespace)}`;
  const sentence = `${subject} resource ${quoteGo(resource)} in API group ${quoteGo(group)} ${scope}${ending}`;
  return forbidden({ group, resource: resource.split("/", 1)[0] ?? "" }, name, sentence);
}

export function unauthorized(message = "Unauthorized"): StatusError {
  return new StatusError("Unauthorized", message);
}

export function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message);
}

/** For a `resourceVersion` or `continue` token older than the history kept; `metadata` may say how to go on. */
export function expired(message: string, metadata?: StatusMetadata): StatusError {
  return new StatusError("Expired", message, undefined, metadata);
}

/** @param action a verb such as `create` */
export function methodNotAllowed(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quoteGo(formatGroupResource(resource))}`;
  return new StatusError("MethodNotAllowed", message, resourceDetails(resource, ""));
}

/** For a path that exists and a method that nothing there answers. */
export function methodUnknown(): StatusError {
  return new StatusError("MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

/** @param accepted the media types that would be answered */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError("NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

/** @param accepted the media types that would be read */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const types = accepted.join(", ");
  const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
  return new StatusError("UnsupportedMediaType", message);
}

export function requestTooLarge(why: string): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: ${why}`);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError("TooManyRequests", message, { retryAfterSeconds });
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError("ServiceUnavailable", message);
}

export function timedOut(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError("Timeout", `Timeout: ${message}`, withoutEmpty({ retryAfterSeconds }));
}

/** For a read that asks for a revision this server has not reached within its patience. */
export function resourceVersionTooLarge(asked: string, current: string): StatusError {
  const cause = { reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" };
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new StatusError("Timeout", message, { causes: [cause], retryAfterSeconds: 1 });
}

/** @param why shown to the client: no secrets, no stack */
export function internalError(why: string): StatusError {
  return new StatusError("InternalError", `Internal error occurred: ${why}`, {
    causes: [{ reason: "", message: why, field: "" }],
  });
}

/** For what Kubernetes answers with the bare text of an error: no reason, code 500. */
export function unknownError(message: string): StatusError {
  const error = new StatusError("InternalError", message);
  delete error.status.reason;
  return error;
}

/** The error that a server answered with; `undefined` for a success. Its own code wins over that of its reason. */
export function errorFromStatus(status: Status): StatusError | undefined {
  if (status.status === "Success") return undefined;
  const error = new StatusError(status.reason ?? reasonOfCode(status.code), status.message ?? "");
  return Object.assign(error, { status, code: status.code });
}

/** The reason a client gives an answer that is no `Status`, from its HTTP status code alone. */
export function reasonOfCode(code: number): StatusReason {
  if (code === codes.Conflict) return "Conflict";
  if (code === codes.Expired) return "Expired";
  const reason = Object.entries(codes).find(([, known]) => known === code)?.[0];
  if (isReason(reason)) return reason;
  return code >= 400 && code < 500 ? "BadRequest" : "InternalError";
}

/** Reads a `Status` of any server; `undefined` when `value` is something else. Reasons we do not know are left out. */
export function parseStatus(value: unknown): Status | undefined {
  if (!isFields(value) || value["kind"] !== "Status" || typeof value["apiVersion"] !== "string") return undefined;
  if (value["apiVersion"] !== "v1" && value["apiVersion"] !== "meta.k8s.io/v1") return undefined;
  const failed = value["status"] !== "Success";
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: parseMetadata(value["metadata"]),
    status: failed ? "Failure" : "Success",
    code: failed ? 500 : 200,
  };
  if (typeof value["message"] === "string") status.message = value["message"];
  if (isReason(value["reason"])) {
    status.reason = value["reason"];
    status.code = codes[value["reason"]];
  }
  if (typeof value["code"] === "number") status.code = value["code"];
  const details = parseDetails(value["details"]);
  if (details !== undefined) status.details = details;
  return status;
}

function parseMetadata(value: unknown): StatusMetadata {
  if (!isFields(value)) return {};
  const { resourceVersion, continue: token, remainingItemCount } = value;
  return {
    ...(typeof resourceVersion === "string" && { resourceVersion }),
    ...(typeof token === "string" && { continue: token }),
    ...(typeof remainingItemCount === "number" && { remainingItemCount }),
  };
}

function parseDetails(value: unknown): StatusDetails | undefined {
  if (!isFields(value)) return undefined;
  const { name, group, kind, uid, causes, retryAfterSeconds } = value;
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof group === "string" && { group }),
    ...(typeof kind === "string" && { kind }),
    ...(typeof uid === "string" && { uid }),
    ...(Array.isArray(causes) && { causes: causes.filter(isFields).map(parseCause) }),
    ...(typeof retryAfterSeconds === "number" && { retryAfterSeconds }),
  };
}

function parseCause({ reason, message, field }: Record<string, unknown>): StatusCause {
  return { reason: textOf(reason), message: textOf(message), field: textOf(field) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isReason(value: unknown): value is StatusReason {
  return typeof value === "string" && Object.hasOwn(codes, value);
}

function resourceDetails({ group, resource }: GroupResource, name: string): StatusDetails {
  return withoutEmpty({ name, group, kind: resource });
}

/** Kubernetes leaves empty details out of the JSON. */
function withoutEmpty(details: StatusDetails): StatusDetails {
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== "" && value !== 0 && value !== undefined),
  );
}
