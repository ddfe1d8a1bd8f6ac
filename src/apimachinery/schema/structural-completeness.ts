import type { StatusCause } from "../status-error.ts";
import { requiredValue } from "./field-error.ts";
import type { Schema } from "./schema.ts";

/** Fields that `allOf`, `anyOf`, `oneOf` or `not` mention and that the schema itself does not specify. */
export function completenessFaults(schema: Schema, path: string): StatusCause[] {
  return ownBranches(schema, schema, path, path);
}

/** @param narrowing a schema whose branches narrow what `schema` specifies; it stands at `narrowingPath` */
function ownBranches(narrowing: Schema, schema: Schema, path: string, narrowingPath: string): StatusCause[] {
  const { not, allOf = [], anyOf = [], oneOf = [] } = narrowing;
  const branches: [string, Schema][] = [
    ...(not === undefined ? [] : [["not", not] as [string, Schema]]),
    ...allOf.map((one, index): [string, Schema] => [`allOf[${index}]`, one]),
    ...anyOf.map((one, index): [string, Schema] => [`anyOf[${index}]`, one]),
    ...oneOf.map((one, index): [string, Schema] => [`oneOf[${index}]`, one]),
  ];
  return branches.flatMap(([name, one]) => narrowed(one, schema, path, `${narrowingPath}.${name}`));
}

function narrowed(narrowing: Schema, schema: Schema | undefined, path: string, narrowingPath: string): StatusCause[] {
  if (schema === undefined) return [requiredValue(path, `because it is defined in ${narrowingPath}`)];
  const faults = ownBranches(narrowing, schema, path, narrowingPath);
  if (narrowing.items !== undefined) {
    faults.push(...narrowed(narrowing.items, schema.items, `${path}.items`, `${narrowingPath}.items`));
  }
  for (const [name, below] of Object.entries(narrowing.properties ?? {})) {
    const step = `.properties[${name}]`;
    faults.push(...narrowed(below, schema.properties?.[name], path + step, narrowingPath + step));
  }
  return faults;
}
