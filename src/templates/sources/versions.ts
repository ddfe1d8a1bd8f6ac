import { isJsonObject, type JsonObject, textAt } from "../../apimachinery/index.ts";
import { SourceError } from "../definition.ts";
import { objectAt, objectsAt } from "./json-at.ts";

/** A version of a custom resource. */
export type CustomVersion = {
  name: string;
  served: boolean;
  /** Whether objects are stored as this version, in Crossplane: compositions are written for it. */
  preferred: boolean;
  schema: JsonObject | undefined;
  deprecation: string | undefined;
};

/** The versions of a CustomResourceDefinition, old ones included, or of a CompositeResourceDefinition. */
export function versionsOf(spec: JsonObject): CustomVersion[] {
  const shared = objectAt(spec, "validation", "openAPIV3Schema");
  const written = objectsAt(spec, "versions");
  const only = textAt(spec, "version");
  if (written.length === 0 && only !== "") {
    return [{ name: only, served: true, preferred: true, schema: shared, deprecation: undefined }];
  }
  return written.map((version) => ({
    name: textAt(version, "name"),
    served: version["served"] !== false,
    preferred: version["storage"] === true || version["referenceable"] === true,
    schema: objectAt(version, "schema", "openAPIV3Schema") ?? shared,
    deprecation:
      version["deprecated"] === true
        ? textAt(version, "deprecationWarning") || "this version is deprecated"
        : undefined,
  }));
}

/** What the definition is made of, and what cnoe-cli takes, which looks at the first version and no other. */
export type ChosenVersions = {
  chosen: CustomVersion & { schema: JsonObject };
  first: CustomVersion & { schema: JsonObject };
};

/**
 * Chooses the version that is asked for, or the preferred one, or, when that is not served, the first one that is.
 *
 * @throws {SourceError} when there is no such version, or it has no schema
 */
export function chooseVersion(
  versions: readonly CustomVersion[],
  { wanted, place }: { wanted: string | undefined; place: { file: string; line: number } },
): ChosenVersions {
  const served = versions.filter((version) => version.served && version.name !== "");
  if (served.length === 0) {
    const why = versions.length === 0 ? "has no spec.versions" : "has no version that is served";
    throw new SourceError(why, place);
  }
  const found =
    wanted === undefined
      ? (served.find((version) => version.preferred) ?? served[0])
      : served.find((version) => version.name === wanted);
  if (found === undefined) {
    const names = served.map((version) => version.name).join(", ");
    throw new SourceError(`has no version ${wanted} that is served, only ${names}`, place);
  }
  if (!hasSchema(found)) throw new SourceError(`has no schema in version ${found.name}`, place);
  const { properties } = found.schema;
  if (properties !== undefined && !isJsonObject(properties))
    throw new SourceError(`has properties in the schema of version ${found.name} that are no object`, place);
  const first = wanted === undefined ? versions.find(hasSchema) : found;
  return { chosen: found, first: first ?? found };
}

function hasSchema(version: CustomVersion): version is CustomVersion & { schema: JsonObject } {
  return version.schema !== undefined;
}
