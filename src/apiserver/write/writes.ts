import { badRequest, cloneJson, type KubeObject, methodUnknown, StatusError } from "../../apimachinery/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import { authorize } from "../access/authorize.ts";
import { answerResponse } from "../http/answer.ts";
import { objectFrom, objectFromPatch, type PatchReading } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObject } from "../http/decode.ts";
import { parseWriteOptions } from "../http/query.ts";
import { presenterFor, scalePieces } from "../read/reads.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { createObject, type Written } from "./create.ts";
import { applied, appliedObject, type Patch, patched, readPatch, unfit } from "./patch.ts";
import { patchedScale, scaleBody, withScale } from "./scale.ts";
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
    const scale = objectFrom(body, scaleBody, { mode: options.fieldValidation, warnings });
    checkNamespace(resource, scale, path.namespace);
    checkName(scale, path.name);
    const change = (live: KubeObject) => ({ object: withScale(resource, cloneJson(live), scale) });
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
  const written = await updateObject(server, placeOf(call), writing, () => ({
    object: cloneJson(object),
    isWhole: true,
  }));
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

function appliedChange(server: Server, call: Call, patch: Patch, live: KubeObject | undefined): Change {
  const { resource, path, query, warnings } = call;
  const { fieldManager: manager, force = false, fieldValidation: mode } = parseWriteOptions(query, "PatchOptions");
  const sent = appliedObject(patch, resource);
  const now = timestamp(server.now());
  const merged = cloneJson(applied(resource, live, sent, { manager, force, subresource: path.subresource, now }));
  checkNamespace(resource, merged, path.namespace);
  merged.metadata.name ??= path.name;
  checkName(merged, path.name);
  const managed = merged.metadata.managedFields ?? [];
  return { object: objectFromPatch(merged, resource, { mode, warnings }, applyReading(patch)), managed };
}

/** Values of a wrong type have been refused before; what is left to tell is what stands twice. */
function applyReading({ body }: Patch): PatchReading {
  return {
    strictProblems: body.strictProblems,
    unread: badRequest,
    strict: (problems) => badRequest(`error strict decoding YAML: error converting YAML to JSON: ${problems}`),
  };
}

function patchedChange(call: Call, patch: Patch, live: KubeObject): Change {
  const { resource, path, query, warnings } = call;
  const { fieldValidation: mode } = parseWriteOptions(query, "PatchOptions");
  const object = cloneJson(patched(resource, live, patch));
  const shown = cloneJson(object);
  objectFromPatch(object, resource, { mode, warnings }, patchReading(patch, shown));
  checkNamespace(resource, object, path.namespace);
  checkName(object, path.name);
  return { object };
}

function patchReading(patch: Patch, shown: KubeObject): PatchReading {
  const prefix = patch.type === "json" ? "json patch " : "";
  return {
    // What stands twice stands in the patch; what is unknown stands in what it makes of the object.
    strictProblems: (unknown) => [
      ...patch.body.strictProblems([]).map((problem) => prefix + problem),
      ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ],
    unread: (why) => unfit(patch, shown, patch.type === "strategic" ? restoreText(why) : why),
    strict: (problems) => unfit(patch, shown, `strict decoding error: ${problems}`),
  };
}

/** What the JSON decoder says of a wrong type, in the words of the converter that reads strategic patches. */
function restoreText(why: string): string {
  const parts = /cannot unmarshal (\w+)(?: \S+)? into Go .* of type (.*)$/.exec(why);
  if (parts === null) return why;
  const [, found = "", wanted = ""] = parts;
  const kind = goKinds[found] ?? found;
  if (wanted.startsWith("map[")) return `cannot restore map from ${kind}`;
  if (wanted.startsWith("[]")) return `cannot restore slice from ${kind}`;
  return wanted.includes(".") ? `cannot restore struct from: ${kind}` : `cannot convert ${kind} to ${wanted}`;
}

const goKinds: Readonly<Record<string, string>> = {
  array: "slice",
  number: "int64",
  object: "map[string]interface {}",
};

/** A patch of a scale changes the Scale, and the count in it goes to the object. */
function scaleChange({ resource }: Call, patch: Patch, live: KubeObject): Change {
  const kind = { ...resource, apiVersion: "autoscaling/v1", kind: "Scale" };
  const wanted =
    patch.type === "apply" ? appliedObject(patch, kind) : patched(kind, patchedScale(resource, live), patch);
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
  const { path, request, accepted, warnings } = call;
  const status = outcome === "created" ? 201 : 200;
  if (path.subresource !== "scale") {
    const pieces = (await presenterFor(server, call, [entry])).object(entry, object);
    return await answerResponse(request, { status, pieces }, accepted, warnings);
  }
  const shown =
    entry === undefined
      ? object
      : { ...object, metadata: { ...object.metadata, resourceVersion: String(entry.modRevision) } };
  return await answerResponse(request, { status, pieces: scalePieces(server, call, shown) }, accepted, warnings);
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
