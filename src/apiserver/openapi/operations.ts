import { type ApiResource, type Subresource, showsDeleted } from "../resource.ts";

type Json = Record<string, unknown>;

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** Definitions that every document refers to. */
export const commonDefinitions: readonly string[] = [`${meta}.DeleteOptions`, `${meta}.Status`];
export const watchEventDefinition = `${meta}.WatchEvent`;
export const patchDefinition = `${meta}.Patch`;
export const scaleDefinition = "io.k8s.api.autoscaling.v1.Scale";
/** Subresources whose kind is one of its own, with the definition of that kind. */
const subresourceDefinitions: Readonly<Record<string, string>> = {
  Scale: scaleDefinition,
  Eviction: "io.k8s.api.policy.v1.Eviction",
  Binding: "io.k8s.api.core.v1.Binding",
  TokenRequest: "io.k8s.api.authentication.v1.TokenRequest",
};

export function subresourceDefinition(resource: ApiResource, { kind }: Subresource): string {
  return kind === resource.kind ? resource.definition : (subresourceDefinitions[kind] ?? resource.definition);
}

const query = (name: string, type: string, description: string): Json => ({
  name,
  in: "query",
  description,
  schema: { type, uniqueItems: true },
});
const path = (name: string, description: string): Json => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string", uniqueItems: true },
});

const pretty = query("pretty", "string", "If 'true', the output is indented.");
const dryRun = query("dryRun", "string", "With 'All' every stage of the request runs and nothing is stored.");
const fieldManager = query("fieldManager", "string", "Name of the actor that makes the change, for managedFields.");
const fieldValidation = query(
  "fieldValidation",
  "string",
  "What happens to unknown and duplicate fields: Ignore drops them, Warn (the default) drops them with a warning, Strict refuses the request.",
);
const force = query("force", "boolean", "Only for apply patches: takes over fields that other managers own.");
const resourceVersion = query(
  "resourceVersion",
  "string",
  "The state of the cluster that the answer shows or starts from.",
);
const writeParameters = [dryRun, fieldManager, fieldValidation];
const selectorParameters = [
  query("continue", "string", "Where the next page of a list starts, as the page before said."),
  query("fieldSelector", "string", "Restricts the objects by their fields."),
  query("labelSelector", "string", "Restricts the objects by their labels."),
  query("limit", "integer", "At most this many objects in one answer."),
  resourceVersion,
  query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
  query("sendInitialEvents", "boolean", "A watch begins with what is there, ended by a bookmark."),
  query("timeoutSeconds", "integer", "How long a list or a watch may take."),
];
const watchParameters = [
  query("allowWatchBookmarks", "boolean", "A watch may tell how far it has come by events of type BOOKMARK."),
  query("watch", "boolean", "Tells of changes as they come instead of listing what is there."),
];
const listParameters = [...watchParameters, ...selectorParameters];
const deleteParameters = [
  dryRun,
  query("gracePeriodSeconds", "integer", "Seconds before the object is deleted; zero means at once."),
  query("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
  query("propagationPolicy", "string", "What happens to dependents: Orphan, Background or Foreground."),
];
const nameParameter = (kind: string) => path("name", `name of the ${kind}`);
const namespaceParameter = path("namespace", "object name and auth scope, such as for teams and projects");

const written = ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const writtenCustom = ["application/json", "application/yaml"];
const streamed = [
  "application/json",
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf",
  "application/vnd.kubernetes.protobuf;stream=watch",
  "application/yaml",
];

/** What an operation is about. `action` is Kubernetes' word for it; `id` has what stands between its parts left out. */
type Operation = {
  action: string;
  description: string;
  id: [verb: string, rest: string];
  parameters?: Json[];
  body?: string;
  optionalBody?: boolean;
  answer: string;
  codes?: number[];
  streams?: boolean;
};

/** The paths of a resource and of its subresources, in OpenAPI v3. */
export function pathsOf(resource: ApiResource): Record<string, Json> {
  const { group, version, namespaced, verbs, definition, kind } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced ? "/namespaces/{namespace}" : "";
  const collection = `${scope}/${resource.resource}`;
  // A namespace's own name stands where that of an object's namespace does.
  const scoped = namespaced ? [namespaceParameter] : [];
  const space = namespaced ? "Namespaced" : "";
  const operation = idFor(resource, { group, version, kind });
  const has = (verb: string) => verbs.includes(verb);
  const list = `${definition}List`;
  const listed = { action: "list", answer: list, streams: true, description: listText(resource) };
  const paths: Record<string, Json> = {};
  paths[root + collection] = pathItem([...scoped, pretty], {
    ...(has("list") && {
      get: operation({ ...listed, id: ["list", space + kind], parameters: listParameters }),
    }),
    ...(has("create") && {
      post: operation({
        action: "post",
        description: `create ${article(kind)} ${kind}`,
        id: ["create", space + kind],
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201, 202],
      }),
    }),
    ...(has("deletecollection") && {
      delete: operation({
        action: "deletecollection",
        description: `delete collection of ${kind}`,
        id: ["delete", `Collection${space}${kind}`],
        parameters: [...deleteParameters, ...selectorParameters],
        ...(resource.custom === undefined && { body: `${meta}.DeleteOptions`, optionalBody: true }),
        answer: `${meta}.Status`,
      }),
    }),
  });
  if (has("get")) {
    paths[`${root}${collection}/{name}`] = pathItem([nameParameter(kind), ...scoped, pretty], {
      get: operation({
        action: "get",
        description: `read the specified ${kind}`,
        id: ["read", space + kind],
        ...readParameters(resource),
        answer: definition,
      }),
      ...writes(resource, operation, { definition, id: space + kind, what: "" }),
      ...(has("delete") && {
        delete: operation({
          action: "delete",
          description: `delete ${article(kind)} ${kind}`,
          id: ["delete", space + kind],
          parameters: deleteParameters,
          body: `${meta}.DeleteOptions`,
          optionalBody: true,
          answer: showsDeleted(resource) ? definition : `${meta}.Status`,
          codes: [200, 202],
        }),
      }),
    });
  }
  if (namespaced && has("list")) {
    const everywhere = `${kind}ForAllNamespaces`;
    paths[`${root}/${resource.resource}`] = pathItem([pretty], {
      get: operation({ ...listed, id: ["list", everywhere], parameters: listParameters }),
    });
  }
  for (const subresource of resource.subresources) {
    const item = subresourceOperations(resource, subresource, space);
    paths[`${root}${collection}/{name}/${subresource.name}`] = pathItem(
      [nameParameter(subresource.kind), ...scoped, pretty],
      item,
    );
  }
  return { ...paths, ...(has("watch") && resource.custom === undefined && watchPaths(resource, root, collection)) };
}

