import type { KubeObject } from "../../apimachinery/index.ts";
import type { Entry, Store } from "../../storage/index.ts";
import { encodeStored } from "../stored.ts";

/** Writes objects, and knows which writes are under way. */
export type Writer = {
  /** Resolves when the object is durable. @throws {CompareError} when the key is not at `expected` any more */
  put(key: string, expected: number, object: KubeObject): Promise<Entry>;
  /** @returns the revision of the delete. @throws {CompareError} when the key is not at `expected` any more */
  delete(key: string, expected: number): Promise<number>;
  /**
   * Waits until what {@link Store.latest} shows of a key is durable, so that an answer made from it promises nothing
   * that a crash could undo.
   */
  settled(key: string): Promise<void>;
  /** What is accepted of keys below a prefix and not yet published. */
  underWay(prefix: string): Entry[];
  /** Revision of the newest write that was accepted; at least that of the newest published one. */
  readonly accepted: number;
};

export function createWriter(store: Store): Writer {
  const writes = new Map<string, Promise<unknown>>();
  let accepted = 0;
  const track = <T>(key: string, write: Promise<T>): Promise<T> => {
    writes.set(key, write);
    const done = () => {
      if (writes.get(key) === write) writes.delete(key);
    };
    write.then(done, done);
    return write;
  };
  return {
    put: (key, expected, object) =>
      track(
        key,
        store.put(key, expected, (revision) => {
          accepted = revision;
          return encodeStored(object, revision);
        }),
      ),
    delete: (key, expected) => track(key, store.delete(key, expected)),
    async settled(key) {
      await writes.get(key);
    },
    underWay(prefix) {
      const keys = [...writes.keys()].filter((key) => key.startsWith(prefix));
      return keys.map((key) => store.latest(key)).filter((entry) => entry !== undefined);
    },
    get accepted() {
      return Math.max(accepted, store.revision);
    },
  };
}
