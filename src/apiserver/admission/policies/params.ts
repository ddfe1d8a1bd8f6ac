import { cloneJson, type KubeObject, matchesLabels, parseApiVersion } from "../../../apimachinery/index.ts";
import type { Entry } from "../../../storage/index.ts";
import { type ApiResource, readable } from "../../resource.ts";
import type { Server } from "../../server.ts";
import type { Binding, ParamKind, ParamRef, Policy } from "./configuration.ts";

/** The resource whose objects are a policy's parameters. @throws {Error} when it is not served */
export function paramResource(server: Server, { apiVersion, kind }: ParamKind): ApiResource {
  const { group, version } = parseApiVersion(apiVersion);
  const served = server.registry.catalog.version(group, version)?.resources ?? [];
  const found = served.find((resource) => resource.kind === kind);
  if (found !== undefined) return found;
  throw new Error(`failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`);
}

/**
 * The parameters that a binding gives a policy for a write: one `null` when there are to be none.
 *
 * @param namespace of the write
 * @throws {Error} when they cannot be found, or must be and are not
 */
export function paramsOf(
  server: Server,
  policy: Policy,
  { paramRef }: Binding,
  namespace: string,
): Promise<Readonly<KubeObject>[]> | [null] {
  if (policy.paramKind === undefined || paramRef === undefined) return [null];
  const resource = paramResource(server, policy.paramKind);
  return readParams(server, resource, paramRef, placeOf(resource, paramRef, namespace));
}

function placeOf({ namespaced }: ApiResource, { namespace: named }: ParamRef, namespace: string): string {
  if (!namespaced && named !== "")
    throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  if (!namespaced || named !== "") return named;
  if (namespace === "")
    throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  return namespace;
}

async function readParams(
  server: Server,
  resource: ApiResource,
  { name, selector, deniesWithout }: ParamRef,
  namespace: string,
): Promise<Readonly<KubeObject>[]> {
  const entries = entriesOf(server, resource, namespace, name);
  const reader = await readable(resource, entries);
  const objects = entries.map(({ value, modRevision }) => {
    const stored = server.parsed(value);
    return reader.showsStored(value, modRevision) ? stored : reader.fromStored(cloneJson(stored));
  });
  const params =
    selector === undefined ? objects : objects.filter(({ metadata }) => matchesLabels(selector, metadata.labels));
  if (params.length === 0 && deniesWithout)
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  return params;
}

function entriesOf({ store, keys }: Server, { storageName }: ApiResource, namespace: string, name: string): Entry[] {
  if (name === "") return store.range(keys.prefix(storageName, namespace)).entries;
  const entry = store.get(keys.key(storageName, namespace, name));
  return entry === undefined ? [] : [entry];
}
