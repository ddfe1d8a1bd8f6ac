import {
  badRequest,
  cloneJson,
  isFields,
  methodUnknown,
  notFound,
  successStatus,
  textAt,
} from "../../apimachinery/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import { reviews } from "../access/reviews.ts";
import { answerResponse, statusPieces } from "../http/answer.ts";
import { objectFrom } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObject } from "../http/decode.ts";
import { parseWriteOptions } from "../http/query.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";
import type { Server } from "../server.ts";
import { bindPod, evictPod } from "./pod-actions.ts";
import { writingOf } from "./writing.ts";

/** POST to what is not a collection of stored objects: reviews, bindings, and the actions below an object. */
export async function postAction(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, user, request, query, accepted, warnings } = call;
  const review = reviews[`${resource.resource}.${resource.group}`];
  if (review === undefined) return await postPodAction(server, call);
  const options = parseWriteOptions(query, "CreateOptions");
  const object = objectFrom(await readObject(request), resource, { mode: options.fieldValidation, warnings });
  const { authorizer, tokens } = server;
  const answer = review(cloneJson(object), { user, authorizer, tokens, namespace: path.namespace });
  return await answerResponse(
    request,
    { status: 201, pieces: [Buffer.from(JSON.stringify(answer))] },
    accepted,
    query,
    warnings,
  );
}

async function postPodAction(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, request, query, accepted, warnings } = call;
  const { value } = await readObject(request);
  if (!isFields(value)) throw badRequest("an object is expected");
  const pods = podsOf(server, resource);
  const name = path.name || textAt(value, "metadata", "name");
  const named = textAt(value, "metadata", "name");
  if (named !== "" && named !== name) throw badRequest(`name in URL does not match name in object: ${named}`);
  const pod = { resource: pods, namespace: path.namespace, name };
  const writing = writingOf(call, parseWriteOptions(query, "CreateOptions"));
  if (server.store.latest(server.keys.key("pods", path.namespace, name)) === undefined)
    throw notFound(groupResourceOf(pods), name);
  const action = resource.resource === "bindings" ? "binding" : path.subresource;
  if (action === "binding") await bindPod(server, pod, value, writing);
  else if (action === "eviction") await evictPod(server, pod, value, writing);
  else throw methodUnknown();
  return await answerResponse(
    request,
    { status: 201, pieces: statusPieces({ ...successStatus(), code: 201 }) },
    accepted,
    query,
    warnings,
  );
}

function podsOf(server: Server, resource: ApiResource): ApiResource {
  return server.registry.catalog.find("", "v1", "pods") ?? resource;
}
