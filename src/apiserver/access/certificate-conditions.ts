import { itemsAt, textAt } from "../../apimachinery/index.ts";
import type { Admission } from "../admission/admit.ts";
import { timestamp } from "../server.ts";

const storageName = "certificatesigningrequests.certificates.k8s.io";

/** Says in the conditions of certificate requests when they came, where their writers leave that out. */
export const certificateConditions: Admission = {
  complete(server, { resource, subresource, object, live }) {
    if (resource.storageName !== storageName || (subresource !== "approval" && subresource !== "status")) return;
    const now = timestamp(server.now());
    const before = itemsAt(live, "status", "conditions");
    for (const condition of itemsAt(object, "status", "conditions")) {
      if (textAt(condition, "lastUpdateTime") === "") condition["lastUpdateTime"] = now;
      if (textAt(condition, "lastTransitionTime") !== "") continue;
      const same = before.find(({ type, status }) => type === condition["type"] && status === condition["status"]);
      condition["lastTransitionTime"] = textAt(same, "lastTransitionTime") || now;
    }
  },
};
