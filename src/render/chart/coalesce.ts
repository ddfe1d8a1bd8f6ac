import { sprintf } from "../template/go-format.ts";
import { type GoMap, hasKey, isMap, newMap } from "../template/values.ts";
import { ChartError } from "./chart-error.ts";
import type { ChartNode } from "./chart-node.ts";
import { copyMap, show } from "./value-maps.ts";

/** The key of values that all charts see. */
const globalKey = "global";

/**
 * How values are put together.
 *
 * @property keepNulls whether `null` stays, as it does for what is put together again later; else it removes a key
 * @property warn gets what Helm logs
 */
export type CoalesceOptions = { readonly keepNulls: boolean; readonly warn: (warning: string) => void };

/**
 * Puts the values of a chart and of all charts in it below those that were given: the given ones win, maps are merged, what
 * is `global` is handed down, each chart finds its own under its name.
 *
 * @returns a new map; only values that are global are shared between the charts in it
 * @throws {ChartError} when a chart's own values are no map
 */
export function coalesceValues(chart: ChartNode, given: GoMap, options: CoalesceOptions): GoMap {
  return coalesceChart(chart, copyMap(given), "", options);
}

/** Merges a map into another one, which wins. Both are changed. @returns `into` */
export function coalesceTables(into: GoMap, from: GoMap, options: CoalesceOptions): GoMap {
  return mergeTable(into, from, "", options);
}

function coalesceChart(chart: ChartNode, into: GoMap, prefix: string, options: CoalesceOptions): GoMap {
  addOwnValues(chart, into, prefix, options);
  const inner = join(prefix, chart.name);
  for (const sub of chart.charts) {
    if (!hasKey(into, sub.name)) into[sub.name] = newMap();
    const values = into[sub.name];
    // Helm prints the value as if it were a truth value.
    if (!isMap(values)) throw new ChartError(`type mismatch on ${sub.name}: ${sprintf("%t", [values ?? null])}`);
    handDownGlobals(values, into, inner, options);
    coalesceChart(sub, values, inner, options);
  }
  return into;
}

function addOwnValues(chart: ChartNode, into: GoMap, prefix: string, options: CoalesceOptions): void {
  const own = copyMap(chart.values ?? {});
  const inner = join(prefix, chart.name);
  for (const key of Object.keys(own)) {
    const value = own[key];
    if (!hasKey(into, key)) {
      into[key] = value;
      continue;
    }
    const given = into[key];
    if (given === null && !options.keepNulls) {
      delete into[key];
    } else if (isMap(given)) {
      if (isMap(value)) {
        // What is meant for a chart in this one keeps its nulls until that chart's own values come.
        const keepNulls = options.keepNulls || chart.charts.some(({ name }) => name === key);
        mergeTable(given, value, join(inner, key), { ...options, keepNulls });
      } else if (value !== null) {
        options.warn(`warning: skipped value for ${inner}.${key}: Not a table.`);
      }
    }
  }
}

function handDownGlobals(into: GoMap, from: GoMap, prefix: string, options: CoalesceOptions): void {
  const target = hasKey(into, globalKey) ? into[globalKey] : newMap();
  const source = hasKey(from, globalKey) ? from[globalKey] : newMap();
  if (!isMap(target)) {
    options.warn(`warning: skipping globals because destination ${globalKey} is not a table.`);
    return;
  }
  if (!isMap(source)) {
    options.warn(`warning: skipping globals because source ${globalKey} is not a table.`);
    return;
  }
  for (const key of Object.keys(source)) {
    const value = source[key];
    const isKnown = hasKey(target, key);
    const known = target[key];
    if (!isMap(value)) {
      if (isKnown && isMap(known)) options.warn(`key ${key} is table. Skipping`);
      else target[key] = value;
      continue;
    }
    const copy = newMap();
    for (const name of Object.keys(value)) copy[name] = value[name];
    if (!isKnown) {
      target[key] = copy;
    } else if (!isMap(known)) {
      options.warn(`Conflict: cannot merge map onto non-map for ${JSON.stringify(key)}. Skipping.`);
    } else {
      target[key] = mergeTable(copy, known, join(prefix, key), { ...options, keepNulls: true });
    }
  }
  into[globalKey] = target;
}

function mergeTable(into: GoMap, from: GoMap, prefix: string, options: CoalesceOptions): GoMap {
  const hadValue = new Set(Object.keys(from).filter((key) => from[key] !== null));
  for (const key of Object.keys(into)) if (into[key] === null) from[key] = null;
  for (const key of Object.keys(from)) {
    const value = from[key];
    const isKnown = hasKey(into, key);
    const known = into[key];
    if (isKnown && !options.keepNulls && known === null && hadValue.has(key)) {
      // Who gives `null` for a default does not want the key; a `null` over nothing stays.
      delete into[key];
    } else if (!isKnown) {
      into[key] = value;
    } else if (isMap(value)) {
      if (isMap(known)) mergeTable(known, value, join(prefix, key), options);
      else options.warn(`warning: cannot overwrite table with non table for ${join(prefix, key)} (${show(value)})`);
    } else if (isMap(known) && value !== null) {
      options.warn(
        `warning: destination for ${join(prefix, key)} is a table. Ignoring non-table value (${show(value)})`,
      );
    }
  }
  return into;
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
