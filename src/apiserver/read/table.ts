import { badRequest, type KubeObject, quoteGo } from "../../apimachinery/index.ts";
import { tableCells, tableColumns } from "../../apis/index.ts";
import type { ApiResource } from "../resource.ts";

/** How much of each object a table carries beside its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** @throws {StatusError} `BadRequest` */
export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const text = query.get("includeObject") || "Metadata";
  if (text === "None" || text === "Metadata" || text === "Object") return text;
  const why = `includeObject: Invalid value: ${quoteGo(text)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${why}`);
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

const scale = { group: "autoscaling", version: "v1", kind: "Scale" };

/** The endpoint `scale` of a resource, as what has that kind and its table. */
export function scaleEndpoint(resource: ApiResource): ApiResource {
  const cells = (object: KubeObject, now: Date) => tableCells(scale, object, now) ?? [];
  const apiVersion = `${scale.group}/${scale.version}`;
  return { ...resource, kind: scale.kind, apiVersion, table: { columns: tableColumns(scale) ?? [], cells } };
}
