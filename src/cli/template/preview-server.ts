import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { isFields, type JsonObject, parseJson, textAt } from "../../apimachinery/index.ts";
import {
  BodyTooLargeError,
  errorText,
  type Handler,
  type HttpResponse,
  readBody,
  serveHandler,
  textOf,
} from "../../lib/index.ts";
import { CliError } from "../errors.ts";
import type { PreviewForms, PreviewResult } from "./preview-forms.ts";

/** What the page shows: it asks again after every change. */
export type PreviewSource = {
  forms(): PreviewForms;
  result(template: string, answers: JsonObject): Promise<PreviewResult>;
};

/** The page, and telling it that the sources have changed. */
export type PreviewServer = AsyncDisposable & { url: string; changed(): void };

/** Answers to a form are a few kilobytes, with room for files that are pasted into it. */
const answersBytesMax = 4 * 2 ** 20;
/** Windows with the page that are told of changes. */
const listenersMax = 32;

/**
 * Only what this server sends may run or be loaded. Validators are compiled to functions by the form library, in the portal as here, which
 * is what `unsafe-eval` allows.
 */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const securityHeaders = {
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

const assets: Record<string, { file: string; type: string }> = {
  "/": { file: "form-page.html", type: "text/html; charset=utf-8" },
  "/form-page.js": { file: "form-page.js", type: "text/javascript; charset=utf-8" },
  "/form-page.css": { file: "form-page.css", type: "text/css; charset=utf-8" },
};

/**
 * Serves the page on 127.0.0.1.
 *
 * @param port 0 for a free one
 * @param folder where the parts of the page are
 * @throws {CliError} when the page was not built, or the port cannot be used
 */
export async function startPreviewServer(
  source: PreviewSource,
  { port, folder }: { port: number; folder: string },
): Promise<PreviewServer> {
  const missing = Object.values(assets).some(({ file }) => !existsSync(join(folder, file)));
  if (missing) throw new CliError("no-form-page");
  const listeners = new Set<() => void>();
  const handler = previewHandler(source, { folder, listeners });
  const server = createServer(serveHandler(handler, (error) => process.stderr.write(`${errorText(error)}\n`)));
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    throw new CliError("preview-port", { port, why: errorText(error) }, { cause: error });
  }
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${listening}/`,
    changed: () => {
      for (const tell of listeners) tell();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The page and what it asks for, as a handler; a page of another site that reaches it under a name of its own is refused. */
export function previewHandler(
  source: PreviewSource,
  { folder, listeners }: { folder: string; listeners: Set<() => void> },
): Handler {
  return async ({ method, target, headers, body, signal }) => {
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? ""))
      return refusal(403, "Open the page by its address on 127.0.0.1");
    const path = target.split("?")[0] ?? "";
    const asset = Object.hasOwn(assets, path) ? assets[path] : undefined;
    if (path === "/result") {
      // A form of another site can send text, and only scripts of this page can send JSON.
      if (method !== "POST" || headers["content-type"] !== "application/json")
        return refusal(405, "POST the answers as JSON");
      return await resultResponse(source, body);
    }
    if (method !== "GET" && method !== "HEAD") return refusal(405, "There is nothing to send here");
    if (asset !== undefined) return response(200, readFileSync(join(folder, asset.file), "utf8"), asset.type);
    if (path === "/form") return jsonResponse(source.forms());
    if (path === "/events") return eventResponse(listeners, signal);
    return refusal(404, "There is nothing here");
  };
}

async function resultResponse(source: PreviewSource, body: Parameters<typeof readBody>[0]): Promise<HttpResponse> {
  try {
    const asked = parseJson(textOf(await readBody(body, answersBytesMax)));
    if (!isFields(asked) || !isFields(asked["answers"])) return refusal(400, "There are no answers");
    return jsonResponse(await source.result(textAt(asked, "template"), asked["answers"]));
  } catch (error) {
    if (error instanceof BodyTooLargeError) return refusal(413, error.message);
    return jsonResponse({ files: [], skipped: [], problems: [errorText(error)] });
  }
}

/** Server-sent events: one for each change, until the page is gone. */
function eventResponse(listeners: Set<() => void>, signal: AbortSignal): HttpResponse {
  if (listeners.size >= listenersMax) return refusal(503, "Too many windows show this page");
  return {
    status: 200,
    headers: { ...securityHeaders, "content-type": "text/event-stream" },
    body: changeEvents(listeners, signal),
  };
}

async function* changeEvents(listeners: Set<() => void>, signal: AbortSignal): AsyncIterable<string> {
  let wake = () => {};
  let pending = 0;
  const tell = () => {
    pending++;
    wake();
  };
  const stop = () => wake();
  listeners.add(tell);
  signal.addEventListener("abort", stop);
  try {
    yield ": the page is told when the sources change\n\n";
    while (!signal.aborted) {
      if (pending === 0) await new Promise<void>((resolve) => (wake = resolve));
      if (pending === 0) continue;
      pending = 0;
      yield "event: change\ndata:\n\n";
    }
  } finally {
    listeners.delete(tell);
    signal.removeEventListener("abort", stop);
  }
}

function jsonResponse(value: unknown): HttpResponse {
  return response(200, JSON.stringify(value), "application/json");
}

function refusal(status: number, why: string): HttpResponse {
  return response(status, `${why}\n`, "text/plain; charset=utf-8");
}

function response(status: number, body: string, type: string): HttpResponse {
  return { status, headers: { ...securityHeaders, "content-type": type }, body };
}
