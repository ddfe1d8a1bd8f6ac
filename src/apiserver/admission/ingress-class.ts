import { isFields } from "../../apimachinery/index.ts";
import type { Admission } from "./admit.ts";
import { defaultOf, objectsOf } from "./lookup.ts";

/** Gives ingresses that name no class the default one. */
export const defaultIngressClass: Admission = {
  mutate(server, { operation, resource, subresource, object }) {
    if (operation !== "CREATE" || resource.storageName !== "ingresses.networking.k8s.io" || subresource !== "") return;
    const spec = object?.["spec"];
    if (!isFields(spec) || spec["ingressClassName"] !== undefined) return;
    if (object?.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return;
    const classes = objectsOf(server, "ingressclasses.networking.k8s.io");
    const found = defaultOf(classes, "ingressclass.kubernetes.io/is-default-class");
    if (found !== undefined) spec["ingressClassName"] = found.metadata.name;
  },
};
