import { type Fields, isFields } from "../../apimachinery/index.ts";
import { BodyTooLargeError, type HttpRequest, type HttpResponse, readBody } from "../../lib/index.ts";
import type { Accounts } from "../accounts.ts";
import type { Identity } from "../authenticate.ts";
import type { Repositories } from "../repositories.ts";
import { parseTarget } from "../target.ts";
import type { ScopeCategory } from "../token-scopes.ts";
import type { Webhooks } from "../webhooks.ts";

/** What the routes work with. */
export type Services = {
  repositories: Repositories;
  accounts: Accounts;
  webhooks: Webhooks;
  /** Address of the git server, without a slash at the end. */
  baseUrl: string;
  now: () => Date;
};

/** One request to a route. */
export type Call = {
  request: HttpRequest;
  /** Values of the `{names}` in the route's path, decoded. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  identity: Identity | undefined;
  /** The body, a JSON object. @throws {ApiError} 422 */
  body(): Promise<Fields>;
};

export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` is one segment, `{name...}` all that are left, possibly none. */
  path: string;
  /** What it does, in a few words, for the list of routes. */
  summary: string;
  /** What a token must allow: to read for GET, else to write. */
  scope?: ScopeCategory;
  needs?: "user" | "admin";
  run(call: Call): Promise<HttpResponse>;
};

/** What the client asked for cannot be had. Answered as Gitea does, `{message, url}`. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function notFound(message = "The target couldn't be found."): ApiError {
  return new ApiError(404, message);
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: {
      "content-type": "application/json;charset=utf-8",
      "cache-control": "max-age=0, private, must-revalidate",
      ...headers,
    },
    body: JSON.stringify(value),
  };
}

export const noContent: HttpResponse = { status: 204, headers: {} };

/** Base64 of the largest file that Gitea's API takes by default, twice; larger ones are pushed. */
const bodyBytesMax = 64 * 2 ** 20;

export async function readFields(request: HttpRequest): Promise<Fields> {
  const bytes = await readBody(request.body, bodyBytesMax).catch((error: unknown) => {
    throw error instanceof BodyTooLargeError ? new ApiError(413, error.message) : error;
  });
  if (bytes.byteLength === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (isFields(value)) return value;
  } catch {}
  throw new ApiError(422, "The body is not a JSON object");
}

/** Gitea's `DEFAULT_PAGING_NUM` and `MAX_RESPONSE_ITEMS`. */
export const paging = { defaultLimit: 30, limitMax: 50 } as const;

/** The part of a list that the query asks for with `page`, from 1, and `limit`. */
export function pageOf(
  { query }: Call,
  defaultLimit: number = paging.defaultLimit,
  limitMax: number = paging.limitMax,
) {
  const page = Math.max(1, Number(query.get("page")) || 1);
  const limit = Math.min(Number(query.get("limit")) || defaultLimit, limitMax);
  return { page, limit: Math.max(1, limit), skip: (page - 1) * Math.max(1, limit) };
}

/** Headers that say how long the whole list is and where its other pages are. */
export function pageHeaders(
  call: Call,
  options: { total: number; page: number; limit: number; baseUrl: string },
): Record<string, string> {
  const { total, page, limit, baseUrl } = options;
  const last = Math.max(1, Math.ceil(total / limit));
  const link = (target: number, relation: string) => {
    const { pathname, query } = parseTarget(call.request.target);
    query.set("page", String(target));
    return `<${baseUrl}${pathname}?${query}>; rel="${relation}"`;
  };
  const links = [
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
    ...(page > 1 ? [link(1, "first"), link(Math.min(page - 1, last), "prev")] : []),
  ];
  return {
    "x-total-count": String(total),
    "access-control-expose-headers": "X-Total-Count, Link",
    ...(links.length === 0 ? {} : { link: links.join(",") }),
  };
}

/** Answers with the page that was asked for. */
export function jsonPage<T>(
  call: Call,
  services: Services,
  items: readonly T[],
  shape: (item: T) => unknown,
): HttpResponse {
  const { page, limit, skip } = pageOf(call);
  return json(
    200,
    items.slice(skip, skip + limit).map(shape),
    pageHeaders(call, { total: items.length, page, limit, baseUrl: services.baseUrl }),
  );
}

/** A whole number in the path, an id. */
export function idParam(call: Call, name: string): number {
  const text = call.params[name] ?? "";
  if (!/^\d{1,15}$/.test(text)) throw notFound();
  return Number(text);
}

/** Who asks; routes that call it say `needs: "user"`. */
export function caller(call: Call): Identity {
  if (call.identity === undefined) throw new ApiError(401, "token is required");
  return call.identity;
}
