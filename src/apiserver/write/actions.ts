import {
  badRequest,
  cloneJson,
  type Fields,
  fieldsAt,
  formatApiVersion,
  isFields,
  type KubeObject,
  methodUnknown,
  notFound,
  parseApiVersion,
  successStatus,
  textAt,
  trackUpdate,
} from "../../apimachinery/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import { reviews } from "../access/reviews.ts";
import { requestToken } from "../access/token-request.ts";
import { newAttempt } from "../admission/admit.ts";
import { answerResponse, statusPieces } from "../http/answer.ts";
import { bodyValue, objectFrom } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObject } from "../http/decode.ts";
import { parseWriteOptions } from "../http/query.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import { setManagedFields, type Writing } from "./create.ts";
import { evictPod } from "./eviction.ts";
import { bindPod } from "./pod-actions.ts";
import type { Place } from "./update.ts";
import { writingOf } from "./writing.ts";

/** POST to what is not a collection of stored objects: reviews, bindings, and the actions below an object. */
export async function postAction(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, user, request, query, accepted, warnings } = call;
  if (resource.storageName === "serviceaccounts") return await requestToken(server, call);
  const review = reviews[`${resource.resource}.${resource.group}`];
  if (review === undefined) return await postPodAction(server, call);
  const options = parseWriteOptions(query, "CreateOptions");
  const object = objectFrom(await readObject(request), resource, { mode: options.fieldValidation, warnings });
  const { authorizer, authenticator } = server;
  const now = timestamp(server.now());
  const context = { user, authorizer, authenticator, namespace: path.namespace, now };
  const asked = cloneJson(object);
  const { manager } = writingOf(call, options);
  const sent = { ...asked, status: undefined };
  const owners = trackUpdate({ before: undefined, after: sent, schema: resource.rules.schema(), manager, now });
  setManagedFields(asked.metadata, owners);
  const answer = await review(asked, context);
  return await answerResponse(
    request,
    { status: 201, pieces: [Buffer.from(JSON.stringify(answer))] },
    accepted,
    warnings,
  );
}

async function postPodAction(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, request, query, accepted, warnings } = call;
  const value = bodyValue(await readObject(request), path.subresource === "eviction" ? "Eviction" : "Binding");
  if (!isFields(value)) throw badRequest("an object is expected");
  const pods = podsOf(server, resource);
  const name = path.name || textAt(value, "metadata", "name");
  const named = textAt(value, "metadata", "name");
  if (path.subresource === "eviction" && named !== name)
    throw badRequest("name in URL does not match name in Eviction object");
  if (named !== "" && named !== name) throw badRequest(`name in URL does not match name in object: ${named}`);
  const pod = { resource: pods, namespace: path.namespace, name };
  const writing = writingOf(call, parseWriteOptions(query, "CreateOptions"));
  if (server.store.latest(server.keys.key("pods", path.namespace, name)) === undefined)
    throw notFound(groupResourceOf(pods), name);
  const action = resource.resource === "bindings" ? "binding" : path.subresource;
  if (action !== "binding" && action !== "eviction") throw methodUnknown();
  const object = await admittedAction(server, { ...pod, subresource: action }, value, writing);
  if (action === "binding") await bindPod(server, pod, object, writing);
  else await evictPod(server, pod, object, { ...writing, admitted: true });
  return await answerResponse(
    request,
    { status: 201, pieces: statusPieces({ ...successStatus(), code: 201 }) },
    accepted,
    warnings,
  );
}

/** What plug-ins make of an object that is acted upon and not stored. @throws {StatusError} when one refuses it */
async function admittedAction(server: Server, place: Place, value: Fields, writing: Writing): Promise<KubeObject> {
  const { namespace, name, subresource } = place;
  const known = subresource === "binding" ? { group: "", kind: "Binding" } : { group: "policy", kind: "Eviction" };
  const version = parseApiVersion(textAt(value, "apiVersion")).version || "v1";
  const kind = { ...known, version };
  const metadata = { ...fieldsAt(value, "metadata"), name, namespace };
  const object = { ...value, apiVersion: formatApiVersion(kind), kind: kind.kind, metadata };
  const attempt = newAttempt({ operation: "CREATE", ...place, kind, object, live: undefined, ...writing });
  await server.admission.mutate(server, attempt);
  await server.admission.validate(server, attempt);
  return attempt.object ?? object;
}

function podsOf(server: Server, resource: ApiResource): ApiResource {
  return server.registry.catalog.find("", "v1", "pods") ?? resource;
}
