import { type FieldSpec, visitField } from "./field-spec.ts";
import type { Image, Replica } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";
import { requireNode } from "./merge.ts";
import { fieldOf, isList, isMap, isMissingOrNull, type Node, Scalar } from "./node.ts";
import { formatGvk, isSelected } from "./resource-id.ts";
import type { Resources } from "./resources.ts";
import { compileGoPattern } from "./selector.ts";

/** Changes the images of a name wherever containers are, and in the fields of the specs. */
export function setImages(resources: Resources, image: Image, specs: readonly FieldSpec[]): void {
  const matches = compileImage(image.name ?? "");
  const update = (node: Node): void => {
    requireNode("ScalarNode", node);
    if (!(node instanceof Scalar) || !matches(node.text)) return;
    node.text = changeImage(node.text, image);
    node.tag = "";
  };
  const chosen = resources.all.filter(({ kind }) => kind !== "CustomResourceDefinition");
  for (const { node } of chosen) if (node !== undefined) updateContainers(node, update);
  for (const { node } of chosen) {
    if (node === undefined) continue;
    for (const spec of specs) visitField(node, spec, update);
  }
}

/** A name is an expression, as upstream has it; one that is malformed matches nothing. */
function compileImage(name: string): (text: string) => boolean {
  try {
    return compileGoPattern(`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`);
  } catch (error) {
    if (error instanceof KustomizeError) return () => false;
    throw error;
  }
}

function updateContainers(node: Node, update: (node: Node) => void): void {
  if (isList(node)) {
    for (const item of node) updateContainers(item, update);
    return;
  }
  if (!isMap(node)) return;
  for (const [key, value] of node) {
    updateContainers(value, update);
    if ((key !== "containers" && key !== "initContainers") || !isList(value)) continue;
    for (const container of value) {
      if (isMissingOrNull(container)) continue;
      requireNode("MappingNode", container);
      const image = fieldOf(container, "image");
      if (image !== undefined) update(image);
    }
  }
}

/** What an image reference becomes: a new tag or digest takes the place of both. */
export function changeImage(reference: string, { newName, newTag, digest: newDigest, tagSuffix }: Image): string {
  const parts = splitImage(reference);
  let { tag, digest } = parts;
  if (newTag) {
    tag = newTag;
    digest = newDigest ?? "";
  } else if (newDigest) {
    tag = "";
    digest = newDigest;
  } else if (tagSuffix) {
    tag += tagSuffix;
    digest = "";
  }
  return `${newName || parts.name}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
}

/** Takes an image reference apart; a colon before the first slash belongs to a port. */
export function splitImage(reference: string): { name: string; tag: string; digest: string } {
  const slash = Math.max(reference.indexOf("/"), 0);
  const at = reference.indexOf("@", slash);
  const colon = reference.indexOf(":", slash);
  if (at < 0 && colon < 0) return { name: reference, tag: "", digest: "" };
  if (at >= 0 && (at < colon || colon < 0)) {
    return { name: reference.slice(0, at), tag: "", digest: reference.slice(at + 1) };
  }
  const end = at < 0 ? reference.length : at;
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1, end), digest: reference.slice(end + 1) };
}

/** Sets the number of replicas of a resource by its name. @throws {KustomizeError} when there is none of it */
export function setReplicas(
  resources: Resources,
  { name = "", count = 0 }: Replica,
  specs: readonly FieldSpec[],
): void {
  let isFound = false;
  for (const spec of specs) {
    const found = resources.matchingAnyId((id) => id.name === name && isSelected(id, spec));
    for (const { node } of found) {
      isFound = true;
      if (node === undefined) continue;
      visitField(
        node,
        spec,
        (field) => {
          requireNode("ScalarNode", field);
          if (!(field instanceof Scalar)) return;
          field.text = String(count);
          field.tag = "int";
        },
        { kind: "scalar", tag: "int" },
      );
    }
  }
  if (isFound) return;
  const gvks = specs.map(formatGvk).join(" ");
  throw new KustomizeError(`resource with name ${name} does not match a config with the following GVK [${gvks}]`);
}
