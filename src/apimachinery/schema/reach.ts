import type { Schema } from "./schema.ts";

/**
 * Makes a test whether any schema below a schema, itself included, satisfies `matches`, along properties, additional
 * properties and items. Walks use it to pass over sub-trees that do not concern them. Answers are remembered.
 */
export function createReach(matches: (schema: Schema) => boolean): (schema: Schema) => boolean {
  const known = new WeakMap<Schema, boolean>();
  return (root) => {
    const answer = known.get(root);
    if (answer !== undefined) return answer;
    const visited = new Set<Schema>();
    const found = search(root, visited);
    // A search that found nothing has seen everything below each schema it visited.
    if (!found) for (const schema of visited) known.set(schema, false);
    return found;
  };

  function search(schema: Schema, visited: Set<Schema>): boolean {
    const answer = known.get(schema);
    if (answer !== undefined) return answer;
    if (visited.has(schema)) return false;
    visited.add(schema);
    const found = matches(schema) || subSchemas(schema).some((below) => search(below, visited));
    if (found) known.set(schema, true);
    return found;
  }
}

function subSchemas(schema: Schema): Schema[] {
  const below = Object.values(schema.properties ?? {});
  if (typeof schema.additionalProperties === "object") below.push(schema.additionalProperties);
  if (schema.items !== undefined) below.push(schema.items);
  return below;
}
