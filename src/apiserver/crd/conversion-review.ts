import { randomUUID } from "node:crypto";
import {
  type Fields,
  isFields,
  type KubeObject,
  listAt,
  quoteGo,
  StatusError,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { answerBytesMax, type Caller } from "../admission/webhooks/connect.ts";
import type { Definition } from "./definition.ts";

const group = "apiextensions.k8s.io";
const userAgent = "kube-apiserver-admission";
/** What kube-apiserver gives every call of a webhook that has no time of its own (`defaultRequestTimeout`). */
const timeoutSeconds = 30;

/**
 * Lets a CRD's webhook convert objects to another version.
 *
 * @param objects of one kind, none in the version asked for; not changed
 * @returns the objects in the same order, with the metadata they had but for labels and annotations
 * @throws {StatusError} in Kubernetes' words when the webhook fails
 */
export async function convertByWebhook(
  caller: Caller,
  { conversion }: Definition,
  objects: readonly KubeObject[],
  apiVersion: string,
): Promise<KubeObject[]> {
  const [first] = objects;
  if (first === undefined || conversion === undefined) return [];
  const about = `conversion webhook for ${first.apiVersion}, Kind=${first.kind}`;
  const failed = (why: string) => failure(`${about} failed: ${why}`);
  const version = conversion.reviewVersions.find((known) => known === "v1" || known === "v1beta1");
  if (version === undefined) throw failure("no supported conversion review versions");
  const uid = randomUUID();
  const review = {
    kind: "ConversionReview",
    apiVersion: `${group}/${version}`,
    request: { uid, desiredAPIVersion: apiVersion, objects: objects.map(withoutRevision) },
  };
  const options = { timeoutSeconds, userAgent, answerBytesMax: answerBytesMax + 2 * JSON.stringify(review).length };
  let answer: unknown;
  try {
    answer = await caller.post(conversion.client, review, options);
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error));
  }
  const converted = convertedObjects(answer, { uid, isV1: version === "v1", failed });
  if (converted.length !== objects.length)
    throw failure(`${about} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, index) => checked(object, converted[index], { about, index, apiVersion }));
}

/** As Kubernetes says it: an error of the server without a reason. */
function failure(message: string): StatusError {
  const error = new StatusError("InternalError", message);
  const { reason: _none, ...status } = error.status;
  return Object.assign(error, { status });
}

/** What is stored is converted before it gets its revision. */
function withoutRevision({ metadata, ...object }: KubeObject): Fields {
  const { resourceVersion: _at, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function convertedObjects(
  answer: unknown,
  { uid, isV1, failed }: { uid: string; isV1: boolean; failed: (why: string) => StatusError },
): unknown[] {
  if (isV1) {
    const kind = textAt(answer, "kind");
    const apiVersion = textAt(answer, "apiVersion");
    if (kind !== "ConversionReview" || apiVersion !== `${group}/v1`)
      throw failed(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${apiVersion}, Kind=${kind}`);
  }
  const response = valueAt(answer, "response");
  if (!isFields(response)) throw failed("no response provided");
  const answered = textAt(response, "uid");
  if (isV1 && answered !== uid) throw failed(`expected response.uid=${quoteGo(uid)}, got ${quoteGo(answered)}`);
  const status = textAt(response, "result", "status");
  if (status !== "Success")
    throw failed(textAt(response, "result", "message") || `response.result.status was '${status}', not 'Success'`);
  return listAt(response, "convertedObjects");
}

function checked(
  before: KubeObject,
  after: unknown,
  { about, index, apiVersion }: { about: string; index: number; apiVersion: string },
): KubeObject {
  const wrongType = (what: string) => failure(`${about} returned invalid object at index ${index}: invalid ${what}`);
  const wrong = (what: string) => failure(`${about} returned invalid object: ${what}`);
  const got = textAt(after, "apiVersion");
  if (!isFields(after) || got !== apiVersion) throw wrongType(`groupVersion (expected ${apiVersion}, received ${got})`);
  const kind = textAt(after, "kind");
  if (kind !== before.kind) throw wrongType(`kind (expected ${before.kind}, received ${kind})`);
  for (const [field, name] of [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const) {
    const [old = "", now] = [before.metadata[field], textAt(after, "metadata", field)];
    if (old !== now) throw wrong(`must have the same ${name}: ${old} != ${now}`);
  }
  const { apiVersion: _sameVersion, kind: _sameKind, metadata: _sent, ...content } = after;
  return { apiVersion, kind, metadata: restored(before, after, about), ...content };
}

/** A webhook may change labels and annotations, and nothing else of the metadata. */
function restored(before: KubeObject, after: Fields, about: string): KubeObject["metadata"] {
  const metadata = { ...before.metadata };
  for (const field of ["labels", "annotations"] as const) {
    const value = valueAt(after, "metadata", field);
    delete metadata[field];
    if (value === undefined || value === null) continue;
    const entries = isFields(value) ? Object.entries(value) : undefined;
    const texts = entries?.filter((entry): entry is [string, string] => typeof entry[1] === "string");
    if (entries === undefined || texts?.length !== entries.length) {
      const why = `metadata.${field} of type ${Array.isArray(value) ? "list" : typeof value} in converted object`;
      throw failure(`${about} returned invalid metadata: invalid ${why}`);
    }
    metadata[field] = Object.fromEntries(texts);
  }
  return metadata;
}
