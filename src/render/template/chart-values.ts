import { marshalYaml } from "./functions/yaml.ts";
import { GoError } from "./go-error.ts";
import { valuesType } from "./go-types.ts";
import { fn, type GoFunction, object, string } from "./signature.ts";
import { entriesOf, type GoMap, GoObject, hasKey, isMap, newMap, type Value } from "./values.ts";

/** `common.Values`, the map that `.Values` is: it has methods, and sprig's `dig` does not take it for a map. */
export class ChartValues extends GoObject {
  readonly type = valuesType;
  readonly map: GoMap;

  constructor(map: GoMap) {
    super();
    this.map = map;
  }

  override entries(): GoMap {
    return this.map;
  }

  override copy(copyValue: (value: Value) => Value): ChartValues {
    const copy = newMap();
    for (const key of Object.keys(this.map)) copy[key] = copyValue(this.map[key]);
    return new ChartValues(copy);
  }

  override toData(): Value {
    return this.map;
  }

  override method(name: string): GoFunction | undefined {
    return Object.hasOwn(methods, name) ? methods[name] : undefined;
  }
}

const values = object(valuesType, (value) => value instanceof ChartValues);

const methods: Readonly<Record<string, GoFunction>> = {
  AsMap: fn([values], ({ map }) => map),
  YAML: fn([values], ({ map }) => `${marshalYaml(map)}\n`),
  Table: fn([values, string], ({ map }, path) => new ChartValues(tableAt(map, path.split(".")))),
  PathValue: fn([values, string], ({ map }, path) => pathValue(map, path)),
};

function tableAt(map: GoMap, path: readonly string[]): GoMap {
  let table = map;
  for (const name of path) {
    const next = hasKey(table, name) ? table[name] : undefined;
    const inner = next instanceof ChartValues || isMap(next) ? entriesOf(next) : undefined;
    if (inner === undefined) throw new GoError(`${JSON.stringify(name)} is not a table`);
    table = inner;
  }
  return table;
}

function pathValue(map: GoMap, path: string): Value {
  if (path === "") throw new GoError("YAML path cannot be empty");
  const names = path.split(".");
  const key = names.pop() ?? "";
  const noValue = () => new GoError(`${JSON.stringify(key)} is not a value`);
  let table = map;
  try {
    table = tableAt(map, names);
  } catch {
    throw noValue();
  }
  if (!hasKey(table, key) || isMap(table[key])) throw noValue();
  return table[key] ?? null;
}
