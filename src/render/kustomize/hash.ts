import { createHash } from "node:crypto";
import { formatGoJson } from "../../apimachinery/index.ts";
import { fieldOf, isMap, type Node, rawText, Scalar, toJson } from "./node.ts";
import { notes, type Resource } from "./resource.ts";
import type { Resources } from "./resources.ts";

/** What kustomize appends to the name of a generated resource: ten characters that change with its content. */
export function hashOf(resource: Resource): string {
  const { node, kind } = resource;
  const hex = createHash("sha256")
    .update(formatGoJson(contentOf(kind, node)))
    .digest("hex");
  return hex.slice(0, 10).replace(/[013ae]/g, (character) => replacements[character] ?? character);
}

/** No vowels and nothing like them, so that no hash is a word. */
const replacements: Readonly<Record<string, string>> = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };

function contentOf(kind: string, node: Node | undefined): unknown {
  const value = (...path: string[]): unknown => {
    let here = node;
    for (const step of path) here = fieldOf(here, step);
    if (here === undefined) return "";
    return here instanceof Scalar ? rawText(here) : toJson(here);
  };
  const optional = (field: string): object => (isMap(fieldOf(node, field)) ? { [field]: value(field) } : {});
  if (kind === "ConfigMap") {
    // The name is looked for in a field called "metadata/name", which there is not.
    return { kind, name: value("metadata/name"), data: value("data"), ...optional("binaryData") };
  }
  if (kind === "Secret") {
    return { kind, type: value("type"), name: value("metadata/name"), data: value("data"), ...optional("stringData") };
  }
  return node === undefined ? null : toJson(node);
}

/** Appends hashes to the names of generated resources that want one. */
export function hashNames(resources: Resources): void {
  for (const resource of resources.all) {
    if (!resource.isEnabled(notes.needsHash)) continue;
    const hash = hashOf(resource);
    resource.storePreviousId();
    resource.setName(`${resource.name}-${hash}`);
  }
}
