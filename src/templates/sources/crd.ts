import { formatApiVersion, type JsonObject, textAt } from "../../apimachinery/index.ts";
import { type Definition, SourceError } from "../definition.ts";
import { objectAt } from "./json-at.ts";
import { slugOf } from "./read-document.ts";
import { type ChosenVersions, chooseVersion, versionsOf } from "./versions.ts";

/** Where an object was read, and which version of it is wanted instead of the one that its author prefers. */
export type ReadOptions = { file: string; line: number; version?: string };

/**
 * Makes a definition of a CustomResourceDefinition, v1 or v1beta1.
 *
 * @throws {SourceError} without group, kind, versions or schema
 */
export function readCrd(object: JsonObject, { file, line, version }: ReadOptions): Definition {
  const place = { file, line };
  const spec = objectAt(object, "spec") ?? {};
  const names = objectAt(spec, "names") ?? {};
  const group = requireText(object, ["spec", "group"], place);
  const kind = requireText(object, ["spec", "names", "kind"], place);
  const versions = chooseVersion(versionsOf(spec), { wanted: version, place });
  const { schema, name } = versions.chosen;
  const description = textAt(schema, "description").trim();
  return {
    name: definitionName(group, kind),
    title: kind,
    ...(description !== "" && { description }),
    source: "crd",
    origin: place,
    subject: {
      kind: "resource",
      apiVersion: formatApiVersion({ group, version: name }),
      resourceKind: kind,
      plural: textAt(names, "plural") || kind.toLowerCase(),
      // Where it is left out, in v1beta1, a kind is namespaced.
      namespaced: textAt(spec, "scope") !== "Cluster",
    },
    dialect: "kubernetes",
    schema,
    prominent: [],
    written: { object, ...scopeOf(spec["scope"]), ...writtenVersion(versions) },
    notes: versionNotes(versions),
  };
}

/** `<group>.<kind>` in lower case, as cnoe-cli names files. */
export function definitionName(group: string, kind: string): string {
  return slugOf(`${group}.${kind}`.toLowerCase());
}

/** @throws {SourceError} when there is no text at a path */
export function requireText(object: JsonObject, path: string[], place: { file: string; line: number }): string {
  const text = textAt(object, ...path);
  if (text === "") throw new SourceError(`has no ${path.join(".")}`, place);
  return text;
}

export function scopeOf(scope: unknown): { scope?: string } {
  return typeof scope === "string" ? { scope } : {};
}

export function writtenVersion({ first }: ChosenVersions): { version: string; schema: JsonObject } {
  return { version: first.name, schema: first.schema };
}

export function versionNotes({ chosen }: ChosenVersions): Definition["notes"] {
  return chosen.deprecation === undefined ? [] : [{ at: "", message: `${chosen.name}: ${chosen.deprecation}` }];
}
