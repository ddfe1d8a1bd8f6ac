import { stringifyYaml } from "../apimachinery/index.ts";
import { CliError } from "./errors.ts";

export type OutputFormat = "table" | "json" | "yaml";

/** @throws {CliError} in idpbuilder's words for any other text */
export function parseOutputFormat(text: string): OutputFormat {
  if (text === "table" || text === "json" || text === "yaml") return text;
  throw new CliError("usage", { why: `output format ${text} is not supported`, command: "skiff get" });
}

/**
 * What a `get` command prints on standard output.
 *
 * @param rows the table's cells, one array a row, in the order of `columns`
 * @param items what JSON and YAML show: always a list, also when it is empty
 * @param empty the table's text when there is nothing
 */
export function formatItems(
  format: OutputFormat,
  data: { columns: readonly string[]; rows: readonly (readonly string[])[]; items: readonly unknown[]; empty: string },
): string {
  if (format === "json") return `${JSON.stringify(data.items, null, 2)}\n`;
  if (format === "yaml") return stringifyYaml(data.items);
  return data.rows.length === 0 ? `${data.empty}\n` : formatTable(data.columns, data.rows);
}

/** Columns as wide as their widest cell, three spaces apart, as kubectl prints them. */
export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("   ")
      .trimEnd();
  return `${[columns, ...rows].map(line).join("\n")}\n`;
}
