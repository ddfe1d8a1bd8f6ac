import { type KubeObject, parseExactJson, parseStatus, StatusError, type StatusReason } from "../apimachinery/index.ts";
import { type Handler, type HttpResponse, readBody, textOf, type User } from "../lib/index.ts";
import type {
  Client,
  DeleteOptions,
  DiscoveredResource,
  List,
  ListOptions,
  ObjectName,
  PatchType,
  Resource,
  WatchEvent,
  WriteOptions,
} from "./client.ts";
import { readLines } from "./lines.ts";

/** Largest answer that is read into memory: a list of 100,000 objects of 2 KB, with room. */
const answerBytesMax = 512 * 2 ** 20;
/** What kube-apiserver's own paging clients ask for; keeps single answers small. */
const pageLimit = 500;
/** A line of a watch holds one object, and etcd's objects end at 1.5 MiB. */
const watchLineBytesMax = 8 * 2 ** 20;

const contentTypes: Record<PatchType, string> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/**
 * A client that sends its requests to a handler: the embedded API server's, or a remote one's.
 *
 * @param user who the caller is; only for handlers in this process, a remote server is told by the connection
 */
export function createClient(handler: Handler, options: { user?: User; userAgent?: string } = {}): Client {
  type Sent = { body?: unknown; contentType?: string; accept?: string; signal?: AbortSignal };
  const send = async (method: string, target: string, sent: Sent = {}) =>
    handler({
      method,
      target,
      headers: {
        accept: sent.accept ?? "application/json",
        "user-agent": options.userAgent ?? "skiff",
        ...(sent.body === undefined ? {} : { "content-type": sent.contentType ?? "application/json" }),
      },
      ...(sent.body === undefined ? {} : { body: Buffer.from(JSON.stringify(sent.body)) }),
      signal: sent.signal ?? new AbortController().signal,
      ...(options.user === undefined ? {} : { user: options.user }),
    });
  const json = async (method: string, target: string, sent?: Sent): Promise<unknown> => {
    const response = await send(method, target, sent);
    const bytes = await readBody(response.body, answerBytesMax);
    if (response.status >= 300) throw errorFrom(response, bytes, `${method} ${target}`);
    return parseExactJson(textOf(bytes));
  };
  const listPage = async <T extends KubeObject>(resource: Resource, list: ListOptions): Promise<List<T>> => {
    const { namespace, metadataOnly, ...selection } = list;
    const target = resourcePath(resource, { namespace }) + query(selection);
    const answer = (await json("GET", target, { accept: acceptOf(metadataOnly, "List") })) as {
      kind?: string;
      apiVersion?: string;
      metadata: { resourceVersion: string; continue?: string };
      items: T[] | null;
    };
    const type = { apiVersion: answer.apiVersion ?? "", kind: resource.kind };
    return {
      items: (answer.items ?? []).map((item) => (item.kind === undefined ? { ...type, ...item } : item)),
      resourceVersion: answer.metadata.resourceVersion,
      ...(answer.metadata.continue ? { continue: answer.metadata.continue } : {}),
    };
  };
  return {
    async get<T extends KubeObject>(resource: Resource, name: ObjectName) {
      return await absentAsUndefined(json("GET", resourcePath(resource, name)) as Promise<T>);
    },
    async list<T extends KubeObject>(resource: Resource, list: ListOptions = {}) {
      if (list.limit !== undefined) return await listPage<T>(resource, list);
      const first = await listPage<T>(resource, { ...list, limit: pageLimit });
      let token = first.continue;
      while (token !== undefined) {
        const next = await listPage<T>(resource, { ...list, limit: pageLimit, continue: token });
        for (const item of next.items) first.items.push(item);
        token = next.continue;
      }
      return { items: first.items, resourceVersion: first.resourceVersion };
    },
    async create<T extends KubeObject>(resource: Resource, object: T, write: WriteOptions = {}) {
      const at = { namespace: object.metadata.namespace, ...(write.subresource ? { name: object.metadata.name } : {}) };
      return (await json("POST", resourcePath(resource, at, write.subresource) + query(writeQuery(write)), {
        body: object,
      })) as T;
    },
    async update<T extends KubeObject>(resource: Resource, object: T, write: WriteOptions = {}) {
      return (await json("PUT", resourcePath(resource, object.metadata, write.subresource) + query(writeQuery(write)), {
        body: object,
      })) as T;
    },
    async patch<T extends KubeObject>(
      resource: Resource,
      name: ObjectName,
      type: PatchType,
      patch: unknown,
      write: WriteOptions & { force?: boolean; fieldValidation?: string } = {},
    ) {
      const target =
        resourcePath(resource, name, write.subresource) +
        query({ ...writeQuery(write), force: write.force, fieldValidation: write.fieldValidation });
      return (await json("PATCH", target, { body: patch, contentType: contentTypes[type] })) as T;
    },
    async delete(resource, name, deletion = {}) {
      const answer = json("DELETE", resourcePath(resource, name), { body: deleteBody(deletion) });
      return await absentAsUndefined(answer as Promise<KubeObject>);
    },
    async deleteCollection(resource, { namespace, ...selection }, deletion = {}) {
      const target = resourcePath(resource, { namespace }) + query(selection);
      await json("DELETE", target, { body: deleteBody(deletion) });
    },
    async *watch<T extends KubeObject>(resource: Resource, options: Parameters<Client["watch"]>[1]) {
      const { namespace, signal, metadataOnly, ...rest } = options;
      const target = resourcePath(resource, { namespace }) + query({ ...rest, watch: true, allowWatchBookmarks: true });
      const response = await send("GET", target, { accept: acceptOf(metadataOnly, ""), signal });
      if (response.status >= 300)
        throw errorFrom(response, await readBody(response.body, answerBytesMax), `WATCH ${target}`);
      if (response.body === undefined || typeof response.body === "string" || response.body instanceof Uint8Array)
        return;
      for await (const line of readLines(response.body, watchLineBytesMax)) yield watchEventFrom<T>(line);
    },
    discover: async () => discover((path) => json("GET", path)),
    raw: async (path) => await json("GET", path),
  };
}

