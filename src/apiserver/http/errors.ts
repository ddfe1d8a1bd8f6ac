import { internalError, requestTooLarge, type Status, StatusError } from "../../apimachinery/index.ts";
import { BodyTooLargeError, type HttpResponse } from "../../lib/index.ts";
import { StoreError } from "../../storage/index.ts";
import { jsonText } from "./pretty.ts";

/** An answer that is no `Status`, as a few of Kubernetes' own are not. */
export class ResponseError extends Error {
  readonly response: HttpResponse;

  constructor(response: HttpResponse) {
    super(`The answer is ${response.status}`);
    this.response = response;
  }
}

/**
 * The one place that turns what was thrown into an answer.
 *
 * @param onFailure told of everything that is not the client's doing; the client learns no details of it
 * @param pretty whether the client wants its JSON indented
 */
export function errorResponse(error: unknown, onFailure: (error: unknown) => void, pretty = false): HttpResponse {
  if (error instanceof StatusError) return statusResponse(error.status, pretty);
  if (error instanceof ResponseError) return error.response;
  if (error instanceof BodyTooLargeError) {
    return statusResponse(requestTooLarge(`limit is ${error.sizeBytesMax}`).status, pretty);
  }
  onFailure(error);
  if (error instanceof StoreError && error.code === "disk-full") {
    return statusResponse(internalError("the disk that holds the objects is full").status);
  }
  return statusResponse(internalError("the server could not finish the request; its log says why").status, pretty);
}

/** A `Status` as a response; `retryAfterSeconds` becomes the header that clients wait by. */
export function statusResponse(status: Status, pretty = false): HttpResponse {
  const headers: Record<string, string> = { "content-type": "application/json", "cache-control": "no-cache, private" };
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) headers["retry-after"] = String(seconds);
  return { status: status.code, headers, body: jsonText(withoutEmpty(status), pretty) };
}

/** As Go writes it: a cause has no fields that say nothing. */
function withoutEmpty(status: Status): object {
  const causes = status.details?.causes;
  if (causes === undefined) return status;
  const full = causes.map((cause) => Object.fromEntries(Object.entries(cause).filter(([, text]) => text !== "")));
  return { ...status, details: { ...status.details, causes: full } };
}
