import { fieldsAt, type KubeObject, listAt, textAt } from "../../apimachinery/index.ts";

/** Holds a CRD that is being deleted until its objects are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** Puts into a CRD what a first delete leaves in it: the finalizer that waits for its objects, and the condition that says so. */
export function markDefinitionDeleted(crd: KubeObject, now: string): void {
  const finalizers = crd.metadata.finalizers ?? [];
  if (!finalizers.includes(cleanupFinalizer)) crd.metadata.finalizers = [...finalizers, cleanupFinalizer];
  const message =
    "CustomResourceDefinition marked for deletion; CustomResource deletion will occur as soon as possible";
  setTerminating(crd, { status: "True", reason: "InstanceDeletionPending", message }, now);
}

/** Sets the condition that says how far the deletion has come. */
export function setTerminating(
  crd: KubeObject,
  condition: { status: string; reason: string; message: string },
  now: string,
): void {
  const others = listAt(crd, "status", "conditions").filter((other) => textAt(other, "type") !== "Terminating");
  crd["status"] = {
    ...fieldsAt(crd, "status"),
    conditions: [...others, { type: "Terminating", lastTransitionTime: now, ...condition }],
  };
}
