import { isFields, type KubeObject, listAt, valueAt } from "../../apimachinery/index.ts";
import type { BuiltinResource } from "./resources.ts";
import { kindKey } from "./strategy.ts";

/** Fields that a field selector may name beside `metadata.name` and `metadata.namespace`, by kind. */
const fieldsByKind: Record<string, readonly string[]> = {
  Event: [
    "involvedObject.apiVersion",
    "involvedObject.fieldPath",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.resourceVersion",
    "involvedObject.uid",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  Namespace: ["status.phase"],
  Node: ["spec.unschedulable"],
  Pod: [
    "spec.hostNetwork",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.nominatedNodeName",
    "status.phase",
    "status.podIP",
    "status.podIPs",
  ],
  ReplicationController: ["status.replicas"],
  Secret: ["type"],
  Service: ["spec.clusterIP", "spec.type"],
  "batch/Job": ["status.successful"],
  "certificates.k8s.io/CertificateSigningRequest": ["spec.signerName"],
  "events.k8s.io/Event": [
    "reason",
    "regarding.apiVersion",
    "regarding.fieldPath",
    "regarding.kind",
    "regarding.name",
    "regarding.namespace",
    "regarding.resourceVersion",
    "regarding.uid",
    "reportingController",
    "type",
  ],
  "resource.k8s.io/ResourceSlice": ["spec.driver", "spec.nodeName"],
};

/** What absent truth values and numbers are compared as. */
const zeros: Record<string, string> = {
  "spec.hostNetwork": "false",
  "spec.unschedulable": "false",
  "status.replicas": "0",
  "status.successful": "0",
};

/** The fields that a kind's field selectors may name, beside `metadata.name` and `metadata.namespace`. */
export function selectableFields(resource: Pick<BuiltinResource, "group" | "kind">): readonly string[] {
  return fieldsByKind[kindKey(resource)] ?? [];
}

/**
 * The value that a field selector compares; empty where the object has none.
 *
 * @returns `undefined` when the kind has no such selectable field
 */
export function selectableField(
  resource: Pick<BuiltinResource, "group" | "kind">,
  object: KubeObject,
  path: string,
): string | undefined {
  if (path === "metadata.name") return object.metadata.name ?? "";
  if (path === "metadata.namespace") return object.metadata.namespace ?? "";
  if (!selectableFields(resource).includes(path)) return undefined;
  return textOf(selected(object, path)) || (zeros[path] ?? "");
}

function selected(object: KubeObject, path: string): unknown {
  switch (path) {
    case "source":
      return valueAt(object, "source", "component") ?? object["reportingComponent"];
    case "status.podIPs": {
      const ips = listAt(object, "status", "podIPs").map((one) => valueAt(one, "ip"));
      return ips.length > 0 ? ips.join(",") : valueAt(object, "status", "podIP");
    }
    case "status.successful":
      return valueAt(object, "status", "succeeded");
    default:
      return valueAt(object, ...path.split("."));
  }
}

function textOf(value: unknown): string {
  return value === undefined || value === null || isFields(value) ? "" : String(value);
}
