import { isStatusError } from "../../../apimachinery/index.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import type { Attempt } from "../admit.ts";
import { matchedResource, matchesNamespace, matchesObject } from "../webhooks/match.ts";
import type { Constraints } from "./configuration.ts";

/**
 * The resource of a write in the version that a policy or a binding names; `undefined` when it is not about the write.
 *
 * @throws {StatusError} `NotFound` when its selector is about a namespace that is absent
 */
export function matchConstraints(server: Server, constraints: Constraints, attempt: Attempt): ApiResource | undefined {
  const namespace = matchesNamespace(server, constraints, attempt);
  if (namespace === false || !matchesObject(constraints, attempt)) return undefined;
  const { rules, excluded, equivalent } = constraints;
  if (matchedResource(server, { rules: excluded, equivalent }, attempt) !== undefined) return undefined;
  const found = rules.length === 0 ? attempt.resource : matchedResource(server, { rules, equivalent }, attempt);
  if (found !== undefined && isStatusError(namespace)) throw namespace;
  return found;
}
