import { type Fields, isFields, itemsAt, textAt } from "../../apimachinery/index.ts";
import type { Admission } from "./admit.ts";

/** Kubernetes' `--default-not-ready-toleration-seconds` and its like. */
const tolerationSeconds = 300;

/** Lets pods stay for five minutes on a node that is not ready or cannot be reached, unless they say otherwise. */
export const defaultTolerationSeconds: Admission = {
  mutate(_server, { operation, resource, subresource, object }) {
    if (resource.storageName !== "pods" || subresource !== "" || operation === "DELETE") return;
    const spec = object?.["spec"];
    if (!isFields(spec)) return;
    const tolerations = itemsAt(spec, "tolerations");
    const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
      (key) => !tolerations.some((toleration) => tolerates(toleration, key)),
    );
    if (missing.length === 0) return;
    const added = missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }));
    spec["tolerations"] = [...tolerations, ...added];
  },
};

function tolerates(toleration: Fields, taint: string): boolean {
  const key = textAt(toleration, "key");
  const effect = textAt(toleration, "effect");
  return (key === "" || key === taint) && (effect === "" || effect === "NoExecute");
}
