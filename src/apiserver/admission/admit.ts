import {
  type Fields,
  forbidden,
  type GroupVersionKind,
  type KubeObject,
  type ManagedFieldsEntry,
  notFound,
  StatusError,
} from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";
import type { Server } from "../server.ts";

/** One write on its way in, as admission sees it. */
export type Attempt = {
  operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  resource: ApiResource;
  subresource: string;
  /** What `object` is when it is not of the resource's own kind: a Binding of a pod, what CONNECT asks for. */
  kind?: GroupVersionKind;
  namespace: string;
  /** Empty while plug-ins may still change an object whose name is made up. */
  name: string;
  /** The name in the path of the request, which a POST to a collection does not have. */
  pathName?: string;
  /** What shall be written; plug-ins may change it. Absent for DELETE. */
  object: KubeObject | undefined;
  /** What is there. Absent for CREATE. */
  live: Readonly<KubeObject> | undefined;
  user: User;
  dryRun: boolean;
  /** `CreateOptions`, `UpdateOptions` or `DeleteOptions` as the request gives them; empty fields left out. */
  options: Fields;
  /** Who owns which fields. Those that change after this was asked for the first time are nobody's. */
  owners: () => ManagedFieldsEntry[];
  /** What plug-ins want the client to read. */
  warnings: string[];
  /** What plug-ins want the audit log to say. */
  annotations: Record<string, string>;
  /** What to call when the write does not come about although all plug-ins agreed. */
  undo: (() => void)[];
  /** A plug-in that waits has changed the object: those that ran before it look again, once. */
  again: "no" | "wanted" | "running";
};

/** What a request says about a write, for {@link newAttempt}. */
export type AttemptStart = Omit<Attempt, "annotations" | "undo" | "again" | "options" | "owners"> &
  Partial<Pick<Attempt, "options" | "owners" | "annotations">>;

export function newAttempt(start: AttemptStart): Attempt {
  return { options: {}, owners: () => [], annotations: {}, undo: [], again: "no", ...start };
}

/** The write that a plug-in agreed to did not come about. */
export function undoAttempt({ undo }: Attempt): void {
  for (const step of undo.splice(0)) step();
}

/** Looks at one write. Throws a `StatusError` to refuse. */
export type AdmissionStep = (server: Server, attempt: Attempt) => void | Promise<void>;

/**
 * A plug-in. `mutate` may change what the client has sent. `complete` runs when the server has put into the object what is its
 * own, and may add to that. `validate` runs after validation, right before the store, and may change nothing. A step
 * that has nothing to wait for returns nothing, so that most writes never wait.
 */
export type Admission = { mutate?: AdmissionStep; complete?: AdmissionStep; validate?: AdmissionStep };

/** All plug-ins of a server, each phase in order. */
export type AdmissionChain = Required<Admission>;

export function admissionChain(plugins: readonly Admission[]): AdmissionChain {
  const mutate = inOrder(plugins.flatMap((plugin) => plugin.mutate ?? []));
  return {
    mutate(server, attempt) {
      const pending = mutate(server, attempt);
      return pending?.then(() => {
        if (attempt.again !== "wanted") return;
        attempt.again = "running";
        return mutate(server, attempt);
      });
    },
    complete: inOrder(plugins.flatMap(({ complete }) => complete ?? [])),
    validate: inOrder(plugins.flatMap(({ validate }) => validate ?? [])),
  };
}

function inOrder(steps: readonly AdmissionStep[]): (server: Server, attempt: Attempt) => Promise<void> | undefined {
  return (server, attempt) => {
    for (const [index, step] of steps.entries()) {
      const pending = step(server, attempt);
      if (pending !== undefined) return pending.then(() => inOrder(steps.slice(index + 1))(server, attempt));
    }
    return undefined;
  };
}

/** The refusal of a plug-in. An object without a name is called by what its name will begin with. */
export function refused({ resource, name, object }: Attempt, why: string): StatusError {
  const known = name || object?.metadata.name || object?.metadata.generateName || "Unknown";
  return forbidden(groupResourceOf(resource), known, why);
}

/** Namespaces that are never deleted. */
export const immortalNamespaces: readonly string[] = ["default", "kube-system", "kube-public"];

/** Nothing is made in a namespace that is absent or on its way out, and some namespaces stay. */
export const namespaceLifecycle: Admission = {
  mutate: (server, attempt) => checkNamespace(server, attempt),
};

function checkNamespace(server: Server, { operation, resource, namespace, name, object, subresource }: Attempt): void {
  if (operation === "DELETE" && resource.storageName === "namespaces" && immortalNamespaces.includes(name)) {
    throw forbidden(groupResourceOf(resource), name, "this namespace may not be deleted");
  }
  if (operation !== "CREATE" || !resource.namespaced || subresource !== "") return;
  const entry = server.store.latest(server.keys.key("namespaces", "", namespace));
  if (entry === undefined) throw notFound({ group: "", resource: "namespaces" }, namespace);
  if (server.parsed(entry.value).metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  const { status } = forbidden(groupResourceOf(resource), name || (object?.metadata.generateName ?? ""), why);
  const causes = [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  throw new StatusError("Forbidden", status.message ?? why, { ...status.details, causes });
}
