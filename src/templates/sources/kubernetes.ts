import { type JsonObject, parseApiVersion, textAt } from "../../apimachinery/index.ts";
import { type Definition, type Note, SourceError } from "../definition.ts";
import { type Composition, readComposition } from "./composition.ts";
import { readCrd } from "./crd.ts";
import { readKro } from "./kro.ts";
import { readKubernetesDocuments } from "./kubernetes-documents.ts";
import { readXrd } from "./xrd.ts";

/**
 * What the objects of a file are to the makers of forms.
 *
 * @property compositions which say more about definitions, of this file or another; see `withCompositions`
 * @property notes what was passed over, with the line
 * @property problems what is wrong; the rest of the file counts nevertheless
 */
export type KubernetesDefinitions = {
  definitions: Definition[];
  compositions: Composition[];
  notes: Note[];
  problems: SourceError[];
};

/**
 * Reads CustomResourceDefinitions, Crossplane's CompositeResourceDefinitions and Compositions, and kro's
 * ResourceGraphDefinitions out of a YAML or JSON file, or what a cluster answered.
 *
 * @param options `version` chooses another version than the one that is stored
 */
export function readKubernetesDefinitions(
  text: string,
  { file, version }: { file: string; version?: string },
): KubernetesDefinitions {
  const { objects, problems } = readKubernetesDocuments(text, file);
  const found: KubernetesDefinitions = { definitions: [], compositions: [], notes: [], problems };
  for (const { object, line } of objects) {
    try {
      readObject(object, { file, line, ...(version !== undefined && { version }) }, found);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const why = `${titleOf(object)} ${error.message.slice(`${file}:${line}: `.length)}`;
      problems.push(new SourceError(why, { file, line }, { cause: error }));
    }
  }
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return found;
}

function readObject(
  object: JsonObject,
  options: { file: string; line: number; version?: string },
  found: KubernetesDefinitions,
): void {
  const { group } = parseApiVersion(textAt(object, "apiVersion"));
  switch (textAt(object, "kind")) {
    case "CustomResourceDefinition":
      found.definitions.push(readCrd(object, options));
      return;
    case "CompositeResourceDefinition":
      found.definitions.push(readXrd(object, options));
      return;
    case "ResourceGraphDefinition":
      found.definitions.push(readKro(object, options));
      return;
    case "Composition":
      if (group === "apiextensions.crossplane.io") {
        found.compositions.push(readComposition(object, options));
        return;
      }
  }
  found.notes.push({ at: `${options.file}:${options.line}`, message: `${titleOf(object)} is passed over` });
}

function titleOf(object: JsonObject): string {
  const kind = textAt(object, "kind");
  if (kind === "") return "what is no object of Kubernetes";
  const name = textAt(object, "metadata", "name");
  return name === "" ? kind : `${kind} ${name}`;
}
