import { fieldsAt, type KubeObject, listAt, textAt, textsAt, valueAt } from "../../apimachinery/index.ts";
import { type ClientConfig, readClientConfig } from "../admission/webhooks/client-config.ts";

/** The part of storage keys that CRDs have. */
export const definitionsName = "customresourcedefinitions.apiextensions.k8s.io";

/** Names of a kind, as a CRD wants them or as it got them. */
export type Names = {
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  shortNames: string[];
  categories: string[];
};

export type PrinterColumn = {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
  jsonPath: string;
};

/** One version of a CRD without its schema, which is read when it is first needed. */
export type DefinitionVersion = {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated: boolean;
  deprecationWarning: string;
  hasStatus: boolean;
  scale: { spec: string; status: string; selector: string } | undefined;
  columns: PrinterColumn[];
  /** Paths like `.spec.color`. */
  selectableFields: string[];
};

/** What the server needs to know of a CRD to serve its objects. */
export type Definition = {
  name: string;
  group: string;
  namespaced: boolean;
  names: Names;
  versions: DefinitionVersion[];
  /** Who converts between versions; `undefined` when they differ in nothing but their name. */
  conversion: { client: ClientConfig; reviewVersions: string[] } | undefined;
  established: boolean;
  /** Whether all names that the CRD wants are its own. */
  namesAccepted: boolean;
  terminating: boolean;
};

/** Reads a stored CRD; it has been validated when it was written. */
export function readDefinition(crd: KubeObject): Definition {
  return {
    name: crd.metadata.name ?? "",
    group: textAt(crd, "spec", "group"),
    namespaced: textAt(crd, "spec", "scope") === "Namespaced",
    names: readNames(valueAt(crd, "status", "acceptedNames")),
    versions: listAt(crd, "spec", "versions").map(readVersion),
    conversion: readConversion(fieldsAt(crd, "spec", "conversion")),
    established: conditionOf(crd, "Established")?.["status"] === "True",
    namesAccepted: conditionOf(crd, "NamesAccepted")?.["status"] !== "False",
    terminating: crd.metadata.deletionTimestamp !== undefined,
  };
}

function readConversion(conversion: unknown): Definition["conversion"] {
  if (textAt(conversion, "strategy") !== "Webhook") return undefined;
  const client = readClientConfig(valueAt(conversion, "webhook", "clientConfig"));
  return { client, reviewVersions: textsAt(conversion, "webhook", "conversionReviewVersions") };
}

export function readNames(names: unknown): Names {
  return {
    plural: textAt(names, "plural"),
    singular: textAt(names, "singular"),
    kind: textAt(names, "kind"),
    listKind: textAt(names, "listKind"),
    shortNames: textsAt(names, "shortNames"),
    categories: textsAt(names, "categories"),
  };
}

function readVersion(version: unknown): DefinitionVersion {
  const scale = fieldsAt(version, "subresources", "scale");
  return {
    name: textAt(version, "name"),
    served: valueAt(version, "served") === true,
    storage: valueAt(version, "storage") === true,
    deprecated: valueAt(version, "deprecated") === true,
    deprecationWarning: textAt(version, "deprecationWarning"),
    hasStatus: valueAt(version, "subresources", "status") !== undefined,
    scale:
      valueAt(version, "subresources", "scale") === undefined
        ? undefined
        : {
            spec: textAt(scale, "specReplicasPath"),
            status: textAt(scale, "statusReplicasPath"),
            selector: textAt(scale, "labelSelectorPath"),
          },
    columns: listAt(version, "additionalPrinterColumns").map(readColumn),
    selectableFields: listAt(version, "selectableFields").map((field) => textAt(field, "jsonPath")),
  };
}

function readColumn(column: unknown): PrinterColumn {
  const priority = valueAt(column, "priority");
  return {
    name: textAt(column, "name"),
    type: textAt(column, "type"),
    format: textAt(column, "format"),
    description: textAt(column, "description"),
    priority: typeof priority === "number" ? priority : 0,
    jsonPath: textAt(column, "jsonPath"),
  };
}

/** The condition of a type in `status.conditions`. */
export function conditionOf(crd: KubeObject, type: string): Readonly<Record<string, unknown>> | undefined {
  const found = listAt(crd, "status", "conditions").find((condition) => textAt(condition, "type") === type);
  return found === undefined ? undefined : fieldsAt(found);
}
