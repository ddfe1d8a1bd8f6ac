/** Reading JSON that others have written: one function for each type, each with the value to take when it is absent or of another type. */

export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function flagOf(value: unknown, otherwise = false): boolean {
  return typeof value === "boolean" ? value : otherwise;
}

export function integerOf(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : otherwise;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}
