import { type KubeObject, textAt, valueAt } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import type { SourceChoice } from "./find-inputs.ts";
import { servedResources } from "./served-resources.ts";

/** An object of the cluster as a text that the readers of files take, named as kubectl names it. */
export type ClusterSource = { shown: string; text: string };

/** Where each kind of source is, newest version first. */
const places: { choices: readonly SourceChoice[]; versions: readonly string[]; resource: string }[] = [
  {
    choices: ["crd", "auto"],
    versions: ["apiextensions.crossplane.io/v2", "apiextensions.crossplane.io/v1"],
    resource: "compositeresourcedefinitions",
  },
  { choices: ["crd", "auto"], versions: ["apiextensions.crossplane.io/v1"], resource: "compositions" },
  { choices: ["kro", "auto"], versions: ["kro.run/v1alpha1"], resource: "resourcegraphdefinitions" },
  { choices: ["crd", "auto"], versions: ["apiextensions.k8s.io/v1"], resource: "customresourcedefinitions" },
];

export type ClusterSelection = {
  choice: SourceChoice;
  /** Only definitions of these groups; all when empty. */
  groups: readonly string[];
  /** Only definitions of these names; all when empty. */
  names: readonly string[];
};

/**
 * The definitions of a cluster, and the compositions that say more about them. Custom resources that Crossplane or kro made of definitions of
 * theirs are left out when those are read: they are the same forms with less known.
 *
 * @returns in the order of kinds and names; `missing` are names that nothing has
 */
export async function readClusterSources(
  client: Client,
  { choice, groups, names }: ClusterSelection,
): Promise<{ sources: ClusterSource[]; missing: string[] }> {
  const found: { object: KubeObject; shown: string }[] = [];
  for (const { choices, versions, resource: name } of places) {
    if (!choices.includes(choice)) continue;
    for (const apiVersion of versions) {
      const resource = (await servedResources(client, apiVersion)).find((one) => one.resource === name);
      if (resource === undefined) continue;
      const { items } = await client.list(resource);
      for (const item of items)
        found.push({
          object: { ...item, apiVersion, kind: resource.kind },
          shown: `${name}/${item.metadata.name ?? ""}`,
        });
      break;
    }
  }
  const uids = new Set(found.map(({ object }) => object.metadata.uid));
  const wanted = found.filter(
    ({ object }) => object.kind === "Composition" || (!isMade(object, uids, choice) && isOf(object, groups, names)),
  );
  const known = new Set(wanted.map(({ object }) => object.metadata.name));
  return {
    sources: wanted.map(({ object, shown }) => ({ shown, text: JSON.stringify(withoutHistory(object)) })),
    missing: names.filter((name) => !known.has(name)),
  };
}

function isMade({ kind, metadata }: KubeObject, uids: ReadonlySet<string | undefined>, choice: SourceChoice): boolean {
  if (kind !== "CustomResourceDefinition") return false;
  const owners = metadata.ownerReferences ?? [];
  return (
    owners.some(({ uid }) => uids.has(uid)) || (choice === "auto" && metadata.labels?.["kro.run/owned"] === "true")
  );
}

function isOf(object: KubeObject, groups: readonly string[], names: readonly string[]): boolean {
  const { name = "" } = object.metadata;
  if (names.length > 0 && !names.includes(name)) return false;
  if (groups.length === 0) return true;
  const group =
    object.kind === "ResourceGraphDefinition"
      ? textAt(valueAt(object, "spec", "schema"), "group") || "kro.run"
      : textAt(object, "spec", "group");
  return groups.includes(group);
}

/** Who wrote which field says nothing about forms, and is a third of the text. */
function withoutHistory(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
