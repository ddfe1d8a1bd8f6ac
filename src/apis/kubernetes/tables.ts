import type { KubeObject } from "../../apimachinery/index.ts";
import { convertBuiltin } from "./convert.ts";
import type { BuiltinResource } from "./resources.ts";
import { kindKey } from "./strategy.ts";
import { clusterViews } from "./tables/cluster.ts";
import { networkViews } from "./tables/network.ts";
import type { Cell, View } from "./tables/text.ts";
import { workloadViews } from "./tables/workloads.ts";

/** A column of a `Table`; priority 1 is for the wide view only. */
export type Column = {
  name: string;
  type: "string" | "integer" | "boolean" | "date";
  format: "" | "name";
  description: string;
  priority: 0 | 1;
};

const views: Record<string, View> = { ...workloadViews, ...networkViews, ...clusterViews };
const columns = new Map<View, readonly Column[]>();

/**
 * The columns in which `kubectl get` shows a kind, as a real cluster names them.
 *
 * @returns `undefined` for kinds that have no table (reviews, bindings): the server answers 406
 */
export function tableColumns(resource: Pick<BuiltinResource, "group" | "kind">): readonly Column[] | undefined {
  const view = viewOf(resource);
  if (view === undefined) return undefined;
  let known = columns.get(view);
  if (known === undefined) {
    known = view.columns.split("|").map(parseColumn);
    columns.set(view, known);
  }
  return known;
}

/**
 * One object's values for {@link tableColumns}, wide ones included. Ages are spans up to `now`.
 *
 * @returns `undefined` where there are no columns
 */
export function tableCells(
  resource: Pick<BuiltinResource, "group" | "kind">,
  object: KubeObject,
  now: Date,
): Cell[] | undefined {
  return viewOf(resource)?.row(inShownVersion(object), now);
}

/** Events look the same in both groups. */
function viewOf(resource: Pick<BuiltinResource, "group" | "kind">): View | undefined {
  return views[resource.kind === "Event" ? "Event" : kindKey(resource)];
}

function inShownVersion(object: KubeObject): KubeObject {
  if (object.apiVersion === "events.k8s.io/v1")
    return convertBuiltin(object, { group: "", version: "v1", kind: object.kind });
  if (object.apiVersion === "autoscaling/v1" && object.kind === "HorizontalPodAutoscaler")
    return convertBuiltin(object, { group: "autoscaling", version: "v2", kind: object.kind });
  return object;
}

const types: Record<string, Column["type"]> = { "#": "integer", "?": "boolean", "@": "date" };

function parseColumn(text: string): Column {
  const wide = text.endsWith("*");
  const type = types[text.charAt(0)];
  const name = text.slice(type === undefined ? 0 : 1, wide ? -1 : undefined);
  return {
    name,
    type: type ?? "string",
    format: name === "Name" ? "name" : "",
    description: descriptions[name] ?? `${name} of the object.`,
    priority: wide ? 1 : 0,
  };
}

const descriptions: Record<string, string> = {
  Age: "How long ago the object was created.",
  "Created At": "When the object was created.",
  Name: "Name of the object, unique among those of its kind in its namespace.",
};