/** Path of a resource's collection (no name) or of one object. */
export function resourcePath(
  resource: Resource,
  at: { namespace?: string | undefined; name?: string | undefined },
  subresource?: string,
): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace = resource.namespaced && at.namespace ? `/namespaces/${encodeURIComponent(at.namespace)}` : "";
  const name = at.name === undefined ? "" : `/${encodeURIComponent(at.name)}`;
  return `${base}${namespace}/${resource.resource}${name}${subresource === undefined ? "" : `/${subresource}`}`;
}

function acceptOf(metadataOnly: boolean | undefined, suffix: "List" | ""): string {
  if (metadataOnly !== true) return "application/json";
  return `application/json;as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1`;
}

function deleteBody({ dryRun, ...rest }: DeleteOptions) {
  return { apiVersion: "v1", kind: "DeleteOptions", ...rest, ...(dryRun ? { dryRun: ["All"] } : {}) };
}

function writeQuery(write: WriteOptions) {
  return { fieldManager: write.fieldManager, dryRun: write.dryRun ? "All" : undefined };
}

function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(parameters).filter(
    (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
  );
  if (set.length === 0) return "";
  return `?${set.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
}

async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error: unknown) => {
    if (error instanceof StatusError && error.reason === "NotFound") return undefined;
    throw error;
  });
}

function watchEventFrom<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = parseExactJson(line) as { type: string; object: T };
  switch (event.type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type: event.type, object: event.object };
    case "BOOKMARK":
      return { type: "BOOKMARK", resourceVersion: event.object.metadata.resourceVersion ?? "" };
    default: {
      const status = parseStatus(event.object);
      throw new StatusError(
        status?.code === 410 ? "Expired" : ((status?.reason ?? "InternalError") as StatusReason),
        status?.message ?? `Unknown watch event ${event.type}`,
      );
    }
  }
}

function errorFrom(response: HttpResponse, bytes: Uint8Array, what: string): StatusError {
  const text = Buffer.from(bytes).toString();
  let status: ReturnType<typeof parseStatus>;
  try {
    status = parseStatus(JSON.parse(text));
  } catch {
    status = undefined;
  }
  if (status !== undefined) {
    return new StatusError(
      (status.reason || reasonOf(response.status)) as StatusReason,
      status.message ?? text,
      status.details,
    );
  }
  return new StatusError(reasonOf(response.status), `${what}: HTTP ${response.status} ${text.slice(0, 200)}`);
}

function reasonOf(status: number): StatusReason {
  const reasons: Record<number, StatusReason> = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
  };
  return reasons[status] ?? "InternalError";
}

type ApiResourceList = {
  resources: {
    name: string;
    singularName: string;
    kind: string;
    namespaced: boolean;
    verbs: string[];
    shortNames?: string[];
    group?: string;
    version?: string;
  }[];
};

async function discover(get: (path: string) => Promise<unknown>): Promise<DiscoveredResource[]> {
  const { versions } = (await get("/api")) as { versions: string[] };
  const { groups } = (await get("/apis")) as {
    groups: { name: string; versions: { version: string }[]; preferredVersion?: { version: string } }[];
  };
  const preferredFirst = groups.flatMap(({ name, versions: all, preferredVersion }) => {
    const rest = all.map(({ version }) => version).filter((version) => version !== preferredVersion?.version);
    return [...(preferredVersion ? [preferredVersion.version] : []), ...rest].map((version) => ({
      group: name,
      version,
    }));
  });
  const groupVersions = [...versions.map((version) => ({ group: "", version })), ...preferredFirst];
  const lists = await Promise.all(
    groupVersions.map(async ({ group, version }) => {
      const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
      const list = await absentAsUndefined(get(path) as Promise<ApiResourceList>);
      return resourcesFrom(list?.resources ?? [], group, version);
    }),
  );
  return lists.flat();
}

function resourcesFrom(all: ApiResourceList["resources"], group: string, version: string): DiscoveredResource[] {
  const subresources = (name: string) =>
    all.filter((other) => other.name.startsWith(`${name}/`)).map((other) => other.name.slice(name.length + 1));
  return all
    .filter(({ name }) => !name.includes("/"))
    .map((entry) => ({
      group,
      version,
      resource: entry.name,
      kind: entry.kind,
      namespaced: entry.namespaced,
      verbs: entry.verbs,
      shortNames: entry.shortNames ?? [],
      singular: entry.singularName,
      subresources: subresources(entry.name),
    }));
}
