import { randomBytes } from "node:crypto";
import { isFields, isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { startControlPlane } from "../../control-plane/index.ts";
import { logicalClusters } from "../resources.ts";
import { openLogicalCluster } from "./open-cluster.ts";
import { servedResources } from "./served-resources.ts";

/** What an API server says of an object: it takes it, it does not, or it has no such kind. */
export type Judgement = { state: "accepted" } | { state: "refused"; why: string } | { state: "unjudged"; why: string };

/** A cluster in which nothing of what is judged is stored. */
export type TrialCluster = AsyncDisposable & {
  /** For people. */
  what: string;
  /** Asks the server by a dry run of server-side apply, with unknown and double fields refused. */
  judge(object: KubeObject): Promise<Judgement>;
  /** Makes the cluster know kinds. @returns the server's words when it refuses the definition */
  install(crd: KubeObject): Promise<string | undefined>;
};

const fieldManager = "skiff-template-test";
const definitions: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};
const namespaces: Resource = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false };

/** An API server in this process, with nothing in it. */
export async function openTrialControlPlane(): Promise<TrialCluster> {
  const plane = await startControlPlane({ controllers: false });
  return {
    ...trialOf(plane.client, { mayWrite: true }),
    what: "a control plane in this process",
    [Symbol.asyncDispose]: async () => await plane[Symbol.asyncDispose](),
  };
}

/** A logical cluster of a platform that is made for the trial, and removed at its end. */
export async function openTrialLogicalCluster(client: Client, platform: string): Promise<TrialCluster> {
  const name = `template-test-${randomBytes(4).toString("hex")}`;
  const object = {
    apiVersion: "skiff.dev/v1alpha1",
    kind: "LogicalCluster",
    metadata: { name },
    spec: { kubeconfigSecret: { namespace: "skiff-system" } },
  };
  await client.create(logicalClusters, object, { fieldManager });
  const remove = async () => {
    await client.delete(logicalClusters, { name });
  };
  try {
    const cluster = await openLogicalCluster(client, name, platform);
    return {
      ...trialOf(cluster.client, { mayWrite: true }),
      what: `logical cluster ${name} of platform ${platform}`,
      async [Symbol.asyncDispose]() {
        cluster[Symbol.dispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A cluster as it is: definitions and namespaces are not made in it. */
export function openTrialOf(client: Client, what: string): TrialCluster {
  return { ...trialOf(client, { mayWrite: false }), what, [Symbol.asyncDispose]: async () => {} };
}

function trialOf(client: Client, { mayWrite }: { mayWrite: boolean }): Pick<TrialCluster, "judge" | "install"> {
  const served = new Map<string, Promise<Resource[]>>();
  const madeNamespaces = new Map<string, Promise<unknown>>();
  const resourceOf = async ({ apiVersion, kind }: KubeObject) => {
    const resources = served.get(apiVersion) ?? servedResources(client, apiVersion);
    served.set(apiVersion, resources);
    return (await resources).find((resource) => resource.kind === kind);
  };
  const makeNamespace = async (name: string) => {
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    const made =
      madeNamespaces.get(name) ?? client.patch(namespaces, { name }, "apply", object, { fieldManager, force: true });
    madeNamespaces.set(name, made);
    await made;
  };
  return {
    async judge(object) {
      const resource = await resourceOf(object);
      if (resource === undefined) return { state: "unjudged", why: `no kind ${object.kind} in ${object.apiVersion}` };
      const { name, generateName, namespace = "default" } = object.metadata;
      // A dry run of an apply needs a name; the server would make one up.
      const at = { name: name ?? `${generateName ?? ""}sample`, ...(resource.namespaced && { namespace }) };
      const placed = { ...object, metadata: { ...object.metadata, ...at } };
      const { generateName: _, ...metadata } = placed.metadata;
      try {
        if (mayWrite && resource.namespaced) await makeNamespace(namespace);
        await client.patch(
          resource,
          at,
          "apply",
          { ...placed, metadata },
          {
            fieldManager,
            dryRun: true,
            force: true,
            fieldValidation: "Strict",
          },
        );
        return { state: "accepted" };
      } catch (error) {
        if (!isStatusError(error)) throw error;
        return { state: "refused", why: error.message };
      }
    },
    async install(crd) {
      try {
        await client.patch(definitions, { name: crd.metadata.name ?? "" }, "apply", trialDefinition(crd), {
          fieldManager,
          force: true,
        });
        served.clear();
        return undefined;
      } catch (error) {
        if (!isStatusError(error)) throw error;
        return error.message;
      }
    },
  };
}

/** Nobody is there who converts between versions. */
function trialDefinition(crd: KubeObject): KubeObject {
  const { status: _, spec, ...rest } = crd;
  const { conversion: __, ...kept } = isFields(spec) ? spec : {};
  const { name = "", labels = {}, annotations = {} } = crd.metadata;
  return { ...rest, metadata: { name, labels, annotations }, spec: kept };
}
