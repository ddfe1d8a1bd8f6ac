import { badRequest, cloneJson, conflict, type Fields, fieldsAt, listAt, textAt } from "../../apimachinery/index.ts";
import { setAt } from "../http/fields.ts";
import type { ApiResource } from "../resource.ts";
import { type Server, timestamp } from "../server.ts";
import type { Writing } from "./create.ts";
import { updateObject } from "./update.ts";

export type PodPlace = { resource: ApiResource; namespace: string; name: string };

/** Gives a pod to a node, as a scheduler asks. @throws {StatusError} `Conflict` when it has one already or is going away */
export async function bindPod(server: Server, pod: PodPlace, binding: Fields, writing: Writing): Promise<void> {
  const node = textAt(binding, "target", "name");
  const kind = textAt(binding, "target", "kind");
  if (node === "" || (kind !== "" && kind !== "Node"))
    throw badRequest("the target of a binding must be a Node with a name");
  const resource = { group: "", resource: "pods/binding" };
  await updateObject(server, { ...pod, subresource: "binding" }, writing, (stored) => {
    const live = cloneJson(stored);
    const taken = textAt(live, "spec", "nodeName");
    if (live.metadata.deletionTimestamp !== undefined) {
      throw conflict(resource, pod.name, `pod ${pod.name} is being deleted, cannot be assigned to a host`);
    }
    if (taken !== "")
      throw conflict(resource, pod.name, `pod ${pod.name} is already assigned to node ${JSON.stringify(taken)}`);
    if (listAt(live, "spec", "schedulingGates").length > 0) {
      throw conflict(resource, pod.name, `pod ${pod.name} has non-empty .spec.schedulingGates`);
    }
    setAt(live, ["spec", "nodeName"], node);
    for (const [key, value] of Object.entries(fieldsAt(binding, "metadata", "annotations"))) {
      if (typeof value === "string") live.metadata.annotations = { ...live.metadata.annotations, [key]: value };
    }
    const scheduled = {
      type: "PodScheduled",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: timestamp(server.now()),
    };
    const others = listAt(live, "status", "conditions").filter(
      (condition) => textAt(condition, "type") !== "PodScheduled",
    );
    setAt(live, ["status", "conditions"], [...others, scheduled]);
    return { object: live, internal: true };
  });
}
