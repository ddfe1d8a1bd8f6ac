import { createPrinterColumn } from "../../apis/index.ts";
import type { ApiResource, Column } from "../resource.ts";
import type { PrinterColumn } from "./definition.ts";

const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description:
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Cannot be updated.",
  priority: 0,
};

/** What a CRD without columns gets. */
const ageColumn: PrinterColumn = {
  name: "Age",
  type: "date",
  format: "",
  description: "When the object was created, in UTC.",
  priority: 0,
  jsonPath: ".metadata.creationTimestamp",
};

/** The table of a custom resource: its name, then what its CRD asks for. */
export function customTable(wanted: readonly PrinterColumn[]): NonNullable<ApiResource["table"]> {
  const columns = (wanted.length === 0 ? [ageColumn] : wanted).map((column) => ({
    column,
    cell: createPrinterColumn(column),
  }));
  const heads = columns.map(({ column: { jsonPath: _path, ...head } }): Column => head);
  return {
    columns: [nameColumn, ...heads],
    cells: (object, now) => [object.metadata.name ?? "", ...columns.map(({ cell }) => cell(object, now))],
  };
}
