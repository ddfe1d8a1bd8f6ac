import { setImmediate as nextTurn } from "node:timers/promises";
import {
  badRequest,
  expired,
  type Fields,
  isFields,
  isStatusError,
  parseJson,
  quoteGo,
  resourceVersionTooLarge,
  type StatusError,
  unknownError,
} from "../../apimachinery/index.ts";
import { CompactedError, type Entry } from "../../storage/index.ts";
import type { ListOptions } from "../http/query.ts";
import type { ApiResource } from "../resource.ts";
import type { Server } from "../server.ts";
import { type Select, selectedName, selection, selectsContent } from "./select.ts";

/** How long a read waits for a revision that this server has not reached; as in Kubernetes. */
const freshMsMax = 3000;
/** Entries looked at in one piece when a selector may skip most of them. */
const scanEntries = 1000;

/** One page of a list. */
export type Listed = {
  entries: Entry[];
  /** The last published revision when the first page was read. */
  resourceVersion: string;
  /** Where the next page starts; empty on the last one. */
  continue: string;
  /** How many come after this page; `undefined` when a selector makes that unknown. */
  remaining: number | undefined;
};

/** Reads a page of a resource's objects, in the order of their keys. @param namespace empty for all */
export async function listObjects(
  server: Server,
  resource: ApiResource,
  namespace: string,
  options: ListOptions,
): Promise<Listed> {
  const prefix = server.keys.prefix(resource.storageName, namespace);
  const reader = selectsContent(options) ? resource.converter?.reader() : undefined;
  const select = selection(reader?.resource ?? resource, options, server.keys, server.parsed);
  const start = await startOf(server, options);
  const one = selectedName(options.fieldSelector);
  if (one !== undefined && start.revision === undefined && (namespace !== "" || !resource.namespaced)) {
    const entry = server.store.get(prefix + one);
    if (entry !== undefined) await reader?.fill([entry]);
    const entries = entry !== undefined && select?.(entry.key, entry.value) ? [entry] : [];
    return { entries, resourceVersion: String(server.store.revision), continue: "", remaining: undefined };
  }
  const after = start.after === undefined ? undefined : prefix + start.after;
  try {
    const page = select === undefined ? plainPage : selectedPage(select, reader?.fill);
    const { entries, revision, more, remaining } = await page(server, prefix, {
      after,
      limit: options.limit,
      revision: start.revision,
    });
    const last = entries.at(-1);
    const token = more && last !== undefined ? formatContinue({ revision, after: last.key.slice(prefix.length) }) : "";
    return {
      entries,
      resourceVersion: String(revision),
      continue: token,
      remaining: token === "" ? undefined : remaining,
    };
  } catch (error) {
    if (error instanceof CompactedError) throw tooOld(start, server.store.revision);
    throw error;
  }
}

type Window = { after: string | undefined; limit: number; revision: number | undefined };
type PageOf = { entries: Entry[]; revision: number; more: boolean; remaining: number | undefined };

function plainPage({ store }: Server, prefix: string, { after, limit, revision }: Window): PageOf {
  return store.range(prefix, {
    limit,
    ...(after === undefined ? {} : { after }),
    ...(revision === undefined ? {} : { revision }),
  });
}

/** Looks on until the page is full; in pieces, between which other requests have their turn. */
function selectedPage(
  select: Select,
  fill: ((entries: Entry[]) => Promise<void>) | undefined,
): (server: Server, prefix: string, window: Window) => Promise<PageOf> {
  return async (server, prefix, window) => {
    const limit = window.limit === 0 ? Number.POSITIVE_INFINITY : window.limit;
    const entries: Entry[] = [];
    let { after, revision } = window;
    for (;;) {
      const piece = plainPage(server, prefix, { after, revision, limit: scanEntries });
      revision = piece.revision;
      if (fill !== undefined) await fill(piece.entries);
      for (const [index, entry] of piece.entries.entries()) {
        if (!select(entry.key, entry.value)) continue;
        entries.push(entry);
        if (entries.length < limit) continue;
        const more = piece.more || index + 1 < piece.entries.length;
        return { entries, revision, more, remaining: undefined };
      }
      after = piece.entries.at(-1)?.key;
      if (!piece.more || after === undefined) return { entries, revision, more: false, remaining: undefined };
      await nextTurn();
    }
  };
}

