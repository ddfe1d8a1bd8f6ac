import { type KubeObject, notFound } from "../../apimachinery/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import type { Entry } from "../../storage/index.ts";
import { answerResponse, warningHeaders } from "../http/answer.ts";
import type { Call } from "../http/call.ts";
import { parseListOptions } from "../http/query.ts";
import { type ApiResource, groupResourceOf, readable } from "../resource.ts";
import type { Server } from "../server.ts";
import { decodeStored } from "../stored.ts";
import { checkCounted, scaleOf } from "../write/scale.ts";
import { componentStatus, componentStatuses, isComponentStatus } from "./component-statuses.ts";
import { listObjects, listRevision, reach, watchRevision } from "./list.ts";
import { createPresenter, type Pieces, type Presenter } from "./present.ts";
import { scaleEndpoint } from "./table.ts";
import { watchObjects } from "./watch.ts";

/** What shows objects of a call; a promise when a webhook has to convert these entries first. */
export function presenterFor(
  server: Server,
  { resource, accepted, query }: Call,
  entries: readonly (Entry | undefined)[],
): Presenter | Promise<Presenter> {
  const over = (shown: ApiResource) =>
    createPresenter(shown, accepted, { query, frames: server.frames, now: server.now });
  const shown = readable(resource, entries);
  return shown instanceof Promise ? shown.then(over) : over(shown);
}

/** What the endpoint `scale` answers about an object. @throws {StatusError} `NotFound` when it cannot be scaled */
export function scalePieces(server: Server, { resource, accepted, query }: Call, object: KubeObject): Pieces {
  const options = { query, frames: server.frames, now: server.now };
  return createPresenter(scaleEndpoint(resource), accepted, options).object(undefined, scaleOf(resource, object));
}

/** GET of one object or of one of its subresources. */
export async function getObject(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, accepted, warnings } = call;
  await reach(server, listRevision(query.get("resourceVersion") ?? ""));
  const entry = isComponentStatus(resource)
    ? componentStatus(server, path.name)
    : server.store.get(server.keys.key(resource.storageName, path.namespace, path.name));
  if (entry === undefined) throw notFound(groupResourceOf(resource), path.name);
  if (path.subresource === "scale") {
    const shown = (await readable(resource, [entry])).fromStored(decodeStored(entry.value));
    checkCounted(resource, shown);
    return await answerResponse(request, { status: 200, pieces: scalePieces(server, call, shown) }, accepted, warnings);
  }
  const pieces = (await presenterFor(server, call, [entry])).object(entry, undefined);
  return await answerResponse(request, { status: 200, pieces }, accepted, warnings);
}

/** GET of a collection. */
export async function getList(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, accepted, warnings } = call;
  const options = parseListOptions(query);
  const listed = isComponentStatus(resource)
    ? componentStatuses(server, resource, options)
    : await listObjects(server, resource, path.namespace, options);
  const list = (await presenterFor(server, call, listed.entries)).list(listed);
  return await answerResponse(request, { status: 200, list }, accepted, warnings);
}

/** GET with `watch=true`; of one object when the path names it. */
export async function getWatch(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, accepted, warnings } = call;
  const selectors = new URLSearchParams(query);
  if (path.name !== "") {
    const own = selectors.get("fieldSelector");
    selectors.set("fieldSelector", `${own ? `${own},` : ""}metadata.name=${path.name}`);
  }
  const options = parseListOptions(selectors, true);
  if (options.sendInitialEvents === true) await reach(server, watchRevision(options.resourceVersion));
  const reader = resource.converter?.reader();
  const shown = reader?.resource ?? resource;
  const presenter = createPresenter(shown, accepted, { query, frames: server.frames, now: server.now });
  const body = watchObjects(server, shown, path.namespace, options, presenter, request.signal, reader?.fill);
  const headers: Record<string, string | string[]> = {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
  };
  if (warnings.length > 0) headers["warning"] = warningHeaders(warnings);
  return { status: 200, headers, body, lines: true };
}
