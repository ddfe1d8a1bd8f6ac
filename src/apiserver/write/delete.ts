import {
  conflict,
  invalid,
  invalidValue,
  isFields,
  isStatusError,
  type KubeObject,
  quoteGo,
  type StatusCause,
  unknownError,
} from "../../apimachinery/index.ts";
import { decodeBuiltin } from "../../apis/index.ts";
import type { Entry } from "../../storage/index.ts";
import { newAttempt } from "../admission/admit.ts";
import { definitionsName } from "../crd/definition.ts";
import { markDefinitionDeleted } from "../crd/terminating.ts";
import { dryRunOf, integer } from "../http/query.ts";
import { readable, storedForm } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { decodeStored } from "../stored.ts";
import type { Writing, Written } from "./create.ts";
import { fromLatest, isFinished, liveObject, type Place } from "./update.ts";

/** What a pod gets to end when nobody says otherwise; the default of `terminationGracePeriodSeconds`. */
const podGraceSeconds = 30;

const orphan = "orphan";
const foreground = "foregroundDeletion";

export type DeleteOptions = {
  gracePeriodSeconds: number | undefined;
  preconditions: { uid: string | undefined; resourceVersion: string | undefined };
  propagationPolicy: "Orphan" | "Background" | "Foreground" | undefined;
  /** The older way to say it. */
  orphanDependents: boolean | undefined;
  dryRun: boolean;
};

/** Reads the body of a DELETE, or without one its query. @throws {StatusError} `BadRequest` or `Invalid` */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const sent = body === undefined ? fromQuery(query) : fromBody(body);
  const causes: StatusCause[] = [];
  const dryRun = dryRunOf(sent.dryRun, causes);
  const { propagationPolicy: policy, orphanDependents } = sent;
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    causes.push(invalidValue("propagationPolicy", policy, why));
  }
  if (policy !== undefined && !isPolicy(policy)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "propagationPolicy" });
  } else if (causes.length === 0) {
    return { ...sent, propagationPolicy: policy, dryRun };
  }
  throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", causes);
}

type Sent = Omit<DeleteOptions, "propagationPolicy" | "dryRun"> & {
  propagationPolicy: string | undefined;
  dryRun: string[];
};

function fromQuery(query: URLSearchParams): Sent {
  const orphans = query.get("orphanDependents");
  return {
    gracePeriodSeconds: integer(query, "gracePeriodSeconds"),
    preconditions: { uid: undefined, resourceVersion: undefined },
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    orphanDependents: orphans === null ? undefined : orphans !== "false",
    dryRun: query.getAll("dryRun"),
  };
}

/** @throws {StatusError} without a reason: Kubernetes answers what it cannot read here with the bare error */
function fromBody(body: unknown): Sent {
  const options = isFields(body) ? body : {};
  const { kind = "DeleteOptions", apiVersion = "v1" } = options;
  if (kind !== "DeleteOptions") {
    const known = `no kind ${quoteGo(String(kind))} is registered for version ${quoteGo(String(apiVersion))}`;
    throw unknownError(`${known} in scheme "pkg/api/legacyscheme/scheme.go:30"`);
  }
  try {
    decodeBuiltin(deleteOptions, { ...options, apiVersion: "v1", kind: "DeleteOptions", metadata: {} });
  } catch (error) {
    if (!isStatusError(error, "BadRequest")) throw error;
    throw unknownError(error.message.replace(/^.*? cannot be handled as a DeleteOptions: /, ""));
  }
  const { gracePeriodSeconds, preconditions, propagationPolicy, orphanDependents, dryRun } = options;
  const condition = isFields(preconditions) ? preconditions : {};
  return {
    gracePeriodSeconds: typeof gracePeriodSeconds === "number" ? gracePeriodSeconds : undefined,
    preconditions: { uid: text(condition["uid"]), resourceVersion: text(condition["resourceVersion"]) },
    propagationPolicy: text(propagationPolicy),
    orphanDependents: typeof orphanDependents === "boolean" ? orphanDependents : undefined,
    dryRun: Array.isArray(dryRun) ? dryRun.map(String) : [],
  };
}

const deleteOptions = {
  definition: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
  kind: "DeleteOptions",
  version: "v1",
};

