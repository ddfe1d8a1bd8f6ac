import type { KubeObject } from "../../../apimachinery/index.ts";
import type { User } from "../../../lib/index.ts";
import { type Binding, BindingIndex, readBinding, roleKey } from "./binding.ts";
import { type PolicyRule, readRules } from "./rule.ts";

/** Roles and bindings in the form in which questions are answered from them. */
export class PolicyObjects {
  /** By {@link roleKey}. A role that is known not to exist is there as `undefined`. */
  readonly roles = new Map<string, readonly PolicyRule[] | undefined>();
  /** By namespace, empty for ClusterRoleBindings. */
  readonly #indexes = new Map<string, BindingIndex>();
  readonly #bindings = new Map<string, Binding>();

  /** Learns one object, which replaces what was known under its key. */
  set(key: string, object: KubeObject): void {
    const { name = "", namespace = "" } = object.metadata;
    if (!object.kind.endsWith("Binding")) {
      this.roles.set(roleKey(namespace, name), readRules(object));
      return;
    }
    this.forgetBinding(key);
    const binding = readBinding(object);
    this.#bindings.set(key, binding);
    const index = this.#indexes.get(namespace) ?? new BindingIndex();
    this.#indexes.set(namespace, index);
    index.add(binding);
  }

  binding(key: string): Binding | undefined {
    return this.#bindings.get(key);
  }

  forgetBinding(key: string): void {
    const binding = this.#bindings.get(key);
    if (binding === undefined) return;
    this.#bindings.delete(key);
    this.#indexes.get(binding.namespace)?.delete(binding);
  }

  /** The first binding in a namespace that binds a user and passes the test. */
  find(user: User, namespace: string, test: (binding: Binding) => boolean): Binding | undefined {
    return this.#indexes.get(namespace)?.find(user, test);
  }
}
