import {
  badRequest,
  compareUtf8,
  formatApiVersion,
  invalid,
  isFields,
  isStatusError,
  type KubeObject,
  parseApiVersion,
  quoteGo,
  type StatusError,
} from "../../apimachinery/index.ts";
import { builtinResources } from "../../apis/index.ts";
import { textOf } from "../../lib/index.ts";
import type { ApiResource, Rules } from "../resource.ts";
import type { Body } from "./decode.ts";
import type { FieldValidation } from "./query.ts";

/** The kind that a body must be of. */
export type BodyKind = Pick<ApiResource, "apiVersion" | "kind" | "version" | "custom"> & {
  rules: Pick<Rules, "decode" | "prune">;
};

/** How a request deals with fields that the kind does not have or that stand twice. */
export type Strictness = { mode: FieldValidation; warnings: string[] };

/**
 * Makes an object of the resource's kind out of a decoded body: of the right type, its values in the form the server keeps,
 * without unknown fields.
 *
 * @throws {StatusError} `BadRequest` for another kind, for values of a wrong type, and with `Strict` for fields that do not
 *   belong; `Invalid` for another kind in the place of a custom one
 */
export function objectFrom(body: Body, resource: BodyKind, strictness: Strictness): KubeObject {
  const sent = sentKind(body, resource);
  if (resource.custom === undefined) refuseOtherBuiltin(sent, resource);
  const { value } = body;
  const object = kubeObject(isFields(value) ? value : {}, sent);
  resource.rules.decode(object);
  const refusal = (problems: string) => notHandled(sent, sent, `strict decoding error: ${problems}`);
  cleanFields(object, resource, strictness, body.strictProblems, refusal);
  if (resource.custom !== undefined) refuseOtherCustom(object, sent, resource);
  return object;
}

/** What is said of a patch whose outcome is wrong: strict problems, and a value of a wrong type. */
export type PatchReading = {
  strictProblems: (unknown: readonly string[]) => string[];
  unread: (why: string) => StatusError;
  strict: (problems: string) => StatusError;
};

/** The same for what a patch has made of an object; a problem is then the patch's. */
export function objectFromPatch(
  object: KubeObject,
  resource: BodyKind,
  strictness: Strictness,
  { strictProblems, unread, strict }: PatchReading,
): KubeObject {
  try {
    resource.rules.decode(object);
  } catch (error) {
    if (!isStatusError(error, "BadRequest")) throw error;
    throw unread(error.message.replace(/^.*? cannot be handled as a [^:]*: /, ""));
  }
  cleanFields(object, resource, strictness, strictProblems, strict);
  return object;
}

function cleanFields(
  object: KubeObject,
  resource: BodyKind,
  { mode, warnings }: Strictness,
  strictProblems: (unknown: readonly string[]) => string[],
  refusal: (problems: string) => StatusError,
): void {
  keepReset(object);
  const unknown = resource.rules.prune(object);
  if (mode === "Ignore") return;
  // What the schema of a custom resource drops is known later than what the decoder finds, and told in order.
  const problems =
    resource.custom === undefined
      ? strictProblems(unknown)
      : [
          ...strictProblems([]),
          ...unknown.toSorted(compareUtf8).map((path) => `unknown field ${JSON.stringify(path)}`),
        ];
  if (problems.length === 0) return;
  if (mode !== "Strict") warnings.push(...problems);
  else throw refusal(problems.map(strictText).join(", "));
}

/** How YAML's strict reader begins what it says. */
function strictText(problem: string): string {
  return problem.startsWith("line ") ? `yaml: unmarshal errors:\n  ${problem}` : problem;
}

/** An empty list of managers means that tracking starts anew, as one empty entry does, which pruning leaves alone. */
function keepReset({ metadata }: KubeObject): void {
  const { managedFields } = metadata as { managedFields?: unknown };
  if (Array.isArray(managedFields) && managedFields.length === 0) Object.assign(metadata, { managedFields: [{}] });
}

/** The value of a body that is read without a schema. @throws {StatusError} `BadRequest` for what cannot be read */
export function bodyValue({ fault, value, bytes }: Body, kind: string): unknown {
  if (fault !== undefined) throw unrecognized({ kind }, fault, bytes);
  return value;
}

/** What a body says it is. */
type SentKind = { apiVersion: string; group: string; version: string; kind: string };

/**
 * The kind that a body names. One of a built-in kind may leave out what the URL says; a custom one has no other way to say
 * what it is.
 *
 * @throws {StatusError} `BadRequest` for what is no object or names no kind
 */
