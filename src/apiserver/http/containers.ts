import { badRequest, notFound, type StatusError } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";
import type { ResourcePath } from "./path.ts";

/** What `kubectl logs`, `exec`, `cp`, `attach` and `port-forward` ask a pod's node for, and what each needs. */
const needs: Readonly<Record<string, string>> = {
  attach: "nothing to attach to",
  exec: "no container to run a command in",
  log: "no output to show",
  portforward: "no port that answers",
  proxy: "no port that answers",
};

export function isInContainers(subresource: string): boolean {
  return Object.hasOwn(needs, subresource);
}

/** Why nothing of what is inside a pod can be had: it is simulated, or nothing runs it. */
export function noContainers(server: Server, { namespace, name, subresource }: ResourcePath): StatusError {
  const entry = server.store.latest(server.keys.key("pods", namespace, name));
  if (entry === undefined) return notFound({ group: "", resource: "pods" }, name);
  const { annotations } = server.parsed(entry.value).metadata;
  const what = needs[subresource] ?? "nothing inside";
  if (annotations?.["skiff.dev/compute"] === "simulated")
    return badRequest(
      `pod ${namespace}/${name} is simulated: its life cycle is played and nothing runs, so there is ${what}`,
    );
  return badRequest(`pod ${namespace}/${name} does not run: this platform does not run pods, so there is ${what}`);
}
