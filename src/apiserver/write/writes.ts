import { badRequest, cloneJson, type KubeObject, methodUnknown, StatusError } from "../../apimachinery/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import { authorize } from "../access/authorize.ts";
import { answerResponse } from "../http/answer.ts";
import { objectFrom, objectFromPatch } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObject } from "../http/decode.ts";
import { parseWriteOptions } from "../http/query.ts";
import { presenterFor } from "../read/reads.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { createObject, type Written } from "./create.ts";
import { applied, type Patch, patched, readPatch } from "./patch.ts";
import { scaleOf, withScale } from "./scale.ts";
import { type Change, type Place, updateObject } from "./update.ts";
import { checkApplyOptions, writingOf } from "./writing.ts";

/** POST to a collection. */
export async function postObject(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, warnings } = call;
  const options = parseWriteOptions(query, "CreateOptions");
  const body = await readObject(request);
  const object = objectFrom(body, resource, { mode: options.fieldValidation, warnings });
  checkNamespace(resource, object, path.namespace);
  return await writtenResponse(server, call, await create(server, call, object));
}

/** PUT of an object or of one of its subresources. */
export async function putObject(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, warnings } = call;
  const options = parseWriteOptions(query, "UpdateOptions");
  const body = await readObject(request);
  const writing = writingOf(call, options);
  if (path.subresource === "scale") {
    const change = (live: KubeObject) => ({ object: withScale(resource, cloneJson(live), body.value) });
    const written = await updateObject(server, placeOf(call), writing, change);
    return await writtenResponse(server, call, written);
  }
  const object = objectFrom(body, resource, { mode: options.fieldValidation, warnings });
  checkNamespace(resource, object, path.namespace);
  checkName(object, path.name);
  const key = server.keys.key(resource.storageName, path.namespace, path.name);
  if (resource.createOnUpdate && path.subresource === "" && server.store.latest(key) === undefined) {
    authorize(server.authorizer, { user: call.user, verb: "create", ...resourceOf(call) });
    return await writtenResponse(server, call, await create(server, call, object));
  }
  // A write that is tried again starts from what was sent, not from what the first attempt made of it.
  const written = await updateObject(server, placeOf(call), writing, () => ({ object: cloneJson(object) }));
  return await writtenResponse(server, call, written);
}

/** PATCH of an object or of one of its subresources; apply creates what is absent. */
export async function patchObject(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request } = call;
  const patch = await readPatch(request, resource);
  const options = parseWriteOptions(query, "PatchOptions");
  checkApplyOptions(options, patch.type === "apply");
  const key = server.keys.key(resource.storageName, path.namespace, path.name);
  if (patch.type === "apply" && path.subresource === "" && server.store.latest(key) === undefined) {
    authorize(server.authorizer, { user: call.user, verb: "create", ...resourceOf(call) });
    const { object, managed } = appliedChange(server, call, patch, undefined);
    return await writtenResponse(server, call, await create(server, call, object, managed));
  }
  const change = (live: KubeObject): Change => {
    if (path.subresource === "scale") return scaleChange(call, patch, live);
    return patch.type === "apply" ? appliedChange(server, call, patch, live) : patchedChange(call, patch, live);
  };
  return await writtenResponse(
    server,
    call,
    await updateObject(server, placeOf(call), writingOf(call, options), change),
  );
}

async function create(server: Server, call: Call, object: KubeObject, managed?: Change["managed"]): Promise<Written> {
  const { resource, path } = call;
  if (resource.custom?.terminating) {
    throw new StatusError("MethodNotAllowed", "create not allowed while custom resource definition is terminating", {
      group: resource.group,
      kind: resource.resource,
    });
  }
  if (resource.namespaced && path.namespace === "") throw methodUnknown();
  const writing = writingOf(call, parseWriteOptions(call.query, "CreateOptions"));
  return await createObject(server, resource, path.namespace, object, writing, managed);
}

type ApplyPatch = Extract<Patch, { type: "apply" }>;

function appliedChange(server: Server, call: Call, patch: ApplyPatch, live: KubeObject | undefined): Change {
  const { resource, path, query, warnings } = call;
  const { fieldManager: manager, force = false, fieldValidation: mode } = parseWriteOptions(query, "PatchOptions");
  checkNamespace(resource, patch.applied, path.namespace);
  const { name } = patch.applied.metadata;
  if (name !== undefined) checkName(patch.applied, path.name);
  checkType(resource, patch.applied);
  const now = timestamp(server.now());
  const merged = cloneJson(applied(resource, live, patch, { manager, force, subresource: path.subresource, now }));
  merged.metadata.name = path.name;
  const managed = merged.metadata.managedFields ?? [];
  return { object: objectFromPatch(merged, resource, { mode, warnings }, patch.body), managed };
}

function patchedChange(call: Call, patch: Exclude<Patch, ApplyPatch>, live: KubeObject): Change {
  const { resource, path, query, warnings } = call;
  const { fieldValidation: mode } = parseWriteOptions(query, "PatchOptions");
  const object = cloneJson(patched(resource, live, patch));
  objectFromPatch(object, resource, { mode, warnings }, patch.body);
  checkNamespace(resource, object, path.namespace);
  checkName(object, path.name);
  return { object };
}

/** A patch of a scale changes the Scale, and the count in it goes to the object. */
function scaleChange({ resource }: Call, patch: Patch, live: KubeObject): Change {
  const wanted = patch.type === "apply" ? patch.applied : patched(resource, scaleOf(resource, live), patch);
  return { object: withScale(resource, cloneJson(live), wanted) };
}

function resourceOf({ path: { group, version, resource, subresource, namespace, name } }: Call) {
  return { group, version, resource, subresource, namespace, name };
}

function placeOf({ resource, path }: Call): Place {
  const { namespace, name, subresource } = path;
  return { resource, namespace, name, subresource };
}

async function writtenResponse(server: Server, call: Call, { object, entry, outcome }: Written): Promise<HttpResponse> {
  const { resource, path, request, accepted, query, warnings } = call;
  const status = outcome === "created" ? 201 : 200;
  if (path.subresource !== "scale") {
    const pieces = presenterFor(server, call).object(entry, object);
    return await answerResponse(request, { status, pieces }, accepted, query, warnings);
  }
  const shown =
    entry === undefined
      ? object
      : { ...object, metadata: { ...object.metadata, resourceVersion: String(entry.modRevision) } };
  const pieces = [Buffer.from(JSON.stringify(scaleOf(resource, shown)))];
  return await answerResponse(request, { status, pieces }, accepted, query, warnings);
}

/** An object in a namespace says which, or nothing; one outside of namespaces has its namespace ignored. */
function checkNamespace({ namespaced }: ApiResource, { metadata }: KubeObject, namespace: string): void {
  if (!namespaced) {
    delete metadata.namespace;
    return;
  }
  if (!metadata.namespace) metadata.namespace = namespace;
  if (metadata.namespace === namespace) return;
  throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

function checkName({ metadata }: KubeObject, name: string): void {
  if (!metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name === name) return;
  throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

function checkType({ apiVersion, kind }: ApiResource, object: KubeObject): void {
  if (object.apiVersion === apiVersion && object.kind === kind) return;
  throw badRequest(
    `failed to create typed patch object: the object is a ${object.apiVersion} ${object.kind}, the request is for a ${apiVersion} ${kind}`,
  );
}
