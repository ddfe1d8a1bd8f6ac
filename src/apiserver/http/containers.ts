import { badRequest, notFound, type StatusError, serviceUnavailable } from "../../apimachinery/index.ts";
import type { Server } from "../server.ts";
import { isSimulated } from "../simulated-pod.ts";
import type { ResourcePath } from "./path.ts";

/** What `kubectl logs`, `exec`, `cp`, `attach` and `port-forward` ask a pod's node for, and what each needs. */
const needs: Readonly<Record<string, string>> = {
  attach: "nothing to attach to",
  exec: "no container to run a command in",
  log: "no output to show",
  portforward: "no port that answers",
  proxy: "no port that answers",
};

/** Whether a subresource is inside a pod or behind a service or node. */
export function isReached(resource: string, subresource: string): boolean {
  if (resource === "pods") return Object.hasOwn(needs, subresource);
  return subresource === "proxy" && (resource === "services" || resource === "nodes");
}

/** How what {@link isReached} is about may be asked for: logs are read, proxies pass on whatever comes. */
export function reachingVerbs(subresource: string): readonly string[] {
  if (subresource === "log") return ["get"];
  return subresource === "proxy" ? ["get", "create", "update", "patch", "delete"] : ["get", "create"];
}

/** Why what {@link isReached} is about is not reached. */
export function whyNotReached(server: Server, resource: string, path: ResourcePath): StatusError {
  if (resource === "pods") return noContainers(server, path);
  return resource === "services" ? noEndpoints(server, path) : noKubelet(server, path);
}

/** Why nothing of what is inside a pod can be had: it is simulated, or nothing runs it. */
function noContainers(server: Server, { namespace, name, subresource }: ResourcePath): StatusError {
  const entry = server.store.latest(server.keys.key("pods", namespace, name));
  if (entry === undefined) return notFound({ group: "", resource: "pods" }, name);
  const what = needs[subresource] ?? "nothing inside";
  if (isSimulated(server.parsed(entry.value)))
    return badRequest(
      `pod ${namespace}/${name} is simulated: its life cycle is played and nothing runs, so there is ${what}`,
    );
  return badRequest(`pod ${namespace}/${name} does not run: this platform does not run pods, so there is ${what}`);
}

/** @param path.name as in `db`, `db:http` and `https:db:443` */
function noEndpoints(server: Server, { namespace, name }: ResourcePath): StatusError {
  const parts = name.split(":");
  const [service = ""] = parts.slice(parts.length === 3 ? 1 : 0);
  if (parts.length > 3 || (parts.length === 3 && parts[0] !== "" && parts[0] !== "http" && parts[0] !== "https"))
    return badRequest(`invalid service request ${JSON.stringify(name)}`);
  const entry = server.store.latest(server.keys.key("services", namespace, service));
  if (entry === undefined) return notFound({ group: "", resource: "services" }, service);
  return serviceUnavailable(`no endpoints available for service ${JSON.stringify(service)}`);
}

function noKubelet(server: Server, { name }: ResourcePath): StatusError {
  const [node = ""] = name.split(":").slice(-2);
  const entry = server.store.latest(server.keys.key("nodes", "", node));
  if (entry === undefined) return notFound({ group: "", resource: "nodes" }, node);
  return serviceUnavailable(`node ${node} has no kubelet that answers: this platform does not run pods`);
}
