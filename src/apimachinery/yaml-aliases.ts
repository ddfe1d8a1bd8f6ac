import { jsonDepthMax, setField } from "./json.ts";
import type { ExactObject, ExactValue } from "./object.ts";

export type Collection = ExactValue[] | ExactObject;

/** Counts what aliases add to a document, to stop texts that explode as go-yaml does. */
export class AliasBudget {
  /** How many nodes the document has, those that aliases stand for included. */
  nodes = 0;
  #aliasNodes = 0;
  #textLength = 0;
  readonly #textLengthMax: number;

  /** @param textLengthMax how much text aliases may repeat; go-yaml has no such bound, but we keep copies */
  constructor(textLengthMax: number) {
    this.#textLengthMax = textLengthMax;
  }

  /** An alias that stands for so many nodes. */
  addNodes(count: number): void {
    this.nodes += count;
    this.#aliasNodes += count;
  }

  addText(length: number): void {
    this.#textLength += length;
  }

  /** Whether aliases have become too much of the whole. */
  isSpent(): boolean {
    if (this.#textLength > this.#textLengthMax) return true;
    if (this.#aliasNodes <= 100 || this.nodes <= 1000) return false;
    return this.#aliasNodes / this.nodes > shareMax(this.nodes);
  }
}

/** go-yaml's bounds: 99 % of up to 400,000 nodes may come from aliases, 10 % of 4,000,000 and more. */
function shareMax(nodes: number): number {
  const [low, high] = [400_000, 4_000_000];
  return 0.99 - 0.89 * Math.min(Math.max((nodes - low) / (high - low), 0), 1);
}

/**
 * Copies what an alias stands for, so that nothing in a document is in two places.
 *
 * @param depth how deep the copy will stand
 * @returns `undefined` if it would be nested too deeply
 */
export function copyCollection(collection: Collection, depth: number, budget: AliasBudget): Collection | undefined {
  if (depth > jsonDepthMax) return undefined;
  const copy: Collection = Array.isArray(collection) ? [] : {};
  for (const [key, value] of Object.entries(collection)) {
    budget.addText(key.length);
    const item = copyValue(value, depth + 1, budget);
    if (item === undefined) return undefined;
    if (Array.isArray(copy)) copy.push(item);
    else setField(copy, key, item);
  }
  return copy;
}

function copyValue(value: ExactValue, depth: number, budget: AliasBudget): ExactValue | undefined {
  if (typeof value === "string") budget.addText(value.length);
  return typeof value === "object" && value !== null ? copyCollection(value, depth, budget) : value;
}
