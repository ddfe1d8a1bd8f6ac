import { compareUtf8 } from "../../apimachinery/index.ts";

/** Sorts the keys of a map as Go does, by their bytes. Changes the list. */
export function sortKeys(keys: string[]): string[] {
  // The order of JavaScript is the same where no key has a character of two units.
  return keys.some((key) => surrogate.test(key)) ? keys.sort(compareUtf8) : keys.sort();
}

const surrogate = /[\ud800-\udfff]/;
