import { invalid, type KubeObject } from "../../apimachinery/index.ts";
import type { ApiResource } from "../resource.ts";

/** How much of each object a table carries beside its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** @throws {StatusError} `Invalid` */
export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const text = query.get("includeObject") || "Metadata";
  if (text === "None" || text === "Metadata" || text === "Object") return text;
  const message = `Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`;
  const causes = [{ reason: "FieldValueInvalid", message, field: "includeObject" }];
  throw invalid({ group: "meta.k8s.io", kind: "TableOptions" }, "", causes);
}

/** A table without its rows. In a watch only the first one tells its columns. */
export function tableHead({ table }: ApiResource, apiVersion: string, metadata: object, withColumns: boolean): object {
  return { kind: "Table", apiVersion, metadata, columnDefinitions: withColumns ? (table?.columns ?? []) : null };
}

export function tableRow(
  resource: ApiResource,
  object: KubeObject,
  include: IncludeObject,
  apiVersion: string,
  now: Date,
): { cells: readonly unknown[]; object: unknown } {
  const cells = resource.table?.cells(object, now) ?? [];
  switch (include) {
    case "None":
      return { cells, object: null };
    case "Object":
      return { cells, object };
    case "Metadata":
      return { cells, object: { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata } };
  }
}
