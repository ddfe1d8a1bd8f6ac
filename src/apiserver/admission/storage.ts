import { compareQuantities, isFields, type KubeObject, textAt, valueAt } from "../../apimachinery/index.ts";
import { amountsAt } from "../../apis/index.ts";
import { type Admission, refused } from "./admit.ts";
import { defaultOf, objectAt, objectsOf } from "./lookup.ts";

const storageClasses = "storageclasses.storage.k8s.io";
/** The older way to name the class of a claim. */
const classAnnotation = "volume.beta.kubernetes.io/storage-class";

/** Gives claims that name no class the default one. */
export const defaultStorageClass: Admission = {
  mutate(server, { operation, resource, subresource, object }) {
    if (operation !== "CREATE" || resource.storageName !== "persistentvolumeclaims" || subresource !== "") return;
    const spec = object?.["spec"];
    if (object === undefined || !isFields(spec) || spec["storageClassName"] !== undefined) return;
    if (object.metadata.annotations?.[classAnnotation] !== undefined) return;
    const found = defaultOf(
      objectsOf(server, storageClasses),
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    );
    if (found !== undefined) spec["storageClassName"] = found.metadata.name;
  },
};

/** What keeps storage from going away while it is used; the controllers that know when it is take the finalizer away. */
const protections: Readonly<Record<string, string>> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
  "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
};

export const storageObjectInUseProtection: Admission = {
  mutate(_server, { operation, resource, subresource, object }) {
    const finalizer = protections[resource.storageName];
    if (operation !== "CREATE" || finalizer === undefined || subresource !== "" || object === undefined) return;
    const { finalizers = [] } = object.metadata;
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
  },
};

/** Only a claim that is bound, and whose class allows it, may ask for more. */
export const persistentVolumeClaimResize: Admission = {
  validate(server, attempt) {
    const { operation, resource, subresource, object, live } = attempt;
    if (operation !== "UPDATE" || resource.storageName !== "persistentvolumeclaims" || subresource !== "") return;
    if (object === undefined || live === undefined) return;
    const size = amountsAt(object, "spec", "resources", "requests").get("storage");
    const before = amountsAt(live, "spec", "resources", "requests").get("storage");
    if (size === undefined || (before !== undefined && compareQuantities(size, before) <= 0)) return;
    if (textAt(live, "status", "phase") !== "Bound")
      throw refused(attempt, "Only bound persistent volume claims can be expanded");
    const name = classOf(object);
    const found = name === classOf(live) && name !== "" ? objectAt(server, storageClasses, { name }) : undefined;
    if (valueAt(found, "allowVolumeExpansion") === true) return;
    const why = "the storageclass that provisions the pvc must support resize";
    throw refused(attempt, `only dynamically provisioned pvc can be resized and ${why}`);
  },
};

function classOf(claim: Readonly<KubeObject>): string {
  return claim.metadata.annotations?.[classAnnotation] ?? textAt(claim, "spec", "storageClassName");
}