function sentKind(body: Body, resource: BodyKind): SentKind {
  const { fault, bytes, value } = body;
  if (fault !== undefined) throw unrecognized(resource, fault, bytes);
  if (value !== null && !isFields(value)) {
    throw unrecognized(resource, `${noKind} ${describeJson(value)} into Go value of type ${typeMeta}`, bytes);
  }
  const apiVersion = value?.["apiVersion"] ?? "";
  const kind = value?.["kind"] ?? "";
  for (const [field, text] of Object.entries({ apiVersion, kind })) {
    if (typeof text === "string") continue;
    throw unrecognized(
      resource,
      `${noKind} ${describeJson(text)} into Go struct field .${field} of type string`,
      bytes,
    );
  }
  const known = { apiVersion: String(apiVersion), kind: String(kind) };
  if (known.apiVersion.split("/").length > 2)
    throw unrecognized(resource, `unexpected GroupVersion string: ${known.apiVersion}`, bytes);
  if (resource.custom === undefined) {
    const named = { apiVersion: known.apiVersion || resource.apiVersion, kind: known.kind || resource.kind };
    return { ...named, ...parseApiVersion(named.apiVersion) };
  }
  if (known.kind === "") throw unrecognized(resource, `Object 'Kind' is missing in '${textOf(bytes)}'`, bytes);
  return { ...known, ...parseApiVersion(known.apiVersion) };
}

const noKind = "couldn't get version/kind; json parse error: json: cannot unmarshal";
/** The struct that Kubernetes reads a body's kind into, as Go prints it. */
const typeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function refuseOtherBuiltin(sent: SentKind, resource: BodyKind): void {
  const { apiVersion, kind } = sent;
  if (apiVersion === resource.apiVersion && kind === resource.kind) return;
  const listed = kind.replace(/List$/, "");
  const known = builtinResources.some(
    (builtin) => formatApiVersion(builtin) === apiVersion && (builtin.kind === kind || builtin.kind === listed),
  );
  if (!known) {
    const where = 'in scheme "pkg/api/legacyscheme/scheme.go:30"';
    throw notHandled(
      sent,
      resource,
      `no kind ${quoteGo(kind)} is registered for version ${quoteGo(apiVersion)} ${where}`,
    );
  }
  if (kind === resource.kind && sent.group === parseApiVersion(resource.apiVersion).group) {
    throw otherVersion(apiVersion, resource);
  }
  const internal = internalPackages[parseApiVersion(resource.apiVersion).group] ?? firstLabel(resource.apiVersion);
  throw notHandled(
    sent,
    resource,
    `converting (${sent.version}.${kind}) to (${internal}.${resource.kind}): unknown conversion`,
  );
}

/** The Go packages of Kubernetes' own types, where they are not called by the first label of the group. */
const internalPackages: Readonly<Record<string, string>> = { "": "core", "events.k8s.io": "core" };

function firstLabel(apiVersion: string): string {
  return /^[^./]*/.exec(apiVersion)?.[0] ?? "";
}

function refuseOtherCustom(object: KubeObject, { apiVersion, group, kind }: SentKind, resource: BodyKind): void {
  if (apiVersion !== resource.apiVersion) throw otherVersion(apiVersion, resource);
  if (kind === resource.kind) return;
  const message = `Invalid value: ${quoteGo(kind)}: must be ${resource.kind}`;
  const cause = { reason: "FieldValueInvalid", message, field: "kind" };
  throw invalid({ group, kind }, object.metadata.name ?? "", [cause]);
}

function otherVersion(apiVersion: string, resource: BodyKind): StatusError {
  const versions = `data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`;
  return badRequest(`the API version in the ${versions}`);
}

/** Its parts still have to be decoded, `metadata` among them. */
function kubeObject(value: Record<string, unknown>, { apiVersion, kind }: SentKind): KubeObject {
  return Object.assign(value, { apiVersion, kind, metadata: value["metadata"] ?? {} }) as KubeObject;
}

function notHandled(sent: SentKind, { kind }: { kind: string }, why: string): StatusError {
  return badRequest(`${sent.kind} in version ${quoteGo(sent.version)} cannot be handled as a ${kind}: ${why}`);
}

/** How much of a body is told to its sender, in bytes. */
const summaryBytes = 30;

/** The refusal of a body whose kind cannot be told. */
function unrecognized({ kind }: Pick<BodyKind, "kind">, why: string, bytes: Uint8Array): StatusError {
  const start = Buffer.from(bytes.subarray(0, summaryBytes));
  const shown = start.toString(bytes[0] === "{".charCodeAt(0) ? "utf8" : "hex");
  const summary = bytes.byteLength === 0 ? "<empty>" : bytes.byteLength > summaryBytes ? `${shown} ...` : shown;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`);
}

/** The type of a value, as Go's decoder calls it. */
export function describeJson(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isFields(value)) return "object";
  return typeof value === "boolean" ? "bool" : typeof value;
}
