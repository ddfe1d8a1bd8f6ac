import type { JsonObject, JsonValue } from "../../apimachinery/index.ts";
import type { Note } from "../definition.ts";
import type { Reading } from "./constraint.ts";
import type { HintSubject } from "./hints.ts";

/** One place of a form that is still to be made of a schema. */
export type Task = {
  /** What the source says there. */
  raw: JsonValue | undefined;
  /** The schema of the form, which the task fills. */
  out: JsonObject;
  /** Where it is, for notes: `spec.containers[*].env`. */
  at: string;
  /** The name of the field, or of the nearest one above. */
  name: string;
  /** Names from the root; absent below lists and maps, where no field is prominent. */
  path: readonly string[] | undefined;
  depth: number;
  /** What references have led to on the way here. */
  targets: readonly JsonObject[];
  /** Comes first: nothing can be sent without it, or it is prominent. */
  urgent: boolean;
  /** Must be shown whatever the limits are, for what is shown above it asks for it. */
  needed: boolean;
  /** Whether the object it is in requires it. */
  required: boolean;
  /** Whether a value surely stands here: the root, what it requires, items and values of maps. */
  present: boolean;
  /** How far hints for widgets reach it: the portal takes them from properties and items, and from branches for their parent. */
  hints: "all" | "below" | "none";
};

/** What one conversion knows. */
export type Conversion = {
  readonly reading: Reading;
  readonly depthMax: number;
  /** How many fields may still be shown. */
  fieldsLeft: number;
  readonly prominent: readonly (readonly string[])[];
  readonly add: (task: Task) => void;
  readonly note: (at: string, message: string) => void;
  /** Defaults are judged when the schema around them is complete. */
  readonly defaults: { out: JsonObject; value: JsonValue; at: string }[];
  /** Hints likewise, for some depend on what stands below. */
  readonly hints: { out: JsonObject; subject: HintSubject }[];
};

/** How many notes a form may have: who reads them reads the first ones. */
const notesMax = 500;

/** Keeps notes, each once. */
export function createNotes(): { notes: Note[]; note: (at: string, message: string) => void } {
  const notes: Note[] = [];
  const known = new Set<string>();
  let left = 0;
  return {
    notes,
    note: (at, message) => {
      const key = `${at}\n${message}`;
      if (known.has(key)) return;
      if (notes.length < notesMax) {
        known.add(key);
        notes.push({ at, message });
        return;
      }
      left++;
      notes[notesMax] = { at: "", message: `${left} more notes are not shown` };
    },
  };
}

/** A path for notes with one more field. */
export function below(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

/** How many fields of what must be shown are shown beyond the limits; a form with more than these would not draw. */
export const overrunMax = 2_000;
