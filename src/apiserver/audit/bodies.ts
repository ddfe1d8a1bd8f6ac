import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isFields, parseExactJson, parseYaml } from "../../apimachinery/index.ts";
import { decodeProtobuf } from "../../apis/index.ts";
import { type HttpRequest, type HttpResponse, textOf } from "../../lib/index.ts";

/** The largest answer that is kept to be written down; a list of 10,000 objects is smaller. */
const responseBytesMax = 64 * 2 ** 20;

/**
 * Keeps the bytes of a request while its handler reads them, which bounds them.
 *
 * @returns gives what has been read so far; `undefined` while nothing has been
 */
export function captureRequest(request: HttpRequest): () => Uint8Array | undefined {
  const { body } = request;
  if (body === undefined) return () => undefined;
  let read = false;
  const chunks: Uint8Array[] = [];
  request.body = (async function* () {
    read = true;
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      chunks.push(chunk);
      yield chunk;
    }
  })();
  return () => (read ? Buffer.concat(chunks) : undefined);
}

/**
 * Gives an answer's body on as it comes.
 *
 * @param keeps whether to keep it as well
 * @param onEnd told when it has ended, or when the client has gone; of nothing when it was not kept or is too large
 */
export async function* captureResponse(
  body: AsyncIterable<string | Uint8Array>,
  keeps: boolean,
  onEnd: (bytes: Uint8Array | undefined) => Promise<void>,
): AsyncGenerator<string | Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (keeps && sizeBytes <= responseBytesMax) chunks.push(Buffer.from(chunk));
      yield chunk;
    }
  } finally {
    await onEnd(keeps && sizeBytes <= responseBytesMax ? Buffer.concat(chunks) : undefined);
  }
}

/** The object that a request carries, as JSON shows it; `undefined` for what the handler will refuse. */
export function requestObject(request: HttpRequest, bytes: Uint8Array | undefined, verb: string): unknown {
  if (bytes === undefined || bytes.byteLength === 0) return undefined;
  const type = String(request.headers["content-type"] ?? "application/json");
  try {
    const value: unknown = type.startsWith("application/vnd.kubernetes.protobuf")
      ? decodeProtobuf(bytes)
      : readText(type, bytes);
    if (!isFields(value) || verb === "patch") return value;
    const { kind, apiVersion, ...rest } = value;
    return verb.startsWith("delete") ? { ...deleteOptions, ...rest } : { kind, apiVersion, ...rest };
  } catch {
    return undefined;
  }
}

/** How kube-apiserver's log names them. */
const deleteOptions = { kind: "DeleteOptions", apiVersion: "meta.k8s.io/__internal" };

/** The object that an answer carries; `undefined` for documents of other kinds. */
export async function responseObject({ headers }: HttpResponse, bytes: Uint8Array | undefined): Promise<unknown> {
  const type = String(headers["content-type"] ?? "");
  if (bytes === undefined || !/^application\/(json|yaml)/.test(type)) return undefined;
  const plain = headers["content-encoding"] === "gzip" ? await promisify(gunzip)(bytes) : bytes;
  try {
    return readText(type, plain);
  } catch {
    return undefined;
  }
}

function readText(type: string, bytes: Uint8Array): unknown {
  const text = textOf(bytes);
  return type.includes("yaml") ? parseYaml(text, { integers: "exact" }) : parseExactJson(text);
}

/** An object, a list or a table without the record of who owns which field. */
export function withoutManagedFields(value: unknown): unknown {
  if (!isFields(value)) return value;
  const { metadata, items, rows } = value;
  const copy = { ...value };
  if (isFields(metadata)) {
    const { managedFields: _dropped, ...kept } = metadata;
    copy["metadata"] = kept;
  }
  if (Array.isArray(items)) copy["items"] = items.map(withoutManagedFields);
  if (Array.isArray(rows)) {
    copy["rows"] = rows.map((row) => (isFields(row) ? { ...row, object: withoutManagedFields(row["object"]) } : row));
  }
  return copy;
}
