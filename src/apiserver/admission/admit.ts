import { forbidden, type KubeObject, notFound, StatusError } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { type ApiResource, groupResourceOf } from "../resource.ts";
import type { Server } from "../server.ts";

/** One write on its way in, as admission sees it. */
export type Attempt = {
  operation: "CREATE" | "UPDATE" | "DELETE";
  resource: ApiResource;
  subresource: string;
  namespace: string;
  name: string;
  /** What shall be written; plug-ins may change it. Absent for DELETE. */
  object: KubeObject | undefined;
  /** What is there. Absent for CREATE. */
  live: Readonly<KubeObject> | undefined;
  user: User;
  dryRun: boolean;
  /** What plug-ins want the client to read. */
  warnings: string[];
};

/** Looks at one write. Throws a `StatusError` to refuse. */
export type AdmissionStep = (server: Server, attempt: Attempt) => void | Promise<void>;

/**
 * A plug-in. `mutate` runs before validation and may change the object; `validate` runs after it, right before the
 * store, and may not. A step that has nothing to wait for returns nothing, so that most writes never wait.
 */
export type Admission = { mutate?: AdmissionStep; validate?: AdmissionStep };

/** All plug-ins of a server, each phase in order. */
export type AdmissionChain = Required<Admission>;

export function admissionChain(plugins: readonly Admission[]): AdmissionChain {
  return {
    mutate: inOrder(plugins.flatMap(({ mutate }) => mutate ?? [])),
    validate: inOrder(plugins.flatMap(({ validate }) => validate ?? [])),
  };
}

function inOrder(steps: readonly AdmissionStep[]): AdmissionStep {
  return (server, attempt) => {
    for (const [index, step] of steps.entries()) {
      const pending = step(server, attempt);
      if (pending !== undefined) return pending.then(() => inOrder(steps.slice(index + 1))(server, attempt));
    }
  };
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
