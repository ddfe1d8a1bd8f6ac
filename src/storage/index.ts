// A revisioned key-value store with watch: in memory, or in an SQLite file and durable.
// It promises that what it has acknowledged stays, that everybody sees the same order, and that the past is bounded.
// It leaves to others what keys and values mean; it never looks into a value.
export { eventKey, eventRevision } from "./history.ts";
export type { HistoryOptions } from "./journaled-store.ts";
export { openMemoryStore } from "./memory-store.ts";
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
export { CompactedError, CompareError, type Entry, type Page, type Store, type StoreEvent } from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
