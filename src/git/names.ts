/** What Gitea allows: a letter or digit first, then also `-`, `_` and `.`, but never two of those in a row or at the end. */
const ownerPattern = /^[a-z0-9](?:[a-z0-9]|[-_.](?=[a-z0-9]))*$/i;
/** Gitea's limit for user and organisation names. */
const ownerLengthMax = 40;
const repositoryPattern = /^[-_.a-z0-9]+$/i;
/** Gitea's limit for repository names. */
const repositoryLengthMax = 100;
/** First path segments that mean something else than an owner, here or in Gitea. */
const reservedOwners = new Set([
  "admin",
  "api",
  "assets",
  "explore",
  "login",
  "metrics",
  "org",
  "repo",
  "robots.txt",
  "user",
  "users",
  "v2",
]);

export function isOwnerName(name: string): boolean {
  return name.length <= ownerLengthMax && ownerPattern.test(name) && !reservedOwners.has(name.toLowerCase());
}

/** Says whether a well-formed owner name is one that Skiff or Gitea keeps for itself. */
export function isReservedOwner(name: string): boolean {
  return reservedOwners.has(name.toLowerCase());
}

export function isRepositoryName(name: string): boolean {
  return (
    name.length <= repositoryLengthMax &&
    repositoryPattern.test(name) &&
    !/^(\.|\.\.|-)$/.test(name) &&
    !/\.(git|wiki|rss|atom)$/i.test(name)
  );
}

/** The form under which a name is stored and compared: names are case-insensitive. */
export function repositoryKey(owner: string, name: string): string {
  return `${owner.toLowerCase()}/${name.toLowerCase()}`;
}

/**
 * The rules of `git check-ref-format`, and one of ours: no name may look like an option.
 *
 * @param name a full name, `refs/heads/main`, or a short one, `main`
 */
export function isRefName(name: string): boolean {
  if (name === "" || name.length > 255 || name.startsWith("-") || name === "@" || name.endsWith(".")) return false;
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$/.test(name)) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

/** A name that may stand behind `refs/heads/` or `refs/tags/`. */
export function isShortRefName(name: string): boolean {
  return name !== "HEAD" && isRefName(name) && isRefName(`refs/heads/${name}`);
}

/** A full object id, as our repositories have them (SHA-1). */
export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/**
 * Checks the path of a file inside a repository and takes slashes at both ends away.
 *
 * @returns `undefined` for what git would refuse to check out: `..`, `.git` in any case, empty segments, a zero byte
 */
export function parseTreePath(path: string): string | undefined {
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  if (trimmed === "") return "";
  const refused = (part: string) =>
    part === "" || part === "." || part === ".." || part.toLowerCase() === ".git" || part.includes("\0");
  return trimmed.split("/").some(refused) ? undefined : trimmed;
}
