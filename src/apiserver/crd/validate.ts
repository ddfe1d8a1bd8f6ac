import {
  deepEqual,
  type Fields,
  invalidValue,
  isFields,
  type KubeObject,
  listAt,
  requiredValue,
  type StatusCause,
  structuralErrors,
  textAt,
  valueAt,
} from "../../apimachinery/index.ts";
import { compileJsonPath } from "../../apis/index.ts";
import { definitionRuleCauses } from "./expressions/definition-rules.ts";
import { approvalAnnotation, isProtectedGroup } from "./names.ts";
import { schemaOf } from "./schema-of.ts";

/** As in Kubernetes (`MaxSelectableFields`). */
const selectableFieldsMax = 8;
const simplePath = /^(\.[A-Za-z_][\w-]*)+$/;

/**
 * Checks what a CRD's schemas and paths mean, as apiextensions-apiserver does; its names and versions are checked as
 * those of every built-in kind are.
 *
 * @param live what is stored, for an update
 */
export function definitionCauses(crd: KubeObject, live?: KubeObject): StatusCause[] {
  return [
    ...versionPlaces(crd).flatMap((place) => versionCauses(crd, place, live)),
    ...(valueAt(crd, "spec", "preserveUnknownFields") === true
      ? [invalidValue("spec.preserveUnknownFields", true, noPreserve)]
      : []),
    ...approvalCauses(crd, live),
  ];
}

const noPreserve =
  "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";

/** A version and where its parts are in messages. */
type VersionPlace = {
  version: Fields;
  schema: string | undefined;
  columns: string | undefined;
  subresources: string | undefined;
  selectable: string | undefined;
};

/**
 * What is the same in all versions, Kubernetes keeps once, beside them, and so do its messages: there is no path for it in
 * any version but the first.
 */
function versionPlaces(crd: KubeObject): VersionPlace[] {
  const versions = listAt(crd, "spec", "versions").filter(isFields);
  const place = (field: string, shared: string) => {
    const isShared = versions.every((version) => deepEqual(version[field] ?? null, versions[0]?.[field] ?? null));
    return (index: number) => {
      if (!isShared) return `spec.versions[${index}].${field}`;
      return index === 0 ? `spec.${shared}` : undefined;
    };
  };
  const schema = place("schema", "validation");
  const columns = place("additionalPrinterColumns", "additionalPrinterColumns");
  const subresources = place("subresources", "subresources");
  const selectable = place("selectableFields", "selectableFields");
  return versions.map((version, index) => ({
    version,
    schema: schema(index),
    columns: columns(index),
    subresources: subresources(index),
    selectable: selectable(index),
  }));
}

function versionCauses(crd: KubeObject, place: VersionPlace, live: KubeObject | undefined): StatusCause[] {
  const { version } = place;
  const name = textAt(version, "name");
  const causes: StatusCause[] = [];
  if (place.schema !== undefined && valueAt(version, "schema", "openAPIV3Schema") !== undefined) {
    const path = `${place.schema}.openAPIV3Schema`;
    const faults = structuralErrors(schemaOf(crd, name), path);
    causes.push(...faults, ...definitionRuleCauses(crd, name, path, faults, live));
  }
  for (const [index, column] of place.columns === undefined
    ? []
    : listAt(version, "additionalPrinterColumns").entries()) {
    causes.push(...columnPathCauses(textAt(column, "jsonPath"), `${place.columns}[${index}].jsonPath`));
  }
  const selectorPath = textAt(version, "subresources", "scale", "labelSelectorPath");
  if (place.subresources !== undefined && selectorPath !== "" && !/^\.(spec|status)\./.test(selectorPath)) {
    const why = "should be a json path under either .spec or .status";
    causes.push(invalidValue(`${place.subresources}.scale.labelSelectorPath`, selectorPath, why));
  }
  return place.selectable === undefined
    ? causes
    : [...causes, ...selectableFieldsCauses(crd, version, place.selectable)];
}

function selectableFieldsCauses(crd: KubeObject, version: Fields, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const selectable = listAt(version, "selectableFields");
  if (selectable.length > selectableFieldsMax) {
    const message = `Too many: ${selectable.length}: must have at most ${selectableFieldsMax} items`;
    causes.push({ reason: "FieldValueTooMany", message, field: path });
  }
  for (const [index, field] of selectable.entries()) {
    const at = `${path}[${index}].jsonPath`;
    causes.push(...selectableCauses(crd, textAt(version, "name"), textAt(field, "jsonPath"), at));
  }
  return causes;
}

function columnPathCauses(jsonPath: string, path: string): StatusCause[] {
  try {
    compileJsonPath(jsonPath);
    return [];
  } catch (error) {
    return [invalidValue(path, jsonPath, error instanceof Error ? error.message : "is not a path")];
  }
}

/** A field that selectors may name is one text, number or truth value that the schema specifies. */
function selectableCauses(crd: KubeObject, version: string, jsonPath: string, path: string): StatusCause[] {
  if (jsonPath === "") return [requiredValue(path)];
  if (!simplePath.test(jsonPath)) return [invalidValue(path, jsonPath, "must be a simple path")];
  if (jsonPath.startsWith(".metadata.")) {
    return [invalidValue(path, jsonPath, "must not point to fields in metadata")];
  }
  let schema: unknown = schemaOf(crd, version);
  for (const name of jsonPath.split(".").slice(1)) schema = valueAt(schema, "properties", name);
  if (schema === undefined) return [invalidValue(path, jsonPath, "does not refer to a valid field")];
  if (["string", "integer", "boolean"].includes(textAt(schema, "type"))) return [];
  const why =
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
  return [invalidValue(path, jsonPath, why)];
}

function approvalCauses(crd: KubeObject, live: KubeObject | undefined): StatusCause[] {
  if (!isProtectedGroup(textAt(crd, "spec", "group"))) return [];
  const field = `metadata.annotations[${approvalAnnotation}]`;
  const text = crd.metadata.annotations?.[approvalAnnotation] ?? "";
  const see = "see https://github.com/kubernetes/enhancements/pull/1111";
  const must = `protected groups must have approval annotation "${approvalAnnotation}"`;
  if (text === "") {
    // What was accepted before the rule came may stay as it is.
    const stays = live !== undefined && !live.metadata.annotations?.[approvalAnnotation];
    return stays ? [] : [requiredValue(field, `${must}, ${see}`)];
  }
  if (text.startsWith("unapproved") || URL.canParse(text)) return [];
  return [invalidValue(field, text, `${must} with either a URL or a reason starting with "unapproved", ${see}`)];
}