/** The old way to watch; there is none for custom resources. */
function watchPaths(resource: ApiResource, root: string, collection: string): Record<string, Json> {
  const { group, version, kind, namespaced } = resource;
  const operation = idFor(resource, { group, version, kind });
  const space = namespaced ? "Namespaced" : "";
  const scoped = namespaced ? [namespaceParameter] : [];
  const hint = "deprecated: use the 'watch' parameter with a list operation instead";
  const description = `watch individual changes to a list of ${kind}. ${hint}.`;
  const watched = { answer: watchEventDefinition, streams: true };
  const list = { ...watched, action: "watchlist", description };
  const one = `watch changes to an object of kind ${kind}. ${hint}, filtered to a single item with the 'fieldSelector' parameter.`;
  return {
    ...(namespaced && {
      [`${root}/watch/${resource.resource}`]: pathItem([pretty, ...listParameters], {
        get: operation({ ...list, id: ["watch", `${kind}ListForAllNamespaces`] }),
      }),
    }),
    [`${root}/watch${collection}`]: pathItem([...scoped, pretty, ...listParameters], {
      get: operation({ ...list, id: ["watch", `${space}${kind}List`] }),
    }),
    [`${root}/watch${collection}/{name}`]: pathItem([nameParameter(kind), ...scoped, pretty, ...listParameters], {
      get: operation({ ...watched, action: "watch", description: one, id: ["watch", space + kind] }),
    }),
  };
}

/** Parameters of all operations stand beside them; where there is one operation, those are all of its own. */
function pathItem(shared: Json[], operations: Json): Json {
  const [only, ...others] = Object.entries(operations);
  const common = [...shared];
  let item = operations;
  if (only !== undefined && others.length === 0) {
    const [method, operation] = only;
    const { parameters, ...rest } = operation as { parameters?: Json[] };
    common.push(...(parameters ?? []));
    item = { [method]: rest };
  }
  return { ...item, parameters: sorted(common) };
}