/** Where a page starts. `revision` is absent for the newest state. */
type Start = { after: string | undefined; revision: number | undefined; continued: boolean };

async function startOf(server: Server, options: ListOptions): Promise<Start> {
  const { resourceVersion, resourceVersionMatch, limit } = options;
  if (options.continue !== "") {
    if (resourceVersion !== "" && resourceVersion !== "0") {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    const { revision, after } = parseContinue(options.continue);
    await reach(server, revision);
    return { after, revision: revision < 0 ? undefined : revision, continued: true };
  }
  const asked = listRevision(resourceVersion);
  if (asked === 0) return { after: undefined, revision: undefined, continued: false };
  await reach(server, asked);
  const exact = resourceVersionMatch === "Exact" || (resourceVersionMatch === "" && limit > 0);
  return { after: undefined, revision: exact ? asked : undefined, continued: false };
}

/** @throws {StatusError} `BadRequest` when it is not a number */
export function listRevision(text: string): number {
  const revision = revisionOf(text);
  if (revision !== undefined) return revision;
  throw badRequest(`invalid resource version: ${noRevision(text)}`);
}

/** The same for a watch. @throws {StatusError} without a reason, as in Kubernetes */
export function watchRevision(text: string): number {
  const revision = revisionOf(text);
  if (revision !== undefined) return revision;
  throw unknownError(noRevision(text));
}

function revisionOf(text: string): number | undefined {
  if (text === "") return 0;
  return /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

function noRevision(text: string): string {
  const quoted = quoteGo(text);
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
}

/** Waits for a revision. @throws {StatusError} `Timeout` when it does not come */
export async function reach(server: Server, revision: number): Promise<void> {
  if (revision <= server.store.revision) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, freshMsMax);
  using _watch = server.store.watch("/", server.store.revision, () => {
    if (server.store.revision >= revision) resolve();
  });
  await promise;
  clearTimeout(timer);
  if (server.store.revision < revision) throw resourceVersionTooLarge(String(revision), String(server.store.revision));
}

function tooOld(start: Start, now: number): StatusError {
  if (!start.continued || start.after === undefined)
    return expired("The resourceVersion for the provided list is too old.");
  const token = formatContinue({ revision: -1, after: start.after });
  return expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
      "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
      "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
      "deleted between the time the first chunk was returned and now may show up in the list.",
    { continue: token, resourceVersion: String(now) },
  );
}

const tokenVersion = "meta.k8s.io/v1";

type Continue = { revision: number; after: string };

/** Kubernetes' own form: the key to start with, which is the first one that can follow the last one shown. */
function formatContinue({ revision, after }: Continue): string {
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, start: `${after}\0` })).toString("base64url");
}

/** @throws {StatusError} `BadRequest` */
function parseContinue(text: string): Continue {
  const decoded = Buffer.from(text, "base64url");
  let token: unknown;
  try {
    token = parseJson(decoded.toString("latin1"));
  } catch (error) {
    if (!isStatusError(error)) throw error;
    throw unknownPlace(error.message.replace(/^json parse error: (.*) at line \d+, column \d+$/, "$1"));
  }
  const { v, rv, start }: Fields = isFields(token) ? token : {};
  if (v !== tokenVersion) throw unknownPlace(`server does not recognize this encoded version ${v ?? ""}`);
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0) {
    throw unknownPlace(`incorrect encoded start resourceVersion (version ${tokenVersion})`);
  }
  if (typeof start !== "string" || start === "") {
    throw unknownPlace(`encoded start key empty (version ${tokenVersion})`);
  }
  if (start.split("/").includes("..")) throw unknownPlace(start);
  const key = Buffer.from(start, "latin1").toString();
  return { revision: rv, after: key.endsWith("\0") ? key.slice(0, -1) : key };
}

function unknownPlace(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}
