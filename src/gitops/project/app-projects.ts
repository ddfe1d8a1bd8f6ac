import { isStatusError, type KubeObject } from "../../apimachinery/index.ts";
import type { AppProject } from "../../apis/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { defaultProjectSpec } from "./permissions.ts";

export const projectResource: Resource = {
  group: "argoproj.io",
  version: "v1alpha1",
  resource: "appprojects",
  kind: "AppProject",
  namespaced: true,
};
const finalizer = "resources-finalizer.argocd.argoproj.io";

/** Makes the project `default` if there is none. */
export async function ensureDefaultProject(client: Client, namespace: string): Promise<void> {
  const existing = await client.get(projectResource, { namespace, name: "default" });
  if (existing !== undefined) return;
  const project: AppProject = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default", namespace },
    spec: defaultProjectSpec,
  };
  await client.create(projectResource, project).catch((error: unknown) => {
    if (!isStatusError(error, "AlreadyExists")) throw error;
  });
}

/** Lets a project go that is being deleted and that no application belongs to any longer. */
export async function releaseProject(client: Client, project: KubeObject, isUsed: boolean): Promise<void> {
  const { name = "", namespace = "", finalizers = [], deletionTimestamp } = project.metadata;
  if (isUsed || deletionTimestamp === undefined || !finalizers.includes(finalizer)) return;
  const rest = finalizers.filter((one) => one !== finalizer);
  const patch = { metadata: { finalizers: rest.length > 0 ? rest : null } };
  await client.patch(projectResource, { namespace, name }, "merge", patch).catch((error: unknown) => {
    if (!isStatusError(error, "NotFound")) throw error;
  });
}
