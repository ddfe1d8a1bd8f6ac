import { type Fields, invalid, itemsAt, type KubeObject, valueAt } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";
import type { Admission, Attempt } from "./admit.ts";
import { objectAt } from "./lookup.ts";

const namespaceLabel = "resource.kubernetes.io/admin-access";

/** Where a kind asks for devices that others use: the path of the list, and how an item says it. */
const claims: Readonly<Record<string, { subresource: string; list: string[]; at: string[] }[]>> = {
  "resourceclaims.resource.k8s.io": [
    { subresource: "", list: ["spec", "devices", "requests"], at: ["exactly", "adminAccess"] },
    { subresource: "status", list: ["status", "allocation", "devices", "results"], at: ["adminAccess"] },
  ],
  "resourceclaimtemplates.resource.k8s.io": [
    { subresource: "", list: ["spec", "spec", "devices", "requests"], at: ["exactly", "adminAccess"] },
  ],
};

/**
 * Access to devices that are in use is only for namespaces that somebody has marked for it.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#admin-access
 */
export const deviceAdminAccess: Admission = { complete: checkAccess };

function checkAccess(server: Server, { operation, resource, subresource, namespace, object, live }: Attempt): void {
  if (object === undefined || operation === "DELETE") return;
  const rule = claims[resource.storageName]?.find((candidate) => candidate.subresource === subresource);
  // What is asked for does not change, and what was given stays given.
  if (rule === undefined || (live !== undefined && indexOfAsking(live, rule) >= 0)) return;
  const index = indexOfAsking(object, rule);
  if (index < 0) return;
  const labels = objectAt(server, "namespaces", { name: namespace })?.metadata.labels;
  if (labels?.[namespaceLabel] === "true") return;
  // Kubernetes names the same place for templates.
  const list = subresource === "" ? ["spec", "devices", "requests"] : rule.list;
  const field = `${list.join(".")}[${index}].adminAccess`;
  const why = `admin access to devices requires the \`${namespaceLabel}: true\` label on the containing namespace`;
  const cause = { reason: "FieldValueForbidden", message: `Forbidden: ${why}`, field };
  throw invalid(resource, object.metadata.name ?? "", [cause]);
}

function indexOfAsking(object: Readonly<KubeObject>, { list, at }: { list: string[]; at: string[] }): number {
  return itemsAt(object, ...list).findIndex((item: Fields) => valueAt(item, ...at) === true);
}
