import { notFound } from "../../../apimachinery/index.ts";
import type { User } from "../../../lib/index.ts";
import type { Entry, Store } from "../../../storage/index.ts";
import { isDeleted } from "../../defaults/store-with-defaults.ts";
import { decodeStored, type Keys } from "../../stored.ts";
import { defaultPolicy, rbacGroup } from "../policy/default-policy.ts";
import { type Binding, roleKey } from "./binding.ts";
import { PolicyObjects } from "./policy-objects.ts";
import type { PolicyRule } from "./rule.ts";

/** The roles and bindings that every cluster starts with, read once for all of them. */
const defaults = new PolicyObjects();
for (const [name, object] of defaultPolicy) defaults.set(name, object);

const resources = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"].map(
  (resource) => `${resource}.${rbacGroup}`,
);

/** What a cluster has beside the defaults, and which of them it has no more or in another form. */
type Own = { objects: PolicyObjects; replaced: Set<Binding>; watches: Disposable[] };

/**
 * The roles and bindings of one cluster, as they are published. It reads them when it is first asked and follows them from
 * then on: a cluster about which nobody asks costs nothing.
 */
export class Policy implements Disposable {
  readonly #store: Store;
  readonly #keys: Keys;
  #own: Own | undefined;

  /** @param store what is really stored, without the defaults */
  constructor(store: Store, keys: Keys) {
    this.#store = store;
    this.#keys = keys;
  }

  /**
   * The first binding of a user that holds in a namespace and passes the test; with an empty namespace only
   * ClusterRoleBindings hold. One that binds the user twice may be tested twice.
   */
  find(user: User, namespace: string, test: (binding: Binding) => boolean): Binding | undefined {
    const { objects, replaced } = this.#known();
    const holds = replaced.size === 0 ? test : (binding: Binding) => !replaced.has(binding) && test(binding);
    const found = objects.find(user, "", test) ?? defaults.find(user, "", holds);
    if (found !== undefined || namespace === "") return found;
    return objects.find(user, namespace, test) ?? defaults.find(user, namespace, holds);
  }

  /** All that a user may do in a namespace, and the bindings of theirs whose role does not exist. */
  rulesFor(user: User, namespace: string): { rules: PolicyRule[]; missing: Binding[] } {
    const bindings = new Set<Binding>();
    this.find(user, namespace, (binding) => {
      bindings.add(binding);
      return false;
    });
    const rules: PolicyRule[] = [];
    const missing: Binding[] = [];
    for (const binding of [...bindings].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
      const found = this.rulesOf(binding.roleKey);
      if (found === undefined) missing.push(binding);
      else rules.push(...found);
    }
    return { rules, missing };
  }

  /** The rules of the role that {@link roleKey} names, `undefined` when there is no such role. */
  rulesOf(key: string): readonly PolicyRule[] | undefined {
    const { roles } = this.#known().objects;
    return roles.has(key) ? roles.get(key) : defaults.roles.get(key);
  }

  [Symbol.dispose](): void {
    for (const watch of this.#own?.watches ?? []) watch[Symbol.dispose]();
    this.#own = undefined;
  }

  #known(): Own {
    if (this.#own !== undefined) return this.#own;
    const own: Own = { objects: new PolicyObjects(), replaced: new Set(), watches: [] };
    this.#own = own;
    for (const resource of resources) {
      const prefix = this.#keys.prefix(resource, "");
      const nameOf = (key: string) => `${resource}/${key.slice(prefix.length)}`;
      for (const entry of this.#store.range(prefix).entries) learn(own, nameOf(entry.key), entry);
      const watch = this.#store.watch(prefix, this.#store.revision, (events) => {
        for (const event of events) {
          if (event.type === "put") learn(own, nameOf(event.entry.key), event.entry);
          else learn(own, nameOf(event.key), undefined);
        }
      });
      own.watches.push(watch);
    }
    return own;
  }
}

/** @param entry what is stored under a name like `clusterroles.rbac.authorization.k8s.io/admin` now */
function learn({ objects, replaced }: Own, name: string, entry: Entry | undefined): void {
  const byDefault = defaults.binding(name);
  if (byDefault !== undefined) {
    if (entry === undefined) replaced.delete(byDefault);
    else replaced.add(byDefault);
  }
  if (entry !== undefined && !isDeleted(entry)) {
    objects.set(name, decodeStored(entry.value));
    return;
  }
  const [resource = "", ...path] = name.split("/");
  if (resource.includes("binding")) {
    objects.forgetBinding(name);
    return;
  }
  const key = path.length === 1 ? roleKey("", path[0] ?? "") : path.join("/");
  // A default that was deleted does not come back from the defaults.
  if (entry === undefined) objects.roles.delete(key);
  else objects.roles.set(key, undefined);
}

/** Those of the cluster have no namespace and so come first. */
function sortKey({ namespace, name }: Binding): string {
  return `${namespace}/${name}`;
}

/** Which roles of bindings do not exist, in the words of Go's aggregated errors. */
export function unresolved(missing: readonly Binding[], resourceOf: (kind: string) => string): string {
  const sentences = missing.map(
    ({ role }) => notFound({ group: rbacGroup, resource: resourceOf(role.kind) }, role.name).message,
  );
  const unique = [...new Set(sentences)];
  return unique.length === 1 ? (unique[0] ?? "") : `[${unique.join(", ")}]`;
}
