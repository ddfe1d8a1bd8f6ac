import { ChartValues } from "../template/chart-values.ts";
import { type GoMap, newMap, type Value } from "../template/values.ts";
import type { ChartNode } from "./chart-node.ts";
import { chartObject } from "./metadata.ts";
import { tableAt } from "./value-maps.ts";

/** A template, and what `.` is in it: the same map for all templates of a chart, which see what others change in it. */
export type BoundTemplate = { readonly bytes: Uint8Array; readonly data: GoMap; readonly basePath: string };

/** What all charts of a render share. */
export type RenderScope = { readonly values: GoMap; readonly release: GoMap; readonly capabilities: Value };

/**
 * Gathers the templates of a chart and of all charts in it.
 *
 * @returns by their names; of two of the same name the one that Helm finds last counts
 */
export function templatesOf(root: ChartNode, scope: RenderScope): Map<string, BoundTemplate> {
  const templates = new Map<string, BoundTemplate>();
  gather(root, scope.values, scope, templates);
  return templates;
}

function gather(node: ChartNode, values: GoMap, scope: RenderScope, into: Map<string, BoundTemplate>): GoMap {
  const { chart, path } = node;
  const { metadata } = chart.contents;
  const data = newMap();
  const subcharts = newMap();
  data["Chart"] = chartObject({ ...metadata, name: node.name }, node.dependencies ?? [], node.parent === undefined);
  data["Files"] = chart.filesObject;
  data["Release"] = scope.release;
  data["Capabilities"] = scope.capabilities;
  data["Values"] = new ChartValues(values);
  data["Subcharts"] = subcharts;
  for (const sub of node.charts) {
    // A name with a dot in it is looked for as a path, and so finds nothing.
    const { table } = tableAt(values, sub.name.split("."));
    subcharts[sub.name] = gather(sub, table ?? newMap(), scope, into);
  }
  const isLibrary = metadata.type.toLowerCase() === "library";
  for (const { path: file, bytes } of chart.contents.templates) {
    if (isLibrary && !file.slice(file.lastIndexOf("/") + 1).startsWith("_")) continue;
    into.set(`${path}/${file}`, { bytes, data, basePath: `${path}/templates` });
  }
  return data;
}
