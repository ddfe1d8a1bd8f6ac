import type { Note, SourceError } from "../../templates/index.ts";

/** A note with the file of the source that it is about. */
export type PlacedNote = Note & { file: string };

/** What a run has read and made. */
export type Outcome = {
  /** How many there were of each kind of source, in words: `12 custom resources`. */
  read: Record<string, number>;
  /** Files that hold nothing of what was asked for. */
  others: number;
  /** What was passed over, and why that is worth saying. */
  skipped: readonly string[];
  templates: number;
  outputDirectory: string;
  changed: number;
  unchanged: number;
  problems: readonly SourceError[];
  notes: readonly PlacedNote[];
};

/** Notes that are shown of those that there are, and places that are named of those that one note is about. */
const notesShown = 10;
const placesShown = 3;

/** What is said on standard error at the end of a run. */
export function summary(outcome: Outcome, { allNotes }: { allNotes: boolean }): string {
  const { problems, notes } = outcome;
  const problemLines =
    problems.length === 0
      ? []
      : [`${plural(problems.length, "problem")}:`, ...problems.map(({ message }) => `  ${message}`)];
  return `${[...countLines(outcome), ...skippedLines(outcome.skipped, allNotes), ...problemLines, ...noteLines(notes, allNotes)].join("\n")}\n`;
}

function skippedLines(skipped: readonly string[], all: boolean): string[] {
  const shown = all ? skipped : skipped.slice(0, notesShown);
  const rest = skipped.length - shown.length;
  if (shown.length === 0) return [];
  return [
    "Passed over:",
    ...shown.map((why) => `  ${why}`),
    ...(rest === 0 ? [] : [`  and ${rest} more (--notes shows all)`]),
  ];
}

function countLines({ read, others, templates, outputDirectory, changed, unchanged }: Outcome): string[] {
  const kinds = Object.entries(read).filter(([, count]) => count > 0);
  const found =
    kinds.length === 0
      ? "Nothing to make templates of"
      : `Read ${kinds.map(([kind, count]) => plural(count, kind)).join(", ")}`;
  const left = others === 0 ? "" : `; ${plural(others, "file")} of other kinds left out`;
  if (templates === 0) return [`${found}${left}`];
  const same = unchanged === 0 ? "" : `, ${unchanged} unchanged`;
  return [
    `${found}${left}`,
    `Made ${plural(templates, "template")} in ${outputDirectory || "."} (${plural(changed, "file")} written${same})`,
  ];
}

/** Notes that say the same, but for numbers in it, are told once, with where. */
function noteLines(notes: readonly PlacedNote[], all: boolean): string[] {
  const groups = new Map<string, string[]>();
  const messages = new Map<string, Set<string>>();
  const keyOf = (message: string) => (all ? message : message.replace(/\d+/g, "…"));
  for (const { message } of notes) {
    const key = keyOf(message);
    messages.set(key, (messages.get(key) ?? new Set()).add(message));
  }
  for (const { file, at, message } of notes) {
    const key = keyOf(message);
    const told = messages.get(key)?.size === 1 ? message : key;
    const places = groups.get(told) ?? [];
    places.push(at === "" ? file : `${file} ${at}`);
    groups.set(told, places);
  }
  if (groups.size === 0) return [];
  const told = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const shown = all ? told : told.slice(0, notesShown);
  const rest = told.length - shown.length;
  return [
    `Left out of the forms, or put differently (${plural(notes.length, "place")}):`,
    ...shown.flatMap(([message, places]) => [`  ${message}`, ...placeLines(places, all)]),
    ...(rest === 0 ? [] : [`  and ${plural(rest, "more note")}`]),
    ...(all || (rest === 0 && told.every(([, places]) => places.length <= placesShown))
      ? []
      : ["  --notes shows all of them"]),
  ];
}

function placeLines(places: readonly string[], all: boolean): string[] {
  const shown = all ? places : places.slice(0, placesShown);
  const rest = places.length - shown.length;
  return [...shown.map((place) => `    ${place}`), ...(rest === 0 ? [] : [`    and ${rest} more`])];
}

/** `1 file`, `2 files`; what ends in `y` becomes `ies`. */
export function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
