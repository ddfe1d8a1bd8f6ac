export type StoreErrorCode = "locked" | "newer-version" | "corrupt" | "disk-full" | "read-only" | "io";

/** What to do about each, for the user of the platform. */
const fixes: Record<StoreErrorCode, string> = {
  locked: "Stop the other process that uses this file, or use another directory.",
  "newer-version": "Use the version of Skiff that wrote the file, or a newer one.",
  corrupt:
    "Restore the file from a backup, or move it and the file with -wal in its name away to start with an empty store.",
  "disk-full": "Free space on the disk that holds the file.",
  "read-only": "Let this user write the file and the directory it is in.",
  io: "Check that the path and the disk are in order.",
};

/** The file of a store cannot be used: `Cannot <verb> <file>: <why>`. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** One sentence that says what to do. */
  readonly fix: string;

  constructor(code: StoreErrorCode, what: string, why: string, cause?: unknown) {
    super(`Cannot ${what}: ${why}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fix = fixes[code];
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that say more than that something went wrong. */
const sqliteErrors: Readonly<Record<number, { code: StoreErrorCode; why: string }>> = {
  3: { code: "read-only", why: "access is denied" },
  5: { code: "locked", why: "it is already in use" },
  6: { code: "locked", why: "it is already in use" },
  8: { code: "read-only", why: "it cannot be written" },
  11: { code: "corrupt", why: "it is damaged" },
  13: { code: "disk-full", why: "the disk is full" },
  26: { code: "corrupt", why: "it is not a database" },
};

/** The same for the file system. */
const systemErrors: Readonly<Record<string, { code: StoreErrorCode; why: string }>> = {
  EACCES: { code: "read-only", why: "access is denied" },
  EPERM: { code: "read-only", why: "access is denied" },
  EROFS: { code: "read-only", why: "the file system is read-only" },
  ENOSPC: { code: "disk-full", why: "the disk is full" },
  EDQUOT: { code: "disk-full", why: "the disk quota is used up" },
  ENOENT: { code: "io", why: "its directory does not exist" },
  ENOTDIR: { code: "io", why: "its directory does not exist" },
  EISDIR: { code: "io", why: "it is a directory" },
};

/**
 * What an error of SQLite or the file system means for the file.
 *
 * @param what verb and file, as in "open /var/lib/skiff/store.db"
 */
export function storeErrorFrom(what: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { errcode, code } = cause instanceof Error ? (cause as Error & { errcode?: unknown; code?: unknown }) : {};
  // The low byte is the primary code, the rest says more.
  const known =
    typeof errcode === "number"
      ? sqliteErrors[errcode & 0xff]
      : typeof code === "string"
        ? systemErrors[code]
        : undefined;
  if (known !== undefined) return new StoreError(known.code, what, known.why, cause);
  return new StoreError("io", what, cause instanceof Error ? cause.message : String(cause), cause);
}
