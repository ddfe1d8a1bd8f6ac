import { isFields, textAt } from "../apimachinery/index.ts";
import { textOf } from "../lib/index.ts";
import type { ContentCache } from "./content-cache.ts";
import { authorization, type ChartCredentials, credentialsKey, splitUserInfo } from "./credentials.ts";
import { createFlights } from "./flights.ts";
import { type Http, shownUrl } from "./http-get.ts";
import { chartUrl, type IndexEntry, readIndex } from "./repository-index.ts";

/** A repository and who asks it. */
export type RepositoryAccess = { url: string; credentials?: ChartCredentials; passCredentials?: boolean };

/**
 * Reads chart repositories: an `index.yaml` and archives, over http and https.
 *
 * @property entries all versions of a chart, the highest first; `undefined` when the repository does not have the chart. With
 * `refresh` the server is asked even when it was a moment ago.
 */
export type HttpRepositories = {
  entries(
    access: RepositoryAccess,
    chart: string,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<IndexEntry[] | undefined>;
  /** Fetches an archive. */
  archive(access: RepositoryAccess, url: string, signal: AbortSignal): Promise<Buffer>;
  /** Fetches the provenance file of an archive; `undefined` when there is none. */
  provenance(access: RepositoryAccess, url: string, signal: AbortSignal): Promise<Buffer | undefined>;
};

/** @property freshMs for how long an index counts as new */
export type HttpRepositoryLimits = { indexBytesMax: number; archiveBytesMax: number; freshMs: number };

/** A clear-signed Chart.yaml and a digest. */
const provenanceBytesMax = 2 ** 20;
/** Texts of indexes in memory: a few of usual size. Large ones are read from disk, which takes milliseconds. */
const textsCharactersMax = 2 * 2 ** 20;
/** Repositories of which is remembered when they were asked. */
const askedMax = 1_000;

/** What is known of the index of a repository; `etag` and `lastModified` as the server said them. */
type IndexNote = { digest: string; etag: string; lastModified: string };

export function createHttpRepositories(options: {
  http: Http;
  cache: ContentCache;
  limits: HttpRepositoryLimits;
  now: () => number;
}): HttpRepositories {
  const { http, cache, limits, now } = options;
  const texts = createTexts();
  const flights = createFlights();
  /** When each index was asked for. */
  const asked = new Map<string, number>();

  const fetchFrom = async (
    access: RepositoryAccess,
    url: string,
    bytesMax: number,
    signal: AbortSignal,
    headers = {},
  ) => {
    const { url: bare, credentials: inUrl } = splitUserInfo(url);
    const home = splitUserInfo(access.url);
    const credentials = { ...home.credentials, ...access.credentials };
    const isAtHome = new URL(bare).origin === new URL(home.url).origin;
    const isTrusted = isAtHome || access.passCredentials === true;
    const { caData, insecure, proxy, noProxy } = credentials;
    return await http.get(
      {
        url: bare,
        headers,
        authorization: authorization(inUrl) ?? (isTrusted ? authorization(credentials) : undefined),
        tls: isTrusted ? credentials : { caData, insecure, proxy, noProxy },
        bytesMax,
      },
      signal,
    );
  };

  /** Many charts of one repository may be asked for at once, as when a platform starts. */
  const indexText = async (access: RepositoryAccess, refresh: boolean, signal: AbortSignal): Promise<string> => {
    const key = `${access.url}\n${credentialsKey(access.credentials)}`;
    const flight = JSON.stringify([key, refresh, access.credentials]);
    return await flights.share(flight, (ends) => loadIndex(access, key, refresh, ends), signal);
  };

  const loadIndex = async (
    access: RepositoryAccess,
    key: string,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<string> => {
    const note = parseNote(await cache.readNote("indexes", key));
    const known = note === undefined ? undefined : (texts.get(note.digest) ?? (await readText(note.digest)));
    const askedAtMs = asked.get(key);
    if (known !== undefined && !refresh && askedAtMs !== undefined && now() - askedAtMs < limits.freshMs) return known;
    const headers = note === undefined || known === undefined ? {} : conditional(note);
    const url = chartUrl(splitUserInfo(access.url).url, "index.yaml");
    const answer = await fetchFrom(access, url, limits.indexBytesMax, signal, headers);
    if (answer.status !== 200 && !(answer.status === 304 && known !== undefined)) throw failure(url, answer);
    asked.set(key, now());
    const [oldest] = asked.size > askedMax ? asked.keys() : [];
    if (oldest !== undefined) asked.delete(oldest);
    if (answer.status === 304 && known !== undefined) return known;
    const { etag = "", "last-modified": lastModified = "" } = answer.headers;
    const digest = await cache.write(answer.body);
    await cache.writeNote("indexes", key, { digest, etag, lastModified });
    const text = textOf(answer.body);
    texts.set(digest, text);
    return text;
  };

  const readText = async (digest: string): Promise<string | undefined> => {
    const bytes = await cache.read(digest);
    if (bytes === undefined) return undefined;
    const text = textOf(bytes);
    texts.set(digest, text);
    return text;
  };

  return {
    async entries(access, chart, refresh, signal) {
      const [, scheme = ""] = /^([a-z][a-z0-9+.-]*):/i.exec(access.url) ?? [];
      if (!/^https?$/i.test(scheme)) throw new Error(`could not find protocol handler for: ${scheme}`);
      try {
        return readIndex(await indexText(access, refresh, signal), chart);
      } catch (cause) {
        signal.throwIfAborted();
        const why = cause instanceof Error ? cause.message : String(cause);
        const repository = JSON.stringify(shownUrl(access.url));
        throw new Error(`looks like ${repository} is not a valid chart repository or cannot be reached: ${why}`, {
          cause,
        });
      }
    },

    async archive(access, url, signal) {
      const absolute = chartUrl(splitUserInfo(access.url).url, url);
      if (!/^https?:/i.test(absolute))
        throw new Error(`Cannot fetch ${shownUrl(absolute)}: only http and https are possible`);
      const headers = { accept: "application/gzip,application/octet-stream" };
      const answer = await fetchFrom(access, absolute, limits.archiveBytesMax, signal, headers);
      if (answer.status !== 200) throw failure(absolute, answer);
      return answer.body;
    },

    async provenance(access, url, signal) {
      const absolute = new URL(chartUrl(splitUserInfo(access.url).url, url));
      absolute.pathname += ".prov";
      const answer = await fetchFrom(access, absolute.href, provenanceBytesMax, signal);
      return answer.status === 200 ? answer.body : undefined;
    },
  };
}

/** Helm's words for an answer that is not what was asked for. */
function failure(url: string, answer: { status: number; statusText: string }): Error {
  return new Error(`failed to fetch ${shownUrl(url)} : ${answer.status} ${answer.statusText}`.trimEnd());
}

function conditional({ etag, lastModified }: IndexNote): Record<string, string> {
  return {
    ...(etag === "" ? {} : { "if-none-match": etag }),
    ...(lastModified === "" ? {} : { "if-modified-since": lastModified }),
  };
}

function parseNote(note: unknown): IndexNote | undefined {
  if (!isFields(note)) return undefined;
  return { digest: textAt(note, "digest"), etag: textAt(note, "etag"), lastModified: textAt(note, "lastModified") };
}

/** The texts used last, by their digest. */
function createTexts() {
  const texts = new Map<string, string>();
  return {
    get(key: string): string | undefined {
      const text = texts.get(key);
      if (text !== undefined) {
        texts.delete(key);
        texts.set(key, text);
      }
      return text;
    },
    set(key: string, text: string): void {
      texts.delete(key);
      texts.set(key, text);
      let total = texts.values().reduce((sum, kept) => sum + kept.length, 0);
      for (const [oldest, kept] of texts) {
        if (total <= textsCharactersMax) break;
        total -= kept.length;
        texts.delete(oldest);
      }
    },
  };
}
