import { GoError } from "../../template/go-error.ts";
import { quoted } from "./words.ts";

/** Why a schema cannot be used, in the words of the library that Helm validates with. */
export class SchemaError extends GoError {
  override readonly name = "SchemaError";
}

/**
 * What does not fit, and what led to it.
 *
 * @property at keys and indexes from the root to the value
 * @property kind a `reference` with one cause is not worth a line; a `group` only holds what is told beside each other
 */
export type Fault = {
  readonly at: readonly string[];
  readonly message: string;
  readonly kind?: "reference" | "group";
  readonly causes: readonly Fault[];
};

/** The faults as a tree of lines, each with its place; the first stand at the left. */
export function formatFaults(faults: readonly Fault[], depth = 0): string[] {
  return faults.flatMap((fault) => {
    if (fault.kind === "reference" && fault.causes.length === 1) return formatFaults(fault.causes, depth);
    const line = `${"  ".repeat(depth)}- at ${quoted(fault.at.map(escapePointer).join(""))}: ${fault.message}`;
    return [line, ...formatFaults(fault.causes, depth + 1)];
  });
}

/** A step of a JSON pointer. */
export function escapePointer(key: string): string {
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