function sorted(parameters: Json[]): Json[] {
  return parameters.toSorted((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1));
}

function listText({ custom, kind }: ApiResource): string {
  return `${custom === undefined ? "list or watch" : "list"} objects of kind ${kind}`;
}

function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? "an" : "a";
}

/** Only custom resources say so, though all can be read at a revision. */
function readParameters({ custom }: ApiResource): { parameters?: Json[] } {
  return custom === undefined ? {} : { parameters: [resourceVersion] };
}

function subresourceOperations(resource: ApiResource, subresource: Subresource, space: string): Json {
  const { group, version, name, verbs } = subresource;
  const definition = subresourceDefinition(resource, subresource);
  const id = `${space}${resource.kind}${name[0]?.toUpperCase()}${name.slice(1)}`;
  const own = resource.custom === undefined ? subresource.kind : resource.kind;
  const gvk =
    resource.custom === undefined
      ? { group, version, kind: own }
      : { group: resource.group, version: resource.version, kind: own };
  const operation = idFor(resource, gvk);
  return {
    ...(verbs.includes("get") && {
      get: operation({
        action: "get",
        description: `read ${name} of the specified ${resource.kind}`,
        id: ["read", id],
        ...readParameters(resource),
        answer: definition,
      }),
    }),
    ...(verbs.includes("create") && {
      post: operation({
        action: "post",
        description: `create ${name} of ${article(resource.kind)} ${resource.kind}`,
        id: ["create", id],
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201, 202],
      }),
    }),
    ...writes({ ...resource, verbs }, operation, { definition, id, what: `${name} of ` }),
  };
}

type Make = (operation: Operation) => Json;

function writes(
  { verbs, custom, kind }: ApiResource,
  operation: Make,
  { definition, id, what }: { definition: string; id: string; what: string },
): Json {
  const patched = operation({
    action: "patch",
    description: `partially update ${what}the specified ${kind}`,
    id: ["patch", id],
    parameters: [...writeParameters, force],
    answer: definition,
    codes: custom === undefined ? [200, 201] : [200],
  });
  return {
    ...(verbs.includes("update") && {
      put: operation({
        action: "put",
        description: `replace ${what}the specified ${kind}`,
        id: ["replace", id],
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201],
      }),
    }),
    ...(verbs.includes("patch") && {
      patch: {
        ...patched,
        requestBody: {
          required: true,
          content: Object.fromEntries(
            patchTypes(custom !== undefined)
              .toSorted()
              .map((type) => [type, { schema: reference(patchDefinition) }]),
          ),
        },
      },
    }),
  };
}

/** The patches that a resource takes; a strategic merge needs Go types, which custom resources do not have. */
export function patchTypes(custom: boolean): string[] {
  const strategic = custom ? [] : ["application/strategic-merge-patch+json"];
  return ["application/json-patch+json", "application/merge-patch+json", ...strategic, "application/apply-patch+yaml"];
}

function idFor(resource: ApiResource, gvk: object): Make {
  const { group, version, custom } = resource;
  const words = (group === "" ? "core" : group.replace(/\.k8s\.io$/, ""))
    .split(/[.-]/)
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join("");
  const tag = `${words[0]?.toLowerCase()}${words.slice(1)}_${version}`;
  const where = `${words}${version[0]?.toUpperCase()}${version.slice(1)}`;
  const types = custom === undefined ? written : writtenCustom;
  const bodyTypes = custom === undefined ? ["*/*"] : writtenCustom;
  return ({ action, description, id: [verb, rest], parameters = [], answer, codes = [200], ...more }) => ({
    tags: [tag],
    description,
    operationId: verb + where + rest,
    ...(parameters.length > 0 && { parameters: sorted(parameters) }),
    ...(more.body !== undefined && {
      requestBody: { ...(!more.optionalBody && { required: true }), content: contentOf(more.body, bodyTypes) },
    }),
    responses: {
      ...Object.fromEntries(
        codes.map((code) => [
          code,
          {
            description: descriptions[code] ?? "",
            content: contentOf(answer, more.streams && custom === undefined ? streamed : types),
          },
        ]),
      ),
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  });
}

const descriptions: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };

function contentOf(definition: string, types: readonly string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: reference(definition) }]));
}

export function reference(definition: string): Json {
  return { $ref: `#/components/schemas/${definition}` };
}
