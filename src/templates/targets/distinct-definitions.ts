import type { Definition } from "../definition.ts";
import { fileStem } from "./cnoe-fields.ts";

/**
 * Definitions whose files do not overwrite each other. Of two of the same custom resource the later one counts, in the place of the
 * first; everything else of the same name is told apart by the folders it is in, from the second one on.
 */
export function distinctDefinitions(definitions: readonly Definition[]): Definition[] {
  const byStem = new Map<string, Definition>();
  for (const definition of definitions) {
    const stem = fileStem(definition).toLowerCase();
    const before = byStem.get(stem);
    if (before === undefined || (isResource(before) && isResource(definition))) byStem.set(stem, definition);
    else {
      const name = freeName(definition, (candidate) => byStem.has(candidate));
      byStem.set(name, { ...definition, name });
    }
  }
  return [...byStem.values()];
}

function isResource({ subject }: Definition): boolean {
  return subject.kind === "resource";
}

function freeName({ name, origin }: Definition, isTaken: (candidate: string) => boolean): string {
  const folders = origin.file
    .split(/[/\\]/)
    .map(slugOf)
    .filter((part) => part !== "");
  // The last part is the folder of a module or the file of a schema, which the name is from already.
  let candidate = name;
  for (const folder of folders.slice(0, -1).reverse()) {
    candidate = `${folder}-${candidate}`;
    if (!isTaken(candidate)) return candidate;
  }
  for (let count = 2; ; count++) if (!isTaken(`${name}-${count}`)) return `${name}-${count}`;
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
}
