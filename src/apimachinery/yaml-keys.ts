import type { DecodeFaults, Duplicate } from "./yaml-faults.ts";

/** A key of a map, and where its value is. */
export type Entry = Duplicate & { readonly name: string };

/**
 * @property isStrict whether a key that stands twice in one map is an error; otherwise the last one counts
 * @property mergeYields whether keys of a map win over those that a merge key brings, wherever they stand
 */
export type KeyRules = { readonly isStrict: boolean; readonly mergeYields: boolean };

/** The keys of one map, for rules that ask which it has. Go shows two keys alike only if it takes them for the same. */
export class MapKeys {
  /** In the order in which Go sets them. */
  readonly entries: Entry[] = [];
  readonly #rules: KeyRules;
  readonly #faults: DecodeFaults;
  readonly #seen = new Set<string>();
  /** Those that only a merge key has brought. */
  readonly #yielding = new Set<string>();

  constructor(rules: KeyRules, faults: DecodeFaults) {
    this.#rules = rules;
    this.#faults = faults;
  }

  /** A key that stands in the map itself. */
  add(entry: Entry): void {
    const isNew = this.#yielding.delete(entry.key) || !this.#seen.has(entry.key);
    this.#set(entry, isNew);
  }

  /** A key that a merge key brings. Says whether it counts. */
  merge(entry: Entry): boolean {
    const isNew = !this.#seen.has(entry.key);
    if (this.#rules.mergeYields && !isNew && !this.#yielding.has(entry.key)) return false;
    if (this.#rules.mergeYields) this.#yielding.add(entry.key);
    this.#set(entry, isNew || this.#rules.mergeYields);
    return true;
  }

  #set(entry: Entry, isNew: boolean): void {
    if (!isNew && this.#rules.isStrict) this.#faults.addDuplicate(entry);
    this.#seen.add(entry.key);
    this.entries.push(entry);
  }
}
