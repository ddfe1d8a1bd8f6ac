import { randomUUID } from "node:crypto";
import {
  badRequest,
  fieldsAt,
  methodNotAllowed,
  methodUnknown,
  notFound,
  unauthorized,
  unknownResource,
} from "../../apimachinery/index.ts";
import type { Handler, HttpRequest, HttpResponse, User } from "../../lib/index.ts";
import { askedName } from "../access/asked-name.ts";
import { authorize } from "../access/authorize.ts";
import { impersonate } from "../access/impersonate.ts";
import { startTrail, type Trail } from "../audit/trail.ts";
import { apiServicesName } from "../defaults/api-services.ts";
import type { FlowHeaders } from "../flow-control/flows.ts";
import type { Seen } from "../metrics/server-metrics.ts";
import { getList, getObject, getWatch } from "../read/reads.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";
import type { Server } from "../server.ts";
import { postAction } from "../write/actions.ts";
import { removeCollection, removeObject } from "../write/removals.ts";
import { patchObject, postObject, putObject } from "../write/writes.ts";
import { warningHeaders } from "./answer.ts";
import type { Call } from "./call.ts";
import { refuseConnection } from "./connection.ts";
import { isReached, reachingVerbs } from "./containers.ts";
import { errorResponse, ResponseError } from "./errors.ts";
import { negotiate } from "./negotiate.ts";
import { type Path, parsePath, type ResourcePath } from "./path.ts";
import { isPretty } from "./pretty.ts";
import { boolean } from "./query.ts";
import { timeLimitOf, withinLimit } from "./time-limit.ts";

/** Answers what is not about objects: discovery, OpenAPI, health. `undefined` when there is nothing at that path. */
export type Documents = (
  path: Exclude<Path, ResourcePath>,
  request: HttpRequest,
  query: URLSearchParams,
) => HttpResponse | undefined;

/** The Kubernetes API: authenticate → impersonate → authorize → route → the verb, which decodes, admits, stores and encodes. */
export function createHandler(server: Server, documents: Documents): Handler {
  const { audit } = server;
  return async (request) => {
    // Who asks over a connection has one turn at a time already.
    const turn = request.user === undefined ? undefined : server.fairness.turn();
    if (turn !== undefined) await turn;
    const id = auditIdOf(request);
    const trail = audit && startTrail(audit, request, id, server.now);
    const seen: Progress = {};
    const ended = server.metrics?.begin(request.method);
    let response: HttpResponse;
    try {
      response = await answer(server, documents, request, trail, seen);
    } catch (error) {
      const onFailure = (failure: unknown) => {
        trail?.broke(failure);
        server.log.error("Cannot answer a request", { method: request.method, target: request.target, error: failure });
      };
      response = errorResponse(error, onFailure, isPretty(request));
      // Whoever is refused is warned all the same.
      if (seen.warnings?.length) Object.assign(response.headers, { warning: warningHeaders(seen.warnings) });
    }
    seen.body?.[Symbol.dispose]();
    ended?.(seen, response.status, sizeOf(response));
    const answered = { ...response, headers: { "audit-id": id, ...seen.flow, ...response.headers } };
    return trail === undefined ? answered : await trail.answered(answered);
  };
}

/** A client, or a server in front of this one, may have given the request its name. */
function auditIdOf({ headers }: HttpRequest): string {
  const sent = headers["audit-id"];
  return typeof sent === "string" && sent !== "" ? sent : randomUUID();
}

/** How far a request has come, for those who look at its end. */
type Progress = Seen & { warnings?: readonly string[]; body?: Disposable; flow?: FlowHeaders | undefined };

