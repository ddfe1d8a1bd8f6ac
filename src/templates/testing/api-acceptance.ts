import {
  formatApiVersion,
  isJsonObject,
  isStatusError,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  textAt,
} from "../../apimachinery/index.ts";
import { type Client, createClient, type Resource } from "../../client/index.ts";
import type { Handler, User } from "../../lib/index.ts";
import type { Definition } from "../definition.ts";
import { customResourceDefinitions } from "../sources/custom-resource-definitions.ts";
import { objectAt, objectsAt } from "../sources/json-at.ts";

/** How much of a form a sample fills in. */
export type Fill = "required" | "all";

/** An API server that judges, and what makes answers for it. */
export type AcceptanceOptions = {
  /** Makes the server know a kind. @returns its words when it refuses the CustomResourceDefinition */
  install(crd: KubeObject): Promise<string | undefined>;
  /** Asks the server whether it would create an object. @returns its words when it would not */
  judge(object: KubeObject): Promise<string | undefined>;
  /** Sample answers to the form of a definition. */
  answersOf(definition: Definition, fill: Fill): JsonObject;
};

/** What became of one sample. `uninstalled` is the fault of the source: the server does not take its kind. */
export type Trial = {
  definition: Definition;
  fill: Fill;
  state: "accepted" | "refused" | "uninstalled" | "failed";
  why?: string;
  object?: KubeObject;
};

/**
 * Makes sample objects of definitions, as somebody who fills in their forms would, and asks an API server whether it takes them.
 *
 * @returns a trial for each definition that is of a custom resource and each way to fill in its form
 */
export async function tryOnServer(definitions: readonly Definition[], options: AcceptanceOptions): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const definition of definitions) {
    const refusal = await installAll(definition, options);
    for (const fill of ["required", "all"] as const) {
      const trial =
        refusal === undefined
          ? await tryOne(definition, fill, options)
          : { state: "uninstalled" as const, why: refusal };
      trials.push({ definition, fill, ...trial });
    }
  }
  return trials;
}

/** Shares of what was tried, sources that the server does not take left out: `116 of 117 (99.1 %)`, and why not. */
export function acceptanceText(trials: readonly Trial[]): string {
  const lines = (["required", "all"] as const).map((fill) => {
    const judged = trials.filter((trial) => trial.fill === fill && trial.state !== "uninstalled");
    const accepted = judged.filter(({ state }) => state === "accepted").length;
    const share = judged.length === 0 ? 100 : (100 * accepted) / judged.length;
    return `${fill}: ${accepted} of ${judged.length} accepted (${share.toFixed(1)} %)`;
  });
  const failed = trials.filter(
    ({ state, fill }) => state !== "accepted" && (state !== "uninstalled" || fill === "all"),
  );
  return [
    ...lines,
    ...failed.map(({ definition, fill, state, why }) => `${definition.name} (${fill}) ${state}: ${why}`),
  ].join("\n");
}

/**
 * The object that the answers to the form of a custom resource become: `config` is its `spec`, or all of it where the kind has no
 * `spec`.
 */
export function objectOfAnswers(definition: Definition, answers: JsonObject): KubeObject {
  const { subject } = definition;
  if (subject.kind !== "resource") throw new Error(`Cannot make an object of ${definition.name}: it is no resource`);
  const { name, namespace, config, ...others } = answers;
  const hasSpec = objectAt(definition.schema, "properties", "spec") !== undefined;
  const fields: JsonObject = hasSpec && config !== undefined ? { spec: config } : fieldsOf(config);
  return {
    apiVersion: subject.apiVersion,
    kind: subject.resourceKind,
    metadata: {
      name: typeof name === "string" ? name : "sample",
      ...(subject.namespaced && { namespace: typeof namespace === "string" ? namespace : "default" }),
    },
    ...fields,
    ...others,
  };
}

function fieldsOf(config: JsonValue | undefined): JsonObject {
  return isJsonObject(config) ? config : {};
}

const definitionResource: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/**
 * The judge that an API server is: it takes kinds, without what converts between their versions, and says in a strict dry run
 * what it thinks of an object.
 */
export function serverOf(handler: Handler, user: User): Pick<AcceptanceOptions, "install" | "judge"> {
  const client = createClient(handler, { user });
  const strict = createClient(
    async (request) =>
      await handler(
        request.method === "POST" ? { ...request, target: `${request.target}&fieldValidation=Strict` } : request,
      ),
    { user },
  );
  const resources = new Map<string, Resource>();
  return {
    async install(crd) {
      const { spec, status: _, ...rest } = crd as KubeObject & { spec: JsonObject };
      const object = { ...rest, spec: { ...spec, conversion: { strategy: "None" } } };
      for (const resource of servedBy(object.spec)) resources.set(keyOf(resource), resource);
      return await words(replace(client, object));
    },
    async judge(object) {
      const resource = resources.get(`${object.apiVersion} ${object.kind}`);
      if (resource === undefined) return `no kind ${object.kind} in ${object.apiVersion}`;
      return await words(strict.create(resource, object, { dryRun: true }));
    },
  };
}

async function replace(client: Client, object: KubeObject): Promise<KubeObject> {
  const { name = "" } = object.metadata;
  const { resourceVersion: _, uid: __, ...metadata } = object.metadata;
  const live = await client.get(definitionResource, { name });
  if (live === undefined) return await client.create(definitionResource, { ...object, metadata });
  const { resourceVersion = "" } = live.metadata;
  return await client.update(definitionResource, { ...object, metadata: { ...metadata, resourceVersion } });
}

function servedBy(spec: JsonObject): Resource[] {
  const names = objectAt(spec, "names");
  return objectsAt(spec, "versions").map((version) => ({
    group: textAt(spec, "group"),
    version: textAt(version, "name"),
    resource: textAt(names, "plural"),
    kind: textAt(names, "kind"),
    namespaced: textAt(spec, "scope") === "Namespaced",
  }));
}

function keyOf({ group, version, kind }: Resource): string {
  return `${formatApiVersion({ group, version })} ${kind}`;
}

async function words(answer: Promise<unknown>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return error.message;
  }
}

async function installAll(definition: Definition, { install }: AcceptanceOptions): Promise<string | undefined> {
  const crds = customResourceDefinitions(definition);
  if (crds.length === 0) return "it is no custom resource";
  for (const crd of crds) {
    const refusal = await install(crd as KubeObject);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function tryOne(
  definition: Definition,
  fill: Fill,
  { judge, answersOf }: AcceptanceOptions,
): Promise<Pick<Trial, "state" | "why" | "object">> {
  let object: KubeObject;
  try {
    object = objectOfAnswers(definition, answersOf(definition, fill));
  } catch (error) {
    return { state: "failed", why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const why = await judge(object);
  return why === undefined ? { state: "accepted", object } : { state: "refused", why, object };
}
