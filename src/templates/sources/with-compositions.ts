import { type JsonObject, textAt } from "../../apimachinery/index.ts";
import type { Definition, Note } from "../definition.ts";
import type { Composition } from "./composition.ts";
import { type CompositeRole, compositionFieldsPath, crossplaneSpecFields } from "./crossplane-fields.ts";
import { formatFieldPath, type PathStep } from "./field-path.ts";
import { addUse, propertyPath, type UseMap, usesOf } from "./field-uses.ts";
import { objectAt } from "./json-at.ts";
import { roleOf, withSpecFields } from "./xrd.ts";

/**
 * Adds to definitions of composite resources what the compositions for them say: which fields are read, the most used ones first
 * in `prominent`, what they set (`usedBy`), and a choice of the composition.
 *
 * @param compositions of any composite resources; each counts for those of its group and kind, and where several definitions are
 *   of the same, as in a repository with variants, for the ones in the nearest directory
 */
export function withCompositions(
  definitions: readonly Definition[],
  compositions: readonly Composition[],
): Definition[] {
  const rivals = Map.groupBy(definitions, (definition) => typeOf(definition) ?? "");
  const byType = Map.groupBy(compositions, ({ composite }) => `${composite.group}/${composite.kind}`);
  return definitions.map((definition) => {
    const type = typeOf(definition);
    const object = definition.written?.object;
    if (type === undefined || object === undefined) return definition;
    const sameType = rivals.get(type) ?? [];
    const own = (byType.get(type) ?? []).filter((composition) => isNearest(definition, composition, sameType));
    return own.length === 0 ? definition : withOwn(definition, object, own);
  });
}

/** Group and kind of the composite resource that a definition, or the claim that it is of, stands for. */
function typeOf({ source, written }: Definition): string | undefined {
  if (source !== "xrd" || written === undefined) return undefined;
  return `${textAt(written.object, "spec", "group")}/${textAt(written.object, "spec", "names", "kind")}`;
}

function isNearest(definition: Definition, { origin }: Composition, rivals: readonly Definition[]): boolean {
  const nearness = (other: Definition) => sharedFolders(other.origin.file, origin.file);
  return rivals.every((rival) => nearness(rival) <= nearness(definition));
}

function sharedFolders(a: string, b: string): number {
  const others = b.split("/").slice(0, -1);
  const folders = a.split("/").slice(0, -1);
  const end = folders.findIndex((folder, index) => folder !== others[index]);
  return end < 0 ? folders.length : end;
}

function withOwn(definition: Definition, object: JsonObject, compositions: readonly Composition[]): Definition {
  const role = roleOf(object);
  const { uses, notes } = readsOf(definition.schema, role, compositions);
  const usedBy = usesOf(uses);
  return {
    ...definition,
    schema: withChoice(definition.schema, object, role, compositions),
    prominent: usedBy.map(({ path }) => path),
    ...(usedBy.length > 0 && { usedBy }),
    notes: [
      ...definition.notes,
      ...notes,
      ...compositions.flatMap(({ name, notes: own }) =>
        own.map((message) => ({ at: "", message: `in composition ${name}, ${message}` })),
      ),
    ],
  };
}

function readsOf(
  schema: JsonObject,
  role: CompositeRole,
  compositions: readonly Composition[],
): { uses: UseMap; notes: Note[] } {
  const uses: UseMap = new Map();
  const strangers = new Map<string, Set<string>>();
  const machinery = new Set(Object.keys({ ...crossplaneSpecFields(role), ...crossplaneSpecFields("LegacyCluster") }));
  for (const { name, reads } of compositions) {
    for (const { steps, drives, required } of reads) {
      const [root, field] = steps.map((step) => ("field" in step ? step.field : undefined));
      if (root === "spec" && field !== undefined && !machinery.has(field)) {
        const path = propertyPath(schema, steps);
        if (path === undefined) addStranger(strangers, steps, name);
        else addUse(uses, { path, reader: name, ...(drives !== undefined && { drives }), required });
      } else if (root === "metadata" && isOwnMetadata(steps)) addStranger(strangers, steps, name);
    }
  }
  const notes = [...strangers].map(([at, names]): Note => {
    const readers = `${names.size === 1 ? "composition" : "compositions"} ${[...names].join(", ")}`;
    const why = at.startsWith("spec") ? "the definition has no such field" : "forms do not ask for metadata";
    return { at, message: `is read by ${readers}, but ${why}` };
  });
  return { uses, notes };
}

function addStranger(strangers: Map<string, Set<string>>, steps: readonly PathStep[], name: string): void {
  const at = formatFieldPath(steps);
  strangers.set(at, (strangers.get(at) ?? new Set()).add(name));
}

/** Whether people set it: a label or an annotation that is not Crossplane's. */
function isOwnMetadata(steps: readonly PathStep[]): boolean {
  const [, map, key] = steps.map((step) => ("field" in step ? step.field : ""));
  return (map === "labels" || map === "annotations") && key !== undefined && !/(?:^|\.)crossplane\.io\//.test(key);
}

/** How the composition is chosen: by name, or by labels. A definition that enforces one leaves no choice. */
function withChoice(
  schema: JsonObject,
  object: JsonObject,
  role: CompositeRole,
  compositions: readonly Composition[],
): JsonObject {
  if (objectAt(object, "spec", "enforcedCompositionRef") !== undefined) return schema;
  const names = [...new Set(compositions.map(({ name }) => name))].filter((name) => name !== "").sort();
  if (names.length === 0) return schema;
  const usual = textAt(object, "spec", "defaultCompositionRef", "name");
  const fields: JsonObject = {
    compositionRef: {
      type: "object",
      title: "Composition",
      description: `Which composition is used, by its name.${usual === "" ? "" : ` It is ${usual} when nothing is chosen.`}`,
      required: ["name"],
      properties: { name: { type: "string", enum: names } },
    },
    ...selectorField(compositions),
  };
  if (compositionFieldsPath(role).length === 1) return withSpecFields(schema, fields);
  return withSpecFields(schema, {
    crossplane: {
      type: "object",
      title: "Crossplane",
      description: "How Crossplane reconciles this resource.",
      properties: fields,
    },
  });
}

function selectorField(compositions: readonly Composition[]): JsonObject {
  const values = new Map<string, Set<string>>();
  for (const { labels } of compositions) {
    for (const [label, value] of Object.entries(labels)) {
      values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  if (values.size === 0) return {};
  const properties = [...values].sort().map(([label, known]) => [label, { type: "string", enum: [...known].sort() }]);
  return {
    compositionSelector: {
      type: "object",
      title: "Composition by labels",
      description: "Which composition is used, by its labels, when none is chosen by name.",
      required: ["matchLabels"],
      properties: { matchLabels: { type: "object", properties: Object.fromEntries(properties) } },
    },
  };
}