async function answer(
  server: Server,
  documents: Documents,
  request: HttpRequest,
  trail: Trail | undefined,
  seen: Progress,
): Promise<HttpResponse> {
  const { pathname, query } = split(request.target);
  const found = server.authenticator.request(request, pathname);
  const identity = found instanceof Promise ? await found : found;
  const body = identity && server.bodies.bound(request, identity.user);
  if (body !== undefined) seen.body = body;
  const path = parsePath(pathname);
  const verb = path.type === "resource" ? verbOf(request.method, path, query) : undefined;
  const limitMs = verb === "watch" ? undefined : timeLimitOf(query);
  const target = path.type === "resource" ? resourceOf(path, askedName(path, verb ?? "", query)) : { path: pathname };
  seen.path = path;
  if (verb !== undefined) seen.verb = verb;
  seen.dryRun = query.has("dryRun");
  const asked = { verb: verb ?? request.method.toLowerCase(), ...target };
  trail?.asked({ user: identity?.user, ...asked }, identity);
  if (identity === undefined) throw unauthorized();
  const user = impersonate(request, identity.user, server.authorizer);
  if (user !== identity.user) trail?.impersonated(user);
  const attributes = { user, ...asked };
  if (request.user === undefined) seen.flow = server.flows.headersOf(attributes);
  authorize(server.authorizer, attributes, (decision) => trail?.decided(decision));
  if (path.type !== "resource" || verb === undefined) {
    const endpoint = server.endpoints.get(pathname);
    if (endpoint !== undefined) return await endpoint({ ...request, user });
    if (!isKnown(server, path)) throw nothingThere(server, path);
    if (request.method !== "GET" && request.method !== "HEAD") throw methodUnknown();
    const document = path.type === "resource" ? undefined : documents(path, request, query);
    if (document === undefined) throw unknownResource();
    return document;
  }
  if (!isKnown(server, path)) throw nothingThere(server, path);
  const call = route(server, { request, user, path, query, verb });
  seen.warnings = call.warnings;
  if (identity.warnings !== undefined) call.warnings.push(...identity.warnings);
  if (trail !== undefined) call.annotations = trail.annotations;
  const isConnection = isReached(call.resource.storageName, path.subresource);
  return await withinLimit(limitMs, isConnection ? refuseConnection(server, call) : verbs[verb](server, call));
}

/** Whether anything stands at the beginning of a path. What is unknown below a group that is served is answered by it. */
function isKnown({ registry }: Server, path: Path): boolean {
  if (!("group" in path) || path.group === undefined) return path.type !== "unknown";
  return registry.catalog.group(path.group) !== undefined;
}

/** What Go's server says of a path that nobody has taken, or only an API server that is not available. */
function nothingThere(server: Server, path: Path): ResponseError {
  const isElsewhere = "version" in path && isRegistered(server, `${path.version}.${path.group}`);
  return new ResponseError({
    status: isElsewhere ? 503 : 404,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: isElsewhere ? "service unavailable\n" : "404 page not found\n",
  });
}

/** Whether an APIService says that another API server serves this version. */
function isRegistered({ store, keys, parsed }: Server, apiService: string): boolean {
  const entry = store.get(keys.key(apiServicesName, "", apiService));
  return entry !== undefined && fieldsAt(parsed(entry.value), "spec")["service"] !== undefined;
}

/** @returns `undefined` for a body that is written as it comes */
function sizeOf({ body }: HttpResponse): number | undefined {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body === undefined || body instanceof Uint8Array ? (body?.byteLength ?? 0) : undefined;
}

/** Most requests have no query; then nothing is parsed. */
function split(target: string): { pathname: string; query: URLSearchParams } {
  const mark = target.indexOf("?");
  if (mark < 0) return { pathname: target, query: new URLSearchParams() };
  const text = target.slice(mark + 1);
  // As in Go, a parameter that is not encoded well does not exist.
  const pairs = brokenEscape.test(text) ? text.split("&").filter((pair) => !brokenEscape.test(pair)) : undefined;
  return { pathname: target.slice(0, mark), query: new URLSearchParams(pairs?.join("&") ?? text) };
}

const brokenEscape = /%(?![0-9a-fA-F]{2})/;

