import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError, type StoreErrorCode, storeErrorFrom } from "./store-error.ts";

const sqlite = (errcode: number) => Object.assign(new Error("sqlite's words"), { code: "ERR_SQLITE_ERROR", errcode });
const system = (code: string) => Object.assign(new Error(`${code}: the system's words`), { code });

const cases: Record<string, { cause: unknown; code: StoreErrorCode; why: string }> = {
  SQLITE_BUSY: { cause: sqlite(5), code: "locked", why: "it is already in use" },
  SQLITE_READONLY_DIRECTORY: { cause: sqlite(1544), code: "read-only", why: "it cannot be written" },
  SQLITE_CORRUPT: { cause: sqlite(11), code: "corrupt", why: "it is damaged" },
  SQLITE_FULL: { cause: sqlite(13), code: "disk-full", why: "the disk is full" },
  SQLITE_NOTADB: { cause: sqlite(26), code: "corrupt", why: "it is not a database" },
  SQLITE_IOERR_FSYNC: { cause: sqlite(1034), code: "io", why: "sqlite's words" },
  EROFS: { cause: system("EROFS"), code: "read-only", why: "the file system is read-only" },
  EACCES: { cause: system("EACCES"), code: "read-only", why: "access is denied" },
  ENOSPC: { cause: system("ENOSPC"), code: "disk-full", why: "the disk is full" },
  EMFILE: { cause: system("EMFILE"), code: "io", why: "EMFILE: the system's words" },
  "something thrown": { cause: "why not", code: "io", why: "why not" },
};
for (const [name, { cause, code, why }] of Object.entries(cases)) {
  test(`storeErrorFrom says what ${name} means`, () => {
    const error = storeErrorFrom("open /store.db", cause);
    assert.deepEqual([error.code, error.message, error.cause], [code, `Cannot open /store.db: ${why}`, cause]);
  });
}

test("storeErrorFrom leaves what is a StoreError already", () => {
  const error = new StoreError("corrupt", "open /store.db", "it is empty");
  assert.equal(storeErrorFrom("write /store.db", error), error);
});
