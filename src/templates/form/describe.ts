/** How long a description may be: three lines of a form, in which people look for the field and not for its manual. */
const descriptionMax = 240;
/** How long the help below a field may be; what is longer stands in the documentation of the kind. */
const helpMax = 600;

/**
 * Cuts a description at the end of a sentence.
 *
 * @returns the beginning, and what follows it; both on one line, as forms show them
 */
export function cutDescription(text: string): { description: string; rest: string } {
  const whole = text.replaceAll(/\s+/g, " ").trim();
  if (whole.length <= descriptionMax) return { description: whole, rest: "" };
  const end = endOfSentence(whole, descriptionMax) ?? endOfWord(whole, descriptionMax);
  const ended = /[.!?:]$/.test(whole.slice(0, end));
  const description = whole.slice(0, end);
  return { description: ended ? description : `${description} …`, rest: whole.slice(end).trim() };
}

/** The parts of a help text, which are sentences, put together and cut. */
export function joinHelp(parts: readonly string[]): string {
  const whole = parts.filter((part) => part !== "").join(" ");
  if (whole.length <= helpMax) return whole;
  const end = endOfSentence(whole, helpMax) ?? endOfWord(whole, helpMax);
  return `${whole.slice(0, end)} …`;
}

/** Makes a sentence of what may lack its full stop. */
export function sentence(text: string): string {
  const trimmed = text.replaceAll(/\s+/g, " ").trim();
  if (trimmed === "") return "";
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  // A name such as `spec.type` stays as it is.
  const start = /^[a-z]+[A-Z.[]/.test(trimmed) ? trimmed : first;
  return /[.!?:]$/.test(start) ? start : `${start}.`;
}

function endOfSentence(text: string, max: number): number | undefined {
  const end = Math.max(...[". ", "! ", "? "].map((mark) => text.lastIndexOf(mark, max - 1)));
  return end >= max / 4 ? end + 1 : undefined;
}

function endOfWord(text: string, max: number): number {
  const end = text.lastIndexOf(" ", max);
  const cut = end > max / 2 ? end : max;
  // Half of a character is none.
  return /[\ud800-\udbff]/.test(text.charAt(cut - 1)) ? cut - 1 : cut;
}
