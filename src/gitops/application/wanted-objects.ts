import type { ObjectKey } from "../object/key.ts";

/** Which applications want which objects. */
export class WantedObjects {
  readonly #byKey = new Map<ObjectKey, Set<string>>();
  readonly #byApp = new Map<string, readonly ObjectKey[]>();

  /** Names of the applications that want an object. */
  by(key: ObjectKey): Iterable<string> {
    return this.#byKey.get(key) ?? [];
  }

  /** Says what an application wants; nothing when it is gone. */
  set(app: string, keys: readonly ObjectKey[]): void {
    for (const key of this.#byApp.get(app) ?? []) {
      const apps = this.#byKey.get(key);
      apps?.delete(app);
      if (apps?.size === 0) this.#byKey.delete(key);
    }
    for (const key of keys) this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(app));
    if (keys.length > 0) this.#byApp.set(app, keys);
    else this.#byApp.delete(app);
  }
}
