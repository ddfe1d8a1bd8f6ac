import { type Fields, itemsAt, type KubeObject, quoteGo, textAt } from "../../../apimachinery/index.ts";
import type { User } from "../../../lib/index.ts";

export type Subject = { kind: string; name: string; namespace: string };

/** Who gets a role; read from a RoleBinding, or from a ClusterRoleBinding, whose `namespace` is empty. */
export type Binding = {
  namespace: string;
  name: string;
  role: { kind: string; name: string };
  /** What {@link roleKey} makes of the role. */
  roleKey: string;
  subjects: readonly Subject[];
};

export function readBinding(object: KubeObject): Binding {
  const { namespace = "", name = "" } = object.metadata;
  const role = { kind: textAt(object, "roleRef", "kind"), name: textAt(object, "roleRef", "name") };
  const subjects = itemsAt(object, "subjects").map(readSubject);
  return { namespace, name, role, roleKey: roleKey(role.kind === "Role" ? namespace : "", role.name), subjects };
}

function readSubject(subject: Fields): Subject {
  return { kind: textAt(subject, "kind"), name: textAt(subject, "name"), namespace: textAt(subject, "namespace") };
}

/** Names one Role, or with an empty namespace one ClusterRole, among all of both. */
export function roleKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** The user that a subject is, `undefined` for groups. An account without a namespace is of the binding's. */
function userOf({ kind, name, namespace }: Subject, bound: string): string | undefined {
  if (kind === "User") return name;
  const home = namespace || bound;
  return kind === "ServiceAccount" && home !== "" ? `system:serviceaccount:${home}:${name}` : undefined;
}

function appliesTo(subject: Subject, bound: string, user: User): boolean {
  return subject.kind === "Group" ? user.groups.includes(subject.name) : userOf(subject, bound) === user.name;
}

/** Why somebody may: `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"`, with the first subject that they are. */
export function describeBinding(binding: Binding, user: User): string {
  const { namespace, name, role } = binding;
  const subject = binding.subjects.find((candidate) => appliesTo(candidate, namespace, user));
  const [kind, full] = namespace === "" ? ["ClusterRoleBinding", name] : ["RoleBinding", `${name}/${namespace}`];
  return `${kind} ${quoteGo(full)} of ${role.kind} ${quoteGo(role.name)} to ${describe(subject, namespace)}`;
}

function describe(subject: Subject | undefined, bound: string): string {
  if (subject === undefined) return "nobody";
  const { kind, name, namespace } = subject;
  return `${kind} ${quoteGo(kind === "ServiceAccount" ? `${name}/${namespace || bound}` : name)}`;
}

/** Bindings by whom they bind, so that finding those of a user takes no look at the others. */
export class BindingIndex {
  readonly #users = new Map<string, Set<Binding>>();
  readonly #groups = new Map<string, Set<Binding>>();

  add(binding: Binding): void {
    for (const { map, name } of this.#placesOf(binding)) map.set(name, (map.get(name) ?? new Set()).add(binding));
  }

  delete(binding: Binding): void {
    for (const { map, name } of this.#placesOf(binding)) {
      const bindings = map.get(name);
      bindings?.delete(binding);
      if (bindings?.size === 0) map.delete(name);
    }
  }

  /** The first binding of a user that passes the test. One that binds them twice may be tested twice. */
  find(user: User, test: (binding: Binding) => boolean): Binding | undefined {
    const own = firstOf(this.#users.get(user.name), test);
    if (own !== undefined) return own;
    for (const group of user.groups) {
      const found = firstOf(this.#groups.get(group), test);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #placesOf({ subjects, namespace }: Binding): { map: Map<string, Set<Binding>>; name: string }[] {
    return subjects.flatMap((subject) => {
      if (subject.kind === "Group") return { map: this.#groups, name: subject.name };
      const name = userOf(subject, namespace);
      return name === undefined ? [] : { map: this.#users, name };
    });
  }
}

function firstOf(bindings: Set<Binding> | undefined, test: (binding: Binding) => boolean): Binding | undefined {
  if (bindings === undefined) return undefined;
  for (const binding of bindings) if (test(binding)) return binding;
  return undefined;
}