function isPolicy(policy: string): policy is "Orphan" | "Background" | "Foreground" {
  return policy === "Orphan" || policy === "Background" || policy === "Foreground";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * Deletes an object, or marks it as being deleted when a finalizer, a grace period or its kind makes it stay for now.
 *
 * @returns outcome `deleted` when it is gone; `updated` or `unchanged` when it stays
 * @throws {StatusError} `NotFound`, or `Conflict` when it is not the object meant
 */
export async function deleteObject(
  server: Server,
  place: Place,
  writing: Writing,
  options: DeleteOptions,
): Promise<Written> {
  const deleting = { ...writing, dryRun: options.dryRun };
  return await fromLatest(server, place, async (entry) => await step(server, place, deleting, options, entry));
}

async function step(
  server: Server,
  place: Place,
  writing: Writing,
  options: DeleteOptions,
  entry: Entry,
): Promise<Written> {
  const { namespace, name } = place;
  const resource = place.resource.converter === undefined ? place.resource : await readable(place.resource, [entry]);
  const live = liveObject(server, resource, entry);
  checkPreconditions(place, live, options);
  const { dryRun } = writing;
  const attempt = newAttempt({
    operation: "DELETE",
    resource,
    subresource: "",
    namespace,
    name,
    object: undefined,
    live,
    ...writing,
  });
  const { mutate, validate } = server.admission;
  for (const phase of writing.admitted ? [] : [mutate, validate]) {
    const pending = phase(server, attempt);
    if (pending !== undefined) await pending;
  }
  const object = resource.fromStored(decodeStored(entry.value));
  const changed = markDeleted(resource.storageName, object, options, server.now());
  if (isFinished(object)) {
    if (!dryRun) await server.writer.delete(entry.key, entry.modRevision);
    // Only pods, which are deleted gracefully, show a time of deletion when they are gone.
    const last = resource.storageName === "pods" ? object : live;
    return { object: last, entry: undefined, outcome: "deleted" };
  }
  if (!changed) {
    await server.writer.settled(entry.key);
    return { object: live, entry, outcome: "unchanged" };
  }
  if (dryRun) return { object, entry: undefined, outcome: "updated" };
  const written = await server.writer.put(entry.key, entry.modRevision, await storedForm(resource, object));
  return { object, entry: written, outcome: "updated" };
}

function checkPreconditions(
  { resource, name }: Place,
  live: Readonly<KubeObject>,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions;
  const { metadata } = live;
  // Here, and only here, Kubernetes names the kind in the place of the resource.
  const named = { group: resource.group, resource: resource.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid})`;
    throw conflict(named, name, `${why}. The object might have been deleted and then recreated`);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const seen = `the ResourceVersion in record (${metadata.resourceVersion})`;
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match ${seen}`;
    throw conflict(named, name, `${why}. The object might have been modified`);
  }
}

/** Puts into the object what a delete leaves in it. @returns whether that is anything new */
function markDeleted(storageName: string, object: KubeObject, options: DeleteOptions, now: Date): boolean {
  const { metadata } = object;
  const finalizers = finalizersAfter(storageName, metadata.finalizers ?? [], options);
  let changed = finalizers.join() !== (metadata.finalizers ?? []).join();
  if (finalizers.length === 0) delete metadata.finalizers;
  else metadata.finalizers = finalizers;
  const grace = storageName === "pods" ? podGrace(object, options) : 0;
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp === undefined) {
    metadata.generation = metadata.generation === undefined ? undefined : metadata.generation + 1;
  } else if (before !== undefined && before <= grace) {
    return changed;
  }
  metadata.deletionTimestamp = timestamp(new Date(now.getTime() + grace * 1000));
  metadata.deletionGracePeriodSeconds = grace;
  if (storageName === definitionsName) markDefinitionDeleted(object, timestamp(now));
  if (storageName === "namespaces") object["status"] = { ...asRecord(object["status"]), phase: "Terminating" };
  changed = true;
  return changed;
}

/** Kinds whose dependents stay unless something else is asked for, as they did before there was a garbage collector. */
const orphaning: ReadonlySet<string> = new Set(["jobs.batch", "replicationcontrollers"]);

/** What whoever deletes a Job without saying what becomes of its pods shall read. */
export function deleteWarnings(storageName: string, options: DeleteOptions): string[] {
  const { propagationPolicy, orphanDependents } = options;
  if (storageName !== "jobs.batch" || propagationPolicy !== undefined || orphanDependents !== undefined) return [];
  return [
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  ];
}

/** How the wish about dependents is kept until the garbage collector has fulfilled it. */
function finalizersAfter(
  storageName: string,
  finalizers: readonly string[],
  { propagationPolicy, orphanDependents }: DeleteOptions,
): string[] {
  const policy =
    propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? "Orphan" : "Background");
  if (policy === undefined) {
    const isDecided = finalizers.includes(orphan) || finalizers.includes(foreground);
    return orphaning.has(storageName) && !isDecided ? [...finalizers, orphan] : [...finalizers];
  }
  const others = finalizers.filter((finalizer) => finalizer !== orphan && finalizer !== foreground);
  if (policy === "Orphan") return [...others, orphan];
  return policy === "Foreground" ? [...others, foreground] : others;
}

/** Seconds that a pod stays: none for one that no node has taken or that has ended. */
function podGrace(pod: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  const spec = asRecord(pod["spec"]);
  const { phase } = asRecord(pod["status"]);
  if (!spec["nodeName"] || phase === "Failed" || phase === "Succeeded") return 0;
  if (gracePeriodSeconds !== undefined) return gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds;
  const seconds = spec["terminationGracePeriodSeconds"];
  return typeof seconds === "number" ? seconds : podGraceSeconds;
}

function asRecord(value: unknown): Record<string, unknown> {
  return isFields(value) ? value : {};
}
