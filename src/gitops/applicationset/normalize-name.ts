/** Longest name that DNS allows. */
const nameLengthMax = 253;

/** Makes a text usable as the name of an object: lower case, dashes for what is not allowed. */
export function normalizeName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^-a-z0-9.]/g, "-")
    .slice(0, nameLengthMax)
    .replace(/^[-.]+|[-.]+$/g, "");
}