type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

const verbs: Readonly<Record<Verb, (server: Server, call: Call) => Promise<HttpResponse>>> = {
  get: getObject,
  list: getList,
  watch: getWatch,
  create: (server, call) =>
    isStored(call.resource) && call.path.name === "" ? postObject(server, call) : postAction(server, call),
  update: putObject,
  patch: patchObject,
  delete: removeObject,
  deletecollection: removeCollection,
};

/** Whether objects of the resource are kept; reviews and bindings are answered and forgotten. */
function isStored({ verbs: offered }: ApiResource): boolean {
  return offered.includes("get");
}

function verbOf(method: string, path: ResourcePath, query: URLSearchParams): Verb {
  const single = path.name !== "";
  switch (method) {
    case "GET":
    case "HEAD":
      if (path.watch || (path.subresource === "" && boolean(query, "watch"))) return "watch";
      return single ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return single ? "delete" : "deletecollection";
    default:
      throw methodUnknown();
  }
}

function resourceOf({ group, version, resource, subresource, namespace }: ResourcePath, name: string) {
  return { group, version, resource, subresource, namespace, name };
}

function route(
  server: Server,
  asked: { request: HttpRequest; user: User; path: ResourcePath; query: URLSearchParams; verb: Verb },
): Call {
  const { request, user, query, verb } = asked;
  const { group, version, resource: plural } = asked.path;
  const resource = server.registry.catalog.find(group, version, plural);
  if (resource === undefined) throw unknownResource();
  const isNamespace = resource.storageName === "namespaces";
  const path = isNamespace ? { ...asked.path, namespace: "" } : asked.path;
  if (!resource.namespaced && path.namespace !== "") throw unknownResource();
  if (resource.namespaced && path.namespace === "" && path.name !== "") throw unknownResource();
  if (resource.custom === undefined) checkVerb(resource, path, verb);
  else checkCustomVerb(resource, path, verb);
  if (request.method === "HEAD" && resource.custom === undefined) throw methodUnknown();
  const hasTable = resource.table !== undefined || path.subresource === "scale";
  const accepted = negotiate(
    request.headers.accept,
    (as) => as === "object" || (isStored(resource) && (as === "metadata" || hasTable)),
  );
  const warnings = resource.deprecation === "" ? [] : [resource.deprecation];
  return { request, user, path, query, resource, accepted, warnings };
}

function checkVerb(resource: ApiResource, path: ResourcePath, verb: Verb): void {
  const { subresource, name, namespace } = path;
  if (subresource === "") {
    const perObject = verb === "update" || verb === "patch";
    if (!resource.verbs.includes(verb) || (perObject && name === "") || (verb === "create" && name !== ""))
      throw methodUnknown();
    if (verb === "deletecollection" && resource.namespaced && namespace === "") throw methodUnknown();
    return;
  }
  const found = resource.subresources.find((candidate) => candidate.name === subresource);
  if (found === undefined && !isReached(resource.storageName, subresource)) throw unknownResource();
  if (!(found?.verbs ?? reachingVerbs(subresource)).includes(verb)) throw methodUnknown();
}

/** Custom resources have one handler for all methods, with words of its own. */
function checkCustomVerb(resource: ApiResource, { subresource, name, namespace }: ResourcePath, verb: Verb): void {
  const named = groupResourceOf(resource);
  if (subresource !== "") {
    const found = resource.subresources.find((candidate) => candidate.name === subresource);
    if (found === undefined) throw notFound(named, name);
    if (!found.verbs.includes(verb)) throw methodNotAllowed(named, verb);
    return;
  }
  if (name === "" && (verb === "update" || verb === "patch")) throw badRequest("name must be provided");
  if (!resource.verbs.includes(verb)) throw methodNotAllowed(named, verb);
  if (verb === "deletecollection" && resource.namespaced && namespace === "") throw methodNotAllowed(named, verb);
}
