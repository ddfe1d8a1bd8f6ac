import type { HttpRequest, User } from "../../lib/index.ts";
import type { ApiResource } from "../resource.ts";
import type { Accepted } from "./negotiate.ts";
import type { ResourcePath } from "./path.ts";

/** One request for objects after routing: who asks for what, and in which form. */
export type Call = {
  request: HttpRequest;
  user: User;
  path: ResourcePath;
  query: URLSearchParams;
  resource: ApiResource;
  accepted: Accepted;
  /** Become `Warning` headers of the answer. */
  warnings: string[];
  /** Go into the audit log; absent when nobody keeps one. */
  annotations?: Record<string, string>;
};
