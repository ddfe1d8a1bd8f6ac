/** What an error says itself, as conditions and events quote it; its causes are in those words already. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
