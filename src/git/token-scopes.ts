/** What a token may be used for, in Gitea's words. */
const categories = [
  "activitypub",
  "admin",
  "issue",
  "misc",
  "notification",
  "organization",
  "package",
  "repository",
  "user",
] as const;
export type ScopeCategory = (typeof categories)[number];

const known = new Set([
  "all",
  "public-only",
  ...categories.flatMap((category) => [`read:${category}`, `write:${category}`]),
]);

/** @returns the first word that is no scope */
export function unknownScope(scopes: readonly string[]): string | undefined {
  return scopes.find((scope) => !known.has(scope));
}

/**
 * Says whether a token allows something.
 *
 * @param scopes `undefined` for somebody who gave a password, who may do everything
 */
export function scopesAllow(
  scopes: readonly string[] | undefined,
  level: "read" | "write",
  category: ScopeCategory,
): boolean {
  if (scopes === undefined || scopes.includes("all") || scopes.includes(`write:${category}`)) return true;
  return level === "read" && scopes.includes(`read:${category}`);
}
