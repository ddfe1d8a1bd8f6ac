import { type Fields, isStatusError, type Status, successStatus, unknownError } from "../../apimachinery/index.ts";
import { type HttpResponse, readBody } from "../../lib/index.ts";
import { answerResponse, statusPieces } from "../http/answer.ts";
import type { Call } from "../http/call.ts";
import { bodyBytesMax, readObject } from "../http/decode.ts";
import { parseListOptions } from "../http/query.ts";
import { listObjects } from "../read/list.ts";
import { presenterFor } from "../read/reads.ts";
import { type ApiResource, showsDeleted } from "../resource.ts";
import type { Server } from "../server.ts";
import type { Writing, Written } from "./create.ts";
import { type DeleteOptions, deleteObject, deleteWarnings, parseDeleteOptions } from "./delete.ts";
import { writingOf } from "./writing.ts";

/** How many deletes of a collection go to the store together. */
const batchSize = 500;

/** DELETE of one object. */
export async function removeObject(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, request, accepted, warnings } = call;
  const options = await readDeleteOptions(call);
  warnings.push(...deleteWarnings(resource.storageName, options));
  const { namespace, name } = path;
  const written = await deleteObject(
    server,
    { resource, namespace, name, subresource: "" },
    writing(call, options),
    options,
  );
  const pieces =
    written.outcome === "deleted" && !showsDeleted(resource)
      ? statusPieces(goneStatus(resource, written))
      : (await presenterFor(server, call, [written.entry])).object(written.entry, written.object);
  const status = written.outcome !== "deleted" && waitsForDependents(options) ? 202 : 200;
  return await answerResponse(request, { status, pieces }, accepted, warnings);
}

/** DELETE of a collection: what is selected, one after the other. The answer lists what was there. */
export async function removeCollection(server: Server, call: Call): Promise<HttpResponse> {
  const { resource, path, query, request, accepted, warnings } = call;
  const options = await readDeleteOptions(call);
  warnings.push(...deleteWarnings(resource.storageName, options));
  const listed = await listObjects(server, resource, path.namespace, parseListOptions(query));
  const list = (await presenterFor(server, call, listed.entries)).list(listed);
  for (let start = 0; start < listed.entries.length; start += batchSize) {
    const batch = listed.entries.slice(start, start + batchSize);
    const results = await Promise.allSettled(
      batch.map(({ key }) =>
        deleteObject(
          server,
          { resource, ...server.keys.nameOf(key, resource.namespaced), subresource: "" },
          writing(call, options),
          options,
        ),
      ),
    );
    for (const result of results) {
      if (result.status === "rejected" && !isStatusError(result.reason, "NotFound")) throw result.reason;
    }
  }
  return await answerResponse(request, { status: 200, list }, accepted, warnings);
}

async function readDeleteOptions({ request, query }: Call): Promise<DeleteOptions> {
  const bytes = await readBody(request.body, bodyBytesMax);
  if (bytes.byteLength === 0) return parseDeleteOptions(undefined, query);
  const { fault, value } = await readObject({ ...request, body: bytes });
  if (fault !== undefined) throw unknownError(fault);
  return parseDeleteOptions(value, query);
}

function writing(call: Call, options: DeleteOptions): Writing {
  const { dryRun } = options;
  const writing = writingOf(call, { dryRun, fieldManager: "", fieldValidation: "Ignore", force: undefined });
  return { ...writing, options: sentOptions(options) };
}

/** The fields of `DeleteOptions` that the client has set. */
function sentOptions({ preconditions, dryRun, ...others }: DeleteOptions): Fields {
  const options: Fields = { ...others };
  if (dryRun) options["dryRun"] = ["All"];
  if (Object.values(preconditions).some((value) => value !== undefined)) options["preconditions"] = preconditions;
  return options;
}

/** Unlike other Statuses this one has no code. */
function goneStatus({ group, resource }: ApiResource, { object }: Written): Omit<Status, "code"> {
  const { name = "", uid } = object.metadata;
  const { code: _none, ...status } = successStatus({
    name,
    ...(group === "" ? {} : { group }),
    kind: resource,
    ...(uid === undefined ? {} : { uid }),
  });
  return status;
}

/** Whoever asks for dependents to go first, or not to be orphaned, is told that this is not done yet. */
function waitsForDependents({ orphanDependents, propagationPolicy }: DeleteOptions): boolean {
  return orphanDependents === false || propagationPolicy === "Foreground";
}
