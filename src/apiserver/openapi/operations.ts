import type { ApiResource, Subresource } from "../resource.ts";

type Json = Record<string, unknown>;

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** Definitions that every document refers to. */
export const commonDefinitions: readonly string[] = [`${meta}.DeleteOptions`, `${meta}.Status`];
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
const writeParameters = [dryRun, fieldManager, fieldValidation];
const selectorParameters = [
  query("continue", "string", "Where the next page of a list starts, as the page before said."),
  query("fieldSelector", "string", "Restricts the objects by their fields."),
  query("labelSelector", "string", "Restricts the objects by their labels."),
  query("limit", "integer", "At most this many objects in one answer."),
  query("resourceVersion", "string", "The state of the cluster that the answer shows or starts from."),
  query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
  query("sendInitialEvents", "boolean", "A watch begins with what is there, ended by a bookmark."),
  query("timeoutSeconds", "integer", "How long a list or a watch may take."),
];
const watchParameters = [
  query("allowWatchBookmarks", "boolean", "A watch may tell how far it has come by events of type BOOKMARK."),
  query("watch", "boolean", "Tells of changes as they come instead of listing what is there."),
];
const deleteParameters = [
  dryRun,
  query("gracePeriodSeconds", "integer", "Seconds before the object is deleted; zero means at once."),
  query("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
  query("propagationPolicy", "string", "What happens to dependents: Orphan, Background or Foreground."),
];
const nameParameter = (kind: string) => path("name", `name of the ${kind}`);
const namespaceParameter = path("namespace", "object name and auth scope, such as for teams and projects");

const written = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamed = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

/** What an operation is about. `action` is Kubernetes' word for it, `verb` the beginning of its id. */
type Operation = {
  action: string;
  verb: string;
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
  const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${resource.resource}`;
  const scoped = namespaced ? [namespaceParameter] : [];
  const gvk = { group, version, kind };
  const operation = idFor(resource, gvk, namespaced ? "Namespaced" : "", "");
  const has = (verb: string) => verbs.includes(verb);
  const list = `${definition}List`;
  const paths: Record<string, Json> = {};
  paths[collection] = {
    ...(has("list") && {
      get: operation({
        action: "list",
        verb: "list",
        parameters: [...watchParameters, ...selectorParameters],
        answer: list,
        streams: true,
      }),
    }),
    ...(has("create") && {
      post: operation({
        action: "post",
        verb: "create",
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201, 202],
      }),
    }),
    ...(has("deletecollection") && {
      delete: operation({
        action: "deletecollection",
        verb: "deleteCollection",
        parameters: [...deleteParameters, ...selectorParameters],
        body: `${meta}.DeleteOptions`,
        optionalBody: true,
        answer: `${meta}.Status`,
      }),
    }),
    parameters: [...scoped, pretty],
  };
  if (has("get")) {
    paths[`${collection}/{name}`] = {
      get: operation({ action: "get", verb: "read", answer: definition }),
      ...writes(resource, operation, definition),
      ...(has("delete") && {
        delete: operation({
          action: "delete",
          verb: "delete",
          parameters: deleteParameters,
          body: `${meta}.DeleteOptions`,
          optionalBody: true,
          answer: `${meta}.Status`,
          codes: [200, 202],
        }),
      }),
      parameters: [nameParameter(kind), ...scoped, pretty],
    };
  }
  if (namespaced && has("list")) {
    const everywhere = idFor(resource, gvk, "", "ForAllNamespaces");
    paths[`${root}/${resource.resource}`] = {
      get: everywhere({ action: "list", verb: "list", answer: list, streams: true }),
      parameters: [...watchParameters, ...selectorParameters, pretty],
    };
  }
  for (const subresource of resource.subresources) {
    paths[`${collection}/{name}/${subresource.name}`] = {
      ...subresourceOperations(resource, subresource),
      parameters: [nameParameter(subresource.kind), ...scoped, pretty],
    };
  }
  return paths;
}

function subresourceOperations(resource: ApiResource, subresource: Subresource): Json {
  const { group, version, kind, name, verbs } = subresource;
  const definition = subresourceDefinition(resource, subresource);
  const suffix = name[0]?.toUpperCase() + name.slice(1);
  const operation = idFor(resource, { group, version, kind }, resource.namespaced ? "Namespaced" : "", suffix);
  return {
    ...(verbs.includes("get") && { get: operation({ action: "get", verb: "read", answer: definition }) }),
    ...(verbs.includes("create") && {
      post: operation({
        action: "post",
        verb: "create",
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201, 202],
      }),
    }),
    ...writes({ ...resource, verbs }, operation, definition),
  };
}

type Make = (operation: Operation) => Json;

function writes(resource: ApiResource, operation: Make, definition: string): Json {
  const { verbs, custom } = resource;
  return {
    ...(verbs.includes("update") && {
      put: operation({
        action: "put",
        verb: "replace",
        parameters: writeParameters,
        body: definition,
        answer: definition,
        codes: [200, 201],
      }),
    }),
    ...(verbs.includes("patch") && {
      patch: {
        ...operation({
          action: "patch",
          verb: "patch",
          parameters: [...writeParameters, force],
          answer: definition,
          codes: [200, 201],
        }),
        requestBody: {
          required: true,
          content: Object.fromEntries(
            patchTypes(custom !== undefined).map((type) => [type, { schema: reference(patchDefinition) }]),
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

function idFor(resource: ApiResource, gvk: object, scope: string, suffix: string): Make {
  const { group, version, kind } = resource;
  const words = (group === "" ? "core" : group.replace(/\.k8s\.io$/, ""))
    .split(/[.-]/)
    .map((word) => word[0]?.toUpperCase() + word.slice(1));
  const tag = `${words.join("")}${version[0]?.toUpperCase()}${version.slice(1)}`;
  return ({ action, verb, parameters = [], body, optionalBody = false, answer, codes = [200], streams = false }) => ({
    tags: [`${tag[0]?.toLowerCase()}${tag.slice(1)}`],
    description: `${verb} ${kind}${suffix === "" ? "" : ` ${suffix}`}`,
    operationId: `${verb}${tag}${scope}${kind}${suffix}`,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { ...(!optionalBody && { required: true }), content: { "*/*": { schema: reference(body) } } },
    }),
    responses: {
      ...Object.fromEntries(
        codes.map((code) => [code, { description: descriptions[code] ?? "", content: contentOf(answer, streams) }]),
      ),
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  });
}

const descriptions: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };

function contentOf(definition: string, streams: boolean): Json {
  return Object.fromEntries(
    [...written, ...(streams ? streamed : [])].map((type) => [type, { schema: reference(definition) }]),
  );
}

export function reference(definition: string): Json {
  return { $ref: `#/components/schemas/${definition}` };
}
