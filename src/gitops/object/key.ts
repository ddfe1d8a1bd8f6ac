import { type KubeObject, parseApiVersion } from "../../apimachinery/index.ts";

/** Names one object whatever the version it is read in: `group/kind/namespace/name`, as Argo CD prints it. */
export type ObjectKey = string;

export type KeyParts = { group: string; kind: string; namespace: string; name: string };

export function keyOf(object: KubeObject): ObjectKey {
  return formatKey(partsOf(object));
}

export function partsOf(object: KubeObject): KeyParts {
  return {
    group: groupOf(object),
    kind: object.kind,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name ?? "",
  };
}

export function formatKey({ group = "", kind = "", namespace = "", name = "" }: Partial<KeyParts>): ObjectKey {
  return `${group}/${kind}/${namespace}/${name}`;
}

export function groupOf(object: KubeObject): string {
  return parseApiVersion(object.apiVersion).group;
}

export function isCrd(object: KubeObject): boolean {
  return object.kind === "CustomResourceDefinition" && groupOf(object) === "apiextensions.k8s.io";
}

export function isNamespace(object: KubeObject): boolean {
  return object.kind === "Namespace" && object.apiVersion === "v1";
}
