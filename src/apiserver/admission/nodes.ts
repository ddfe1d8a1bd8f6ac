import { type Fields, isFields, itemsAt, textAt } from "../../apimachinery/index.ts";
import type { Admission } from "./admit.ts";

const notReady: Fields = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/** A new node is not ready, and says so before anybody can put a pod on it. */
export const taintNodesByCondition: Admission = {
  mutate(_server, { operation, resource, subresource, object }) {
    if (operation !== "CREATE" || resource.storageName !== "nodes" || subresource !== "" || object === undefined)
      return;
    const spec = isFields(object["spec"]) ? object["spec"] : {};
    const taints = itemsAt(spec, "taints");
    const known = taints.some(
      (taint) => textAt(taint, "key") === notReady["key"] && textAt(taint, "effect") === notReady["effect"],
    );
    if (!known) object["spec"] = { ...spec, taints: [...taints, { ...notReady }] };
  },
};
