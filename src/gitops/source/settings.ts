import { textAt } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";

const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };

/** The flags that `kustomize.buildOptions` of `argocd-cm` names; empty when there are none. */
export async function readKustomizeBuildOptions(client: Client, namespace: string): Promise<string> {
  const settings = await client.get(configMaps, { namespace, name: "argocd-cm" });
  return textAt(settings, "data", "kustomize.buildOptions");
}
